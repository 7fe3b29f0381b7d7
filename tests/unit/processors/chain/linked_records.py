"""Records of three vendors that have to do with each other and mostly do not say so by an id; and the graph that they end in."""

import json
from typing import Any, Final

from pydantic import JsonValue

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.shards.ids import ShardId, shard_id
from tests.unit.processors.chain.records import ACCOUNT, CONTACT, OPPORTUNITY, OWNER, account, contact, deal, graph, person
from tests.unit.processors.normalization import channel_events, drive_events

ORGANIZATION: Final = "00D000000000062EAA"
FILE: Final = "1proposalProposalProposal001"
FOLDER: Final = "1folderFolderFolderFolder001"
CHANNEL: Final = "C0HARBOUR01"
ADDRESS: Final = "greta.lund@harbourlights.example"
DEAL_URL: Final = f"https://acme.lightning.force.com/lightning/r/Opportunity/{OPPORTUNITY}/view"
FILE_URL: Final = f"https://drive.google.com/file/d/{FILE}/view"


def company(**said: Any) -> IngestionEvent:
    return account(**{"Name": "Harbour Lights GmbH", "Website": "https://www.harbourlights.example", "Description": None, **said})


def customer(**said: Any) -> IngestionEvent:
    return contact(**{"FirstName": "Greta", "LastName": "Lund", "Email": ADDRESS, **said})


def renewal(**said: Any) -> IngestionEvent:
    usual = {
        "Name": "Harbour Lights - Lantern Renewal",
        "Amount": 48000.0,
        "CloseDate": "2026-12-15",
        "ContactId": CONTACT,
        "OwnerId": OWNER,
    }
    return deal(**{**usual, **said})


def seller(**said: Any) -> IngestionEvent:
    return person(**said)


def proposal(version: int = 1, *, name: str = "Harbour Lights - Lantern Renewal - proposal", **said: Any) -> IngestionEvent:
    return told(drive_events.seen(FILE, version, name=name, parent=said.pop("parent", FOLDER), **said), f"For {ADDRESS}, EUR 48,000.00.")


def folder(version: int = 1, *, name: str = "Deals of the harbour", **said: Any) -> IngestionEvent:
    return drive_events.folder(FOLDER, version, name=name, **said)


def channel(*, at: float = 0, topic: str = f"Signing soon: {DEAL_URL} and {FILE_URL}", **said: Any) -> IngestionEvent:
    return channel_events.channel(CHANNEL, name="harbour-lights", at=at, topic={"value": topic}, **said)


def told(event: IngestionEvent, description: str) -> IngestionEvent:
    """The same file, with this description."""
    payload: dict[str, JsonValue] = {**(event.payload or {}), "description": description}
    return event.model_copy(update={"payload": payload})


def of(kind: str, record: str, tenant: str = "acme") -> ShardId:
    """The shard of a record."""
    system, scope = {"File": ("gdrive", ""), "Channel": ("slack", channel_events.TEAM)}.get(kind, ("salesforce", ORGANIZATION))
    return shard_id(tenant_id=tenant, system=system, scope=scope, record_type=kind, external_id=record)


DEAL: Final = of("Opportunity", OPPORTUNITY)
COMPANY: Final = of("Account", ACCOUNT)
CUSTOMER: Final = of("Contact", CONTACT)
PROPOSAL: Final = of("File", FILE)
PLACE: Final = of("File", FOLDER)
TALK: Final = of("Channel", CHANNEL)


async def links(pipeline: InMemoryPipeline, of_shard: ShardId, tenant: str = "acme") -> dict[tuple[str, str], float]:
    """Relationship and target of each inferred or decided edge → its confidence."""
    known = await pipeline.shards.read(tenant, of_shard)
    assert known is not None
    edges: list[dict[str, Any]] = [dict(edge) for edge in known.internal_relationships]
    inferred = [edge for edge in edges if edge["metadata"]["extractionMethod"] != "vendor-id"]
    return {(edge["relationshipType"], edge["targetShardId"]): edge["metadata"]["confidence"] for edge in inferred}


def suggested(pipeline: InMemoryPipeline) -> dict[str, tuple[Any, ...]]:
    """Every suggestion that waits, without its moments."""
    waiting = [one for one in pipeline.suggestions.known.values() if one.status == "pending"]
    return {
        one.id: (
            one.tenant_id,
            one.source_shard_id,
            one.relationship_type,
            one.target_shard_id,
            one.confidence,
            one.is_ambiguous,
            json.dumps([*one.evidence, *one.penalties], sort_keys=True),
        )
        for one in waiting
    }


def canonical(pipeline: InMemoryPipeline) -> tuple[Any, ...]:
    """The graph with edges, confidences and suggestions, without moments."""
    known = {(one.tenant_id, one.id): one for one in pipeline.shards.all()}
    notes = {
        place: one.linking and (sorted(one.linking.keys), one.linking.suggestions) for place, one in known.items() if one.status != "draft"
    }
    return graph(pipeline), suggested(pipeline), notes
