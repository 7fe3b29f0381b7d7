"""Whatever arrives is a message or a ``ContractViolation`` whose text repeats nothing of it."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.message import Message, Upcast, parse_object
from shared.contracts.rejected import Rejected
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import ContractViolation

SECRET = "s3cr3t-value"

EVENT: dict[str, Any] = {
    "tenantId": "tenant-1",
    "source": "salesforce",
    "sourceId": SECRET,
    "eventType": "update",
    "observedAt": "2026-11-21T12:00:00Z",
    "payload": {"Name": SECRET},
    "connectionId": "salesforce:00D",
}


def event(**changes: Any) -> dict[str, Any]:
    return {**EVENT, **changes}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in EVENT.items() if key != name}


def batch(*events: dict[str, Any]) -> dict[str, Any]:
    return {"tenantId": "tenant-1", "connectionId": "salesforce:00D", "events": list(events)}


UNREADABLE_BODIES = {
    "nothing": b"",
    "text": SECRET.encode(),
    "half a document": b'{"tenantId": "' + SECRET.encode(),
    "a list": json.dumps([SECRET]).encode(),
    "a text": json.dumps(SECRET).encode(),
    "null": b"null",
    "NaN": b'{"payload": {"' + SECRET.encode() + b'": NaN}}',
    "a number beyond all numbers": b'{"payload": {"' + SECRET.encode() + b'": 1e999}}',
    "half of a surrogate pair": b'{"sourceId": "' + SECRET.encode() + b'\\ud800"}',
    "not UTF-8": SECRET.encode() + b"\xff",
    "UTF-16": json.dumps(EVENT).encode("utf-16"),
    "nested a hundred thousand times": b'{"payload": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested a hundred thousand times and not closed": b'{"payload": ' + b'{"a":' * 100_000,
    "a number of ten thousand digits": b'{"payload": {"a": ' + b"9" * 10_000 + b"}}",
}


@pytest.mark.parametrize("body", UNREADABLE_BODIES.values(), ids=list(UNREADABLE_BODIES))
def test_a_body_that_is_not_a_json_object_is_refused_without_quoting_it(body: bytes) -> None:
    with pytest.raises(ContractViolation) as refused:
        IngestionEvent.decode(body)

    assert str(refused.value) in {"the body is not JSON", "the body is not a JSON object"}
    assert refused.value.__cause__ is None


UNFITTING_EVENTS = {
    "another type": (event(type=SECRET), "expected a IngestionEvent, and the message says it is something else"),
    "a newer version": (event(version=2), "IngestionEvent: version 2 is newer than this deployment's 1"),
    "version nought": (event(version=0), "IngestionEvent: version is not a positive whole number"),
    "a version in words": (event(version=SECRET), "IngestionEvent: version is not a positive whole number"),
    "a version that is true": (event(version=True), "IngestionEvent: version is not a positive whole number"),
    "no tenant": (without("tenantId"), "IngestionEvent: tenantId: missing"),
    "an empty tenant": (event(tenantId=""), "IngestionEvent: tenantId: string_too_short"),
    "a tenant that is a number": (event(tenantId=7), "IngestionEvent: tenantId: string_type"),
    "no source id": (without("sourceId"), "IngestionEvent: sourceId: missing"),
    "a source id too long to be one": (event(sourceId=SECRET * 100), "IngestionEvent: sourceId: string_too_long"),
    "a source that is no name": (event(source=f"{SECRET}!"), "IngestionEvent: source: string_pattern_mismatch"),
    "an unknown kind of event": (event(eventType=SECRET), "IngestionEvent: eventType: literal_error"),
    "a moment without a zone": (event(observedAt="2026-11-21T12:00:00"), "IngestionEvent: observedAt: timezone_aware"),
    "a moment that is none": (event(observedAt=SECRET), "IngestionEvent: observedAt: datetime_from_date_parsing"),
    "a moment before all moments": (event(observedAt="0001-01-01T00:00:00+14:00"), "IngestionEvent: observedAt: value_error"),
    "a moment after all moments": (event(observedAt="9999-12-31T23:59:59-01:00"), "IngestionEvent: observedAt: value_error"),
    "a payload that is a list": (event(payload=[SECRET]), "IngestionEvent: payload: dict_type"),
    "coverage that is neither": (event(coverage=SECRET), "IngestionEvent: coverage: literal_error; coverage: tuple_type"),
    "coverage of no names": (
        event(coverage=[SECRET, 7]),
        "IngestionEvent: coverage: literal_error; coverage: string_type",
    ),
    "two faults": (event(tenantId="", eventType=SECRET), "IngestionEvent: tenantId: string_too_short; eventType: literal_error"),
}


@pytest.mark.parametrize(("read", "said"), UNFITTING_EVENTS.values(), ids=list(UNFITTING_EVENTS))
def test_an_event_no_version_fits_is_refused_by_the_name_of_its_fields(read: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        IngestionEvent.decode(json.dumps(read).encode())

    assert str(refused.value) == said
    assert SECRET not in str(refused.value)


UNFITTING_BATCHES = {
    "no event": (batch(), "IngestionBatch: events: too_short"),
    "501 events": (batch(*[EVENT] * 501), "IngestionBatch: events: too_long"),
    "an event of another tenant": (batch(EVENT, event(tenantId="tenant-2")), "IngestionBatch: message: value_error"),
    "an event of another connection": (batch(event(connectionId="salesforce:00E")), "IngestionBatch: message: value_error"),
    "an event of no connection": (batch(without("connectionId")), "IngestionBatch: message: value_error"),
    "a broken event": (batch(EVENT, event(observedAt=SECRET)), "IngestionBatch: events.1.observedAt: datetime_from_date_parsing"),
}


@pytest.mark.parametrize(("read", "said"), UNFITTING_BATCHES.values(), ids=list(UNFITTING_BATCHES))
def test_a_batch_that_is_none_is_refused(read: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        IngestionBatch.decode(json.dumps(read).encode())

    assert str(refused.value) == said


def test_a_batch_of_500_events_is_one() -> None:
    assert len(IngestionBatch.from_object(batch(*[EVENT] * 500)).events) == 500


@pytest.mark.parametrize("cause", ["", "content ", "content\n", "relink", "relink:XYZ", "everything"])
def test_a_shard_is_not_emitted_for_an_unknown_cause(cause: str) -> None:
    with pytest.raises(ContractViolation, match=r"^ShardEmitted: cause: string_pattern_mismatch$"):
        ShardEmitted.from_object({"tenantId": "t", "shardId": "s", "shardTypeId": "c_account", "revision": 1, "cause": cause})


def test_the_names_a_sender_invents_are_not_repeated_either() -> None:
    rejected = {"tenantId": "t", "queue": "q", "originalId": "o", "reason": "Forbidden", "detail": "", "body": "", "attempts": 1}

    with pytest.raises(ContractViolation) as refused:
        Rejected.from_object({**rejected, "rejectedAt": "2026-11-21T12:00:00Z", "properties": {SECRET: [1]}})

    assert str(refused.value) == "Rejected: properties: string_type; properties: int_type"


@pytest.mark.parametrize("depth", [1, 100, 200, 260, 300, 500, 990, 2_000])
def test_however_deep_a_payload_is_it_is_read_or_refused(depth: int) -> None:
    body = json.dumps(event(payload=None)).replace("null", '{"a":' + "[" * depth + "]" * depth + "}").encode()

    if depth > 200:
        with pytest.raises(ContractViolation):
            IngestionEvent.decode(body)
    else:
        read = IngestionEvent.decode(body)
        assert IngestionEvent.decode(read.encode()).id == read.id


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
def test_no_bytes_do_anything_else_than_be_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(ContractViolation):
        assert isinstance(parse_object(body), dict)


def test_fields_nobody_knows_are_ignored() -> None:
    assert IngestionEvent.from_object(event(addedLater={"deep": [1]})) == IngestionEvent.from_object(EVENT)


def test_a_body_may_begin_with_a_byte_order_mark() -> None:
    assert IngestionEvent.decode(json.dumps(EVENT).encode("utf-8-sig")) == IngestionEvent.from_object(EVENT)


def _split_name(read: dict[str, Any]) -> dict[str, Any]:
    first, last = read["name"].split(" ")
    return {**read, "first": first, "last": last}


class Greeting(Message):
    """A message in its second version: ``name`` became ``first`` and ``last``."""

    TYPE: ClassVar[str] = "Greeting"
    VERSION: ClassVar[int] = 2
    QUEUE: ClassVar[str] = "greetings"
    UPCASTS: ClassVar[Mapping[int, Upcast]] = {1: _split_name}

    first: str
    last: str

    @override
    def identity(self) -> tuple[str, ...]:
        return (self.first, self.last)


@pytest.mark.parametrize("version", [{}, {"version": 1}])
def test_a_message_of_an_earlier_version_is_brought_up(version: dict[str, int]) -> None:
    greeting = Greeting.from_object({"tenantId": "t", "name": "Ada Lovelace", **version})

    assert (greeting.first, greeting.last) == ("Ada", "Lovelace")
    assert json.loads(greeting.encode())["version"] == 2


def test_a_message_of_the_current_version_is_not_brought_up() -> None:
    assert Greeting.decode(Greeting(tenant_id="t", first="Ada", last="Lovelace").encode()).last == "Lovelace"


@pytest.mark.parametrize("name", [{}, {"name": SECRET}, {"name": 7}, {"name": None}])
def test_a_broken_message_of_an_earlier_version_is_refused_as_well(name: dict[str, Any]) -> None:
    with pytest.raises(ContractViolation) as refused:
        Greeting.from_object({"tenantId": "t", **name})

    assert str(refused.value) == "Greeting: not a readable message of version 1"


def test_a_greeting_of_the_third_version_is_refused() -> None:
    with pytest.raises(ContractViolation, match=r"version 3 is newer than this deployment's 2"):
        Greeting.from_object({"tenantId": "t", "version": 3})
