"""One message: cut into sections on the way in, given the broker's annotations on the way out.

Only the header, the annotations and the message id are read. Properties, application properties and body stay the bytes the
sender wrote (AMQP 1.0 part 3, section 3.2 gives the section codes). Annotations the broker owns are dropped from what a sender
sends: a message that was received and is sent on still carries the old ones.

Units: every `_ms` is milliseconds since 1970, except `ttl_ms`, which is a span.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from devtools.emulators.servicebus.decoding import decode, first_item, map_items, skip
from devtools.emulators.servicebus.encoding import described, encode, encode_map
from devtools.emulators.servicebus.refusals import malformed
from devtools.emulators.servicebus.values import CodecError, Int, Long, Symbol, Timestamp, UByte, UInt

HEADER, DELIVERY_ANNOTATIONS, ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES, DATA, FOOTER = 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x78
BATCH_FORMAT = 0x80013700
"""The message-format of a transfer whose Data sections are whole messages (Service Bus, AMQP protocol guide)."""

ACTIVE, SCHEDULED = 0, 2
"""Values of `x-opt-message-state`; 1 is deferred, which the stand-in does not have."""

_Entry = tuple[bytes, bytes]  # one annotation: its key and its value, encoded
_Entries = tuple[_Entry, ...]
MessageId = str | int | uuid.UUID | bytes

_LOCK_TOKEN, _LOCKED_UNTIL = encode(Symbol("x-opt-lock-token")), encode(Symbol("x-opt-locked-until"))
_SEQUENCE_NUMBER, _ENQUEUE_SEQUENCE_NUMBER = encode(Symbol("x-opt-sequence-number")), encode(Symbol("x-opt-enqueue-sequence-number"))
_ENQUEUED_TIME, _STATE = encode(Symbol("x-opt-enqueued-time")), encode(Symbol("x-opt-message-state"))
_SCHEDULED_TIME = encode(Symbol("x-opt-scheduled-enqueue-time"))
_OWNED = frozenset({_LOCK_TOKEN, _LOCKED_UNTIL, _SEQUENCE_NUMBER, _ENQUEUE_SEQUENCE_NUMBER, _ENQUEUED_TIME, _STATE})


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender gave us. `rest` is everything from the properties on, untouched."""

    durable: bool | None
    priority: int | None
    ttl_ms: int | None
    delivery_annotations: _Entries
    annotations: _Entries
    scheduled_ms: int | None
    message_id: MessageId | None
    rest: bytes


@dataclass(frozen=True, slots=True)
class Lock:
    """One receiver's claim on one message."""

    token: uuid.UUID
    until_ms: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the broker adds to a message it hands out."""

    sequence_number: int
    enqueue_sequence_number: int
    enqueued_ms: int
    state: int
    delivery_count: int
    lock: Lock | None


def parse(raw: bytes) -> Message:
    """A message from its wire form. Raises RefusedError (amqp:decode-error) for anything else."""
    try:
        return _parse(raw)
    except CodecError as error:
        raise malformed(f"The message cannot be read: {error}") from error


def split_batch(raw: bytes) -> list[bytes]:
    """The messages of a batch. The envelope's own properties are copies of the first message's and are not read."""
    try:
        messages = [decode(raw, at)[0] for code, _, at, _ in _sections(raw) if code == DATA]
    except CodecError as error:
        raise malformed(f"The batch cannot be read: {error}") from error
    if not messages or not all(isinstance(message, bytes) for message in messages):
        raise malformed("The batch holds no messages, or something else.")
    return messages


def to_wire(message: Message, stamp: Stamp) -> bytes:
    """The message as a receiver gets it. What Azure leaves out is left out: the client's own tests know the size of what it sends."""
    entries = [
        (_ENQUEUED_TIME, encode(Timestamp(stamp.enqueued_ms))),
        (_SEQUENCE_NUMBER, encode(Long(stamp.sequence_number))),
    ]
    if stamp.enqueue_sequence_number != stamp.sequence_number:
        entries.append((_ENQUEUE_SEQUENCE_NUMBER, encode(Long(stamp.enqueue_sequence_number))))
    if stamp.state != ACTIVE:
        entries.append((_STATE, encode(Int(stamp.state))))
    token: list[_Entry] = []
    if stamp.lock:
        token.append((_LOCK_TOKEN, encode(stamp.lock.token)))
        entries.append((_LOCKED_UNTIL, encode(Timestamp(stamp.lock.until_ms))))
    return _assembled(message, stamp.delivery_count, [*token, *message.delivery_annotations], [*entries, *message.annotations])


