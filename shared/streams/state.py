"""How far one stream of a connection has been read: cursor, lease, run and progress of one kind of reading.

Stored as a shard of the type ``integration.state``, one for each connection, stream and kind, and written only over the state that was
read. A state says nothing of content: it may be lost, and then all is read anew.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import Field, JsonValue

from shared.access.acl import ADMINS_ONLY
from shared.connections.connection import Connection
from shared.contracts.message import Identifier, Instant, Wire
from shared.shard_types.integration_state import INTEGRATION_STATE
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import KEPT_FOR_GOOD, Metadata, Shard
from shared.shards.store import ShardStore, StateChange

StateKind = Literal["changes", "backfill", "compare", "account", "record"]
"""The kinds of reading; ``account``: what the workers of a connection share, such as how much of its allowance is used; ``record``: when
one record, that the source gave a hint of, was read last."""

ACCOUNT: Final = "account"
"""The stream of the state that the workers of a connection share."""

RECORD_TTL_SECONDS: Final = 24 * 3600
"""How long it is known when a record was read, after it was last: far longer than a hint may wait."""

Cursor = Mapping[str, JsonValue]
"""Where a poller goes on; only the poller that made it knows what it means."""


class StreamState(Wire):
    """The state of one kind of reading of one stream."""

    tenant_id: Identifier
    connection_id: Identifier
    source: Identifier
    stream: Identifier
    kind: StateKind
    cursor: Cursor | None = None
    covered_until: Instant | None = None
    """Everything the vendor had at this moment was put on the queue, by the vendor's clock."""
    run: str | None = None
    requested_at: Instant | None = None
    step: int = 0
    is_running: bool = False
    lease_until: Instant | None = None
    """Until then whoever reads is believed to be alive."""
    waits_until: Instant | None = None
    """The run goes on then, and not before."""
    started_at: Instant | None = None
    finished_at: Instant | None = None
    touched_at: Instant | None = None
    """When it was stored last."""
    record_count: int = 0
    """How many records this run has put on the queue."""
    total_count: int | None = None
    """How many there are to read, where the vendor says."""
    last_status: Literal["success", "failed", "partial"] | None = None
    last_error: str | None = None
    """For a person; without anything of a record."""
    report: dict[str, JsonValue] | None = None
    """``compare``: what the last finished run found."""
    etag: str | None = Field(default=None, exclude=True)

    def is_leased(self, at: datetime) -> bool:
        """Whether somebody may be reading."""
        return self.is_running and self.lease_until is not None and at < self.lease_until


class StreamStates:
    """Where the states are: over the shard store."""

    def __init__(self, shards: ShardStore) -> None:
        self._shards = shards

    async def read(self, connection: Connection, stream: str, kind: StateKind) -> StreamState:
        """The state; a new one, not stored yet, when there is none.

        Raises:
            TransientError: when the store cannot answer now.
        """
        stored = await self._shards.read(connection.tenant_id, _id(connection.tenant_id, connection.id, stream, kind))
        if stored is None:
            return StreamState(
                tenant_id=connection.tenant_id, connection_id=connection.id, source=connection.source, stream=stream, kind=kind
            )
        return _state(stored)

    async def save(self, state: StreamState, *, at: datetime) -> StreamState:
        """Store a state over the one that was read.

        Returns:
            It, with the store's new mark.

        Raises:
            Conflict: when somebody wrote it meanwhile.
            UnmappableRecord: when it is not what the shard type says.
        """
        state = state.model_copy(update={"touched_at": at})
        shard = _shard(state, at=at)
        INTEGRATION_STATE.check(shard.structured_data)
        if state.etag is None:
            stored = await self._shards.create(shard)
        else:
            stored = await self._shards.change(shard, StateChange(shard.structured_data, at))
        return state.model_copy(update={"etag": stored.etag})


def _id(tenant_id: str, connection_id: str, stream: str, kind: StateKind) -> ShardId:
    return shard_id(
        tenant_id=tenant_id,
        system="shardline",
        scope=connection_id,
        record_type=INTEGRATION_STATE.id,
        external_id=stream if kind == "changes" else f"{stream}/{kind}",
    )


_APART: Final = {"tenant_id", "cursor", "report"}


def _shard(state: StreamState, *, at: datetime) -> Shard:
    said = state.model_dump(mode="json", by_alias=True, exclude=_APART)
    written = {name: None if value is None else json.dumps(value) for name, value in (("cursor", state.cursor), ("report", state.report))}
    return Shard(
        id=_id(state.tenant_id, state.connection_id, state.stream, state.kind),
        tenant_id=state.tenant_id,
        shard_type_id=INTEGRATION_STATE.id,
        schema_version=INTEGRATION_STATE.schema_version,
        structured_data={"name": f"{state.connection_id} {state.stream} {state.kind}", **said, **written},
        acl=ADMINS_ONLY,
        metadata=Metadata(connection_id=state.connection_id),
        status="active",
        revision_number=1,
        created_at=at,
        updated_at=at,
        ttl=RECORD_TTL_SECONDS if state.kind == "record" else KEPT_FOR_GOOD,
        etag=state.etag,
    )


def _state(shard: Shard) -> StreamState:
    said = shard.structured_data
    read = {name: json.loads(str(said[name])) if said.get(name) else None for name in ("cursor", "report")}
    return StreamState.model_validate({**said, **read, "tenantId": shard.tenant_id, "etag": shard.etag})
