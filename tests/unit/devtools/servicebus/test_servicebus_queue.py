"""Order, locks, delivery counts and dead-lettering of one queue, with the clock in the test's hand."""

import uuid
from dataclasses import replace

import pytest

from devtools.emulators.servicebus.bench import POLICY, START_MS, Bench
from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.values import Described


def application_properties(rest: bytes) -> dict[str, str]:
    at, found = 0, dict[str, str]()
    while at < len(rest):
        section, at = decode(rest, at)
        assert isinstance(section, Described)
        found = section.value if section.descriptor == 0x74 else found
    return found


def test_messages_come_in_the_order_they_were_sent_and_are_numbered_from_one() -> None:
    bench = Bench()

    bench.send("a", "b", "c")

    receiver = bench.receiver()
    assert receiver.bodies == ["a", "b", "c"]
    assert [entry.sequence_number for entry in receiver.entries] == [1, 2, 3]
    assert [entry.delivery_count for entry in receiver.entries] == [0, 0, 0]


def test_receivers_with_credit_take_turns_and_those_without_get_nothing() -> None:
    bench = Bench()
    first, second, idle = bench.receiver(), bench.receiver(), bench.receiver(credit=0)

    bench.send("a", "b", "c", "d")

    assert sorted([first.bodies, second.bodies]) == [["a", "c"], ["b", "d"]]
    assert idle.bodies == []


def test_a_locked_message_is_not_given_to_another_receiver() -> None:
    bench = Bench()
    bench.send("a")
    bench.receiver()

    assert bench.receiver().bodies == []


def test_a_completed_message_is_gone() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver()

    bench.queue.complete(receiver.token)

    assert bench.queue.message_count == 0
    assert bench.peeked() == []


def test_an_abandoned_message_goes_back_to_its_place_and_counts_one_delivery() -> None:
    bench = Bench()
    bench.send("a", "b", "c")
    receiver = bench.receiver(credit=1)

    bench.queue.abandon(receiver.token)

    again = bench.receiver()
    assert again.bodies == ["a", "b", "c"]
    assert [entry.delivery_count for entry in again.entries] == [1, 0, 0]


def test_a_released_message_keeps_its_delivery_count() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver(credit=1)

    bench.queue.release(receiver.token)

    assert bench.receiver().entries[0].delivery_count == 0


def test_every_delivery_has_a_lock_token_of_its_own_and_the_old_one_is_dead() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver(credit=2)
    first = receiver.token

    bench.queue.abandon(first)
    bench.queue.dispatch()

    assert receiver.token != first
    with pytest.raises(RefusedError) as refused:
        bench.queue.complete(first)
    assert refused.value.condition == "com.microsoft:message-lock-lost"
    assert refused.value.status == 410


@pytest.mark.parametrize("verb", ["complete", "abandon", "release", "renew"])
def test_a_token_that_was_never_given_settles_nothing(verb: str) -> None:
    bench = Bench()
    bench.send("a")
    bench.receiver()

    with pytest.raises(RefusedError, match="lock is gone"):
        getattr(bench.queue, verb)(uuid.UUID(int=7))

    assert bench.peeked() == ["a"]


def test_a_lock_ends_after_the_lock_duration_and_the_delivery_counts_as_failed() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver(credit=1)
    other = bench.receiver()

    bench.wait(29_999)
    assert other.bodies == []

    bench.wait(1)
    assert other.bodies == ["a"]
    assert other.entries[0].delivery_count == 1
    with pytest.raises(RefusedError, match="lock is gone"):
        bench.queue.complete(receiver.token)


def test_a_lock_that_has_just_ended_is_lost_even_before_anyone_noticed() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver()

    bench.clock.ms += 30_000

    with pytest.raises(RefusedError, match="lock is gone"):
        bench.queue.complete(receiver.token)


def test_a_renewed_lock_lasts_a_lock_duration_from_the_renewal() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver()
    bench.wait(20_000)

    until_ms = bench.queue.renew(receiver.token)
    bench.wait(29_999)

    assert until_ms == START_MS + 50_000
    bench.queue.complete(receiver.token)
    assert bench.queue.message_count == 0


