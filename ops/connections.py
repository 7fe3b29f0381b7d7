"""``connections list``, ``pause`` and ``resume``."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.ports import Ports
from ops.refusals import Refused
from ops.runs import connection_called
from processors.connections.api import ConnectionShown
from shared.connections.connection import Connection
from shared.contracts.message import timestamp
from shared.errors import Conflict

MOST_NAMED: Final = 8
"""So many streams are named in a table: a Drive may have hundreds."""
TRIES: Final = 5
"""The scheduler and the workers write connections, too."""


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Carry out one of the verbs."""
    match options.verb:
        case "list":
            found = await (ports.everyone() if options.tenant is None else ports.connections.of_tenant(options.tenant))
            show_json([plain(connection) for connection in found]) if options.json else print(rendered(found))
            return 0
        case "pause":
            changes = {"status": "paused", "paused_by": "operator", "paused_reason": options.reason, "next_due_at": None}
            return await _changed(options, changes, ports)
        case _:
            connection = await connection_called(options.id, ports.connections)
            if connection.status == "active":
                raise Refused(f"{connection.id} is not paused")
            due_at = None if connection.credential is None else ports.now()  # or the poll of it would pause it again
            changes = {"status": "active", "paused_by": None, "paused_reason": None, "next_due_at": due_at}
            return await _changed(options, changes, ports)


def plain(connection: Connection) -> dict[str, Any]:
    """What an operator may see of it: what its tenant's admins may, and whose it is."""
    return {"tenantId": connection.tenant_id, **ConnectionShown.of(connection).model_dump(mode="json", by_alias=True)}


def rendered(found: list[Connection]) -> str:
    """For people."""
    rows = []
    for connection in found:
        shown = ConnectionShown.of(connection)
        status = f"paused by {shown.paused_by or 'somebody'}: {shown.paused_reason}" if shown.status == "paused" else "active"
        due = None if shown.next_due_at is None else timestamp(shown.next_due_at)[:19] + "Z"
        rows.append((shown.id, connection.tenant_id, status, shown.credential_kind, shortened(shown.streams), due))
    number = "1 connection" if len(found) == 1 else f"{len(found):,} connections"
    lines = [table(("id", "tenant", "status", "log-in", "streams", "next due"), rows), ""] if rows else []
    return "\n".join([*lines, number])


def shortened(names: Sequence[str]) -> str:
    """The first of them, and how many there are."""
    first = ", ".join(names[:MOST_NAMED])
    return first if len(names) <= MOST_NAMED else f"{first} … ({len(names):,} in all)"


async def _changed(options: argparse.Namespace, changes: Mapping[str, object], ports: Ports) -> int:
    connection = await connection_called(options.id, ports.connections)
    changed = connection.model_copy(update=changes)
    if not options.dry_run:
        changed = await _stored(connection, changes, ports)
    show_json(plain(changed)) if options.json else print(("would be:\n" if options.dry_run else "") + rendered([changed]))
    return 0


async def _stored(connection: Connection, changes: Mapping[str, object], ports: Ports) -> Connection:
    for _ in range(TRIES - 1):
        try:
            return await ports.connections.replace(connection.model_copy(update=changes))
        except Conflict:
            connection = await connection_called(connection.id, ports.connections)
    return await ports.connections.replace(connection.model_copy(update=changes))
