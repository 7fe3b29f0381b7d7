"""A container's request units, on a clock that is moved by hand."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.throughput import Budget, Budgets


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(seconds=1000.0)


def wait_milliseconds(budget: Budget) -> int | None:
    """How long a caller is told to wait; None where it is let in."""
    try:
        budget.check()
    except RefusedError as refused:
        return refused.retry_after_milliseconds
    return None


def test_what_is_refused_is_a_request_rate_that_is_too_large(clock: SimpleNamespace) -> None:
    budget = Budget(10, lambda: clock.seconds)
    budget.spend(10)

    with pytest.raises(RefusedError) as refused:
        budget.check()

    assert (refused.value.status, refused.value.substatus) == (429, 3200)


def test_one_seconds_units_are_there_at_once(clock: SimpleNamespace) -> None:
    budget = Budget(10, lambda: clock.seconds)

    budget.spend(9.5)
    assert wait_milliseconds(budget) is None
    budget.spend(0.5)

    assert wait_milliseconds(budget) == 1


def test_a_debt_is_waited_for(clock: SimpleNamespace) -> None:
    budget = Budget(10, lambda: clock.seconds)
    budget.spend(30)

    waits = []
    for _ in range(4):
        waits.append(wait_milliseconds(budget))
        clock.seconds += 0.75

    assert waits == [2001, 1251, 501, None]


def test_what_is_not_used_is_not_saved_beyond_a_second(clock: SimpleNamespace) -> None:
    budget = Budget(10, lambda: clock.seconds)
    clock.seconds += 3600
    budget.check()

    budget.spend(10)

    assert wait_milliseconds(budget) == 1


def test_a_clock_that_is_set_back_takes_nothing_away(clock: SimpleNamespace) -> None:
    budget = Budget(10, lambda: clock.seconds)
    budget.spend(10)
    clock.seconds -= 3600
    refused = wait_milliseconds(budget)

    clock.seconds += 0.5

    assert refused == 1
    assert wait_milliseconds(budget) is None


@given(st.floats(1, 1000), st.floats(0, 5000))
def test_whoever_waits_as_long_as_told_is_let_in(units_per_second: float, spent: float) -> None:
    clock = SimpleNamespace(seconds=0.0)
    budget = Budget(units_per_second, lambda: clock.seconds)
    budget.spend(spent)

    clock.seconds += (wait_milliseconds(budget) or 0) / 1000

    assert wait_milliseconds(budget) is None


def test_containers_do_not_share_and_without_a_number_there_is_no_limit(clock: SimpleNamespace) -> None:
    budgets = Budgets(5, lambda: clock.seconds)

    one, again, another = budgets.of("one"), budgets.of("one"), budgets.of("another")

    assert one is again
    assert one is not another
    assert Budgets(None, lambda: clock.seconds).of("one") is None