def test_the_last_allowed_delivery_that_fails_dead_letters_the_message() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver()

    for _ in range(3):
        bench.queue.abandon(receiver.token)
        bench.queue.dispatch()

    assert len(receiver.entries) == 3
    assert bench.queue.message_count == 0
    [dead] = bench.receiver(dead=True).entries
    assert application_properties(dead.message.rest) == {
        "DeadLetterReason": "MaxDeliveryCountExceeded",
        "DeadLetterErrorDescription": "Message could not be consumed after 3 delivery attempts.",
    }


def test_locks_that_run_out_use_up_the_deliveries_too() -> None:
    bench = Bench()
    bench.send("a")
    bench.receiver()

    for _ in range(3):
        bench.wait(30_000)

    assert bench.peeked() == []
    assert bench.peeked(dead=True) == ["a"]


def test_a_dead_lettered_message_keeps_its_number_its_time_and_its_properties() -> None:
    bench = Bench()
    bench.send("kept")
    bench.send("a", message_id="id-1")
    receiver = bench.receiver()
    bench.wait(5_000)

    bench.queue.dead_letter(receiver.token, {"DeadLetterReason": "unreadable"})

    [dead] = bench.receiver(dead=True).entries
    assert dead.sequence_number == 2
    assert dead.enqueued_ms == START_MS
    assert dead.message.message_id == "id-1"
    assert application_properties(dead.message.rest) == {"DeadLetterReason": "unreadable"}


def test_a_waiting_receiver_of_the_dead_letter_queue_gets_the_message_at_once() -> None:
    bench = Bench()
    dead = bench.receiver(dead=True)
    bench.send("a")

    bench.queue.dead_letter(bench.receiver().token, {})

    assert dead.bodies == ["a"]


def test_the_dead_letter_queue_hands_out_for_ever_and_takes_nothing_from_clients() -> None:
    bench = Bench()
    bench.send("a")
    bench.queue.dead_letter(bench.receiver().token, {})
    receiver = bench.receiver(dead=True)

    for _ in range(20):
        bench.dead_letters.abandon(receiver.token)
        bench.dead_letters.dispatch()
    bench.clock.ms += 10**12

    assert bench.peeked(dead=True) == ["a"]
    bench.dead_letters.dispatch()
    with pytest.raises(RefusedError, match="cannot be dead-lettered again"):
        bench.dead_letters.dead_letter(receiver.token, {})
    with pytest.raises(RefusedError, match="cannot be sent"):
        bench.dead_letters.send(receiver.entries[0].message, b"")


def test_receive_and_delete_removes_the_message_when_it_is_handed_over() -> None:
    bench = Bench()
    bench.send("a")

    receiver = bench.receiver(deletes=True)

    assert receiver.bodies == ["a"]
    assert receiver.locks == [None]
    assert bench.queue.message_count == 0


def test_a_receiver_that_leaves_keeps_its_locks() -> None:
    bench = Bench()
    bench.send("a")
    receiver = bench.receiver()

    bench.queue.remove_consumer(receiver)

    assert bench.receiver().bodies == []
    bench.queue.complete(receiver.token)
    assert bench.queue.message_count == 0


def test_peek_shows_locked_messages_from_a_number_on_and_takes_none() -> None:
    bench = Bench()
    bench.send("a", "b", "c", "d")
    bench.receiver(credit=2)

    found = bench.queue.peek(2, 2)

    assert [entry.sequence_number for entry in found] == [2, 3]
    assert bench.queue.message_count == 4


def test_a_long_backlog_is_peeked_and_received_without_sorting_it_again() -> None:
    bench = Bench(policy=replace(POLICY, lock_ms=300_000))
    bench.send(*["x"] * 10_000)
    receiver = bench.receiver(credit=8_000)
    for lock in receiver.locks:
        assert lock is not None
        bench.queue.complete(lock.token)

    found = [bench.queue.peek(number, 1)[0].sequence_number for number in range(8_001, 10_001)]

    assert found == list(range(8_001, 10_001))
    assert bench.queue.message_count == 2_000
