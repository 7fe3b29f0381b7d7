"""Gaps: what is not known to be complete, since when, and why.

Opened by anything that could have lost something; closed only by a finished sweep.
"""

from typing import Literal, Protocol

from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Instant, Wire

GapReason = Literal["acl-unknown", "partial-out-of-order"]
"""``acl-unknown``: readers could not be told. ``partial-out-of-order``: an older event came late and speaks for fields a newer one does
not."""


class Gap(Wire):
    """One thing not known, per tenant, connection, stream and reason."""

    id: Identifier
    tenant_id: Identifier
    connection_id: Identifier
    stream: Identifier
    """What of the connection is concerned: a record type, a drive, a channel."""
    reason: GapReason
    opened_at: Instant
    status: Literal["open", "closed"] = "open"

    @classmethod
    def found(cls, *, tenant_id: str, connection_id: str, stream: str, reason: GapReason, at: Instant) -> "Gap":
        """The gap with its derived id: finding it again finds the same."""
        return cls(
            id=digest(tenant_id, connection_id, stream, reason),
            tenant_id=tenant_id,
            connection_id=connection_id,
            stream=stream,
            reason=reason,
            opened_at=at,
        )


class Gaps(Protocol):
    """Where gaps are recorded."""

    async def open(self, gap: Gap) -> None:
        """Record the gap. One that is open already stays as it is, with the moment it was opened first; a closed one opens again.

        Raises:
            TransientError: when it could not be recorded now.
        """
