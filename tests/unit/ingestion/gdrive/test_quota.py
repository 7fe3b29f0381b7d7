"""Pauses: how long, for whom, and known to every worker."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemoryShards
from ingestion.sources.gdrive.answers import TooManyCalls
from ingestion.sources.gdrive.quota import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LOOKED_AT_FOR, Quota, back_off_seconds
from shared.errors import RateLimited
from shared.streams.state import StreamStates

ADA, BOB = "ada@acme.example", "bob@acme.example"
CONNECTION = sample_connection("acme", "acme.example")


class Workers:
    """Several workers of one connection over one store."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shards = InMemoryShards()

    def another(self) -> Quota:
        """A worker that has not looked yet."""
        return Quota(CONNECTION, StreamStates(self.shards), self.clock)


async def waits(quota: Quota, user: str) -> float:
    """How long somebody is to wait; 0: not at all."""
    try:
        await quota.check(user)
    except RateLimited as error:
        return error.retry_after_seconds
    return 0.0


@given(st.integers(1, 40), st.text())
def test_a_pause_is_twice_as_long_each_time_up_to_five_minutes_and_never_the_same_for_all(refusals: int, who: str) -> None:
    longest = min(FIRST_PAUSE_SECONDS * 2 ** (refusals - 1), LONGEST_PAUSE_SECONDS)
    assert longest / 2 <= back_off_seconds(refusals, who) <= longest
    assert back_off_seconds(refusals, who) == back_off_seconds(refusals, who)


def test_not_all_come_back_at_once() -> None:
    pauses = {back_off_seconds(3, f"user{number}") for number in range(50)}
    assert len(pauses) == 50
    assert max(pauses) - min(pauses) > FIRST_PAUSE_SECONDS


async def test_a_pause_holds_for_one_person_and_for_all_workers() -> None:
    workers = Workers()
    refused = await workers.another().refused(ADA, TooManyCalls("too many", asked_seconds=60))
    assert refused.retry_after_seconds == 60
    other = workers.another()
    assert (await waits(other, ADA), await waits(other, BOB)) == (60, 0)
    workers.clock.advance(seconds=60)
    assert await waits(other, ADA) == 0


async def test_a_day_that_is_used_up_holds_for_everybody() -> None:
    workers = Workers()
    await workers.another().refused(ADA, TooManyCalls("too many", is_daily=True))
    assert await waits(workers.another(), BOB) == 3600


async def test_of_several_refusals_at_once_one_counts() -> None:
    workers = Workers()
    first, second = workers.another(), workers.another()
    one = await first.refused(ADA, TooManyCalls("too many"))
    assert (await second.refused(ADA, TooManyCalls("too many"))).retry_after_seconds == one.retry_after_seconds
    workers.clock.advance(seconds=one.retry_after_seconds)
    again = await first.refused(ADA, TooManyCalls("too many"))
    assert FIRST_PAUSE_SECONDS <= again.retry_after_seconds <= 2 * FIRST_PAUSE_SECONDS


async def test_a_worker_that_looked_a_moment_ago_learns_of_a_pause_soon() -> None:
    workers = Workers()
    other = workers.another()
    assert await waits(other, ADA) == 0
    await workers.another().refused(ADA, TooManyCalls("too many", asked_seconds=60))
    workers.clock.advance(seconds=LOOKED_AT_FOR.total_seconds())
    assert await waits(other, ADA) == 60 - LOOKED_AT_FOR.total_seconds()


async def test_a_good_answer_ends_the_story_and_one_from_before_the_pause_does_not() -> None:
    workers = Workers()
    quota = workers.another()
    first = await quota.refused(ADA, TooManyCalls("too many"))
    await quota.served(ADA)  # it was on its way when the pause began
    assert await waits(workers.another(), ADA) == first.retry_after_seconds
    workers.clock.advance(seconds=first.retry_after_seconds)
    await quota.served(ADA)
    again = await quota.refused(ADA, TooManyCalls("too many"))
    assert again.retry_after_seconds <= FIRST_PAUSE_SECONDS


async def test_without_pauses_good_answers_write_nothing() -> None:
    workers = Workers()
    quota = workers.another()
    for _ in range(10):
        await quota.check(ADA)
        await quota.served(ADA)
        workers.clock.advance(seconds=timedelta(minutes=1).total_seconds())
    assert workers.shards.writes == 0


@pytest.mark.parametrize("user", [ADA, BOB])
async def test_a_pause_that_is_over_is_forgotten_with_the_first_good_answer_after_it(user: str) -> None:
    workers = Workers()
    quota = workers.another()
    await quota.refused(user, TooManyCalls("too many", asked_seconds=5))
    workers.clock.advance(seconds=5)
    await quota.served(user)
    writes = workers.shards.writes
    await quota.served(user)
    assert workers.shards.writes == writes
