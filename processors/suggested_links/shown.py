"""A suggestion, as somebody who may read both its ends sees it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.contracts.message import Instant, Wire
from shared.linking.shown import End, Sight, named, relation_of, spoken_through
from shared.linking.suggestion import SuggestedLink, SuggestionStatus
from shared.linking.words import why
from shared.shards.model import Shard

HIDDEN = ("value", "via", "span")
"""Of evidence that speaks through a shard the caller may not see: what it says is not for them."""


class SuggestionShown(Wire):
    """One."""

    id: str
    status: SuggestionStatus
    confidence: float
    is_ambiguous: bool
    relationship_type: str
    says: str
    """In words, between the two names."""
    source: End
    target: End
    why: tuple[str, ...]
    evidence: tuple[dict[str, Any], ...]
    penalties: tuple[dict[str, Any], ...]
    created_at: Instant
    expires_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    reason: str | None


def ends_of(suggestion: SuggestedLink) -> tuple[str, str]:
    """The ids of the two shards."""
    return suggestion.source_shard_id, suggestion.target_shard_id


def through(suggestion: SuggestedLink) -> Iterator[str]:
    """The ids of the shards its evidence speaks through."""
    return spoken_through(suggestion.evidence)


def both(suggestion: SuggestedLink, sight: Sight) -> tuple[Shard, Shard] | None:
    """Its ends, the source first; None when one is gone, was merged, or is not for this caller."""
    source, target = (sight.itself(end) for end in ends_of(suggestion))
    return None if source is None or target is None else (source, target)


def shown(suggestion: SuggestedLink, source: Shard, target: Shard, sight: Sight, *, now: datetime) -> SuggestionShown:
    """It, with what its caller may see. All that it names has to be looked at before."""
    names = sight.names()
    reasons = why(
        suggestion.evidence,
        suggestion.penalties,
        owner=named(source),
        other=named(target),
        via=names,
        is_ambiguous=suggestion.is_ambiguous,
    )
    return SuggestionShown(
        id=suggestion.id,
        status=suggestion.status_at(now),
        confidence=suggestion.confidence,
        is_ambiguous=suggestion.is_ambiguous,
        relationship_type=suggestion.relationship_type,
        says=relation_of(suggestion.relationship_type, source, target).says,
        source=End.of(source),
        target=End.of(target),
        why=reasons,
        evidence=tuple(_without_hidden(piece, sight) for piece in suggestion.evidence),
        penalties=suggestion.penalties,
        created_at=suggestion.created_at,
        expires_at=suggestion.expires_at,
        decided_by=suggestion.decided_by,
        decided_at=suggestion.decided_at,
        reason=suggestion.reason,
    )


def _without_hidden(piece: dict[str, Any], sight: Sight) -> dict[str, Any]:
    is_hidden = any(sight.get(one) is None for one in spoken_through([piece]))
    return {name: value for name, value in piece.items() if name not in HIDDEN} if is_hidden else dict(piece)
