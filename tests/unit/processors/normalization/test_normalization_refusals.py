"""What is only for admins, what is parked instead of stored, and what never touches another tenant."""

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.telemetry.names import Metric
from tests.unit.ingestion.door import a_door, an_org, body_of, with_fields
from tests.unit.processors.normalization.opportunities import (
    ANOTHER_RECORD,
    CONNECTION,
    NOON,
    announced,
    deletion,
    feed,
    opportunity,
    parked,
    part,
    queue_and_run,
    the_shard,
)

ADMINS_ONLY = [{"subject": "admins", "permissionLevel": "read"}]
GOOGLE_EDGE = {
    "id": "g",
    "system": "gdrive",
    "systemType": "storage",
    "scope": "",
    "recordType": "file",
    "externalId": "1AbC",
    "lastSyncedAt": "2026-01-01T00:00:00.000000Z",
    "createdAt": "2026-01-01T00:00:00.000000Z",
}


# Readers


async def test_unknown_readers_are_admins_only_and_counted_and_one_gap_says_so() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(), opportunity(record=ANOTHER_RECORD), opportunity(saved=1, Amount=1.0))

    assert [shard.document()["acl"] for shard in pipeline.shards.all()] == [ADMINS_ONLY] * 2
    assert pipeline.metrics.total(Metric.ACL_UNKNOWN, source="salesforce", record_type="Opportunity") == 3
    [gap] = pipeline.gaps.known.values()
    assert (gap.reason, gap.tenant_id, gap.connection_id, gap.stream) == ("acl-unknown", "acme", CONNECTION, "Opportunity")
    assert gap.opened_at == NOON


# Parked


async def test_one_record_of_a_hundred_without_a_required_field_is_parked_with_its_reason_and_99_are_stored() -> None:
    org, door = an_org(), await a_door()
    records = [org.create("Opportunity") for _ in range(100)]
    records[41] = with_fields(records[41], Name=None)

    response = await door.post(body_of(*records))
    await door.pipeline.run()

    assert response.status == 200
    stored = {shard.external_relationships[0].external_id for shard in door.pipeline.shards.all()}
    assert stored == {record.id for record in records} - {records[41].id}
    [message] = parked(door.pipeline)
    assert (message.reason, message.detail) == ("UnmappableRecord", "c_opportunity: required field name is missing")
    assert IngestionEvent.decode(message.body.encode()).source_id == records[41].id
    assert (message.tenant_id, message.queue, message.attempts) == ("acme", "ingestion-events", 1)


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        (opportunity().model_copy(update={"record_type": "Invoice__c"}), "no conversion for salesforce Invoice__c"),
        (opportunity().model_copy(update={"record_type": None}), "no conversion for salesforce record without a type"),
        (opportunity().model_copy(update={"source": "hubspot"}), "no conversion for hubspot Opportunity"),
        (opportunity(connection=None), "salesforce Opportunity: the event does not say whose id it holds (no connection)"),
        (opportunity(connection="salesforce:"), "salesforce Opportunity: the event does not say whose id it holds (no connection)"),
        (opportunity(record="no id"), "salesforce Opportunity: the record's id is not a Salesforce id"),
        (opportunity(Amount="a lot", CloseDate="soon"), "salesforce Opportunity: Amount is not a number; CloseDate is not a day"),
        (opportunity(Name=None), "c_opportunity: name: string_type"),
        (opportunity(Probability=101), "c_opportunity: probability: less_than_equal"),
    ],
)
async def test_a_record_that_cannot_be_mapped_is_parked_naming_the_field_and_not_its_value(event: IngestionEvent, detail: str) -> None:
    pipeline = InMemoryPipeline()

    await queue_and_run(pipeline, [event])

    [message] = parked(pipeline)
    assert (message.reason, message.detail) == ("UnmappableRecord", detail)
    assert (pipeline.shards.all(), announced(pipeline)) == ([], [])


async def test_a_required_field_that_is_cleared_is_parked_and_the_shard_stays_as_it_was() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    before = the_shard(pipeline)

    await queue_and_run(pipeline, [part(saved=1, Name=None)])

    assert [message.detail for message in parked(pipeline)] == ["c_opportunity: name: string_type"]
    assert the_shard(pipeline) == before


async def test_an_event_of_another_tenant_with_this_connection_touches_nothing_of_ours() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(tenant="acme"))
    [before] = pipeline.shards.all()

    await feed(pipeline, opportunity(tenant="globex", saved=9, Amount=1.0), deletion(tenant="globex", saved=10))

    assert [shard for shard in pipeline.shards.all() if shard.tenant_id == "acme"] == [before]


async def test_values_of_a_wrong_shape_are_parked_all_named_at_once() -> None:
    pipeline = InMemoryPipeline()

    await queue_and_run(pipeline, [opportunity(Amount={"value": 1}, Name=["Rockets"], IsClosed="perhaps")])

    [message] = parked(pipeline)
    assert message.detail == "salesforce Opportunity: Name is not a text; IsClosed is not a flag; Amount is not a number"
