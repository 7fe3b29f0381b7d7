"""The journal: a restart finds what was flushed, whatever the last block looks like."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.emulators.servicebus.bench import POLICY, START_MS, Bench, Clock, Recorder
from devtools.emulators.servicebus.journal import FILE_NAME, FileJournal, JournalError, replay
from devtools.emulators.servicebus.records import Record, Remembered, Removed, Stored

DUPLICATES = replace(POLICY, duplicate_window_ms=60_000)


def written(directory: Path, *blocks: list[Record]) -> bytes:
    """The file after each block was flushed by itself."""
    journal = FileJournal(directory, now_ms=START_MS)
    for block in blocks:
        for record in block:
            journal.write(record)
        journal.flush()
    journal.close()
    return (directory / FILE_NAME).read_bytes()


def stored(number: int, *, queue: str = "orders") -> Stored:
    return Stored(queue, number, number, START_MS, None, 0, b"\x00\x53\x75\xa0\x01x")


def restarted(bench: Bench, directory: Path) -> Bench:
    """A second bench that knows only what the first one's journal says, read from the file, compacted, read again."""
    written(directory, bench.journal.records)
    written(directory)
    again = Bench(policy=bench.policy, clock=Clock(bench.clock.ms), journal=Recorder())
    journal = FileJournal(directory, now_ms=bench.clock.ms)
    for name, queue in (("orders", again.queue), ("orders/$DeadLetterQueue", again.dead_letters)):
        if name in journal.snapshots:
            queue.restore(journal.snapshots[name])
    journal.close()
    return again


def test_what_was_accepted_is_there_after_a_restart_and_what_was_completed_is_not(tmp_path: Path) -> None:
    bench = Bench()
    bench.send("a", "b", "c")
    bench.queue.complete(bench.receiver(credit=1).token)

    again = restarted(bench, tmp_path)

    assert again.peeked() == ["b", "c"]


def test_a_locked_message_is_available_after_a_restart_with_the_count_it_had(tmp_path: Path) -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver(credit=2)
    bench.queue.abandon(receiver.token)
    bench.queue.dispatch()

    again = restarted(bench, tmp_path)

    [entry] = again.receiver().entries
    assert entry.delivery_count == 1


def test_the_dead_letter_queue_survives_with_the_reason(tmp_path: Path) -> None:
    bench = Bench()
    bench.send("a")
    bench.queue.dead_letter(bench.receiver().token, {"DeadLetterReason": "unreadable"})

    again = restarted(bench, tmp_path)

    assert again.peeked() == []
    [dead] = again.dead_letters.peek(0, 10)
    assert b"unreadable" in dead.message.rest


def test_scheduled_messages_stay_scheduled_and_due_ones_keep_their_new_number(tmp_path: Path) -> None:
    bench = Bench()
    bench.schedule("soon", START_MS + 1_000)
    later = bench.schedule("later", START_MS + 9_000)
    bench.wait(1_000)

    again = restarted(bench, tmp_path)

    assert again.receiver().bodies == ["soon"]
    assert [entry.sequence_number for entry in again.queue.peek(0, 10)] == [2, 3]
    again.queue.cancel([later])


def test_a_cancelled_message_does_not_come_back(tmp_path: Path) -> None:
    bench = Bench()
    bench.queue.cancel([bench.schedule("later", START_MS + 9_000)])

    assert restarted(bench, tmp_path).peeked() == []


def test_numbers_are_not_given_twice_even_when_their_messages_are_gone(tmp_path: Path) -> None:
    bench = Bench()
    bench.send("a", "b")
    receiver = bench.receiver(deletes=True)
    assert receiver.bodies == ["a", "b"]

    again = restarted(bench, tmp_path)
    again.send("c")

    assert [entry.sequence_number for entry in again.queue.peek(0, 10)] == [3]


