"""Which calls meet a fault: by pattern, number, share and seed; and what survives a process that is killed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.faults.injector import Injector, log_beside, strikes
from devtools.faults.plan import Fault, Kind, Plan, PlanInvalid

ABILITIES = {Kind.DROP: (), Kind.LOCK_LOST: (), Kind.CLOCK_MOVED: (), Kind.MALFORMED: ("cut", "empty")}
ALL = frozenset(ABILITIES)


def drop(**how: Any) -> Fault:
    return Fault(at="bus", kind=Kind.DROP, **how)


def struck(injector: Injector, count: int, *, operation: str = "send", target: str = "orders") -> list[int]:
    """Which of so many calls met something."""
    return [number for number in range(count) if injector.strike(operation, target, kinds=ALL)]


def armed(*faults: Fault, seed: int = 0, log: Path | None = None) -> Injector:
    return Injector("bus", ABILITIES, faults=faults, seed=seed, log=log)


# --- which calls


@pytest.mark.parametrize(
    ("how", "met"),
    [
        ({"calls": 2}, [0, 1]),
        ({"calls": 2, "after": 3}, [3, 4]),
        ({"share": 1.0}, [0, 1, 2, 3, 4, 5]),
        ({"share": 1.0, "calls": 3, "after": 1}, [1, 2, 3]),
        ({"calls": 1, "after": 6}, []),
    ],
)
def test_calls_and_after_count_and_a_share_of_one_is_always(how: dict[str, Any], met: list[int]) -> None:
    assert struck(armed(drop(**how)), 6) == met


def test_a_share_is_about_that_many() -> None:
    assert 230 <= len(struck(armed(drop(share=0.25)), 1_000)) <= 270


def test_a_share_with_calls_ends_after_so_many() -> None:
    assert len(struck(armed(drop(share=0.25, calls=5)), 1_000)) == 5


@pytest.mark.parametrize(
    ("operation", "target", "is_met"),
    [
        ("*", "*", True),
        ("send", "orders", True),
        ("s*d", "ord*", True),
        ("Send", "*", False),
        ("*", "order", False),
        ("receive", "*", False),
    ],
)
def test_operation_and_target_are_patterns_of_whole_names_in_their_case(operation: str, target: str, is_met: bool) -> None:
    assert bool(struck(armed(drop(operation=operation, target=target, calls=1)), 1)) == is_met


def test_a_call_that_is_not_meant_is_not_counted() -> None:
    injector = armed(drop(operation="send", calls=1, after=1))

    injector.strike("receive", "orders", kinds=ALL)
    injector.strike("send", "orders", kinds={Kind.LOCK_LOST})

    assert struck(injector, 3) == [1]


def test_only_what_can_be_done_at_this_place_happens() -> None:
    injector = armed(drop(share=1.0), Fault(at="bus", kind=Kind.LOCK_LOST, share=1.0))

    met = injector.strike("complete", "orders", kinds={Kind.LOCK_LOST})

    assert met is not None
    assert met.kind is Kind.LOCK_LOST
    assert (injector.count(Kind.DROP), injector.count(Kind.LOCK_LOST)) == (0, 1)


def test_of_several_that_would_happen_it_is_the_first_of_the_plan_alone() -> None:
    first, second = drop(calls=1), Fault(at="bus", kind=Kind.LOCK_LOST, share=1.0)
    injector = armed(first, second)

    met = [injector.strike("complete", "orders", kinds=ALL) for _ in range(2)]

    assert met == [first, second]
    assert injector.fired == {first: 1, second: 1}


# --- chance


@settings(max_examples=30)
@given(seed=st.integers(), shares=st.lists(st.floats(min_value=0.05, max_value=0.95), min_size=1, max_size=3))
def test_the_same_seed_and_calls_meet_the_same_faults(seed: int, shares: Sequence[float]) -> None:
    faults = [drop(share=share) for share in shares]

    assert struck(armed(*faults, seed=seed), 50) == struck(armed(*faults, seed=seed), 50)


def test_another_seed_meets_others() -> None:
    assert struck(armed(drop(share=0.5), seed=1), 50) != struck(armed(drop(share=0.5), seed=2), 50)


@settings(max_examples=30)
@given(share=st.floats(min_value=0.01, max_value=1))
def test_the_share_of_one_fault_does_not_change_what_another_hits(share: float) -> None:
    other = Fault(at="bus", kind=Kind.LOCK_LOST, share=0.3)

    def hits(*faults: Fault) -> list[int]:
        injector = armed(*faults, seed=5)
        met = []
        for number in range(60):
            injector.strike("send", "orders", kinds={Kind.DROP})
            if injector.strike("send", "orders", kinds={Kind.LOCK_LOST}):
                met.append(number)
        return met

    assert hits(drop(share=share), other) == hits(drop(share=0.5), other)


def test_faults_that_look_alike_draw_apart() -> None:
    twice = armed(drop(operation="send", share=0.5), drop(operation="receive", share=0.5), seed=1)

    sends = struck(twice, 50)
    receives = struck(twice, 50, operation="receive")

    assert sends != receives


# --- the clock


def test_the_clock_is_moved_each_time_it_happens() -> None:
    injector = armed(Fault(at="bus", kind=Kind.CLOCK_MOVED, seconds=-30, calls=2))

    struck(injector, 5)

    assert injector.moved_seconds == -60


# --- what a stand-in can do


def test_a_kind_or_variant_that_it_cannot_do_and_another_stand_ins_fault_are_refused() -> None:
    injector = armed()

    with pytest.raises(PlanInvalid, match="bus: reorder on \\* \\*: this stand-in can do clock-moved, drop, lock-lost, malformed"):
        injector.add(Fault(at="bus", kind=Kind.REORDER, calls=1))
    with pytest.raises(PlanInvalid, match="it knows cut, empty"):
        injector.add(Fault(at="bus", kind=Kind.MALFORMED, variant="odd", calls=1))
    with pytest.raises(PlanInvalid, match="it knows no variants"):
        injector.add(drop(variant="odd", calls=1))
    with pytest.raises(PlanInvalid, match="this is bus"):
        injector.add(Fault(at="cosmos", kind=Kind.DROP, calls=1))
    assert injector.fired == {}


def test_faults_can_be_added_while_it_runs() -> None:
    injector = armed(drop(calls=1))
    struck(injector, 2)

    injector.add(drop(calls=1))

    assert struck(injector, 3) == [0]


def test_without_a_file_nothing_happens() -> None:
    injector = Injector.of("bus", ABILITIES, None)

    assert struck(injector, 10) == []


# --- the log


def test_what_happened_is_in_the_file_before_the_process_can_end(tmp_path: Path) -> None:
    log = tmp_path / "plan.fired.jsonl"
    injector = armed(drop(calls=1), drop(calls=1), log=log)

    struck(injector, 2)

    assert [(line["at"], line["fault"], line["operation"], line["target"]) for line in strikes(log)] == [
        ("bus", 0, "send", "orders"),
        ("bus", 1, "send", "orders"),
    ]
    injector.close()


def test_a_process_that_is_killed_and_started_again_goes_on_with_its_plan(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    moved = Fault(at="bus", kind=Kind.CLOCK_MOVED, operation="tick", seconds=10, calls=3)
    Plan(name="x", faults=(Fault(at="cosmos", kind=Kind.DROP, calls=1), drop(calls=3, operation="send"), moved)).write(plan)
    killed = Injector.of("bus", ABILITIES, plan)
    struck(killed, 2)
    struck(killed, 1, operation="tick")

    again = Injector.of("bus", ABILITIES, plan)

    assert (again.count(Kind.DROP), again.moved_seconds) == (2, 10)
    assert struck(again, 5) == [0]
    assert again.count(Kind.DROP) == 3
    killed.close()
    again.close()


def test_a_process_that_starts_again_does_not_repeat_its_chances(tmp_path: Path) -> None:
    log = tmp_path / "plan.fired.jsonl"
    first = armed(drop(share=0.5), seed=4, log=log)
    met = struck(first, 20)

    again = armed(drop(share=0.5), seed=4, log=log)

    assert struck(again, 20) != met
    first.close()
    again.close()


def test_several_stand_ins_share_one_log_and_count_their_own(tmp_path: Path) -> None:
    log = tmp_path / "plan.fired.jsonl"
    bus, cosmos = (
        armed(drop(calls=5), log=log),
        Injector("cosmos", ABILITIES, faults=[Fault(at="cosmos", kind=Kind.DROP, calls=5)], log=log),
    )
    struck(bus, 2)
    struck(cosmos, 3)

    again = armed(drop(calls=5), log=log)

    assert again.count(Kind.DROP) == 2
    assert len(strikes(log)) == 5
    for injector in (bus, cosmos, again):
        injector.close()


def test_a_line_that_was_cut_off_by_a_kill_is_not_believed_and_does_not_spoil_the_next(tmp_path: Path) -> None:
    log = tmp_path / "plan.fired.jsonl"
    first = armed(drop(calls=5), log=log)
    struck(first, 2)
    first.close()
    log.write_bytes(log.read_bytes()[:-7])

    again = armed(drop(calls=5), log=log)
    struck(again, 1)
    again.close()

    assert len(strikes(log)) == 2


def test_the_log_of_a_plan_lies_beside_it() -> None:
    assert log_beside(Path("plans/busy.json")) == Path("plans/busy.fired.jsonl")


def test_after_a_restart_the_chances_are_drawn_anew_and_the_same_restart_draws_the_same(tmp_path: Path) -> None:
    rare = Fault(at="cosmos", kind=Kind.REFUSE, status=503, share=0.05)

    def struck(log: Path) -> list[int]:
        injector = Injector("cosmos", {Kind.REFUSE: ()}, faults=[rare], seed=4, log=log)
        found = [call for call in range(100) if injector.strike("read", kinds={Kind.REFUSE})]
        injector.close()
        return found

    first = [struck(tmp_path / "one.jsonl") for _ in range(3)]
    second = [struck(tmp_path / "another.jsonl") for _ in range(3)]

    assert first == second
    assert len({tuple(found) for found in first}) == 3