def to_storage(message: Message) -> bytes:
    """The message without anything of the broker's; `parse` gives an equal one back."""
    return _assembled(message, 0, message.delivery_annotations, message.annotations)


def with_application_properties(message: Message, added: Mapping[str, str]) -> Message:
    """The same message with these application properties set; all other bytes stay as they are."""
    before, entries, after = b"", dict[bytes, bytes](), b""
    for code, start, at, end in _sections(message.rest):
        if code == APPLICATION_PROPERTIES:
            entries = dict(map_items(message.rest, at))
        elif code < APPLICATION_PROPERTIES:
            before += message.rest[start:end]
        else:
            after += message.rest[start:end]
    entries |= {encode(name): encode(value) for name, value in added.items()}
    return replace(message, rest=before + described(APPLICATION_PROPERTIES, encode_map(entries.items())) + after)


def _assembled(message: Message, delivery_count: int, delivery_annotations: Sequence[_Entry], annotations: Sequence[_Entry]) -> bytes:
    header = _header(message.priority, message.ttl_ms, delivery_count, durable=message.durable)
    parts = [header, described(DELIVERY_ANNOTATIONS, encode_map(delivery_annotations))]
    if annotations:
        parts.append(described(ANNOTATIONS, encode_map(annotations)))
    return b"".join([*parts, message.rest])


@lru_cache(maxsize=256)  # almost all messages have the same
def _header(priority: int | None, ttl_ms: int | None, delivery_count: int, *, durable: bool | None) -> bytes:
    ranked, lasting = None if priority is None else UByte(priority), None if ttl_ms is None else UInt(ttl_ms)
    return described(HEADER, encode([durable, ranked, lasting, None, UInt(delivery_count)]))


def _sections(raw: bytes) -> list[tuple[int, int, int, int]]:
    """(section code, start, start of its value, end) of every section."""
    sections, at = [], 0
    while at < len(raw):
        if raw[at : at + 2] != b"\x00\x53" or at + 2 == len(raw) or not HEADER <= raw[at + 2] <= FOOTER:
            raise CodecError(f"no message section at byte {at}")
        end = skip(raw, at + 3)
        sections.append((raw[at + 2], at, at + 3, end))
        at = end
    return sections


def _parse(raw: bytes) -> Message:
    """Sections may come in any order: client libraries put delivery annotations last."""
    header: tuple[bool | None, int | None, int | None] = (None, None, None)
    delivery_annotations: _Entries = ()
    annotations: _Entries = ()
    message_id = None
    rest: list[bytes] = []
    for code, start, at, end in _sections(raw):
        if code == HEADER:
            header = _header_fields(decode(raw, at)[0])
        elif code == DELIVERY_ANNOTATIONS:
            delivery_annotations = _foreign(raw, at)
        elif code == ANNOTATIONS:
            annotations = _foreign(raw, at)
        else:
            rest.append(raw[start:end])
        if code == PROPERTIES:
            message_id = _message_id(first_item(raw, at))
    return Message(*header, delivery_annotations, annotations, _scheduled(annotations), message_id, b"".join(rest))


def _foreign(raw: bytes, at: int) -> _Entries:
    return tuple(item for item in map_items(raw, at) if item[0] not in _OWNED)


def _header_fields(header: object) -> tuple[bool | None, int | None, int | None]:
    if not isinstance(header, list):
        raise CodecError("the header is not a list")
    durable, priority, ttl_ms = (*header, None, None, None)[:3]
    if not isinstance(ttl_ms, int | None):
        raise CodecError("the header's ttl is not a number")
    return durable if isinstance(durable, bool) else None, priority if isinstance(priority, int) else None, ttl_ms


def _scheduled(annotations: _Entries) -> int | None:
    for key, value in annotations:
        if key == _SCHEDULED_TIME:
            moment, _ = decode(value)
            return int(moment) if isinstance(moment, Timestamp) else None
    return None


def _message_id(value: object) -> MessageId | None:
    if value is None or isinstance(value, str | int | uuid.UUID | bytes):
        return value
    raise CodecError("the message id is not an id")