def test_duplicate_detection_remembers_across_a_restart_for_the_rest_of_the_window(tmp_path: Path) -> None:
    bench = Bench(policy=DUPLICATES)
    bench.send("first", message_id="id-1")
    bench.receiver(deletes=True)
    bench.wait(30_000)

    again = restarted(bench, tmp_path)

    again.send("second", message_id="id-1")
    assert again.peeked() == []
    again.wait(30_000)
    again.send("third", message_id="id-1")
    assert again.peeked() == ["third"]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_block_that_was_torn_is_dropped_whole_and_everything_before_it_kept(
    cut: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = written(tmp_path, [stored(1), stored(2)], [Removed("orders", 1), stored(3), Remembered("orders", "id-3", START_MS + 1)])

    snapshot = replay(whole[:-cut])["orders"]

    assert sorted(snapshot.stored) == [1, 2]
    assert snapshot.remembered == {}
    assert "dropped" in capsys.readouterr().err


def test_a_block_with_a_wrong_byte_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(written(tmp_path, [stored(1)], [stored(2)]))
    content[-1] ^= 1

    assert sorted(replay(bytes(content))["orders"].stored) == [1]


def test_a_torn_journal_is_whole_again_after_the_next_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = written(tmp_path, [stored(1)], [stored(2)])
    (tmp_path / FILE_NAME).write_bytes(whole[:-3])

    content = written(tmp_path, [stored(5)])

    assert sorted(replay(content)["orders"].stored) == [1, 5]
    assert capsys.readouterr().err.count("dropped") == 1


def test_a_start_forgets_what_is_gone(tmp_path: Path) -> None:
    numbers = range(1, 101)
    written(tmp_path, [stored(number) for number in numbers], [Removed("orders", number) for number in numbers])

    content = written(tmp_path)

    assert len(content) < 100
    assert replay(content)["orders"].next_sequence_number == 101


def test_messages_of_a_queue_that_is_not_configured_any_more_are_kept(tmp_path: Path) -> None:
    written(tmp_path, [stored(1, queue="retired")])

    content = written(tmp_path)

    assert sorted(replay(content)["retired"].stored) == [1]


def test_two_brokers_cannot_share_a_directory(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, now_ms=START_MS)

    with pytest.raises(JournalError, match="in use by another local Service Bus"):
        FileJournal(tmp_path, now_ms=START_MS)

    journal.close()


def test_a_file_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"precious")

    with pytest.raises(JournalError, match="move it away"):
        FileJournal(tmp_path, now_ms=START_MS)

    assert (tmp_path / FILE_NAME).read_bytes() == b"precious"


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["send", "schedule", "complete", "abandon", "dead-letter", "wait"]), max_size=40))
def test_after_any_history_a_restart_sees_the_queues_as_they_were(tmp_path_factory: pytest.TempPathFactory, history: list[str]) -> None:
    bench = Bench(policy=DUPLICATES)
    for step, action in enumerate(history):
        play(bench, action=action, step=step)

    again = restarted(bench, tmp_path_factory.mktemp("journal"))

    assert again.peeked() == bench.peeked()
    assert again.peeked(dead=True) == bench.peeked(dead=True)
    counts = [(entry.sequence_number, entry.delivery_count) for entry in bench.queue.peek(0, 100)]
    assert [(entry.sequence_number, entry.delivery_count) for entry in again.queue.peek(0, 100)] == counts


def play(bench: Bench, *, action: str, step: int) -> None:
    if action == "send":
        bench.send(f"m{step}", message_id=f"id-{step % 7}")
    elif action == "schedule":
        bench.schedule(f"s{step}", bench.clock.ms + 20_000)
    elif action == "wait":
        bench.wait(15_000)
    else:
        receiver = bench.receiver(credit=1)
        bench.queue.remove_consumer(receiver)
        if not receiver.entries:
            return
        token = receiver.token
        match action:
            case "complete":
                bench.queue.complete(token)
            case "abandon":
                bench.queue.abandon(token)
            case "dead-letter":
                bench.queue.dead_letter(token, {"DeadLetterReason": "test"})
