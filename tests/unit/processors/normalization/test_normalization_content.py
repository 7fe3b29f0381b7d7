"""What a sighting changes in a shard, what it leaves alone, and what is parked instead."""

from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.samples import give_up, sample_vectors
from devtools.fakes.stores import InMemoryShards
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.outcomes import Ignored
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from shared.shards.store import Change, ContentChange, SightingChange
from tests.unit.processors.normalization.opportunities import (
    ANOTHER_RECORD,
    CONNECTION,
    NOON,
    RECORD,
    announced,
    deletion,
    feed,
    opportunity,
    part,
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


class Writes(Change):
    """Another stage's partial update, for tests."""

    def __init__(self, **paths: Any) -> None:
        self._paths = paths

    @override
    def paths(self) -> dict[str, Any]:
        return self._paths


class Watched(InMemoryShards):
    """Remembers every change."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[Change] = []

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        self.changes.append(change)
        return await super().change(shard, change)


async def write(pipeline: InMemoryPipeline, **paths: Any) -> None:
    await pipeline.shards.change(the_shard(pipeline), Writes(**paths))


def id_of(record: str = RECORD, *, tenant: str = "acme") -> ShardId:
    return shard_id(tenant_id=tenant, system="salesforce", scope="00D000000000062EAA", record_type="Opportunity", external_id=record)


# Ticked, not ticked, cleared


async def test_a_field_that_is_not_ticked_is_unchanged() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(Amount=50000.0), part(saved=1, Name="Bigger rockets"))

    assert the_shard(pipeline).structured_data["amount"] == 50000
    assert the_shard(pipeline).structured_data["name"] == "Bigger rockets"


@pytest.mark.parametrize("event", [opportunity(saved=1, Amount=None), part(saved=1, Amount=None)], ids=["complete", "spoken for"])
async def test_a_field_that_was_cleared_is_null(event: IngestionEvent) -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(Amount=50000.0), event)

    assert the_shard(pipeline).structured_data["amount"] is None


async def test_a_field_that_a_complete_event_leaves_out_is_null() -> None:
    pipeline = InMemoryPipeline()
    event = opportunity(saved=1)
    without_amount = {name: value for name, value in (event.payload or {}).items() if name != "Amount"}

    await feed(pipeline, opportunity(Amount=50000.0), event.model_copy(update={"payload": without_amount}))

    assert the_shard(pipeline).structured_data["amount"] is None


async def test_a_value_no_table_knows_stays_readable() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(StageName="Waiting for the Board"))

    assert the_shard(pipeline).structured_data["stage"] == "Waiting for the Board"


# The document


async def test_a_new_shard_says_what_it_is_of_whom_and_where_from() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity())

    shard = the_shard(pipeline)
    assert (shard.id, shard.tenant_id, shard.shard_type_id, shard.schema_version) == (id_of(), "acme", "c_opportunity", 1)
    assert (shard.status, shard.source, shard.revision_number, shard.user_id) == ("active", "integration", 1, "system")
    assert (shard.metadata.connection_id, shard.metadata.correlation_id) == (CONNECTION, "c0ffee")
    assert (shard.created_at, shard.updated_at) == (NOON, NOON)
    [edge] = shard.external_relationships
    assert (edge.system, edge.system_type, edge.scope, edge.record_type) == ("salesforce", "crm", "00D000000000062EAA", "Opportunity")
    assert (edge.external_id, edge.label, edge.created_at, edge.last_synced_at) == (RECORD, "Rockets", NOON, NOON)


async def test_a_normalization_patch_names_ten_paths_at_most_and_none_of_other_owners() -> None:
    pipeline = InMemoryPipeline()
    pipeline.shards = shards = Watched()

    await feed(pipeline, opportunity(), opportunity(saved=1, Amount=1.0), opportunity(saved=2, Amount=1.0), deletion(saved=3))

    seen = shards.changes
    assert [type(change) for change in seen] == [ContentChange, SightingChange, ContentChange]
    owned = {"structuredData", "external_relationships", "acl", "status", "metadata", "normalization", "revisionNumber"}
    bookkeeping = {"schemaVersion", "updatedAt", "ttl"}
    assert set(seen[0].paths()) == set(seen[2].paths()) == owned | bookkeeping
    assert len(seen[0].paths()) == 10
    assert set(seen[1].paths()) == {"normalization"}


async def test_what_other_stages_wrote_survives_a_change() -> None:
    pipeline = InMemoryPipeline()
    theirs: dict[str, Any] = {
        "unstructuredData": {"text": "minutes"},
        "internal_relationships": [{"shardId": "s"}],
        "mlFields": {"risk": 0.5},
        "vectors": sample_vectors(revision=1).model_dump(mode="json", by_alias=True),
        "processing": {"enriched": {"revision": 1, "edgeSetHash": "e"}},
    }
    await feed(pipeline, opportunity())
    await write(pipeline, **theirs)

    await feed(pipeline, opportunity(saved=1, Amount=1.0))

    stored = the_shard(pipeline).document()
    assert {name: stored[name] for name in theirs} == theirs
    assert stored["structuredData"]["amount"] == 1


async def test_fields_of_other_writers_in_structured_data_are_kept() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    await write(pipeline, structuredData={**the_shard(pipeline).structured_data, "healthScore": 7, "note": "call them"})

    await feed(pipeline, opportunity(saved=1, Amount=1.0))

    data = the_shard(pipeline).structured_data
    assert (data["healthScore"], data["note"], data["amount"]) == (7, "call them", 1)


async def test_edges_of_other_systems_and_scopes_are_kept_and_ours_keeps_its_age() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    ours = the_shard(pipeline).external_relationships[0].model_dump(mode="json", by_alias=True)
    sandbox = {**ours, "scope": "00D8c000002JHMDEA4", "id": "s"}
    await write(pipeline, external_relationships=[GOOGLE_EDGE, ours, sandbox])
    pipeline.clock.advance(seconds=3600)

    await feed(pipeline, opportunity(saved=1, Name="Bigger rockets"))

    edges = {(edge.system, edge.scope): edge for edge in the_shard(pipeline).external_relationships}
    assert set(edges) == {("gdrive", ""), ("salesforce", "00D8c000002JHMDEA4"), ("salesforce", "00D000000000062EAA")}
    renewed = edges["salesforce", "00D000000000062EAA"]
    assert (renewed.created_at, renewed.last_synced_at, renewed.label) == (NOON, NOON + timedelta(seconds=1), "Bigger rockets")
    assert edges["salesforce", "00D8c000002JHMDEA4"].label == "Rockets"


async def test_a_placeholder_that_was_never_normalized_is_filled() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity())
    await write(pipeline, normalization=None, structuredData={"name": "?", "note": "from a link"}, status="draft", revisionNumber=4)

    await feed(pipeline, opportunity(saved=-9, seen=-9))

    shard = the_shard(pipeline)
    assert (shard.structured_data["name"], shard.structured_data["note"], shard.status) == ("Rockets", "from a link", "active")
    assert (shard.revision_number, announced(pipeline)[-1].revision) == (5, 5)
    assert shard.normalization is not None


async def test_an_id_the_vendor_gave_up_leads_to_the_shard_that_survived() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(record=RECORD))
    await give_up(pipeline.shards, "acme", id_of(ANOTHER_RECORD), id_of(RECORD))

    await feed(pipeline, opportunity(record=ANOTHER_RECORD, saved=1, Amount=1.0))

    shard = the_shard(pipeline)
    assert (shard.id, shard.structured_data["amount"], shard.revision_number) == (id_of(RECORD), 1, 2)
    assert [edge.external_id for edge in shard.external_relationships] == [RECORD]


async def test_the_deletion_of_an_id_the_vendor_gave_up_does_not_delete_the_survivor() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(record=RECORD))
    await give_up(pipeline.shards, "acme", id_of(ANOTHER_RECORD), id_of(RECORD))

    [outcome] = await feed(pipeline, opportunity(record=ANOTHER_RECORD, saved=1, IsDeleted=True))

    assert outcome == Ignored("given-up id")
    assert (the_shard(pipeline).status, the_shard(pipeline).revision_number) == ("active", 1)
