"""Messages: what the sender wrote is what the receiver reads, and the broker's annotations are the broker's."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.servicebus.bench import message_bytes
from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.message import (
    ACTIVE,
    SCHEDULED,
    Lock,
    Stamp,
    parse,
    split_batch,
    to_storage,
    to_wire,
    with_application_properties,
)
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.values import Described, Int, Long, Symbol, Timestamp, UInt

STAMP = Stamp(sequence_number=7, enqueue_sequence_number=7, enqueued_ms=1_000, state=ACTIVE, delivery_count=2, lock=None)
TOKEN = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")


def sections(wire: bytes) -> dict[int, Any]:
    at, found = 0, dict[int, Any]()
    while at < len(wire):
        section, at = decode(wire, at)
        assert isinstance(section, Described)
        found[section.descriptor] = section.value
    return found


def test_a_delivered_message_carries_the_brokers_stamp() -> None:
    stamp = Stamp(7, 3, 1_000, ACTIVE, 2, Lock(TOKEN, 31_000))

    wire = sections(to_wire(parse(message_bytes("x", ttl_ms=5_000)), stamp))

    assert wire[0x70] == [True, None, UInt(5_000), None, UInt(2)]
    assert wire[0x71] == {Symbol("x-opt-lock-token"): TOKEN}
    assert wire[0x72] == {
        Symbol("x-opt-enqueued-time"): Timestamp(1_000),
        Symbol("x-opt-sequence-number"): Long(7),
        Symbol("x-opt-enqueue-sequence-number"): Long(3),
        Symbol("x-opt-locked-until"): Timestamp(31_000),
    }


def test_a_message_shows_no_state_and_no_older_number_where_there_is_nothing_to_say() -> None:
    plain = sections(to_wire(parse(message_bytes("x")), STAMP))
    scheduled = sections(to_wire(parse(message_bytes("x")), replace(STAMP, state=SCHEDULED)))

    assert plain[0x72].keys() == {Symbol("x-opt-enqueued-time"), Symbol("x-opt-sequence-number")}
    assert scheduled[0x72][Symbol("x-opt-message-state")] == Int(2)


def test_a_message_without_a_lock_shows_none() -> None:
    wire = sections(to_wire(parse(message_bytes("x")), STAMP))

    assert wire[0x71] == {}
    assert Symbol("x-opt-locked-until") not in wire[0x72]


def test_properties_and_body_leave_byte_for_byte_as_they_came() -> None:
    rest = (
        described(0x73, encode([uuid.UUID(int=5)]))
        + described(0x74, encode({"n": Int(1), "b": b"\x00"}))
        + described(0x75, encode(b"body"))
    )

    wire = to_wire(parse(rest), STAMP)

    assert wire.endswith(rest)
    assert parse(rest).message_id == uuid.UUID(int=5)


def test_a_resent_message_loses_the_old_annotations_of_the_broker_and_keeps_its_own() -> None:
    own = {Symbol("x-opt-partition-key"): "tenant", Symbol("x-opt-scheduled-enqueue-time"): Timestamp(9_000)}
    old = {Symbol("x-opt-sequence-number"): Long(99), Symbol("x-opt-locked-until"): Timestamp(1)}

    message = parse(described(0x72, encode({**old, **own})) + message_bytes("x"))

    annotations = sections(to_wire(message, STAMP))[0x72]
    assert annotations.items() >= own.items()
    assert annotations[Symbol("x-opt-sequence-number")] == 7
    assert message.scheduled_ms == 9_000


def test_a_clients_delivery_annotations_are_passed_on_wherever_it_puts_them() -> None:
    late = described(0x71, encode({"trace": Int(3), Symbol("x-opt-lock-token"): TOKEN}))

    message = parse(message_bytes("x", message_id="id-1") + late)

    wire = sections(to_wire(message, STAMP))
    assert wire[0x71] == {"trace": Int(3)}
    assert list(wire) == [0x70, 0x71, 0x72, 0x73, 0x75]


def test_application_properties_are_added_to_those_that_are_there() -> None:
    message = parse(message_bytes("x", message_id="id-1", properties={"tenant": "t1", "DeadLetterReason": "old"}))

    wire = sections(to_wire(with_application_properties(message, {"DeadLetterReason": "new"}), STAMP))

    assert wire[0x74] == {"tenant": "t1", "DeadLetterReason": "new"}
    assert wire[0x73] == ["id-1"]
    assert wire[0x75] == b"x"


@given(st.text(max_size=40), st.none() | st.text(max_size=20), st.none() | st.integers(0, 2**32 - 1), st.none() | st.integers(0, 2**40))
def test_the_stored_form_of_a_message_reads_as_the_same_message(
    body: str, message_id: str | None, ttl_ms: int | None, scheduled_ms: int | None
) -> None:
    message = parse(message_bytes(body, message_id=message_id, ttl_ms=ttl_ms, scheduled_ms=scheduled_ms))

    stored = parse(to_storage(message))

    assert stored == message


def test_a_batch_is_the_messages_in_its_data_sections() -> None:
    one, two = message_bytes("one", message_id="1"), message_bytes("two", message_id="2")
    envelope = described(0x73, encode(["1"])) + described(0x75, encode(one)) + described(0x75, encode(two))

    assert split_batch(envelope) == [one, two]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"hello", id="not a section"),
        pytest.param(message_bytes("x")[:-1], id="cut short"),
        pytest.param(described(0x73, encode([1.5])), id="an id that is no id"),
        pytest.param(described(0x70, encode({})), id="a header that is no list"),
    ],
)
def test_what_is_not_a_message_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        parse(raw)

    assert refused.value.condition == "amqp:decode-error"


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_are_refused(raw: bytes) -> None:
    for read in (parse, split_batch):
        try:
            read(raw)
        except RefusedError as refused:
            assert refused.condition == "amqp:decode-error"  # noqa: PT017 - a law over any input: most are refused, some are not
