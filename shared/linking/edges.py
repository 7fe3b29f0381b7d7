"""The edges that people's decisions make, and unmake: the same for whoever approves and for enrichment, which renews them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.contracts.canonical import digest
from shared.linking.decision import LinkDecision
from shared.linking.evidence import Evidence, plain
from shared.shards.model import EdgeMetadata, InternalRelationship

PERSON: Final = "person"
"""``createdBy`` of an edge that a person confirmed or made."""


def statement_of(edge: Mapping[str, Any]) -> tuple[Any, Any]:
    """What an edge says: relationship and target."""
    return edge.get("relationshipType"), edge.get("targetShardId")


def edge_id(relationship_type: str, target_shard_id: str) -> str:
    """Of an edge that is inferred or decided: a statement is written once."""
    return digest(relationship_type, target_shard_id)


def edge_of(decision: LinkDecision) -> dict[str, Any]:
    """The edge a decision makes: confidence 1.0, by whom and when, and what it was suggested for."""
    said = Evidence(feature="person", source="manual", field="", value=decision.decided_by, weight=1.0, ceiling=1.0)
    edge = InternalRelationship(
        id=edge_id(decision.relationship_type, decision.target_shard_id),
        target_shard_id=decision.target_shard_id,
        target_shard_type_id=decision.target_shard_type_id,
        relationship_type=decision.relationship_type,
        metadata=EdgeMetadata(
            confidence=1.0,
            source="manual",
            extraction_method="person",
            evidence=(plain(said), *decision.evidence),
            confirmed_by=decision.decided_by,
            confirmed_at=decision.decided_at,
        ),
        created_at=decision.decided_at,
        created_by=PERSON,
    )
    return edge.model_dump(mode="json", by_alias=True)


def edges_with(edges: Iterable[Mapping[str, Any]], decisions: Iterable[LinkDecision]) -> tuple[dict[str, Any], ...]:
    """The edges as the decisions leave them: what a person rejected or detached is not there, what one approved or made is, once."""
    decided = {decision.statement: decision for decision in decisions}
    kept = (dict(edge) for edge in edges if statement_of(edge) not in decided and edge.get("createdBy") != PERSON)
    return (*kept, *(edge_of(decision) for decision in decided.values() if decision.holds))
