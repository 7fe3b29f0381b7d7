"""What people decided about a shard's links. It is kept with the shard, so that enrichment need not look for it, and never forgotten.

A decision is about one statement: this shard, this relationship, that shard. ``detached`` and ``rejected`` keep enrichment from making or
suggesting it again; ``approved`` and ``manual`` make it, whatever the evidence says by now.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, JsonValue

from shared.contracts.message import Identifier, Instant, Wire

Verdict = Literal["approved", "manual", "rejected", "detached"]


class LinkDecision(Wire):
    """One person's last word on one statement."""

    verdict: Verdict
    relationship_type: str
    target_shard_id: Identifier
    target_shard_type_id: Identifier
    decided_by: str
    """Their address, or what the token says of them; ``operator`` for a command."""
    decided_at: Instant
    reason: str | None = Field(default=None, max_length=1_000)
    evidence: tuple[dict[str, JsonValue], ...] = ()
    """Of an approved suggestion: what it was suggested for."""
    edge_id: str | None = Field(default=None, exclude_if=lambda edge_id: edge_id is None)
    """Of what was detached: the edge there was. Whoever takes it away a second time names it by its id."""

    @property
    def statement(self) -> tuple[str, str]:
        """What it is about: relationship and target."""
        return self.relationship_type, self.target_shard_id

    @property
    def holds(self) -> bool:
        """Whether it makes the link."""
        return self.verdict in {"approved", "manual"}


def with_decision(decisions: Iterable[LinkDecision], made: LinkDecision) -> tuple[LinkDecision, ...]:
    """The decisions, with this one instead of any about the same statement."""
    others = (decision for decision in decisions if decision.statement != made.statement)
    return tuple(sorted((*others, made), key=lambda decision: decision.statement))


def led(decisions: Iterable[LinkDecision], places: Mapping[str, str]) -> tuple[LinkDecision, ...]:
    """The decisions, those about a record that was merged as decisions about the shard that carries it on. Of two that are about the same
    then, the later one is the last word.

    Args:
        decisions: as they stand with a shard.
        places: the id a decision is about → the shard that carries it on, where that is another.
    """
    last: dict[tuple[str, str], LinkDecision] = {}
    for decision in sorted(decisions, key=lambda one: (one.decided_at, one.holds, one.statement)):
        place = places.get(decision.target_shard_id, decision.target_shard_id)
        moved = decision.model_copy(update={"target_shard_id": place})
        last[moved.statement] = moved
    return tuple(sorted(last.values(), key=lambda decision: decision.statement))
