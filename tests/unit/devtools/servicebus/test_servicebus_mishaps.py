"""What one queue and its journal do wrong on command, with the clock in the test's hand."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devtools.emulators.servicebus import mishaps
from devtools.emulators.servicebus.bench import POLICY, START_MS, Bench
from devtools.emulators.servicebus.journal import FILE_NAME, FileJournal, replay
from devtools.emulators.servicebus.mishaps import ABILITIES, AT, OPERATIONS, Mishaps, refusal_of
from devtools.emulators.servicebus.records import Removed
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind, PlanInvalid

DUPLICATES = replace(POLICY, duplicate_window_ms=60_000)


def fault(kind: Kind, **how: Any) -> Fault:
    return Fault(at=AT, kind=kind, **({"calls": 1} | how))


def injector(*faults: Fault) -> Injector:
    return Injector(AT, ABILITIES, faults=faults, seed=1)


def test_the_documentation_says_which_operation_can_meet_what() -> None:
    rows = (mishaps.__doc__ or "").partition("operation  ")[2].partition("\n\n")[0].splitlines()
    kinds = [Kind(word) for word in rows[0].split()[1:]]
    said: dict[Kind, set[str]] = {kind: set() for kind in kinds}
    for row in rows[1:]:
        names, marks = row[:37].partition("(")[0], row[47:].split()
        for kind, mark in zip(kinds, marks, strict=True):
            said[kind] |= {name.strip() for name in names.split(",")} if mark != "." else set()

    assert said == {kind: set(operations) for kind, operations in OPERATIONS.items()}


@pytest.mark.parametrize("verb", ["complete", "abandon", "release", "renew"])
def test_a_lock_that_is_lost_gives_the_message_back_counted_and_refuses_the_holder(verb: str) -> None:
    bench = Bench(mishaps=Mishaps(injector(fault(Kind.LOCK_LOST))))
    bench.send("a")
    receiver = bench.receiver(credit=1)

    with pytest.raises(RefusedError) as refused:
        getattr(bench.queue, verb)(receiver.token)

    assert refused.value.condition == "com.microsoft:message-lock-lost"
    [again] = bench.receiver().entries
    assert again.delivery_count == 1


def test_the_lock_of_a_last_delivery_that_is_lost_dead_letters_the_message() -> None:
    bench = Bench(policy=replace(POLICY, max_delivery_count=1), mishaps=Mishaps(injector(fault(Kind.LOCK_LOST))))
    bench.send("a")

    with pytest.raises(RefusedError, match="lock is gone"):
        bench.queue.complete(bench.receiver().token)

    assert (bench.peeked(), bench.peeked(dead=True)) == ([], ["a"])


def test_a_lock_that_is_gone_already_is_not_lost_again() -> None:
    struck = injector(fault(Kind.LOCK_LOST))
    bench = Bench(mishaps=Mishaps(struck))
    bench.send("a")
    receiver = bench.receiver(credit=1)
    bench.wait(30_000)

    with pytest.raises(RefusedError, match="lock is gone"):
        bench.queue.complete(receiver.token)

    assert struck.count(Kind.LOCK_LOST) == 0


def test_a_message_the_queue_drops_as_a_duplicate_is_not_stored_twice_either() -> None:
    struck = injector(fault(Kind.DUPLICATE, operation="send", after=1))
    bench = Bench(policy=DUPLICATES, mishaps=Mishaps(struck))

    bench.send("a", "a again", message_id="id-1")
    bench.send("b", message_id="id-2")

    assert bench.peeked() == ["a", "b", "b"]


def test_a_completed_message_comes_again_only_where_its_delivery_count_leaves_room() -> None:
    struck = injector(fault(Kind.DUPLICATE, operation="complete", share=1.0, calls=10))
    bench = Bench(mishaps=Mishaps(struck))
    bench.send("a")
    receiver = bench.receiver()

    for _ in range(3):
        bench.queue.complete(receiver.token)
        bench.queue.dispatch()

    assert [entry.sequence_number for entry in receiver.entries] == [1, 1, 1]
    assert struck.count(Kind.DUPLICATE) == 2
    assert (bench.peeked(), bench.peeked(dead=True)) == ([], [])


def test_a_message_that_overtakes_is_one_of_those_that_wait_and_none_is_forgotten() -> None:
    struck = injector(fault(Kind.REORDER, share=1.0, calls=100))
    bench = Bench(mishaps=Mishaps(struck))
    bench.receiver(credit=0)
    bench.send(*"abcdef")

    bodies = bench.receiver().bodies

    assert sorted(bodies) == list("abcdef")
    assert bodies[-1] == "a"  # everybody else went before
    assert struck.count(Kind.REORDER) == 5


def test_an_id_whose_window_is_over_is_new_though_the_clock_was_set_back_in_between() -> None:
    bench = Bench(policy=DUPLICATES)
    bench.send("later", message_id="id-1")
    bench.clock.ms -= 40_000
    bench.send("first", message_id="id-2")
    bench.clock.ms += 60_000  # the window of id-2 is over, that of id-1, which was taken before, is not

    bench.send("second", message_id="id-2")
    bench.send("dropped", message_id="id-1")

    assert bench.peeked() == ["later", "first", "second"]


def test_a_clock_that_is_set_back_makes_everything_later_and_loses_nothing() -> None:
    bench = Bench()
    bench.schedule("due", START_MS + 10_000)
    bench.send("locked")
    receiver = bench.receiver(credit=1)
    bench.wait(-1_800_000)
    bench.send("now")

    bench.queue.renew(receiver.token)
    bench.wait(29_999)
    assert bench.receiver().bodies == ["now"]
    bench.wait(1)
    assert bench.peeked() == ["due", "locked", "now"]
    bench.wait(1_800_000)

    assert sorted(bench.peeked()) == ["due", "locked", "now"]


@pytest.mark.parametrize("seed", range(20))
def test_a_full_disk_takes_a_part_of_a_block_at_most_and_what_was_written_before_is_kept(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    struck = Injector(AT, ABILITIES, faults=[fault(Kind.DISK_FULL, after=1)], seed=seed)
    bench = Bench()
    bench.send("a", "b")
    journal = FileJournal(tmp_path, now_ms=START_MS, mishaps=Mishaps(struck))
    for record in bench.journal.records:
        journal.write(record)
    journal.flush()
    journal.write(Removed("orders", 1))

    with pytest.raises(OSError, match="No space left") as refused:
        journal.flush()
    journal.close()

    assert refused.value.errno == errno.ENOSPC
    assert sorted(replay((tmp_path / FILE_NAME).read_bytes())["orders"].stored) == [1, 2]
    capsys.readouterr()


def test_nothing_to_write_is_not_met_by_a_full_disk(tmp_path: Path) -> None:
    struck = injector(fault(Kind.DISK_FULL))
    journal = FileJournal(tmp_path, now_ms=START_MS, mishaps=Mishaps(struck))

    journal.flush()

    assert struck.count(Kind.DISK_FULL) == 0
    journal.close()


@pytest.mark.parametrize(
    ("how", "condition"),
    [
        ({"status": 429}, "com.microsoft:server-busy"),
        ({"status": 503}, "com.microsoft:server-busy"),
        ({"status": 503, "variant": "internal-error"}, "amqp:internal-error"),
        ({"status": 401}, "amqp:unauthorized-access"),
        ({"status": 404}, "amqp:not-found"),
        ({"status": 413}, "amqp:link:message-size-exceeded"),
    ],
)
def test_a_status_has_a_condition(how: dict[str, Any], condition: str) -> None:
    refusal = refusal_of(fault(Kind.REFUSE, **how))

    assert (refusal.condition, refusal.status) == (condition, how["status"])


def test_what_can_never_happen_is_refused_before_it_begins() -> None:
    with pytest.raises(PlanInvalid, match="only these can meet it: receive"):
        Mishaps(injector(fault(Kind.REORDER, operation="send")))
    with pytest.raises(PlanInvalid, match="it knows the statuses"):
        Mishaps(injector(fault(Kind.REFUSE, status=418)))
    with pytest.raises(PlanInvalid, match="it knows detach-forced, "):
        injector(fault(Kind.REFUSE, status=503, variant="odd"))
    with pytest.raises(PlanInvalid, match="without a data directory"):
        Mishaps(injector(fault(Kind.DISK_FULL)), has_journal=False)
