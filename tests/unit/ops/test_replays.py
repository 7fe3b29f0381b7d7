"""What sends a parked message round again: the same body, an id of its own, and nothing of the attempts before."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.samples import NOON
from devtools.fakes.stores import InMemoryClaims
from ops.parked_message import Parked, Peeked, Place, parked_anew, parked_of
from ops.refusals import Refused
from shared import topology
from shared.contracts.claim import Claim
from shared.contracts.rejected import Rejected
from shared.messaging.envelope import PropertyValue

DEAD = Place(topology.INGESTION_EVENTS, dead=True)
PARKED = Place(topology.REJECTED_MESSAGES)


def peeked(place: Place, body: bytes, properties: dict[str, PropertyValue], *, message_id: str = "m", deliveries: int = 0) -> Peeked:
    return Peeked(place, 7, message_id, body, properties, deliveries, NOON, "MaxDeliveryCountExceeded", "ten times")


def rejected(
    body: bytes, said: dict[str, PropertyValue] | None = None, *, is_base64: bool = False, id_: str = "m", queue: str = "ingestion-events"
) -> bytes:
    text = base64.b64encode(body).decode() if is_base64 else body.decode()
    return Rejected(
        tenant_id="acme",
        queue=queue,
        original_id=id_,
        reason="UnmappableRecord",
        detail="Amount: unreadable",
        body=text,
        body_is_base64=is_base64,
        properties={"type": "IngestionEvent", "tenantId": "acme", "messageId": id_, **(said or {})},
        attempts=3,
        rejected_at=NOON,
    ).encode()


async def read(one: Peeked, claims: InMemoryClaims | None = None) -> Parked:
    return await parked_of(one, claims=claims or InMemoryClaims())


async def test_a_rejected_message_is_what_it_was_before_it_was_rejected() -> None:
    parked = await read(peeked(PARKED, rejected(b'{"a": 1}'), {"tenantId": "acme", "type": "Rejected"}))

    assert (parked.id, parked.queue, parked.tenant_id, parked.type) == ("m", "ingestion-events", "acme", "IngestionEvent")
    assert (parked.reason, parked.detail, parked.attempts, parked.parked_at) == ("UnmappableRecord", "Amount: unreadable", 3, NOON)
    assert parked.body == b'{"a": 1}'


async def test_it_goes_to_its_queue_with_a_new_id_and_without_the_marks_of_copies() -> None:
    marks: dict[str, PropertyValue] = {"attempt": 4, "spent": 3, "spentOnUnknown": 1, "firstFailedAt": "2026-11-21T11:00:00Z"}
    parked = await read(peeked(PARKED, rejected(b"{}", {**marks, "traceparent": "00-1", "correlationId": "c"}), {}))

    envelope = parked.replay()

    assert (envelope.queue, envelope.id, envelope.body) == ("ingestion-events", "m#r1", b"{}")
    assert envelope.properties == {
        "type": "IngestionEvent",
        "tenantId": "acme",
        "messageId": "m#r1",
        "replays": 1,
        "traceparent": "00-1",
        "correlationId": "c",
    }


async def test_what_is_parked_once_more_after_a_replay_is_replayed_under_the_next_number() -> None:
    parked = await read(peeked(PARKED, rejected(b"{}", {"replays": 1}, id_="m#r1"), {}))

    again = parked.replay()

    assert (again.id, again.properties["replays"]) == ("m#r2", 2)


@given(times=st.integers(min_value=1, max_value=30), first=st.text(alphabet="ab#r01", min_size=1, max_size=8))
async def test_however_often_it_is_replayed_its_ids_never_repeat_and_keep_their_beginning(times: int, first: str) -> None:
    ids, properties = [first], {"messageId": first}
    for _ in range(times):
        envelope = (await read(peeked(DEAD, b"{}", dict(properties)))).replay()
        ids.append(envelope.id)
        properties = dict(envelope.properties)  # type: ignore[arg-type]  # texts and numbers

    assert ids == [first, *(f"{first}#r{number}" for number in range(1, times + 1))]


async def test_a_claim_travels_as_it_is() -> None:
    claimed = b'{"claim": {"blob": "somewhere"}, "tenantId": "acme"}'

    assert (await read(peeked(PARKED, rejected(claimed), {}))).replay().body == claimed


async def test_a_rejected_message_that_was_itself_put_aside_is_fetched() -> None:
    body = rejected(b'{"large": true}')
    claims, claim = InMemoryClaims(), Claim.of(body, tenant_id="acme", message_id="m")
    await claims.put(claim, body)
    light = json.dumps({"type": "Rejected", "tenantId": "acme", "claim": claim.model_dump(mode="json", by_alias=True)}).encode()

    assert (await read(peeked(PARKED, light, {}), claims)).body == b'{"large": true}'


async def test_a_body_that_is_no_text_is_sent_byte_for_byte() -> None:
    parked = await read(peeked(PARKED, rejected(b"\xff\x00", is_base64=True), {}))

    assert parked.replay().body == b"\xff\x00"


async def test_what_cannot_be_read_is_shown_and_not_replayed() -> None:
    parked = await read(peeked(PARKED, b"not json", {"tenantId": "acme", "messageId": "m"}))

    assert (parked.reason, parked.tenant_id, parked.is_readable) == ("Unreadable", "acme", False)
    with pytest.raises(Refused, match="m cannot be replayed: the body is not JSON"):
        parked.replay()


async def test_a_claim_that_is_gone_is_shown_and_not_replayed() -> None:
    claim = Claim.of(b"{}", tenant_id="acme", message_id="m")
    light = json.dumps({"type": "Rejected", "tenantId": "acme", "claim": claim.model_dump(mode="json", by_alias=True)}).encode()

    parked = await read(peeked(PARKED, light, {}))

    assert (parked.reason, parked.is_readable) == ("Unreadable", False)


async def test_a_queue_that_is_none_of_ours_gets_nothing() -> None:
    parked = await read(peeked(PARKED, rejected(b"{}", queue="elsewhere"), {}))

    with pytest.raises(Refused, match="there is no queue elsewhere"):
        parked.replay()


async def test_a_dead_letter_goes_to_its_own_queue_without_the_brokers_reasons() -> None:
    brokers: dict[str, PropertyValue] = {"DeadLetterReason": "x", "DeadLetterErrorDescription": "y"}
    said: dict[str, PropertyValue] = {"messageId": "m", "attempt": 5, "tenantId": "acme", **brokers}
    parked = await read(peeked(DEAD, b"{}", said, message_id="m#5"))

    assert (parked.id, parked.reason, parked.detail, parked.attempts) == ("m", "MaxDeliveryCountExceeded", "ten times", 6)
    envelope = parked.replay()
    assert (envelope.queue, envelope.id) == ("ingestion-events", "m#r1")
    assert envelope.properties == {"messageId": "m#r1", "replays": 1, "tenantId": "acme"}


async def test_a_dead_letter_that_names_no_id_has_the_one_of_its_message() -> None:
    assert (await read(peeked(DEAD, b"{}", {}, message_id="theirs"))).replay().id == "theirs#r1"


def test_what_is_parked_anew_is_the_same_but_for_its_number() -> None:
    first = parked_anew(peeked(PARKED, b"{}", {"messageId": "r", "tenantId": "acme"}, message_id="r"))
    again = parked_anew(peeked(PARKED, b"{}", dict(first.properties), message_id=first.id))

    assert (first.queue, first.id, first.properties) == ("rejected-messages", "r#p1", {"messageId": "r", "tenantId": "acme", "parkings": 1})
    assert (again.id, again.properties["parkings"]) == ("r#p2", 2)
