"""The links of a shard, from both sides; and those that people make and undo.

Whoever may read both ends, as they are now, may see a link, make one and undo it. Of a link whose other end is not for the caller nothing
is said, not even that it is there.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from itertools import chain
from typing import Annotated, Final

from pydantic import JsonValue, StringConstraints

from shared.access.tokens import Caller
from shared.contracts.message import Instant, Wire
from shared.errors import BadRequest, NotFound
from shared.linking.asked import Said
from shared.linking.deciding import Decided, Ports, announce, decide, settle
from shared.linking.decision import LinkDecision
from shared.linking.edges import PERSON
from shared.linking.shown import BETWEEN, End, Link, Sight, edges_of, link_of, spoken_through
from shared.linking.vocabulary import Relation, relation_between
from shared.shards.ids import ShardId
from shared.shards.model import InternalRelationship, Shard
from shared.shards.record_index import RecordIndex
from shared.shards.store import ShardStore

MOST_NAMING: Final = 500
"""So many shards that name the one that is asked about are shown."""
MOST_LOOKED_AT: Final = 2_000
NO_SHARD: Final = "there is no such shard"
NO_LINK: Final = "there is no such link"


class Links(Wire):
    """What a shard is linked to: what it says itself first, and of each side the surest first."""

    shard_id: str
    links: tuple[Link, ...]
    is_complete: bool
    """False: more shards name it than are looked at for one answer."""


class Wanted(Said):
    """A link that somebody wants to be there."""

    target_shard_id: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    relationship_type: str | None = None
    """None: the one there is between two such shards."""


class Removed(Wire):
    """A link that is not there, and will not be made again."""

    shard_id: str
    id: str
    relationship_type: str
    other: End
    removed_by: str
    removed_at: Instant
    reason: str | None


async def list_links(shard_id: str, caller: Caller, *, shards: ShardStore, index: RecordIndex) -> Links:
    """A shard's links.

    Raises:
        NotFound: there is no such shard, or it is not for this caller.
        TransientError: when the store cannot answer now.
    """
    sight = Sight(caller, shards)
    shard = await _seen(sight, shard_id, NO_SHARD)
    naming, is_complete = await _naming(shard, sight, index)
    out = list(edges_of(shard))
    back = [(owner, edge) for owner in naming for edge in edges_of(owner) if edge.target_shard_id == shard.id]
    every = [*out, *(edge for _, edge in back)]
    await sight.look_at(chain((edge.target_shard_id for edge in out), *(spoken_through(edge.metadata.evidence) for edge in every)))
    led = ((edge, sight.get(edge.target_shard_id)) for edge in out)
    said = [link_of(edge, owner=shard, other=other, direction="out", sight=sight) for edge, other in led if other is not None]
    heard = [link_of(edge, owner=owner, other=shard, direction="in", sight=sight) for owner, edge in back]
    return Links(shard_id=shard.id, links=(*sorted(said, key=_surest), *sorted(heard, key=_surest)), is_complete=is_complete)


async def add_link(shard_id: str, wanted: Wanted, caller: Caller, *, ports: Ports) -> Link:
    """Link two shards by hand. It is as sure as can be, stays whatever enrichment finds, and replaces an earlier decision against it.

    Raises:
        BadRequest: nothing can be said of two such shards, or not that.
        NotFound: one of them is not there, or not for this caller.
        TransientError: not all of it is known to be done; doing it again completes it.
    """
    sight = Sight(caller, ports.shards)
    await sight.look_at([shard_id, wanted.target_shard_id])
    shard, target = await _seen(sight, shard_id, NO_SHARD), await _seen(sight, wanted.target_shard_id, "there is no such target")
    if shard.id == target.id:
        raise BadRequest("a shard is not linked to itself")
    owner, other, relation = _sides(shard, target, wanted.relationship_type)
    made = LinkDecision(
        verdict="manual",
        relationship_type=relation.relationship_type,
        target_shard_id=other.id,
        target_shard_type_id=other.shard_type_id,
        decided_by=caller.name,
        decided_at=ports.now(),
        reason=wanted.reason,
        evidence=_evidence(owner, (relation.relationship_type, other.id)),
    )
    decided = await _done(made, owner, sight, ports)
    edge = next(_of(decided.owner, made.statement))
    await sight.look_at(spoken_through(edge.metadata.evidence))
    return link_of(edge, owner=decided.owner, other=other, direction="out" if owner.id == shard.id else "in", sight=sight)


async def remove_link(shard_id: str, link_id: str, said: Said, caller: Caller, *, ports: Ports) -> Removed:
    """Undo a link, whoever made it, and remember that. Undoing what is undone changes nothing and answers the same.

    Raises:
        NotFound: there is no such link, or an end of it is not there, or not for this caller.
        TransientError: as ``add_link``.
    """
    sight = Sight(caller, ports.shards)
    shard = await _seen(sight, shard_id, NO_SHARD)
    owner_id, _, edge_id = link_id.rpartition(BETWEEN)
    owner = await _seen(sight, owner_id, NO_LINK) if owner_id else shard
    relationship_type, target_id, target_type_id = _stated(owner, edge_id)
    other = await _seen(sight, target_id, NO_LINK)
    if owner_id and other.id != shard.id:
        raise NotFound(NO_LINK)
    made = LinkDecision(
        verdict="detached",
        relationship_type=relationship_type,
        target_shard_id=target_id,
        target_shard_type_id=target_type_id,
        decided_by=caller.name,
        decided_at=ports.now(),
        reason=said.reason,
        edge_id=edge_id,
    )
    decision = (await _done(made, owner, sight, ports)).decision
    return Removed(
        shard_id=shard.id,
        id=link_id,
        relationship_type=relationship_type,
        other=End.of(owner if owner_id else other),
        removed_by=decision.decided_by,
        removed_at=decision.decided_at,
        reason=decision.reason,
    )


async def _done(made: LinkDecision, owner: Shard, sight: Sight, ports: Ports) -> Decided:
    """The decision is written, announced, and said of the suggestion, if the statement was suggested."""
    decided = await decide(owner, made, may_overrule=True, reread=_again(owner, made, sight), shards=ports.shards)
    sight.put(decided.owner)
    await announce(decided, publisher=ports.publisher, at=ports.now())
    await settle(owner.tenant_id, owner.id, decided.decision, suggestions=ports.suggestions)
    return decided


def _again(owner: Shard, made: LinkDecision, sight: Sight) -> Callable[[], Awaitable[Shard]]:
    async def reread() -> Shard:
        await sight.look_at([owner.id, made.target_shard_id], anew=True)
        await _seen(sight, made.target_shard_id, NO_LINK)
        found = sight.itself(owner.id)
        if found is None:
            raise NotFound(NO_LINK)
        return found

    return reread


async def _seen(sight: Sight, shard_id: str, otherwise: str) -> Shard:
    await sight.look_at([shard_id])
    shard = sight.get(shard_id)
    if shard is None:
        raise NotFound(otherwise)
    return shard


async def _naming(shard: Shard, sight: Sight, index: RecordIndex) -> tuple[list[Shard], bool]:
    """The shards with an edge to this one that the caller may see, and whether those are all."""
    found: list[Shard] = []
    looked_at = 0
    stream = index.naming(shard.tenant_id, ShardId(shard.id))
    try:
        async for naming in stream:
            if len(found) == MOST_NAMING or looked_at == MOST_LOOKED_AT:
                return found, False
            looked_at += 1
            if naming.id != shard.id and sight.may_see(naming):
                found.append(naming)
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    return found, True


def _sides(shard: Shard, target: Shard, relationship_type: str | None) -> tuple[Shard, Shard, Relation]:
    """Who says the link, whom it is said of, and what it is: from the shard that was named first, if that may say it."""
    sides = ((shard, target), (target, shard))
    possible = [(*side, relation) for side in sides if (relation := relation_between(*(one.shard_type_id for one in side))) is not None]
    fitting = [one for one in possible if relationship_type in (None, one[2].relationship_type)]
    if fitting:
        return fitting[0]
    types = f"{shard.shard_type_id} and {target.shard_type_id}"
    if not possible:
        raise BadRequest(f"no link can be made between {types}")
    raise BadRequest(f"between {types} there is {' or '.join(dict.fromkeys(relation.relationship_type for *_, relation in possible))}")


def _stated(owner: Shard, edge_id: str) -> tuple[str, str, str]:
    """The relationship, the target and its type of an edge that is there, or that was undone."""
    for edge in edges_of(owner):
        if edge.id == edge_id:
            return edge.relationship_type, edge.target_shard_id, edge.target_shard_type_id
    for decision in owner.link_decisions:
        if decision.verdict == "detached" and decision.edge_id == edge_id:
            return *decision.statement, decision.target_shard_type_id
    raise NotFound(NO_LINK)


def _evidence(owner: Shard, statement: tuple[str, str]) -> tuple[dict[str, JsonValue], ...]:
    """What the link was believed for before a person said so."""
    return tuple(chain.from_iterable(edge.metadata.evidence for edge in _of(owner, statement) if edge.created_by != PERSON))


def _of(owner: Shard, statement: tuple[str, str]) -> Iterator[InternalRelationship]:
    return (edge for edge in edges_of(owner) if (edge.relationship_type, edge.target_shard_id) == statement)


def _surest(link: Link) -> tuple[float, str]:
    return -link.confidence, link.id
