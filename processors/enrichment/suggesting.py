"""Suggestions, brought in line with what is suggested now.

The shard's notes say what was suggested last, each with a hash of it, so that nothing is read when nothing changed. What is to be written
is read before the shard is marked, and written after, over the state that was read: of two workers with one shard, only the one whose
mark is the last can come to an end, and what the notes say at the end is what is stored. Whoever finds a mark looks at it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from processors.enrichment.weighing import Weighed
from shared.contracts.canonical import digest
from shared.linking.deciding import settled, standing
from shared.linking.decision import LinkDecision
from shared.linking.evidence import plain
from shared.linking.suggestion import PENDING_FOR, SHOWN_EXPIRED_FOR, SuggestedLink, SuggestedLinks, suggestion_id
from shared.shards.model import Linking, Shard
from shared.shards.store import ShardStore
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

MARK: Final = ""
"""Instead of a hash: whether the suggestion is as it should be is not known."""


@dataclass(frozen=True)
class NotesChange:
    """Enrichment: its notes, and nothing else."""

    linking: Linking

    def paths(self) -> dict[str, Any]:
        """The notes."""
        return {"linking": self.linking.model_dump(mode="json", by_alias=True)}


@dataclass(frozen=True)
class Suggestions:
    """Of one shard, where they are kept."""

    store: SuggestedLinks
    shards: ShardStore
    metrics: Metrics
    now: Callable[[], datetime]

    async def settle(self, shard: Shard, suggested: tuple[Weighed, ...]) -> tuple[Shard, dict[str, str]]:
        """Store what is suggested, and withdraw what is no longer.

        Returns:
            The shard as it is then, and what its notes have to say of suggestions.

        Raises:
            Conflict: a suggestion or the shard was written meanwhile; reading again will show what.
        """
        wanted = {_id_of(shard, one): one for one in suggested}
        noted = {} if shard.linking is None else dict(shard.linking.suggestions)
        hashes = {suggestion: _hash_of(one) for suggestion, one in wanted.items()}
        unsure = sorted(suggestion for suggestion in {*wanted, *noted} if noted.get(suggestion, MARK) != hashes.get(suggestion))
        if not unsure:
            return shard, hashes
        writes = []
        for suggestion in unsure:
            stored = await self.store.read(shard.tenant_id, suggestion)
            change = self._change(shard, stored, wanted.get(suggestion))
            if change is None and noted.get(suggestion) == MARK:
                if stored is None:
                    hashes[suggestion] = MARK  # whoever marked it may be about to make it: it is to be looked at again
                elif stored.status in {"pending", "withdrawn"}:
                    change = stored.model_copy(update={"updated_at": self.now()})  # or about to write over what it read: now it cannot
            if change is not None:
                writes.append((stored, change))
        if not writes:
            return shard, hashes
        marked = {**noted, **{change.id: MARK for _, change in writes}}
        notes = (shard.linking or Linking()).model_copy(update={"suggestions": marked})
        shard = await self.shards.change(shard, NotesChange(notes))
        for stored, change in writes:
            await (self.store.create(change) if stored is None else self.store.replace(change))
            self.metrics.count(Metric.SUGGESTIONS, change=_named(stored, change), type=change.relationship_type)
        return shard, hashes

    def _change(self, shard: Shard, stored: SuggestedLink | None, one: Weighed | None) -> SuggestedLink | None:
        """What is to be stored; None: it is as it should be, or somebody decided."""
        at = self.now()
        if one is None:
            return (
                None
                if stored is None or stored.status != "pending"
                else _ended(stored, standing(shard, (stored.relationship_type, stored.target_shard_id)), at)
            )
        if stored is None:
            return _new(shard, one, at)
        if stored.status in {"approved", "rejected"} or (stored.status == "pending" and _content(stored) == _content_of(one)):
            return None
        return _new(shard, one, at).model_copy(update={"created_at": stored.created_at, "etag": stored.etag})


def _new(shard: Shard, one: Weighed, at: datetime) -> SuggestedLink:
    return SuggestedLink(
        id=_id_of(shard, one),
        tenant_id=shard.tenant_id,
        source_shard_id=shard.id,
        source_shard_type_id=shard.shard_type_id,
        target_shard_id=one.candidate.shard_id,
        target_shard_type_id=one.candidate.shard_type_id,
        relationship_type=one.candidate.relationship_type,
        confidence=one.score,
        evidence=tuple(plain(each) for each in one.evidence),
        penalties=tuple(plain(each) for each in one.penalties),
        is_ambiguous=one.is_ambiguous,
        created_at=at,
        updated_at=at,
        expires_at=at + PENDING_FOR,
        ttl=int((PENDING_FOR + SHOWN_EXPIRED_FOR).total_seconds()),
    )


def _ended(stored: SuggestedLink, decision: LinkDecision | None, at: datetime) -> SuggestedLink:
    """Withdrawn; or as a person decided, where whoever took the decision did not come to write it here."""
    if decision is not None:
        return settled(stored, decision)
    return stored.model_copy(update={"status": "withdrawn", "updated_at": at, "ttl": int(SHOWN_EXPIRED_FOR.total_seconds())})


def _id_of(shard: Shard, one: Weighed) -> str:
    relationship_type, target = one.candidate.statement
    return suggestion_id(tenant_id=shard.tenant_id, source_shard_id=shard.id, relationship_type=relationship_type, target_shard_id=target)


def _hash_of(one: Weighed) -> str:
    return digest(*_content_of(one))


def _content_of(one: Weighed) -> tuple[Any, ...]:
    return one.score, [plain(each) for each in one.evidence], [plain(each) for each in one.penalties], one.is_ambiguous


def _content(stored: SuggestedLink) -> tuple[Any, ...]:
    return stored.confidence, list(stored.evidence), list(stored.penalties), stored.is_ambiguous


def _named(stored: SuggestedLink | None, change: SuggestedLink) -> str:
    if change.status == "withdrawn":
        return "withdrawn" if stored is None or stored.status == "pending" else "refreshed"
    if change.status != "pending":
        return "decided"
    return "made" if stored is None or stored.status != "pending" else "refreshed"


def is_settled(suggestions: Mapping[str, str]) -> bool:
    """Whether none of them is in doubt."""
    return MARK not in suggestions.values()
