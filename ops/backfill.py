"""``backfill`` and ``renormalize``: all there is of a connection, read again."""

import argparse
from collections.abc import Sequence
from typing import Any

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.ports import Ports
from ops.progress import display
from ops.runs import check_is_read, connection_called, requests_for, streams_asked
from ops.watching import Look, Watched, watch
from shared.contracts.sync import SyncRequested


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Ask for it and, where that is wished, watch it to its end."""
    connection = await connection_called(options.id, ports.connections)
    streams = streams_asked(connection, options.stream)
    check_is_read(connection)
    requests = await requests_for(connection, streams, options.noun, states=ports.states, at=ports.now(), anew=options.anew)
    if options.dry_run:
        return _asked(requests, options, "would be asked for")
    await ports.publisher.publish(*requests)
    if not options.watch:
        return _asked(requests, options, "asked for; how far it is: `completeness --watch`")
    with display() as shown:
        runs = [watched(request) for request in requests]
        looks = await watch(connection, runs, states=ports.states, connections=ports.connections, display=shown, pause=ports.pause)
    show_json([plain(look) for look in looks]) if options.json else print(rendered(looks))
    return 0 if all(look.ending == "success" for look in looks) else 1


def watched(request: SyncRequested) -> Watched:
    """The run a request starts."""
    return Watched(request.stream, "compare" if request.kind == "compare" else "backfill", request.run, request.requested_at)


def plain(look: Look) -> dict[str, Any]:
    """How a run ended, for machines."""
    said = look.state.model_dump(mode="json", by_alias=True)
    names = ("recordCount", "totalCount", "startedAt", "finishedAt", "lastError")
    return {"stream": look.watched.stream, "run": look.watched.run, "ended": look.ending, **{name: said[name] for name in names}}


def rendered(looks: Sequence[Look]) -> str:
    """The same for people."""
    rows = []
    for look in looks:
        began, ended = look.state.started_at, look.state.finished_at
        seconds = None if began is None or ended is None else f"{(ended - began).total_seconds():,.1f} s"
        rows.append((look.watched.stream, look.says, look.state.record_count, look.state.total_count, seconds))
    return table(("stream", "ended", "records", "of", "took"), rows)


def _asked(requests: Sequence[SyncRequested], options: argparse.Namespace, said: str) -> int:
    if options.json:
        show_json([{"stream": request.stream, "run": request.run, "queue": request.goes_to} for request in requests])
        return 0
    print(table(("stream", "run", "queue"), [(request.stream, request.run, request.goes_to) for request in requests]), end="\n\n")
    print(f"{len(requests)} {said}")
    return 0
