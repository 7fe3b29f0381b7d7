"""Events about files, with little said and the rest as it usually is; and a desk that takes them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from devtools.fakes.pipeline import InMemoryPipeline
from processors.normalization.holding import Holding
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT_ID = "acme"
ACCOUNT = "acme.example"
ANN, BOB, CAROL = (f"{name}@acme.example" for name in ("ann", "bob", "carol"))
OUTSIDER = "otto@partner.example"
ROOT = "root"
FOLDER = "application/vnd.google-apps.folder"


def stream_of(person: str) -> str:
    return f"user:{person}"


def seen(
    file_id: str,
    version: int,
    *,
    at: float | None = None,
    stream: str = stream_of(ANN),
    is_home: bool = True,
    parent: str | None = ROOT,
    name: str | None = None,
    is_folder: bool = False,
    trashed: str = "",
    owner: str | None = ANN,
    shared_with: Iterable[str] = (),
    inherited: Iterable[str] = (),
    is_limited: bool = False,
    tenant: str = TENANT_ID,
) -> IngestionEvent:
    """A state. ``at``: seconds after noon, the version if not said. ``trashed``: ``itself``, or ``with its folder``."""
    moment = NOON + timedelta(seconds=version if at is None else at)
    payload: dict[str, JsonValue] = {
        "id": file_id,
        "name": name or file_id,
        "mimeType": FOLDER if is_folder else "text/plain",
        "trashed": bool(trashed),
        "explicitlyTrashed": trashed == "itself",
        "createdTime": "2026-11-20T10:00:00.000Z",
        "inheritedPermissionsDisabled": is_limited,
        "permissions": [*(_grant(one, False) for one in shared_with), *(_grant(one, True) for one in inherited)],
    }
    if parent is not None:
        payload["parents"] = [parent]
    if owner is not None:
        payload["owners"] = [{"displayName": "Somebody", "emailAddress": owner, "permissionId": f"id-of-{owner}"}]
    return IngestionEvent(
        tenant_id=tenant,
        source="gdrive",
        source_id=file_id,
        event_type="update",
        observed_at=moment,
        run=f"run of {moment.isoformat()}",
        record_type="File",
        connection_id=f"gdrive:{ACCOUNT}",
        vendor_version=f"{version:020}",
        stream=stream,
        is_home=is_home,
        payload=payload,
    )


def _grant(whom: str, is_inherited: bool) -> dict[str, JsonValue]:
    kind = "group" if whom.startswith("group-") else "user"
    return {"type": kind, "role": "reader", "emailAddress": whom, "permissionDetails": [{"inherited": is_inherited}]}


def folder(folder_id: str, version: int = 1, *, parent: str | None = ROOT, **said: object) -> IngestionEvent:
    return seen(folder_id, version, parent=parent, is_folder=True, **said)  # type: ignore[arg-type]  # passed on as it is


def guest(
    file_id: str, version: int, *, person: str = ANN, at: float | None = None, owner: str = OUTSIDER, **said: object
) -> IngestionEvent:
    """A state of somebody else's file, in the log of a person it is shared with."""
    return seen(file_id, version, at=at, stream=stream_of(person), is_home=False, owner=owner, parent=None, **said)  # type: ignore[arg-type]  # passed on


def left(file_id: str, *, at: float, stream: str = stream_of(ANN)) -> IngestionEvent:
    """A departure."""
    update = {"event_type": "delete", "payload": None, "vendor_version": None, "is_home": False, "stream": stream}
    return seen(file_id, 0, at=at).model_copy(update=update)


def group(address: str, members: Sequence[str], *, at: float = 0) -> IngestionEvent:
    """A group of the Workspace."""
    payload = {"name": address, "email": address, "members": [{"type": "USER", "email": one, "status": "ACTIVE"} for one in members]}
    update = {"source_id": address, "record_type": "Group", "vendor_version": None, "stream": None, "is_home": False, "payload": payload}
    return seen(address, 0, at=at).model_copy(update=update)


def id_of(file_id: str, tenant: str = TENANT_ID) -> ShardId:
    return shard_id(tenant_id=tenant, system="gdrive", scope="", record_type="File", external_id=file_id)


class Desk:
    """Normalization, and what is on its queues."""

    def __init__(self, pipeline: InMemoryPipeline | None = None) -> None:
        self.pipeline = pipeline or InMemoryPipeline()

    async def take(self, *events: IngestionEvent) -> None:
        """Each by itself, in this order."""
        for event in events:
            await self.pipeline.publisher.publish(event)
            await self.pipeline.run()

    async def settle(self) -> None:
        """Until nothing waits for normalization, also what is due later."""
        transport = self.pipeline.transport
        queues = (topology.INGESTION_EVENTS, topology.INGESTION_EVENTS_BULK)
        for _ in range(200):
            for queue in queues:
                await transport.drain(queue, self.pipeline.worker(queue))
            waiting = [one for queue in queues for one in transport.on(queue)]
            if not waiting:
                return
            due_at = min(one.due_at or self.pipeline.clock() for one in waiting)
            self.pipeline.clock.advance(seconds=max(0.0, (due_at - self.pipeline.clock()).total_seconds()))
        raise AssertionError("there is no end to it")

    async def tell(self, *events: IngestionEvent) -> None:
        """Take them, and whatever follows."""
        await self.take(*events)
        await self.settle()

    async def shard(self, file_id: str, tenant: str = TENANT_ID) -> Shard:
        found = await self.pipeline.shards.read(tenant, id_of(file_id, tenant))
        assert found is not None, f"{file_id} is not there"
        return found

    async def holders(self, file_id: str) -> set[str]:
        return {edge.scope.partition("/")[2] for edge in Holding.of(await self.shard(file_id)).held}

    async def readers(self, file_id: str) -> set[str]:
        return {entry.subject for entry in (await self.shard(file_id)).acl}

    async def status(self, file_id: str) -> str:
        return (await self.shard(file_id)).status

    async def statuses(self, *file_ids: str) -> list[str]:
        return [await self.status(one) for one in file_ids]

    async def path(self, file_id: str) -> object:
        return (await self.shard(file_id)).structured_data.get("path")

    async def ancestors(self, file_id: str) -> tuple[str, ...]:
        return (await self.shard(file_id)).metadata.ancestors
