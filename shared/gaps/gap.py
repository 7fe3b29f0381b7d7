"""Gaps: what is not known to be complete, since when, and why.

Opened by anything that could have lost something; closed only by a finished sweep.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from pydantic import Field

from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Instant, Wire

GapReason = Literal[
    "acl-unknown",
    "partial-out-of-order",
    "deletions-not-retained",
    "changes-not-retained",
    "incomplete-search",
    "not-readable",
    "rejected",
    "events-lost",
    "not-read",
]
"""``acl-unknown``: readers could not be told. ``partial-out-of-order``: an older event came late and speaks for fields a newer one does
not. ``deletions-not-retained``, ``changes-not-retained``: the vendor's log is shorter than we were away. ``incomplete-search``: the vendor
said that it had not looked everywhere. ``not-readable``: the vendor does not let us read the stream. ``rejected``: what was read could not
be stored, and is parked. ``events-lost``: the vendor did not tell us of everything, or we were away when it did. ``not-read``: a record
that changed could not be read, and the request for it is parked."""

SEEN_EVERY: Final = timedelta(seconds=60)
"""An open gap that is seen again is written again no sooner: ten thousand records with unknown readers are one gap."""


class Gap(Wire):
    """One thing not known, per tenant, connection, stream and reason."""

    id: Identifier
    tenant_id: Identifier
    connection_id: Identifier
    stream: Identifier
    """What of the connection is concerned: a record type, a drive, a channel."""
    reason: GapReason
    opened_at: Instant
    seen_at: Instant | None = None
    """When it was seen last, to within ``SEEN_EVERY``."""
    closed_at: Instant | None = None
    status: Literal["open", "closed"] = "open"
    etag: str | None = Field(default=None, exclude=True)

    def is_closed_by(self, sweep_started_at: datetime) -> bool:
        """Whether a finished sweep that began then saw all that the gap stands for: nothing of it is younger than the sweep."""
        return (self.seen_at or self.opened_at) + SEEN_EVERY <= sweep_started_at

    def says(self, sighting: "Gap") -> bool:
        """Whether the stored gap need not be written for being seen again: it is open, and was marked less than ``SEEN_EVERY`` before."""
        seen_at = self.seen_at or self.opened_at
        return self.status == "open" and (sighting.seen_at or sighting.opened_at) - seen_at < SEEN_EVERY

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
            seen_at=at,
        )


class Gaps(Protocol):
    """Where gaps are recorded."""

    async def open(self, gap: Gap) -> None:
        """Record the gap. One that is open keeps when it was opened first, and is marked as seen again; a closed one opens again.

        Raises:
            TransientError: when it could not be recorded now.
        """

    async def open_ones(self, tenant_id: str, connection_id: str) -> list[Gap]:
        """The open gaps of a connection, the oldest first.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def open_of_source(self, source: str) -> list[Gap]:
        """The open gaps of all connections of a source, of all tenants, the oldest first: for the scheduler, which reads nothing for them.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def close(self, gap: Gap, *, at: Instant) -> bool:
        """Close a gap that was read before.

        Returns:
            Whether it is closed now; not when it was seen again since it was read.

        Raises:
            TransientError: when it could not be closed now.
        """
