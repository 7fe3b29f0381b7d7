"""Calls within their tier, whoever asks: the law, and who goes first."""

import asyncio
import logging
from bisect import bisect_right
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemoryShards
from ingestion.account_memory import TRIES
from ingestion.sources.slack.answers import TooManyCalls
from ingestion.sources.slack.budget import LONGEST_WAIT, MINUTE, SLOW_FOR, TIERS, Budget
from shared.errors import Conflict, RateLimited
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import Change
from shared.streams.state import StreamStates

CONNECTION = sample_connection("acme", "T0ACME")
WAITED: ContextVar[float] = ContextVar("waited", default=0.0)
LIST, INFO, MEMBERS = "conversations.list", "conversations.info", "conversations.members"


class Shards(InMemoryShards):
    """A store at which somebody else is quicker so many times, or whenever it can be."""

    contested = 0
    gives_way = False

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        await self._others_go_first()
        return await super().read(tenant_id, shard_id)

    async def _others_go_first(self) -> None:
        if self.gives_way:
            await asyncio.sleep(0)

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        await self._others_go_first()
        if self.contested:
            self.contested -= 1
            raise Conflict("written since")
        return await super().change(shard, change)


@dataclass
class Workers:
    """Several workers of one connection over one store. Nobody really waits: a call is made when its wait is over."""

    clock: Clock = field(default_factory=Clock)
    shards: Shards = field(default_factory=Shards)
    calls: list[datetime] = field(default_factory=list)

    @property
    def waited(self) -> float:
        """How long this task's last call had to wait, in seconds."""
        return WAITED.get()

    async def _wait(self, seconds: float) -> None:
        WAITED.set(seconds)

    def another(self) -> Budget:
        """A worker that has not looked yet."""
        return Budget(CONNECTION, StreamStates(self.shards), self.clock, self._wait)

    async def call(self, budget: Budget, method: str = INFO, *, is_live: bool = True) -> float | None:
        """Call, at once or when it is due. Returns when to come back, in seconds; None: it was called."""
        WAITED.set(0.0)
        try:
            await budget.take(method, is_live=is_live)
        except RateLimited as error:
            return error.retry_after_seconds
        self.calls.append(self.clock() + timedelta(seconds=self.waited))
        return None

    async def calls_at_once(self, budget: Budget, method: str, *, is_live: bool) -> int:
        """How many calls need not wait at all."""
        count = 0
        while await self.call(budget, method, is_live=is_live) is None and self.waited == 0:
            count += 1
        return count


def most_in_a_minute(calls: list[datetime]) -> int:
    """The most calls in any rolling minute, its first and last moment counted."""
    ordered = sorted(calls)
    return max((bisect_right(ordered, first + MINUTE) - number for number, first in enumerate(ordered)), default=0)


STEPS = st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from([0, 0, 0, 0.01, 0.4, 3, 20, 61])), max_size=200)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, method=st.sampled_from([LIST, INFO, MEMBERS]))
async def test_in_no_rolling_minute_are_there_more_calls_than_the_tier_whoever_asks(
    steps: list[tuple[int, bool, float]], method: str
) -> None:
    workers = Workers()
    budgets = [workers.another() for _ in range(3)]

    for who, is_live, seconds in steps:
        workers.clock.advance(seconds=seconds)
        await workers.call(budgets[who], method, is_live=is_live)

    assert most_in_a_minute(workers.calls) <= TIERS[method]


@pytest.mark.parametrize(("method", "is_live"), [(LIST, True), (INFO, False)])
async def test_who_asks_all_the_time_gets_nearly_all_of_the_tier_and_never_more(method: str, *, is_live: bool) -> None:
    workers = Workers()
    budgets = [workers.another() for _ in range(4)]

    for number in range(360):
        await workers.call(budgets[number % 4], method, is_live=is_live)
        workers.clock.advance(seconds=0.5)

    assert most_in_a_minute(workers.calls) <= TIERS[method]
    assert len(workers.calls) >= 3 * 0.8 * TIERS[method]


async def test_workers_that_ask_at_the_same_moment_take_no_more_than_the_tier() -> None:
    workers = Workers()
    workers.shards.gives_way = True
    budgets = [workers.another() for _ in range(4)]

    for _ in range(20):
        await asyncio.gather(*(workers.call(budget, LIST) for budget in budgets for _ in range(3)))
        workers.clock.advance(seconds=9)

    assert TIERS[LIST] * 0.8 <= most_in_a_minute(workers.calls) <= TIERS[LIST]


async def test_live_reads_take_a_fifth_of_the_tier_at_once_and_bulk_reads_one() -> None:
    workers = Workers()

    assert await workers.calls_at_once(workers.another(), INFO, is_live=False) == 1
    workers.clock.advance(seconds=60)
    assert await workers.calls_at_once(workers.another(), INFO, is_live=True) == 10


async def test_a_live_read_need_not_wait_for_bulk_reads_that_take_all_they_can_get() -> None:
    workers = Workers()
    bulk, live = workers.another(), workers.another()
    while await workers.call(bulk, LIST, is_live=False) is None:
        pass

    assert (await workers.call(live, LIST), workers.waited) == (None, 0)


