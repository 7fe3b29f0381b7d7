"""Who holds a record: the edges to the vendor, one for each stream that shows it.

Most records are in one stream, and their edge is renewed. A file is in the log of everybody who may see it, and in one more when it
moves to a shared drive: each stream adds its edge, takes it off when it does not show the file any longer, and the last one to go takes
the file along. Where a stream is the record's home, nobody else holds it.

Streams are read beside each other, and their events come in any order: what a stream says is judged by when it was read, against what the
same stream said last, and against the newest sighting at home. So the last word of a stream is remembered also where it is "no more".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from processors.normalization.sighting import Sighting
from shared.access.acl import Principal, user
from shared.shards.ids import external_edge_id
from shared.shards.model import ExternalRelationship, Metadata, Seen, Shard, Status
from shared.shards.versions import Order

AS_SOMEBODY: Final = "user:"
"""How a stream is called that is read as one person: who it names may see what it shows."""


@dataclass(frozen=True)
class Holding:
    """Who holds a record, and who did."""

    edges: tuple[ExternalRelationship, ...]
    """One at least: that of the last one to go stays, and tells which record it was."""
    home: Seen | None
    let_go: Mapping[str, datetime]

    @property
    def held(self) -> tuple[ExternalRelationship, ...]:
        """The edges of those who hold it."""
        return tuple(edge for edge in self.edges if edge.scope not in self.let_go)

    @classmethod
    def of(cls, shard: Shard | None) -> "Holding":
        """As it is stored."""
        return cls((), None, {}) if shard is None else cls(shard.external_relationships, shard.metadata.home, shard.metadata.let_go)

    def noted(self, metadata: Metadata) -> Metadata:
        """What a shard says of it beside its edges."""
        return metadata.model_copy(update={"home": self.home, "let_go": dict(self.let_go)})

    def status(self, data: Mapping[str, Any], metadata: Metadata, *, with_it: Status = "deleted") -> Status:
        """What becomes of the record by all this. ``with_it``: the status of the folder it went with, if it did."""
        if metadata.is_binned:
            return "deleted"
        if not self.held:
            # Its owner sees all there is of it.
            owner = data.get("ownerEmail")
            return "deleted" if owner and any(_stream(scope) == f"{AS_SOMEBODY}{owner}" for scope in self.let_go) else "archived"
        return "active" if metadata.gone_with is None else with_it


def held(sighting: Sighting, stored: Shard | None, *, label: object, now: datetime, is_late: bool = False) -> Holding:
    """Who holds the record once this was seen: our edge renewed, others kept. ``is_late``: a newer version of it is stored.

    A sighting under an id the vendor gave up leaves the edge on the surviving record.
    """
    event, conversion = sighting.event, sighting.conversion
    scope = sighting.scope if sighting.holder is None else sighting.holder
    known = Holding.of(stored)
    has_gone = _has_gone(sighting, known)
    if _is_before_home(sighting, known) or (has_gone and not event.is_home):
        return known
    ours = [edge for edge in known.edges if (edge.system, edge.scope) == (event.source, scope)]
    is_alias = stored is not None and stored.id != sighting.shard_id
    # Only the news of another id moves an edge to it (``renaming``).
    external_id = ours[0].external_id if ours and (is_alias or conversion.renamed_from is not None) else sighting.external_id
    renewed = ExternalRelationship(
        id=external_edge_id(system=event.source, scope=scope, record_type=conversion.record_type, external_id=external_id),
        system=event.source,
        system_type=conversion.system_type,
        scope=scope,
        record_type=conversion.record_type,
        external_id=external_id,
        label=str(label) if label is not None else None,
        last_synced_at=event.observed_at,
        created_at=ours[0].created_at if ours else now,
    )
    others = tuple(edge for edge in known.edges if edge not in ours)
    if ours and (sighting.holder is not None or not conversion.has_versions):
        renewed = renewed.model_copy(update={"last_synced_at": max(event.observed_at, ours[0].last_synced_at)})
    if sighting.holder is None:
        return Holding((*others, renewed), known.home, known.let_go)
    # Archived with its folder: those who held it see that no more.
    is_of_nobody = stored is not None and stored.status == "archived" and stored.metadata.gone_with is not None
    over = [edge for edge in others if _is_over(edge, sighting, known, is_late=is_late) or (is_of_nobody and edge.system == event.source)]
    kept = [_relabelled(edge, renewed) for edge in others if edge not in over]
    let_go = {one: at for one, at in known.let_go.items() if not (event.is_home and at < event.observed_at)}
    if not has_gone:
        let_go.pop(scope, None)
    # It may have been home until its own stream let go: then it ends what others held, and holds nothing itself.
    edges = kept if has_gone and kept else [*kept, renewed]
    return Holding(tuple(sorted(edges, key=lambda edge: (edge.system, edge.scope))), sighting.seen if event.is_home else known.home, let_go)


def left(sighting: Sighting, stored: Shard) -> Holding | None:
    """Who holds the record once this stream has let go of it. None, when that changes nothing."""
    known, scope, at = Holding.of(stored), sighting.holder or "", sighting.event.observed_at
    ours = [edge for edge in known.edges if (edge.system, edge.scope) == (sighting.event.source, scope)]
    let_go = known.let_go.get(scope)
    if (let_go is not None and at <= let_go) or any(at < edge.last_synced_at for edge in ours):
        return None
    is_news = bool(ours) or let_go is not None or known.home is None
    if known.home is not None and not is_news and (at <= known.home.observed_at or _stream(scope).startswith(AS_SOMEBODY)):
        return None  # it came home since; or a person lost sight of it there, who held nothing: not a write for each of them
    gone = Holding(tuple(edge for edge in known.edges if edge not in ours), known.home, {**known.let_go, scope: at})
    return gone if gone.held else Holding(known.edges, known.home, gone.let_go)


def shown_to(holding: Holding, source: str) -> frozenset[Principal]:
    """The people as whom the record is seen."""
    streams = (_stream(edge.scope) for edge in holding.held if edge.system == source)
    return frozenset(user(stream.removeprefix(AS_SOMEBODY)) for stream in streams if stream.startswith(AS_SOMEBODY))


def _has_gone(sighting: Sighting, known: Holding) -> bool:
    """Whether the stream has let go of the record since."""
    let_go = None if sighting.holder is None else known.let_go.get(sighting.holder)
    return let_go is not None and sighting.event.observed_at <= let_go


def _is_before_home(sighting: Sighting, known: Holding) -> bool:
    """Whether the record was seen at home in a newer version, or later."""
    return sighting.holder is not None and known.home is not None and sighting.seen.order(known.home) is Order.OLDER


def _is_over(edge: ExternalRelationship, sighting: Sighting, known: Holding, *, is_late: bool) -> bool:
    """Whether another stream's edge ends with this sighting: it let go before, or only named the record, or the record is at home here."""
    if edge.system != sighting.event.source:
        return False
    if not edge.scope or edge.scope in known.let_go:
        return True
    if edge.scope.partition("/")[0] != (sighting.holder or "").partition("/")[0]:
        return False  # of another connection, which knows nothing of this one's homes, and is compared by itself
    return sighting.event.is_home and (not is_late or edge.last_synced_at < sighting.event.observed_at)


def _relabelled(edge: ExternalRelationship, renewed: ExternalRelationship) -> ExternalRelationship:
    """Its label is the record's name, whoever saw that."""
    return edge.model_copy(update={"label": renewed.label}) if edge.system == renewed.system else edge


def _stream(scope: str) -> str:
    return scope.partition("/")[2]
