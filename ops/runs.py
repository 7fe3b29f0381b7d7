"""Asking for runs: back-fills and comparisons of streams, and what has to hold for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from ops.refusals import Refused
from shared.connections.connection import Connection, Connections
from shared.contracts.canonical import digest
from shared.contracts.message import timestamp
from shared.contracts.sync import SyncRequested
from shared.streams.defaults import streams_of
from shared.streams.state import StreamState, StreamStates

Purpose = Literal["backfill", "compare", "renormalize"]
"""``renormalize`` is a back-fill whose records are known already: each is converted anew."""

CALLED = {"backfill": "back-fill", "compare": "comparison", "renormalize": "back-fill"}


async def connection_called(name: str, connections: Connections) -> Connection:
    """The connection with this id.

    Raises:
        Refused: there is none.
        TransientError: when the store cannot answer now.
    """
    connection = await connections.find(name)
    if connection is None or connection.id != name:
        raise Refused(f"there is no connection {name}: see `connections list`")
    return connection


def streams_asked(connection: Connection, named: Sequence[str]) -> tuple[str, ...]:
    """The streams that are named, or all of the connection.

    Raises:
        Refused: one of them is none of its.
    """
    known = streams_of(connection)
    unknown = [stream for stream in named if stream not in known]
    if unknown:
        raise Refused(f"{connection.id} does not read {', '.join(unknown)}, only {', '.join(known)}: see `connections add`")
    return tuple(dict.fromkeys(named)) or known


def check_is_read(connection: Connection) -> None:
    """See that what is asked for would be done.

    Raises:
        Refused: the connection is paused, or nothing is read of it.
    """
    if connection.credential is None:
        raise Refused(f"{connection.id} has no credential: its vendor only calls us, and nothing can be read")
    if connection.status == "paused":
        raise Refused(f"{connection.id} is paused ({connection.paused_reason or 'no reason given'}): `connections resume` first")


async def requests_for(
    connection: Connection, streams: Sequence[str], purpose: Purpose, *, states: StreamStates, at: datetime, anew: bool
) -> list[SyncRequested]:
    """What starts a run of each stream. Nothing is sent.

    Raises:
        Refused: one of them runs already, unless ``anew``: then a later run takes its place.
        TransientError: when the store cannot answer now.
    """
    kind: Literal["backfill", "compare"] = "compare" if purpose == "compare" else "backfill"
    if not anew:
        for stream in streams:
            state = await states.read(connection, stream, kind)
            if state.is_running:
                raise Refused(_is_on(state, CALLED[purpose]))
    return [_request(connection, stream, kind, purpose, at) for stream in streams]


def _request(connection: Connection, stream: str, kind: Literal["backfill", "compare"], purpose: Purpose, at: datetime) -> SyncRequested:
    run = digest(connection.id, stream, purpose, "operator", timestamp(at))
    return SyncRequested(
        tenant_id=connection.tenant_id,
        correlation_id=run,
        connection_id=connection.id,
        stream=stream,
        kind=kind,
        run=run,
        requested_at=at,
    )


def _is_on(state: StreamState, what: str) -> str:
    since = "some time" if state.started_at is None else timestamp(state.started_at)
    of = "" if state.total_count is None else f" of {state.total_count:,}"
    error = f", and says: {state.last_error}" if state.last_error else ""
    return (
        f"a {what} of {state.stream} runs since {since} and is at {state.record_count:,}{of} records{error}: watch it with "
        "`completeness --watch`, or start it again with --anew"
    )
