"""Expiry, scheduling and duplicate detection of one queue, with the clock in the test's hand."""

from dataclasses import replace

import pytest

from devtools.emulators.servicebus.bench import POLICY, START_MS, Bench
from devtools.emulators.servicebus.refusals import RefusedError

DUPLICATES = replace(POLICY, duplicate_window_ms=60_000)


def test_a_message_that_expires_is_dead_lettered_where_the_queue_says_so() -> None:
    bench = Bench()
    bench.send("a", ttl_ms=1_000)

    bench.wait(999)
    assert bench.peeked() == ["a"]

    bench.wait(1)
    assert bench.peeked() == []
    [dead] = bench.dead_letters.peek(0, 1)
    assert b"TTLExpiredException" in dead.message.rest


def test_a_message_that_expires_is_dropped_where_the_queue_says_so() -> None:
    bench = Bench(policy=replace(POLICY, dead_letter_on_expiration=False))
    bench.send("a", ttl_ms=1_000)

    bench.wait(1_000)

    assert bench.queue.message_count == 0
    assert bench.peeked(dead=True) == []


def test_the_shorter_of_message_and_queue_time_to_live_counts() -> None:
    bench = Bench(policy=replace(POLICY, ttl_ms=5_000))
    bench.send("a", ttl_ms=60_000)
    bench.send("b")

    bench.wait(5_000)

    assert bench.peeked(dead=True) == ["a", "b"]


def test_an_expired_message_is_never_handed_out() -> None:
    bench = Bench()
    bench.send("a", ttl_ms=1_000)
    bench.clock.ms += 1_000

    assert bench.receiver().bodies == []


def test_a_locked_message_expires_only_when_its_lock_ends() -> None:
    bench = Bench()
    bench.send("a", ttl_ms=1_000)
    receiver = bench.receiver()

    bench.wait(2_000)
    assert bench.peeked() == ["a"]

    bench.queue.abandon(receiver.token)
    bench.queue.dispatch()
    assert bench.peeked(dead=True) == ["a"]


def test_a_message_may_be_completed_after_its_time_to_live_while_it_is_locked() -> None:
    bench = Bench()
    bench.send("a", ttl_ms=1_000)
    receiver = bench.receiver()
    bench.wait(2_000)

    bench.queue.complete(receiver.token)

    assert bench.peeked(dead=True) == []


def test_a_scheduled_message_is_seen_by_peek_and_delivered_at_its_time() -> None:
    bench = Bench()
    receiver = bench.receiver()

    number = bench.schedule("later", START_MS + 10_000)
    bench.send("now")
    bench.wait(9_999)
    assert bench.peeked() == ["later", "now"]
    assert receiver.bodies == ["now"]

    bench.wait(1)
    assert receiver.bodies == ["now", "later"]
    assert number == 1


def test_a_scheduled_message_gets_a_new_number_and_its_enqueued_time_when_it_is_due() -> None:
    bench = Bench()
    number = bench.schedule("later", START_MS + 10_000)
    bench.send("now")

    bench.wait(10_000)

    entry = bench.receiver().entries[-1]
    assert (number, entry.sequence_number, entry.enqueue_sequence_number) == (1, 3, 1)
    assert entry.enqueued_ms == START_MS + 10_000


def test_a_message_scheduled_by_annotation_waits_and_one_scheduled_for_the_past_does_not() -> None:
    bench = Bench()
    receiver = bench.receiver()

    bench.send("later", scheduled_ms=START_MS + 1)
    bench.send("past", scheduled_ms=START_MS - 1)

    assert receiver.bodies == ["past"]


def test_the_time_to_live_of_a_scheduled_message_starts_when_it_is_due() -> None:
    bench = Bench(policy=replace(POLICY, ttl_ms=5_000))
    bench.schedule("later", START_MS + 10_000)

    bench.wait(14_999)
    assert bench.peeked() == ["later"]

    bench.wait(5_000)
    assert bench.peeked(dead=True) == ["later"]


def test_a_cancelled_message_is_gone() -> None:
    bench = Bench()
    number = bench.schedule("later", START_MS + 10_000)

    bench.queue.cancel([number])
    bench.wait(10_000)

    assert bench.queue.message_count == 0


def test_cancelling_a_message_that_is_not_scheduled_any_more_cancels_none() -> None:
    bench = Bench()
    due, later = bench.schedule("due", START_MS + 1), bench.schedule("later", START_MS + 10_000)
    bench.wait(1)

    with pytest.raises(RefusedError) as refused:
        bench.queue.cancel([later, due])

    assert refused.value.condition == "com.microsoft:message-not-found"
    assert bench.peeked() == ["later", "due"]


def test_the_same_message_id_inside_the_window_is_dropped_without_an_error() -> None:
    bench = Bench(policy=DUPLICATES)

    bench.send("first", "second", message_id="id-1")
    bench.send("other", message_id="id-2")

    assert bench.peeked() == ["first", "other"]


def test_a_completed_message_still_counts_for_duplicate_detection() -> None:
    bench = Bench(policy=DUPLICATES)
    bench.send("first", message_id="id-1")
    bench.queue.complete(bench.receiver().token)

    bench.send("second", message_id="id-1")

    assert bench.queue.message_count == 0


def test_the_window_starts_with_the_first_message_and_repetition_does_not_prolong_it() -> None:
    bench = Bench(policy=DUPLICATES)
    bench.send("first", message_id="id-1")
    bench.wait(59_999)
    bench.send("second", message_id="id-1")

    bench.wait(1)
    bench.send("third", message_id="id-1")

    assert bench.peeked() == ["first", "third"]


def test_scheduled_messages_are_checked_for_duplicates_when_they_are_scheduled() -> None:
    bench = Bench(policy=DUPLICATES)
    bench.schedule("first", START_MS + 30_000, message_id="id-1")

    number = bench.schedule("second", START_MS + 30_000, message_id="id-1")
    bench.send("third", message_id="id-1")
    bench.wait(30_000)

    assert bench.peeked() == ["first"]
    with pytest.raises(RefusedError, match="no such message"):
        bench.queue.cancel([number])


def test_a_queue_without_duplicate_detection_takes_the_same_id_twice() -> None:
    bench = Bench()

    bench.send("first", "second", message_id="id-1")

    assert bench.peeked() == ["first", "second"]
