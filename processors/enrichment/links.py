"""The edges a shard has to have: what its own fields name, what it was found to be linked to, what people decided. Pure: the same
knowledge and the same moment give the same edges.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from processors.enrichment.assessing import Stated
from processors.enrichment.references import REFERENCES, Reference
from processors.enrichment.weighing import Weighed, piece
from shared.contracts.canonical import digest
from shared.linking.decision import LinkDecision
from shared.linking.edges import PERSON, edge_id, edges_with
from shared.linking.evidence import plain, score
from shared.linking.policy import LinkingPolicy
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import EdgeMetadata, Enriched, ExternalRelationship, InternalRelationship, Shard

OURS: Final = "enrichment"
"""``createdBy`` of the edges this stage writes, renews and withdraws. Those of others it only carries along."""


@dataclass(frozen=True)
class Target:
    """A shard that is named, and all that naming it tells."""

    shard_id: ShardId
    shard_type_id: str
    system: str
    system_type: Literal["crm", "storage", "messaging", "other"]
    scope: str
    record_type: str
    external_id: str


Places = Mapping[ShardId, ShardId]
"""The id a target is named by → the shard that carries it on, where that is another: the record was merged."""


@dataclass(frozen=True)
class Referred:
    """What a shard's own fields name."""

    edges: tuple[InternalRelationship, ...]
    targets: tuple[Target, ...]
    """Of the references that are followed, also of one that leads back to the shard itself."""

    def stated(self, decisions: Iterable[LinkDecision]) -> tuple[Stated, ...]:
        """What they say, as far as people did not take it back."""
        taken_back = {decision.statement for decision in decisions if not decision.holds}
        return tuple(
            Stated(edge.relationship_type, edge.target_shard_id, edge.target_shard_type_id, edge.metadata.confidence)
            for edge in self.edges
            if (edge.relationship_type, edge.target_shard_id) not in taken_back
        )


@dataclass(frozen=True)
class Links:
    """The edges of a shard."""

    edges: tuple[dict[str, Any], ...]

    @property
    def edge_set_hash(self) -> str:
        """The same for the same edges, in whatever order and whenever they were made."""
        return digest(*sorted(map(_said, self.edges)))

    def stamp(self, shard: Shard) -> Enriched:
        """What the shard says of them once they are written."""
        return Enriched(revision=shard.revision_number, edge_set_hash=self.edge_set_hash)


def referred(shard: Shard, places: Places, policy: LinkingPolicy, *, at: datetime) -> Referred:
    """What its references ask for."""
    found = list(_found(shard))
    led = [(reference, target, places.get(target.shard_id, target.shard_id)) for reference, target in found]
    # a record may name itself; an edge to oneself says nothing
    edges = tuple(_edge(*each, policy, at=at) for each in led if each[2] != shard.id)
    return Referred(edges=edges, targets=tuple(target for _, target in found))


def linked(shard: Shard, references: Referred, found: tuple[Weighed, ...], decisions: Iterable[LinkDecision], *, at: datetime) -> Links:
    """All its edges: those that others made as they are, then its references, what was found, and what people decided.

    An edge that is still true keeps the moment it was made first.
    """
    known = {edge.get("id"): edge for edge in shard.internal_relationships if edge.get("createdBy") == OURS}
    others = [edge for edge in shard.internal_relationships if edge.get("createdBy") not in {OURS, PERSON}]
    inferred = sorted((_inferred(one, at=at) for one in found), key=lambda edge: (edge.relationship_type, edge.target_shard_id))
    ours = [_renewed(edge, known) for edge in (*references.edges, *inferred)]
    return Links(edges=(*others, *edges_with(ours, sorted(decisions, key=lambda decision: decision.statement))))


def led_to(shard: Shard) -> Places:
    """Where its references led the last time, by its edges."""
    ours = [edge for edge in shard.internal_relationships if edge.get("createdBy") == OURS]
    stored = {_named_by(edge): edge.get("targetShardId") for edge in ours if _feature_of(edge) == "vendor-id"}
    found = (
        (target, stored.get((reference.relationship_type, reference.field, target.external_id))) for reference, target in _found(shard)
    )
    return {target.shard_id: ShardId(place) for target, place in found if isinstance(place, str)}


def _named_by(edge: Mapping[str, Any]) -> tuple[object, object, object]:
    """What an edge of ours was made from."""
    evidence = (edge.get("metadata") or {}).get("evidence") or [{}]
    return edge.get("relationshipType"), evidence[0].get("field"), evidence[0].get("value")


def _feature_of(edge: Mapping[str, Any]) -> object:
    return (edge.get("metadata") or {}).get("extractionMethod")


def _found(shard: Shard) -> Iterator[tuple[Reference, Target]]:
    for reference in REFERENCES.get(shard.shard_type_id, ()):
        origin = next((edge for edge in shard.external_relationships if edge.system == reference.system), None)
        external_id = shard.structured_data.get(reference.field)
        if origin is None or not isinstance(external_id, str) or not external_id or not external_id.startswith(reference.prefix):
            continue
        target = _target(shard, reference, origin, external_id)
        if target.shard_id != shard.id:
            yield reference, target


def _target(shard: Shard, reference: Reference, origin: ExternalRelationship, external_id: str) -> Target:
    """The id is of the same vendor account as the record that holds it, and always of the same tenant."""
    scope = origin.scope if reference.is_scoped else ""
    return Target(
        shard_id=shard_id(
            tenant_id=shard.tenant_id,
            system=origin.system,
            scope=scope,
            record_type=reference.record_type,
            external_id=external_id,
        ),
        shard_type_id=reference.shard_type_id,
        system=origin.system,
        system_type=origin.system_type,
        scope=scope,
        record_type=reference.record_type,
        external_id=external_id,
    )


def _edge(reference: Reference, target: Target, place: ShardId, policy: LinkingPolicy, *, at: datetime) -> InternalRelationship:
    evidence = piece(policy, "vendor-id", "crm", found_in=reference.field, value=target.external_id)
    return InternalRelationship(
        id=digest(reference.relationship_type, place, reference.field),
        target_shard_id=place,
        target_shard_type_id=target.shard_type_id,
        relationship_type=reference.relationship_type,
        metadata=EdgeMetadata(
            confidence=score([evidence]),
            source="crm",
            extraction_method="vendor-id",
            evidence=(plain(evidence),),
        ),
        created_at=at,
        created_by=OURS,
    )


def _inferred(one: Weighed, *, at: datetime) -> InternalRelationship:
    most = one.evidence[0]
    return InternalRelationship(
        id=edge_id(one.candidate.relationship_type, one.candidate.shard_id),
        target_shard_id=one.candidate.shard_id,
        target_shard_type_id=one.candidate.shard_type_id,
        relationship_type=one.candidate.relationship_type,
        metadata=EdgeMetadata(
            confidence=one.score,
            source=most.source,
            extraction_method="linking",
            evidence=tuple(plain(each) for each in one.evidence),
            penalties=tuple(plain(each) for each in one.penalties),
        ),
        created_at=at,
        created_by=OURS,
    )


def _renewed(edge: InternalRelationship, known: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    """As it would be made now, but for the moment it was made first."""
    renewed = edge.model_dump(mode="json", by_alias=True)
    return {**renewed, "createdAt": known.get(edge.id, renewed)["createdAt"]}


def _said(edge: dict[str, Any]) -> list[Any]:
    metadata = edge.get("metadata") or {}
    names = ("relationshipType", "targetShardId", "createdBy")
    return [*(str(edge.get(name)) for name in names), str(metadata.get("source")), str(metadata.get("confidence"))]
