"""A person's decision, made: written with the shard, announced, then said of the suggestion.

In this order, and each step harmless when it is done again: whatever broke off in between is completed by deciding the same once more. What
a shard says was decided is so, whatever a suggestion's status says by then.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.contracts.canonical import canonical_json, digest
from shared.contracts.message import timestamp
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import Conflict
from shared.linking.decision import LinkDecision, Verdict, with_decision
from shared.linking.edges import edges_with
from shared.linking.suggestion import KEPT_FOR_GOOD, StoredStatus, SuggestedLink, SuggestedLinks, suggestion_id
from shared.messaging.publisher import Publisher
from shared.shards.carried import CarriedShard
from shared.shards.model import Shard
from shared.shards.store import DecisionsChange, ShardStore

ATTEMPTS: Final = 5
"""So often a state is read again that somebody else wrote meanwhile."""
SAYS: Final[Mapping[Verdict, str]] = {
    "approved": "approved",
    "manual": "linked by hand",
    "rejected": "rejected",
    "detached": "unlinked",
}


@dataclass(frozen=True)
class Ports:
    """What deciding needs."""

    shards: ShardStore
    suggestions: SuggestedLinks
    publisher: Publisher
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Decided:
    """What stands, and the shard that says so."""

    owner: Shard
    decision: LinkDecision
    is_written: bool
    """Whether anything had to be written for it."""


def standing(owner: Shard, statement: tuple[str, str]) -> LinkDecision | None:
    """What was decided about a statement of this shard."""
    return next((decision for decision in owner.link_decisions if decision.statement == statement), None)


def told(decision: LinkDecision) -> str:
    """A decision in words, for whoever comes too late."""
    return f"it was {SAYS[decision.verdict]} by {decision.decided_by} at {timestamp(decision.decided_at)}"


async def decide(
    owner: Shard, made: LinkDecision, *, may_overrule: bool, reread: Callable[[], Awaitable[Shard]], shards: ShardStore
) -> Decided:
    """Write a decision and the edges it makes, in one step. One that says the same stands as it is.

    Args:
        owner: the shard that says the statement, as it was read.
        made: the decision.
        may_overrule: whether it replaces one that says otherwise; else that one stands, and is what is given back.
        reread: the owner as it is by now. It raises when nothing may be decided any more.
        shards: where it is written.

    Raises:
        Conflict: others wrote at every attempt.
    """
    for attempt in range(1, ATTEMPTS + 1):
        known = standing(owner, made.statement)
        is_kept = known is not None and (known.holds == made.holds or not may_overrule)
        decision = known if known is not None and is_kept else made
        decisions = with_decision(owner.link_decisions, decision)
        edges = edges_with(owner.internal_relationships, decisions)
        if decisions == owner.link_decisions and _are_same(edges, owner.internal_relationships):
            return Decided(owner, decision, is_written=False)
        try:
            changed = await shards.change(owner, DecisionsChange(decisions, edges))
        except Conflict:
            if attempt == ATTEMPTS:
                raise
            owner = await reread()
        else:
            return Decided(changed, decision, is_written=True)
    raise AssertionError  # the last attempt returns or raises


async def announce(decided: Decided, *, publisher: Publisher, at: datetime) -> None:
    """Have the shard looked at anew. The same decision is the same message.

    Raises:
        TransientError: when it is not known to be on its queue.
    """
    owner, decision = decided.owner, decided.decision
    about = (decision.relationship_type, decision.target_shard_id, decision.verdict, timestamp(decision.decided_at))
    await publisher.publish(
        ShardEmitted(
            tenant_id=owner.tenant_id,
            shard_id=owner.id,
            shard_type_id=owner.shard_type_id,
            revision=owner.revision_number,
            cause=f"relink:{digest(*about)}",
            carried=CarriedShard.of(owner, at=at),
        )
    )


async def settle(
    tenant_id: str, owner_id: str, decision: LinkDecision, *, suggestions: SuggestedLinks, known: SuggestedLink | None = None
) -> SuggestedLink | None:
    """Say of the statement's suggestion what was decided, unless a later decision is said of it; None: it was never suggested.

    Args:
        tenant_id: whose it is.
        owner_id: the shard that says the statement.
        decision: about it.
        suggestions: where the suggestion is.
        known: the suggestion as it was read.

    Raises:
        Conflict: others wrote at every attempt.
    """
    relationship_type, target = decision.statement
    place = suggestion_id(tenant_id=tenant_id, source_shard_id=owner_id, relationship_type=relationship_type, target_shard_id=target)
    for attempt in range(1, ATTEMPTS + 1):
        known = known or await suggestions.read(tenant_id, place)
        if known is None or is_settled(known, decision) or _is_later(known, decision):
            return known
        try:
            return await suggestions.replace(settled(known, decision))
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        known = None
    raise AssertionError  # the last attempt returns or raises


def settled(suggestion: SuggestedLink, decision: LinkDecision) -> SuggestedLink:
    """A suggestion as the decision leaves it. It is kept for good."""
    return suggestion.model_copy(
        update={
            "status": _status(decision),
            "decided_by": decision.decided_by,
            "decided_at": decision.decided_at,
            "reason": decision.reason,
            "updated_at": decision.decided_at,
            "ttl": KEPT_FOR_GOOD,
        }
    )


def is_settled(suggestion: SuggestedLink, decision: LinkDecision) -> bool:
    """Whether it says so already."""
    said = (suggestion.status, suggestion.decided_by, suggestion.decided_at)
    return said == (_status(decision), decision.decided_by, decision.decided_at)


def _status(decision: LinkDecision) -> StoredStatus:
    return "approved" if decision.holds else "rejected"


def _is_later(suggestion: SuggestedLink, decision: LinkDecision) -> bool:
    return suggestion.decided_at is not None and suggestion.decided_at > decision.decided_at


def _are_same(some: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> bool:
    return sorted(map(canonical_json, some)) == sorted(map(canonical_json, others))