async def test_bulk_reads_stand_back_for_live_ones_that_were_told_to_come_back() -> None:
    workers = Workers()
    bulk, live = workers.another(), workers.another()
    while (promised := await workers.call(live, LIST)) is None:
        pass
    last = await workers.call(live, LIST)

    told = await workers.call(bulk, LIST, is_live=False)

    assert promised is not None
    assert last is not None
    assert told is not None
    assert promised < last < told


async def test_whoever_is_refused_is_told_a_turn_of_their_own_and_gets_it() -> None:
    workers = Workers()
    budgets = [workers.another() for _ in range(3)]
    told = [await workers.call(budgets[number % 3]) for number in range(60)]
    due = [seconds for seconds in told if seconds is not None]
    start = workers.clock()

    assert len(set(due)) == len(due) > 40
    assert min(due) > LONGEST_WAIT.total_seconds()
    for number, seconds in enumerate(due):
        workers.clock.moment = start + timedelta(seconds=seconds)
        assert await workers.call(budgets[number % 3]) is None, "the turn it was promised"
    assert most_in_a_minute(workers.calls) <= TIERS[INFO]


async def test_methods_do_not_count_for_each_other() -> None:
    workers = Workers()
    budget = workers.another()
    while await workers.call(budget, LIST) is None:
        pass

    assert (await workers.call(budget, MEMBERS), workers.waited) == (None, 0)


async def test_a_pause_the_vendor_wants_holds_for_all_workers_and_for_this_method_alone() -> None:
    workers = Workers()
    await workers.another().refused(INFO, TooManyCalls("too many", asked_seconds=20))

    assert await workers.call(workers.another()) == 20
    assert await workers.call(workers.another()) == 21.5, "nobody is told the moment of somebody else"
    assert await workers.call(workers.another(), MEMBERS) is None
    workers.clock.advance(seconds=20)
    assert (await workers.call(workers.another()), workers.waited) == (None, 0)


async def test_a_short_pause_is_waited_for() -> None:
    workers = Workers()
    await workers.another().refused(INFO, TooManyCalls("too many", asked_seconds=3))

    assert (await workers.call(workers.another()), workers.waited) == (None, 3)


async def test_a_pause_of_no_known_length_is_one_of_half_a_minute() -> None:
    workers = Workers()
    await workers.another().refused(INFO, TooManyCalls("too many"))

    assert await workers.call(workers.another()) == 30


async def test_a_later_pause_never_ends_one_earlier() -> None:
    workers = Workers()
    await workers.another().refused(INFO, TooManyCalls("too many", asked_seconds=40))
    await workers.another().refused(INFO, TooManyCalls("too many", asked_seconds=10))

    assert await workers.call(workers.another()) == 40


async def test_a_method_of_one_call_a_minute_is_taken_so_for_an_hour_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    workers = Workers()
    budgets = [workers.another() for _ in range(2)]
    start = workers.clock()
    with caplog.at_level(logging.WARNING):
        await budgets[0].refused(INFO, TooManyCalls("too many", asked_seconds=59))
        await budgets[0].refused(INFO, TooManyCalls("too many", asked_seconds=59))

    while workers.clock() < start + SLOW_FOR:
        await workers.call(budgets[0], is_live=False)
        await workers.call(budgets[1])
        workers.clock.advance(seconds=19)

    assert [record.getMessage() for record in caplog.records] == [
        f"Slack lets {INFO} be called once a minute only, for {CONNECTION.id}: taken so for an hour"
    ]
    assert all(later - earlier >= MINUTE for earlier, later in zip(workers.calls, workers.calls[1:], strict=False))
    assert len(workers.calls) > 45
    workers.clock.advance(seconds=60)
    assert await workers.calls_at_once(budgets[0], INFO, is_live=True) == 10


async def test_a_crowd_that_was_told_to_come_back_in_the_slow_hour_holds_nobody_up_after_it() -> None:
    workers = Workers()
    budget = workers.another()
    await budget.refused(INFO, TooManyCalls("too many", asked_seconds=59))

    told = [await workers.call(budget) for _ in range(500)]

    assert max(seconds or 0.0 for seconds in told) <= SLOW_FOR.total_seconds()
    workers.clock.advance(seconds=SLOW_FOR.total_seconds() + 2)
    assert await workers.call(budget, is_live=False) is None


async def test_every_worker_can_say_which_methods_are_slow() -> None:
    workers = Workers()
    await workers.another().refused(INFO, TooManyCalls("too many", asked_seconds=50))
    other = workers.another()
    await other.look()

    assert other.slow() == [INFO]
    workers.clock.advance(seconds=3600)
    assert other.slow() == []


async def test_a_write_that_others_are_quicker_than_is_begun_anew() -> None:
    workers = Workers()
    budget = workers.another()
    await budget.take(INFO, is_live=True)
    workers.shards.contested = TRIES + 1

    assert await workers.call(budget) is None
