"""How much of the stand-in one client, or all of them together, may take.

The numbers of connections and handles and the silence are Azure's. The others keep a hostile client from filling the memory; no
well-meant client comes near them.
"""

import logging
from dataclasses import dataclass

from devtools.emulators.servicebus.refusals import RefusedError

log = logging.getLogger(__name__)

CHANNEL_MAX = 255
HANDLE_MAX = 255
"""Azure ends a session that asks for more, saying so in these words (seen in clients' logs: "Cannot allocate more handles")."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed."""

    connections: int = 5_000
    """Open at once; Azure documentation, "Service Bus quotas" (AMQP connections of a namespace). The official emulator has 10."""
    idle_seconds: float = 240.0
    """A connection that is silent for longer is closed, as by Azure: amqp:connection:forced."""
    opening_seconds: float = 60.0
    """From accept to the client's open."""
    links: int = 4_999
    """Of one connection, its sessions together."""
    unread_bytes: int = 16 * 1_048_576
    """Waiting for a client that does not read."""


AZURE = Limits()


class Admissions:
    """Counts the open connections of one stand-in."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open = 0

    def enter(self) -> None:
        """One more is open. Raises RefusedError (amqp:resource-limit-exceeded) where that would be one too many."""
        if self._open >= self.limits.connections:
            text = f"ConnectionsQuotaExceeded: {self._open} connections are open, and no more are allowed (--max-connections)."
            raise RefusedError("amqp:resource-limit-exceeded", 403, text)
        self._open += 1

    def leave(self) -> None:
        """One that had entered is closed."""
        self._open -= 1


def too_many_handles(count: int) -> RefusedError:
    text = f"Cannot allocate more handles to the current session or connection. The maximum number of handles allowed is {count}."
    return RefusedError("amqp:resource-limit-exceeded", 403, text)
