"""``completeness``: whether all of a connection is here, and what proves it."""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence

from devtools.local.output import show_json
from devtools.local.tables import table
from ingestion.sources.gdrive.fields import SOURCE
from ingestion.sources.gdrive.logs import DRIVES, drive_stream, known_drives
from ops.backfill import watched
from ops.checks import checks_of, poller_of
from ops.connections import shortened
from ops.ports import Ports
from ops.progress import display
from ops.refusals import Refused
from ops.runs import check_is_read, connection_called, requests_for, streams_asked
from ops.watching import Watched, awaited, running, watch
from processors.connections.api import Completeness, StreamCompleteness, completeness_of
from shared.connections.connection import Connection
from shared.contracts.message import timestamp


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Show it: as it was found last, as it is found now, or merely counted."""
    connection = await connection_called(options.id, ports.connections)
    streams = streams_asked(connection, options.stream)
    if options.quick:
        return await _quick(connection, streams, options, ports)
    if options.fresh:
        check_is_read(connection)
        requests = await requests_for(connection, streams, "compare", states=ports.states, at=ports.now(), anew=options.anew)
        await ports.publisher.publish(*requests)
        has_ended = await _watch(connection, [watched(request) for request in requests], ports)
    elif options.watch:
        streams = await _after_first_polls(connection, options.stream, ports)
        has_ended = await _watch(connection, await running(connection, streams, ports.states), ports)
    else:
        has_ended = True
    only = tuple(streams) if options.stream else ()
    # Read again: a run that was watched may have paused it.
    current = await connection_called(options.id, ports.connections)
    found = await completeness_of(current, states=ports.states, gaps=ports.gaps, now=ports.now(), streams=only)
    if options.json:
        show_json(found.model_dump(mode="json", by_alias=True))
    else:
        print(rendered(found, only=only, names=await _names(current, ports), is_polled=current.credential is not None))
    return 0 if found.is_complete and has_ended else 1


async def _after_first_polls(connection: Connection, named: Sequence[str], ports: Ports) -> tuple[str, ...]:
    """The streams once the first back-fill of each has begun: the first polls may find more of them."""
    told = False
    while True:
        current = await connection_called(connection.id, ports.connections)
        streams = streams_asked(current, named)
        waiting = await awaited(current, streams, ports.states, at=ports.now())
        if not waiting:
            return streams
        if not told:
            print(f"the next polls start the first back-fill of {shortened(waiting)}", file=sys.stderr, flush=True)
        told = True
        await ports.pause()


async def _watch(connection: Connection, runs: Sequence[Watched], ports: Ports) -> bool:
    with display() as shown:
        looks = await watch(connection, runs, states=ports.states, connections=ports.connections, display=shown, pause=ports.pause)
    return all(look.ending == "success" for look in looks)


async def _quick(connection: Connection, streams: Sequence[str], options: argparse.Namespace, ports: Ports) -> int:
    poller, index = poller_of(connection, ports), ports.index()
    checks = [check for check in await checks_of(connection, ports) if check.stream in streams]
    if checks and all(check.is_readable and check.record_count is None for check in checks):
        raise Refused(f"{connection.source} does not count what it has: `completeness --fresh` compares record by record")
    stored = await asyncio.gather(*(index.count(poller.record_kind(connection, check.stream)) for check in checks))
    rows = [(check.stream, check.record_count, count) for check, count in zip(checks, stored, strict=True)]
    if options.json:
        show_json([{"stream": stream, "vendorCount": theirs, "storedCount": ours} for stream, theirs, ours in rows])
    else:
        print(table(("stream", "at the vendor's", "here"), rows), end="\n\n")
        print("equal counts prove nothing: `completeness --fresh` compares record by record")
    return 0 if len(rows) == len(streams) and all(theirs == ours for _, theirs, ours in rows) else 1


async def _names(connection: Connection, ports: Ports) -> dict[str, str]:
    """What people call streams whose names are the vendor's ids: shared drives."""
    if connection.source != SOURCE:
        return {}
    drives = known_drives((await ports.states.read(connection, DRIVES, "changes")).cursor)
    return {drive_stream(drive.id): drive.name for drive in drives.values()}


def rendered(found: Completeness, *, only: Sequence[str] = (), names: Mapping[str, str] | None = None, is_polled: bool = True) -> str:
    """For people; the last line says of what it is true."""
    head = ("stream", "compared", "at the vendor's", "here", "missing", "extra", "stale", "pending", "behind", "now")
    lines = [table(head, [_row(stream, (names or {}).get(stream.stream)) for stream in found.streams]), ""]
    for stream in found.streams:
        named = stream.comparison.named if stream.comparison else {}
        lines += [f"{stream.stream}, {fault}: {', '.join(ids)}" for fault, ids in named.items() if ids]
        lines += [f"{stream.stream}: {run.kind}: {run.last_error}" for run in stream.runs if run.last_error]
        lines += [f"{stream.stream}: the last comparison failed: {stream.comparison_error}"] if stream.comparison_error else []
        lines += [f"{stream.stream}: {stream.last_error}"] if stream.last_error else []
    lines += [f"open gap: {gap.reason} in {gap.stream} since {timestamp(gap.opened_at)}" for gap in found.gaps]
    if found.status == "paused":
        lines.append(f"paused: {found.paused_reason or 'no reason given'}")
    if not is_polled:
        lines.append("not polled: it has no credential, its vendor only calls us, and what a call did not say nobody can know")
    whole = f"{', '.join(only)} of {found.connection_id}" if only else found.connection_id
    return "\n".join([*lines, f"{whole}: {'complete' if found.is_complete else _why_not(found)}"])


def _row(stream: StreamCompleteness, name: str | None) -> tuple[object, ...]:
    compared, behind = stream.comparison, stream.lag_seconds
    when = "never" if compared is None else "before" if compared.finished_at is None else timestamp(compared.finished_at)[:19] + "Z"
    counts: tuple[object, ...] = (None,) * 6
    if compared is not None:
        counts = (compared.vendor_count, compared.stored_count, compared.missing, compared.extra, compared.stale, compared.pending)
    now = ", ".join(f"back-fill at {run.record_count:,}" if run.kind == "backfill" else "comparison" for run in stream.runs)
    return (
        f"{stream.stream} ({name})" if name else stream.stream,
        when,
        *counts,
        None if behind is None else f"{behind:,.0f} s",
        now or None,
    )


def _why_not(found: Completeness) -> str:
    if never := [stream.stream for stream in found.streams if stream.comparison is None]:
        return f"not known to be complete ({shortened(never)} never compared)"
    return "not complete"
