"""A worker's checks: one look at a time, believed for five seconds, each within its time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from devtools.fakes.clock import Clock
from processors.readiness.checks import Check, Checks, Reason
from shared.errors import ConfigurationError, DependencyUnavailable

SOON = 0.01
"""Seconds a check may take here: nothing is waited for but the end of what never ends."""


class Dependency:
    """Fails as it is told, and counts who asks."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


async def never() -> None:
    await asyncio.Event().wait()


def checks(*, clock: Clock | None = None, seconds: float = 5.0, **named: Check) -> Checks:
    return Checks(lambda: named, now=clock or Clock(), seconds=seconds)


async def test_all_is_well_where_every_check_returns() -> None:
    assert await checks(cosmos=Dependency(), issuer=Dependency()).reasons() == ()


async def test_every_check_that_fails_is_a_reason_and_the_others_are_looked_at_all_the_same() -> None:
    well = Dependency()
    failing = checks(cosmos=Dependency(ConfigurationError("no container")), blob=Dependency(DependencyUnavailable("away")), issuer=well)

    assert await failing.reasons() == (Reason("cosmos", "no container"), Reason("blob", "away"))
    assert well.asked == 1


async def test_of_a_foreign_error_no_word_is_said_but_its_type() -> None:
    [reason] = await checks(cosmos=Dependency(ValueError("AccountKey=s3cr3t"))).reasons()

    assert reason.text.startswith("ValueError at ")
    assert "s3cr3t" not in reason.text


async def test_settings_that_cannot_be_read_are_the_only_reason_and_are_read_again() -> None:
    clock, faults = Clock(), [ConfigurationError("settings: COSMOS: missing; BLOB: missing")]

    def made() -> dict[str, Callable[[], Awaitable[None]]]:
        if faults:
            raise faults[0]
        return {"cosmos": Dependency()}

    looked = Checks(made, now=clock)
    assert await looked.reasons() == (Reason("settings", "settings: COSMOS: missing; BLOB: missing"),)

    faults.clear()
    clock.advance(seconds=5)
    assert await looked.reasons() == ()


async def test_a_thousand_callers_at_once_are_one_look() -> None:
    dependency = Dependency()
    asked = checks(cosmos=dependency)

    await asyncio.gather(*(asked.reasons() for _ in range(1000)))

    assert dependency.asked == 1


async def test_what_was_found_is_believed_for_five_seconds() -> None:
    clock, dependency = Clock(), Dependency(DependencyUnavailable("away"))
    asked = checks(clock=clock, cosmos=dependency)
    await asked.reasons()
    dependency.error = None

    clock.advance(seconds=4.9)
    assert await asked.reasons() == (Reason("cosmos", "away"),)
    clock.advance(seconds=0.1)
    assert await asked.reasons() == ()
    assert dependency.asked == 2


async def test_a_clock_that_is_set_back_does_not_keep_what_was_found_for_ever() -> None:
    clock, dependency = Clock(), Dependency()
    asked = checks(clock=clock, cosmos=dependency)
    await asked.reasons()

    clock.advance(seconds=-3600)
    await asked.reasons()

    assert dependency.asked == 2


async def test_a_check_that_does_not_end_is_a_reason_and_keeps_nobody() -> None:
    slow = checks(seconds=SOON, cosmos=never, issuer=Dependency())

    assert await slow.reasons() == (Reason("cosmos", "no answer within 0.01 s"),)


async def test_a_check_that_will_not_even_be_stopped_is_not_begun_again_until_it_has_ended() -> None:
    clock, begun, over = Clock(), 0, asyncio.Event()

    async def stubborn() -> None:
        nonlocal begun
        begun += 1
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    asked = checks(clock=clock, seconds=SOON, cosmos=stubborn)
    await asked.reasons()
    clock.advance(seconds=5)

    assert await asked.reasons() == (Reason("cosmos", "the check before this one has not ended"),)
    assert begun == 1

    over.set()
    await asyncio.sleep(0)
    clock.advance(seconds=5)
    assert await asked.reasons() == ()
    assert begun == 2


async def test_a_caller_who_goes_away_does_not_take_the_look_from_the_others() -> None:
    dependency = Dependency()
    asked = checks(cosmos=dependency)
    first, second = asyncio.create_task(asked.reasons()), asyncio.create_task(asked.reasons())
    await asyncio.sleep(0)

    first.cancel()

    assert await second == ()
    assert dependency.asked == 1


async def test_a_check_that_is_cancelled_from_within_is_a_reason() -> None:
    assert await checks(cosmos=Dependency(asyncio.CancelledError())).reasons() == (Reason("cosmos", "the check was cancelled"),)


@pytest.mark.parametrize("error", [None, DependencyUnavailable("away")], ids=["well", "away"])
async def test_a_look_that_failed_is_believed_no_longer_than_one_that_did_not(error: DependencyUnavailable | None) -> None:
    clock, dependency = Clock(), Dependency(error)
    asked = checks(clock=clock, cosmos=dependency)

    for _ in range(3):
        await asked.reasons()
        clock.advance(seconds=5)

    assert dependency.asked == 3
