"""Pausing a connection whose credential is not accepted, and resuming it when it is again."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.connections.connection import Connection, Connections
from shared.errors import Conflict

log = logging.getLogger(__name__)

PROBE_AFTER: Final = timedelta(minutes=30)
"""How often what the app has paused is tried again: by then a person may have mended it."""


async def pause(connection: Connection, reason: str, *, connections: Connections, at: datetime, is_tried: bool = True) -> Connection:
    """Pause it, with a reason a person can act on. What an operator has paused stays the operator's. ``is_tried``: there is something to
    try again with.

    Returns:
        The connection as it is stored now.
    """
    log.error("connection paused", extra={"connection": connection.id, "reason": reason})
    tried_at = at + PROBE_AFTER if is_tried else None
    changes = {"status": "paused", "paused_by": "app", "paused_reason": reason, "next_due_at": tried_at}
    return await _changed(connection, changes, connections=connections)


async def resume(connection: Connection, *, connections: Connections, at: datetime) -> Connection:
    """Resume it: the vendor has let us in again."""
    log.info("connection resumed", extra={"connection": connection.id})
    changes = {"status": "active", "paused_by": None, "paused_reason": None, "next_due_at": at}
    return await _changed(connection, changes, connections=connections)


async def _changed(connection: Connection, changes: Mapping[str, object], *, connections: Connections) -> Connection:
    if connection.paused_by == "operator":
        return connection
    try:
        return await connections.replace(connection.model_copy(update=changes))
    except Conflict:
        # Another stream's worker has just done the same, the scheduler moved the moment, or an operator did something: look once more.
        current = await connections.find(connection.id)
        if current is None or current.paused_by == "operator" or current.status == changes["status"]:
            return current or connection
        return await connections.replace(current.model_copy(update=changes))
