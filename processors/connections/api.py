"""Connections and their completeness, for the admins of a tenant: what is connected, and whether all of it is here.

What was never compared with the vendor is not known to be complete, and says so: null, never 0. Nothing of a credential is shown but its
kind.
"""

import asyncio
from datetime import datetime
from typing import Literal

from pydantic import Field, ValidationError

from shared.access.acl import ADMINS
from shared.access.tokens import Caller
from shared.connections.connection import Connection, Connections
from shared.contracts.message import Instant, Wire
from shared.errors import Forbidden, NotFound
from shared.gaps.gap import GapReason, Gaps
from shared.streams.defaults import streams_of
from shared.streams.state import StreamState, StreamStates


class ConnectionShown(Wire):
    """One connection, as its tenant's admins see it."""

    id: str
    source: str
    account: str
    status: Literal["active", "paused"]
    paused_reason: str | None
    paused_by: Literal["operator", "app"] | None
    credential_kind: str | None
    """How we log in; None: the vendor only calls us, and nothing is polled."""
    streams: tuple[str, ...]
    created_at: Instant
    next_due_at: Instant | None

    @classmethod
    def of(cls, connection: Connection) -> "ConnectionShown":
        """What may be shown of it."""
        return cls(
            id=connection.id,
            source=connection.source,
            account=connection.account,
            status=connection.status,
            paused_reason=connection.paused_reason,
            paused_by=connection.paused_by,
            credential_kind=connection.credential.kind if connection.credential else None,
            streams=streams_of(connection),
            created_at=connection.created_at,
            next_due_at=connection.next_due_at,
        )


class ConnectionList(Wire):
    """All of a tenant's."""

    connections: tuple[ConnectionShown, ...]


class Comparison(Wire):
    """What the last finished comparison of a stream with the vendor found; counts of records."""

    vendor_count: int = Field(ge=0)
    stored_count: int = Field(ge=0)
    missing: int = Field(ge=0)
    extra: int = Field(ge=0)
    stale: int = Field(ge=0)
    pending: int = Field(default=0, ge=0)
    """Changed so lately that they may still be on their way."""
    unknown_readers: int = Field(default=0, ge=0)
    """Shards for admins alone, because nobody could tell who else may read the record."""
    named: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The vendor's ids of the first records of each fault."""
    finished_at: Instant | None = None
    """None while a later comparison is under way, or when it failed: what is shown is of one before."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was missing, extra or stale."""
        return not (self.missing or self.extra or self.stale)


class Run(Wire):
    """A back-fill or a comparison that is under way."""

    kind: Literal["backfill", "compare"]
    record_count: int
    total_count: int | None
    started_at: Instant | None
    waits_until: Instant | None
    last_error: str | None


class StreamCompleteness(Wire):
    """How complete one stream is."""

    stream: str
    comparison: Comparison | None
    """None: never compared."""
    comparison_error: str | None
    """Why the last comparison failed; ``comparison`` is then of one before."""
    runs: tuple[Run, ...]
    covered_until: Instant | None
    """Everything the vendor had at this moment was read; None: nothing was."""
    lag_seconds: float | None
    last_error: str | None
    """Of reading what changed."""

    @property
    def is_compared(self) -> bool:
        """Whether the last comparison came to its end and found nothing wrong."""
        return self.comparison is not None and self.comparison.is_clean and self.comparison_error is None


class OpenGap(Wire):
    """What is not known to be complete."""

    reason: GapReason
    stream: str
    opened_at: Instant


class Completeness(Wire):
    """How complete a connection is."""

    connection_id: str
    status: Literal["active", "paused"]
    paused_reason: str | None
    at: Instant
    is_complete: bool
    """The last comparison of every stream found nothing missing, extra or stale, and no gap is open."""
    streams: tuple[StreamCompleteness, ...]
    gaps: tuple[OpenGap, ...]


async def list_connections(caller: Caller, *, connections: Connections) -> ConnectionList:
    """The connections of the caller's tenant, by id.

    Raises:
        Forbidden: the caller is no admin.
        TransientError: when the store cannot answer now.
    """
    _check_admin(caller)
    found = await connections.of_tenant(caller.tenant_id)
    return ConnectionList(connections=tuple(map(ConnectionShown.of, found)))


async def show_completeness(
    connection_id: str, caller: Caller, *, connections: Connections, states: StreamStates, gaps: Gaps, now: datetime
) -> Completeness:
    """How complete one of them is.

    Raises:
        Forbidden: the caller is no admin.
        NotFound: there is no such connection, or it is another tenant's: who asks cannot tell which.
        TransientError: when the store cannot answer now.
    """
    _check_admin(caller)
    connection = await connections.find(connection_id)
    if connection is None or connection.id != connection_id or connection.tenant_id != caller.tenant_id:
        raise NotFound("there is no such connection")
    return await completeness_of(connection, states=states, gaps=gaps, now=now)


async def completeness_of(
    connection: Connection, *, states: StreamStates, gaps: Gaps, now: datetime, streams: tuple[str, ...] = ()
) -> Completeness:
    """How complete a connection is, or some streams of it.

    Raises:
        TransientError: when the store cannot answer now.
    """
    found = await asyncio.gather(*(_stream(connection, stream, states=states, now=now) for stream in streams or streams_of(connection)))
    open_ones = [gap for gap in await gaps.open_ones(connection.tenant_id, connection.id) if not streams or gap.stream in streams]
    is_compared = bool(found) and all(stream.is_compared for stream in found)
    return Completeness(
        connection_id=connection.id,
        status=connection.status,
        paused_reason=connection.paused_reason,
        at=now,
        is_complete=is_compared and not open_ones,
        streams=tuple(found),
        gaps=tuple(OpenGap(reason=gap.reason, stream=gap.stream, opened_at=gap.opened_at) for gap in open_ones),
    )


def _check_admin(caller: Caller) -> None:
    if ADMINS not in caller.principals:
        raise Forbidden("connections are for the admins of a tenant")


async def _stream(connection: Connection, stream: str, *, states: StreamStates, now: datetime) -> StreamCompleteness:
    changes, backfill, compare = await asyncio.gather(
        states.read(connection, stream, "changes"), states.read(connection, stream, "backfill"), states.read(connection, stream, "compare")
    )
    covered_until = changes.covered_until
    return StreamCompleteness(
        stream=stream,
        comparison=_comparison(compare),
        comparison_error=(compare.last_error or "it failed") if compare.last_status == "failed" and not compare.is_running else None,
        runs=tuple(run for run in map(_run, (backfill, compare)) if run is not None),
        covered_until=covered_until,
        lag_seconds=None if covered_until is None else max(0.0, round((now - covered_until).total_seconds(), 3)),
        last_error=changes.last_error,
    )


def _comparison(state: StreamState) -> Comparison | None:
    """The report; None when there is none, or none that can be read: then nothing is known."""
    if state.report is None:
        return None
    try:
        is_of_last_run = not state.is_running and state.last_status == "success"
        return Comparison.model_validate({**state.report, "finishedAt": state.finished_at if is_of_last_run else None})
    except ValidationError:
        return None


def _run(state: StreamState) -> Run | None:
    if not state.is_running or state.kind not in {"backfill", "compare"}:
        return None
    return Run(
        kind="backfill" if state.kind == "backfill" else "compare",
        record_count=state.record_count,
        total_count=state.total_count,
        started_at=state.started_at,
        waits_until=state.waits_until,
        last_error=state.last_error,
    )
