"""Events about Slack's channels and people, with little said and the rest as it usually is; and a workspace that tells them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import JsonValue

from devtools.fakes.pipeline import InMemoryPipeline
from processors.search.api import Question, search
from shared.access.acl import TENANT, user
from shared.access.directory import expanded
from shared.access.tokens import Caller
from shared.contracts.ingestion import Coverage, IngestionEvent
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from tests.unit.processors.chain.records import settle

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT_ID = "acme"
TEAM = "T1"
OTHER_TEAM = "T9"


def told(
    record: str,
    payload: dict[str, Any] | None,
    coverage: Coverage = "complete",
    *,
    at: float = 0,
    record_type: str = "Channel",
    account: str = TEAM,
    tenant: str = TENANT_ID,
) -> IngestionEvent:
    """``at``: seconds after noon."""
    return IngestionEvent(
        tenant_id=tenant,
        source="slack",
        source_id=record,
        event_type="delete" if payload is None else "update",
        observed_at=NOON + timedelta(seconds=at),
        payload=payload,
        connection_id=f"slack:{account}",
        record_type=record_type,
        coverage=coverage,
    )


def channel(
    channel_id: str,
    *,
    members: Sequence[str] | None = (),
    is_private: bool | None = False,
    name: str | None = None,
    at: float = 0,
    account: str = TEAM,
    tenant: str = TENANT_ID,
    **said: JsonValue,
) -> IngestionEvent:
    """As it was read, whole."""
    payload: dict[str, JsonValue] = {
        "id": channel_id,
        "name": name or f"channel-{channel_id.lower()}",
        "context_team_id": account if account.startswith("T") else None,
        "topic": {"value": "Rockets"},
        **({} if is_private is None else {"is_private": is_private}),
        **({} if members is None else {"members": [*sorted(members)]}),
        **said,
    }
    return told(channel_id, payload, at=at, account=account, tenant=tenant)


def part(channel_id: str, *, at: float, tenant: str = TENANT_ID, **said: JsonValue) -> IngestionEvent:
    """As an event tells it: these fields alone, by the vendor's names."""
    return told(channel_id, {"id": channel_id, **said}, ("id", *said), at=at, tenant=tenant)


def joined(channel_id: str, one: str, *, at: float, is_in: bool = True) -> IngestionEvent:
    """One member alone."""
    return told(channel_id, {"id": channel_id, "members": {one: is_in}}, ("id", f"members.{one}"), at=at)


def left(channel_id: str, one: str, *, at: float) -> IngestionEvent:
    return joined(channel_id, one, at=at, is_in=False)


def person(
    user_id: str, *, at: float = 0, account: str = TEAM, team: str | None = None, tenant: str = TENANT_ID, **said: JsonValue
) -> IngestionEvent:
    """Somebody of the workspace, whose address is made of the id."""
    address = f"{user_id.lower()}@acme.example"
    payload: dict[str, JsonValue] = {
        "id": user_id,
        "team_id": team or account,
        "name": user_id.lower(),
        "profile": {"email": address},
        **said,
    }
    return told(user_id, payload, at=at, record_type="User", account=account, tenant=tenant)


def id_of(channel_id: str, *, account: str = TEAM, tenant: str = TENANT_ID, record_type: str = "Channel") -> ShardId:
    return shard_id(tenant_id=tenant, system="slack", scope=account, record_type=record_type, external_id=channel_id)


class Workspace:
    """The whole pipeline, told by Slack."""

    def __init__(self) -> None:
        self.pipeline = InMemoryPipeline()

    async def take(self, *events: IngestionEvent) -> None:
        """Each by itself, in this order, through normalization alone."""
        for event in events:
            await self.pipeline.publisher.publish(event)
            await self.pipeline.run()

    async def tell(self, *events: IngestionEvent) -> None:
        """Take them, and whatever follows."""
        await self.take(*events)
        await settle(self.pipeline)

    async def shard(self, channel_id: str, *, account: str = TEAM, tenant: str = TENANT_ID) -> Shard:
        found = await self.pipeline.shards.read(tenant, id_of(channel_id, account=account, tenant=tenant))
        assert found is not None, f"{channel_id} is not there"
        return found

    async def readers(self, channel_id: str, *, account: str = TEAM) -> set[str]:
        acl = (await self.shard(channel_id, account=account)).acl
        return {entry.subject.removeprefix(f"group:slack:{account}/") for entry in acl}

    async def audience(self, channel_id: str) -> tuple[str, list[str]] | None:
        audience = (await self.shard(channel_id)).metadata.audience
        if audience is None:
            return None
        return audience.principal, [one.removeprefix(f"group:slack:{TEAM}/") for one in audience.members]

    async def found_by(self, user_id: str, tenant: str = TENANT_ID) -> set[str]:
        """The channels somebody finds, whatever they look for, by the id each has now."""
        address = f"{user_id.lower()}@acme.example"
        caller = await expanded(Caller(tenant, frozenset({TENANT, user(address)}), address), self.pipeline.directory)
        pipeline = self.pipeline
        question = Question("channel rockets", limit=50)
        answer = await search(question, caller, embedder=pipeline.embedder, chunks=pipeline.chunks, shards=pipeline.shards)
        assert answer.is_complete
        hits = [await pipeline.shards.read(tenant, ShardId(hit.shard_id)) for hit in answer.hits]
        return {str(hit.structured_data["externalId"]) for hit in hits if hit is not None and hit.shard_type_id == "c_channel"}

    async def finders(self, channel_id: str, people: Iterable[str]) -> set[str]:
        """Which of these people find the channel."""
        return {one for one in people if channel_id in await self.found_by(one)}
