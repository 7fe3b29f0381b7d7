"""Three records that belong together, said to the whole pipeline, and what is to be seen of them at its end."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import JsonValue

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from shared.access.acl import Acl
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.message import Message
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.envelope import MESSAGE_ID, Envelope
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import ContentChange
from tests.unit.processors.normalization.opportunities import USUAL, opportunity

ACCOUNT: Final = "001Kd00000aCcT1IAK"
OTHER_ACCOUNT: Final = "001Kd00000aCcT2IAK"
CONTACT: Final = "003Kd00000cOnT1IAK"
OPPORTUNITY: Final = "006Kd00000pA3xQIAS"
OWNER: Final = "005Kd00000oWnR1IAK"
OTHER_OWNER: Final = "005Kd00000oWnR2IAK"
QUEUE: Final = "00GKd00000qUeU1MAK"

ACCOUNT_SHARD: Final = ShardId("b991eadc1580fc28d85528aae0e41b2b")
OTHER_ACCOUNT_SHARD: Final = ShardId("9bee2deeda325c33808e4cf30aade086")
CONTACT_SHARD: Final = ShardId("5b4d93f2f041fb3c5b7d3d6d109aaaa5")
OPPORTUNITY_SHARD: Final = ShardId("eef9768cb2c8c1228dcca3b6992e3031")
"""Derived: from the tenant acme, salesforce, the organization 00D000000000062EAA, the kind of record and its vendor id."""

PARAGRAPHS: Final = ("They make anvils.", "They deliver overnight.", "They never ask why.")


def account(*, saved: int = 0, record: str = ACCOUNT, tenant: str = "acme", **fields: JsonValue) -> IngestionEvent:
    """A company, described in three paragraphs."""
    told: dict[str, JsonValue] = {"Name": "Acme Anvils", "Description": "\n\n".join(PARAGRAPHS), **fields}
    return _of("Account", record, told, saved=saved, tenant=tenant)


def contact(*, saved: int = 0, record: str = CONTACT, tenant: str = "acme", **fields: JsonValue) -> IngestionEvent:
    """A person at the company."""
    told: dict[str, JsonValue] = {"FirstName": "Wile", "LastName": "Coyote", "Title": "Head of Falling", "AccountId": ACCOUNT, **fields}
    return _of("Contact", record, told, saved=saved, tenant=tenant)


def deal(*, saved: int = 0, tenant: str = "acme", **fields: JsonValue) -> IngestionEvent:
    """A deal with the company."""
    return _of("Opportunity", OPPORTUNITY, {**USUAL, "AccountId": ACCOUNT, **fields}, saved=saved, tenant=tenant)


def gone(event: IngestionEvent, *, saved: int) -> IngestionEvent:
    """The record was deleted then, and is told as it was."""
    later = opportunity(saved=saved)
    said = {**(event.payload or {}), "IsDeleted": True}
    return event.model_copy(update={"payload": said, "vendor_version": later.vendor_version, "observed_at": later.observed_at})


def merged(event: IngestionEvent, into: str, *, saved: int) -> IngestionEvent:
    """The record was merged into another then: it is gone, and names the one that is left."""
    said = gone(event, saved=saved)
    return said.model_copy(update={"event_type": "delete", "payload": {**(said.payload or {}), "MasterRecordId": into}})


def person(*, saved: int = 0, record: str = OWNER, **fields: JsonValue) -> IngestionEvent:
    """Somebody who works here."""
    return _of("User", record, {"Name": "Vera Nyberg", "Email": "vera@acme.example", **fields}, saved=saved, tenant="acme")


def lead(*, saved: int = 0, record: str = "00QKd00000lEaD1MAK", **fields: JsonValue) -> IngestionEvent:
    """Somebody who may become a customer."""
    return _of("Lead", record, {"FirstName": "Road", "LastName": "Runner", "Company": "Beep", **fields}, saved=saved, tenant="acme")


def _of(record_type: str, record: str, fields: Mapping[str, JsonValue], *, saved: int, tenant: str) -> IngestionEvent:
    usual = opportunity(saved=saved, tenant=tenant)
    return usual.model_copy(update={"record_type": record_type, "source_id": record, "payload": {"Id": record, **fields}})


async def say(pipeline: InMemoryPipeline, *messages: Message) -> None:
    """Messages arrive, and everything that follows happens. A minute later it is quiet."""
    await pipeline.publisher.publish(*messages)
    await settle(pipeline)


async def one_after_the_other(*events: IngestionEvent) -> InMemoryPipeline:
    """How it ends when nothing happens at once."""
    pipeline = InMemoryPipeline()
    for event in events:
        await say(pipeline, event)
    return pipeline


async def settle(pipeline: InMemoryPipeline) -> None:
    """Deliver until nothing waits, also what comes back later."""
    while await pipeline.run_all() or any(pipeline.transport.on(queue) for queue in STAGES):
        pipeline.clock.advance(seconds=61)


def again(envelope: Envelope, number: int = 1) -> Envelope:
    """The same message as a replay sends it: with an id of its own."""
    name = f"{envelope.id}#r{number}"
    return replace(envelope, id=name, properties={**envelope.properties, MESSAGE_ID: name}, due_at=None)


async def shard(pipeline: InMemoryPipeline, shard_id: ShardId, tenant: str = "acme") -> Shard:
    """A shard that is there."""
    found = await pipeline.shards.read(tenant, shard_id)
    assert found is not None
    return found


async def share(pipeline: InMemoryPipeline, shard_id: ShardId, acl: Acl) -> ShardEmitted:
    """Give a shard other readers, as a source that tells of readers will. The announcement is still to be published."""
    known = await shard(pipeline, shard_id)
    assert known.normalization is not None
    changed = await pipeline.shards.change(
        known,
        ContentChange(
            structured_data=dict(known.structured_data),
            external_relationships=known.external_relationships,
            acl=acl,
            status=known.status,
            metadata=known.metadata,
            normalization=known.normalization,
            revision_number=known.revision_number + 1,
            schema_version=known.schema_version,
            updated_at=pipeline.clock(),
            ttl=known.ttl,
        ),
    )
    return emitted(changed, cause="acl")


def emitted(changed: Shard, *, cause: str = "content") -> ShardEmitted:
    """The announcement of a shard as it is."""
    return ShardEmitted(
        tenant_id=changed.tenant_id,
        shard_id=changed.id,
        shard_type_id=changed.shard_type_id,
        revision=changed.revision_number,
        cause=cause,
    )


def graph(pipeline: InMemoryPipeline) -> dict[tuple[str, str], dict[str, Any]]:
    """The shards and their edges, without moments and without how often they changed. Drafts that nobody names any more are left out."""
    known = pipeline.shards.all()
    named = {(one.tenant_id, edge["targetShardId"]) for one in known for edge in one.internal_relationships}
    return {(one.tenant_id, one.id): _seen(one) for one in known if one.status != "draft" or (one.tenant_id, one.id) in named}


def _seen(one: Shard) -> dict[str, Any]:
    return {
        "type": one.shard_type_id,
        "status": one.status,
        "data": one.structured_data,
        "acl": one.acl,
        "to": [{name: value for name, value in edge.items() if name != "createdAt"} for edge in one.internal_relationships],
        "records": [(e.system, e.scope, e.record_type, e.external_id, e.label, e.sync_status) for e in one.external_relationships],
        "vectors": one.vectors and one.vectors.model_dump(exclude={"revision", "generated_at"}),
    }


def chunks(pipeline: InMemoryPipeline) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Every chunk, by its shard: ids, readers and vectors."""
    return {key: items for key, items in pipeline.chunks.items.items() if items}


def unfinished(pipeline: InMemoryPipeline) -> list[str]:
    """The shards, drafts left out, of which a stage does not know the last revision."""
    return [one.id for one in pipeline.shards.all() if one.status != "draft" and (one.awaits_enrichment or one.awaits_embedding)]
