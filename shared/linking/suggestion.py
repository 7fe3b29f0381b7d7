"""A suggested link: a statement that is likely, waiting for a person. And the port where suggestions are.

A pending one is over after 30 days and shown as ``expired`` for another 30; decisions are kept for good. Suggestions are for listing; what
enrichment needs of a decision stands with the shard (``decision.py``).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from pydantic import Field, JsonValue

from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Instant, Wire
from shared.linking.evidence import Share

PENDING_FOR: Final = timedelta(days=30)
SHOWN_EXPIRED_FOR: Final = timedelta(days=30)
KEPT_FOR_GOOD: Final = -1

StoredStatus = Literal["pending", "approved", "rejected", "withdrawn"]
SuggestionStatus = Literal["pending", "approved", "rejected", "withdrawn", "expired"]
"""``withdrawn``: the evidence is gone, or the shard is. ``expired``: pending for too long; not stored, it is what time makes of it."""


def suggestion_id(*, tenant_id: str, source_shard_id: str, relationship_type: str, target_shard_id: str) -> str:
    """One statement has one suggestion."""
    return digest(tenant_id, source_shard_id, relationship_type, target_shard_id)


class SuggestedLink(Wire):
    """One suggestion, as stored."""

    id: Identifier
    tenant_id: Identifier
    source_shard_id: Identifier
    source_shard_type_id: Identifier
    target_shard_id: Identifier
    target_shard_type_id: Identifier
    relationship_type: str
    confidence: Share
    evidence: tuple[dict[str, JsonValue], ...]
    """Each as ``Evidence``; penalties are among ``penalties``."""
    penalties: tuple[dict[str, JsonValue], ...] = ()
    is_ambiguous: bool = False
    """Whether it would have been linked, were there no rival as likely."""
    status: StoredStatus = "pending"
    created_at: Instant
    updated_at: Instant
    expires_at: Instant
    decided_by: str | None = None
    decided_at: Instant | None = None
    reason: str | None = Field(default=None, max_length=1_000)
    """What whoever decided said."""
    ttl: int
    """Seconds from the last write until the store removes it; -1: never."""
    etag: str | None = Field(default=None, exclude=True)

    def status_at(self, now: datetime) -> SuggestionStatus:
        """What it is now."""
        return "expired" if self.status == "pending" and now >= self.expires_at else self.status


@dataclass(frozen=True)
class SuggestionFilter:
    """Which ones are wanted."""

    status: SuggestionStatus = "pending"
    source_shard_id: str | None = None
    shard_type_id: str | None = None
    """Of the source or of the target."""
    relationship_type: str | None = None
    min_confidence: float = 0.0
    max_confidence: float = 1.0


@dataclass(frozen=True)
class Place:
    """Where a page of a list begins: after this one."""

    confidence: float
    id: str


class SuggestedLinks(Protocol):
    """Where suggestions are."""

    async def read(self, tenant_id: str, suggestion: str) -> SuggestedLink | None:
        """One by its id. One point read.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def create(self, suggestion: SuggestedLink) -> SuggestedLink:
        """Store one that is not there.

        Raises:
            Conflict: it is there by now.
        """

    async def replace(self, suggestion: SuggestedLink) -> SuggestedLink:
        """Store it over the state that was read.

        Raises:
            Conflict: it was written since, or is gone.
        """

    def listed(
        self, tenant_id: str, wanted: SuggestionFilter, *, now: datetime, after: Place | None = None
    ) -> AsyncIterator[SuggestedLink]:
        """Those that fit, the most confident first and by id among equals; streamed, so that whoever leaves out what a caller may not see
        can go on reading.

        Raises:
            TransientError: when the store cannot answer now.
        """
