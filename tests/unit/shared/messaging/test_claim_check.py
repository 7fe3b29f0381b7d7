"""A body too large for a message waits in blob storage, and its claim travels instead."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.claim import MAX_MESSAGE_BYTES, Claim, redeemed
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.rejected import Rejected
from shared.errors import ContractViolation, DependencyUnavailable, Forbidden, UnmappableRecord
from shared.messaging.delivery import Handler
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Outcome, Unchanged
from shared.messaging.provenance import properties_of
from shared.telemetry.names import Metric
from shared.telemetry.origin import Origin


def event(*, description: str, **changes: Any) -> IngestionEvent:
    said: dict[str, Any] = {
        "tenant_id": "tenant-1",
        "correlation_id": "correlation-1",
        "source": "salesforce",
        "source_id": "006",
        "event_type": "update",
        "observed_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
        "vendor_version": "001795262398000",
        "payload": {"Description": description},
    }
    return IngestionEvent(**{**said, **changes})


def of_size(size_bytes: int) -> IngestionEvent:
    """An event that is this large, body and properties together."""
    return event(description="x" * (size_bytes - sent_as(event(description="")).size_bytes))


def sent_as(message: IngestionEvent) -> Envelope:
    """As a publisher sends it."""
    return Envelope.of(message, traceparent=None, provenance=properties_of(message, Origin()))


LARGE = event(description="x" * 300_000)


def collecting(found: list[IngestionEvent]) -> Handler[IngestionEvent]:
    async def handler(said: IngestionEvent) -> Outcome:
        found.append(said)
        return Unchanged("same")

    return handler


async def failing(said: IngestionEvent) -> Outcome:
    raise UnmappableRecord("no name")


def test_the_limit_is_192_kilobytes() -> None:
    assert MAX_MESSAGE_BYTES == 196_608


def test_properties_count_towards_the_size() -> None:
    plain, traced = (Envelope.of(event(description=""), traceparent=trace) for trace in (None, "00-trace-01"))

    assert traced.size_bytes - plain.size_bytes == len("traceparent") + len("00-trace-01")
    assert plain.size_bytes == len(plain.body) + sum(len(name) + len(str(value)) for name, value in plain.properties.items())


@pytest.mark.parametrize(("size_bytes", "travels_as_reference"), [(1_000, False), (196_608, False), (196_609, True), (1_000_000, True)])
async def test_a_message_above_the_limit_travels_as_a_reference(size_bytes: int, travels_as_reference: bool) -> None:
    pipeline = InMemoryPipeline()
    message = of_size(size_bytes)

    await pipeline.publisher.publish(message)

    [sent] = pipeline.transport.sent
    assert ("claim" in json.loads(sent.body)) is travels_as_reference
    assert len(pipeline.claims.blobs) == travels_as_reference
    assert pipeline.metrics.total(Metric.MESSAGES_CLAIM_CHECKED, type="IngestionEvent") == travels_as_reference
    assert pipeline.metrics.total(Metric.MESSAGES_PUBLISHED, type="IngestionEvent") == 1


async def test_size_is_counted_in_bytes_and_not_in_characters() -> None:
    pipeline = InMemoryPipeline()

    await pipeline.publisher.publish(event(description="ü" * 100_000))

    assert len(pipeline.claims.blobs) == 1


async def test_a_reference_says_whose_and_what_it_is_and_is_small() -> None:
    pipeline = InMemoryPipeline()

    await pipeline.publisher.publish(LARGE)

    [sent] = pipeline.transport.sent
    said = json.loads(sent.body)
    assert {name: value for name, value in said.items() if name != "claim"} == {
        "type": "IngestionEvent",
        "version": 1,
        "tenantId": "tenant-1",
        "correlationId": "correlation-1",
    }
    assert (sent.id, sent.properties) == (LARGE.id, sent_as(LARGE).properties)
    assert len(sent.body) < 1_000


async def test_a_handler_does_not_see_that_a_message_was_put_aside() -> None:
    pipeline = InMemoryPipeline()
    found: list[IngestionEvent] = []
    await pipeline.publisher.publish(LARGE)

    await pipeline.run(collecting(found))

    assert found == [LARGE]


async def test_a_body_is_put_aside_before_its_reference_is_sent() -> None:
    pipeline = InMemoryPipeline()
    pipeline.transport.fails_with = DependencyUnavailable("the broker is away")

    with pytest.raises(DependencyUnavailable):
        await pipeline.publisher.publish(LARGE)

    assert len(pipeline.claims.blobs) == 1
    assert pipeline.metrics.total(Metric.MESSAGES_PUBLISHED) == 0


async def test_the_same_version_published_again_does_not_take_the_body_from_the_message_on_the_queue() -> None:
    pipeline = InMemoryPipeline()
    found: list[IngestionEvent] = []
    again = LARGE.model_copy(update={"correlation_id": "a retry", "observed_at": datetime(2026, 11, 21, 12, 5, tzinfo=UTC)})
    await pipeline.publisher.publish(LARGE)
    await pipeline.publisher.publish(again)

    await pipeline.run(collecting(found))

    assert again.id == LARGE.id
    assert pipeline.transport.duplicates_dropped == 1
    assert found == [LARGE]


async def test_publishing_the_very_same_message_again_puts_nothing_more_aside() -> None:
    pipeline = InMemoryPipeline()

    await pipeline.publisher.publish(LARGE)
    await pipeline.publisher.publish(LARGE)

    assert len(pipeline.claims.blobs) == 1


async def test_a_parked_message_keeps_its_reference_and_not_the_body() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(LARGE)
    [sent] = pipeline.transport.sent

    await pipeline.run(failing)

    [parked] = pipeline.transport.on("rejected-messages")
    assert Rejected.decode(parked.body).body == sent.body.decode()
    assert len(pipeline.claims.blobs) == 1


async def test_a_message_just_below_the_limit_is_parked_whole_though_parking_makes_it_larger() -> None:
    pipeline = InMemoryPipeline()
    message = event(description='"' * 97_000)
    await pipeline.publisher.publish(message)
    assert pipeline.claims.blobs == {}

    await pipeline.run(failing)

    [parked] = pipeline.transport.on("rejected-messages")
    rejected = Rejected.from_object(await redeemed(parked.body, claims=pipeline.claims))
    assert "claim" in json.loads(parked.body)
    assert IngestionEvent.decode(rejected.body.encode()) == message


@pytest.mark.parametrize("left", [None, b"{}"], ids=["gone", "altered"])
async def test_a_body_that_is_gone_or_altered_is_never_tried_again(left: bytes | None) -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(LARGE)
    [name] = pipeline.claims.blobs
    pipeline.claims.blobs = {} if left is None else {name: left}

    await pipeline.run(failing)

    [parked] = pipeline.transport.waiting
    assert parked.queue == "rejected-messages"
    assert Rejected.decode(parked.body).reason == "ClaimLost"


async def test_a_store_that_cannot_answer_now_is_asked_again() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(LARGE)
    [name] = pipeline.claims.blobs
    body = pipeline.claims.blobs[name]

    class Away(dict[str, bytes]):
        @override
        def __contains__(self, key: object) -> bool:
            raise DependencyUnavailable("redeem a claim: no answer")

    pipeline.claims.blobs = Away()
    await pipeline.run(failing)
    pipeline.claims.blobs = {name: body}
    pipeline.clock.advance(seconds=10)
    found: list[IngestionEvent] = []
    await pipeline.run(collecting(found))

    assert found == [LARGE]


CLAIM = Claim.of(b"body", tenant_id="tenant-1", message_id="m").model_dump(mode="json", by_alias=True)
PREFIX, _, HASH = CLAIM["blob"].split("/")
OTHER = Claim.of(b"body", tenant_id="tenant-2", message_id="m").blob


@pytest.mark.parametrize(
    "read",
    [
        {"tenantId": "tenant-2", "claim": CLAIM},
        {"claim": CLAIM},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "blob": OTHER}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "blob": f"{PREFIX}/../{OTHER}"}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "blob": f"{PREFIX}/m/{HASH}/../../../x"}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "blob": f"{PREFIX}/../{HASH}"}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "blob": f"{PREFIX}/%2e%2e/{HASH}"}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "blob": f"/{PREFIX}/m/{HASH}"}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "sha256": "short"}},
        {"tenantId": "tenant-1", "claim": {**CLAIM, "sizeBytes": -1}},
        {"tenantId": "tenant-1", "claim": {}},
        {"tenantId": "tenant-1", "claim": None},
        {"tenantId": "tenant-1", "claim": "blob"},
    ],
    ids=str,
)
def test_a_claim_that_is_none_or_another_tenants_is_refused(read: dict[str, Any]) -> None:
    with pytest.raises(ContractViolation) as refused:
        Claim.found_in(read)

    assert str(refused.value) in {"the claim is not readable", "the claim is not of its message's tenant"}


def test_a_body_that_is_no_claim_has_none() -> None:
    assert Claim.found_in({"tenantId": "tenant-1", "payload": {"claim": CLAIM}}) is None


def test_blobs_of_a_tenant_share_a_prefix_that_does_not_tell_its_name() -> None:
    claims = [Claim.of(body, tenant_id="tenant-1", message_id="m") for body in (b"one", b"other")]

    assert [claim.blob.split("/")[:2] for claim in claims] == [["0a96abb33b07ff0e8f48bcc4893e0e73", "m"]] * 2
    assert claims[0].blob != claims[1].blob


async def test_what_was_put_aside_must_be_of_the_messages_tenant() -> None:
    pipeline = InMemoryPipeline()
    foreign = event(description="", tenant_id="tenant-2").encode()
    claim = Claim.of(foreign, tenant_id="tenant-1", message_id="m")
    await pipeline.claims.put(claim, foreign)
    body = json.dumps({"tenantId": "tenant-1", "claim": claim.model_dump(mode="json", by_alias=True)}).encode()

    with pytest.raises(Forbidden):
        await redeemed(body, claims=pipeline.claims)
