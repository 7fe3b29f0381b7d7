"""Links as a caller may see them: both ends, and whatever they are linked through, are looked at as they are now."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError

from shared.access.acl import may_read
from shared.access.tokens import Caller
from shared.chunks.wanted import heading_of
from shared.contracts.message import Instant, Wire
from shared.linking.vocabulary import Relation, relation_between, words_of
from shared.linking.words import Named, why
from shared.shards.ids import ShardId
from shared.shards.model import InternalRelationship, Shard
from shared.shards.store import ShardStore

READ_AT_ONCE: Final = 32
_ID: Final = re.compile(r"[\w.:-]{1,255}", re.ASCII)
BETWEEN: Final = "."
"""Between the owning shard and its edge, in the id of a link that is seen from the other side."""


def is_id(text: str) -> bool:
    """Whether there may be something of this id. What cannot be one is not asked for: a caller may name anything."""
    return _ID.fullmatch(text) is not None


class End(Wire):
    """One of the two shards."""

    shard_id: str
    shard_type_id: str
    name: str | None

    @classmethod
    def of(cls, shard: Shard) -> "End":
        """As it is now."""
        return cls(shard_id=shard.id, shard_type_id=shard.shard_type_id, name=name_of(shard))


class Sight:
    """What one caller may see now. A shard is read once, unless it is asked for anew."""

    def __init__(self, caller: Caller, shards: ShardStore) -> None:
        self.caller = caller
        self._shards = shards
        self._seen: dict[str, Shard | None] = {}

    async def look_at(self, shard_ids: Iterable[str], *, anew: bool = False) -> None:
        """Read those that were not read yet, or all of them.

        Raises:
            TransientError: when the store cannot answer now.
        """
        unread = [one for one in dict.fromkeys(shard_ids) if anew or one not in self._seen]
        for first in range(0, len(unread), READ_AT_ONCE):
            await asyncio.gather(*map(self._read, unread[first : first + READ_AT_ONCE]))

    def put(self, shard: Shard) -> None:
        """Somebody has read, or written, it just now."""
        self._seen[shard.id] = shard if self.may_see(shard) else None

    def may_see(self, shard: Shard) -> bool:
        """Whether it is there, and for the caller."""
        is_ours = shard.tenant_id == self.caller.tenant_id
        return is_ours and shard.status == "active" and may_read(shard.acl, self.caller.principals)

    def get(self, shard_id: str) -> Shard | None:
        """One that was looked at, or what carries it on; None: it is not there, not active, or the caller may not read it."""
        return self._seen.get(shard_id)

    def itself(self, shard_id: str) -> Shard | None:
        """The same, and None as well for one that was merged into another."""
        shard = self.get(shard_id)
        return shard if shard is not None and shard.id == shard_id else None

    def names(self) -> dict[str, Named]:
        """What sentences may call by their names."""
        return {shard_id: named(shard) for shard_id, shard in self._seen.items() if shard is not None}

    async def _read(self, shard_id: str) -> None:
        found = await self._shards.read(self.caller.tenant_id, ShardId(shard_id)) if is_id(shard_id) else None
        if found is not None:
            self.put(found)
        self._seen[shard_id] = None if found is None else self._seen[found.id]


class Link(Wire):
    """A link, seen from one of its ends."""

    id: str
    """Of the edge; seen from the other side with the shard that has it, because there every edge to the shard may have the same."""
    direction: Literal["out", "in"]
    """``out``: the shard says it; ``in``: the other one does."""
    relationship_type: str
    says: str
    """In words, between the name of the shard that was asked about and the other's."""
    confidence: float
    source: str
    why: tuple[str, ...]
    other: End
    created_at: Instant
    created_by: str
    confirmed_by: str | None
    confirmed_at: Instant | None


def edges_of(shard: Shard) -> Iterator[InternalRelationship]:
    """A shard's edges, but for those that this deployment cannot read."""
    for edge in shard.internal_relationships:
        try:
            yield InternalRelationship.model_validate(edge)
        except ValidationError:
            continue


def link_of(edge: InternalRelationship, *, owner: Shard, other: Shard, direction: Literal["out", "in"], sight: Sight) -> Link:
    """An edge as a link. What it speaks through has to be looked at before (``spoken_through``)."""
    is_out, said = direction == "out", edge.metadata
    relation = relation_of(edge.relationship_type, owner, other)
    return Link(
        id=edge.id if is_out else f"{owner.id}{BETWEEN}{edge.id}",
        direction=direction,
        relationship_type=edge.relationship_type,
        says=relation.says if is_out else relation.said_back,
        confidence=said.confidence,
        source=said.source,
        why=why(said.evidence, said.penalties, owner=named(owner), other=named(other), via=sight.names()),
        other=End.of(other if is_out else owner),
        created_at=edge.created_at,
        created_by=edge.created_by,
        confirmed_by=said.confirmed_by,
        confirmed_at=said.confirmed_at,
    )


def spoken_through(evidence: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The ids of the shards that evidence speaks through."""
    for piece in evidence:
        via = piece.get("via")
        if isinstance(via, str):
            yield via


def relation_of(relationship_type: str, owner: Shard, other: Shard) -> Relation:
    """How a relationship reads between these two."""
    relation = relation_between(owner.shard_type_id, other.shard_type_id)
    return relation if relation is not None and relation.relationship_type == relationship_type else words_of(relationship_type)


def name_of(shard: Shard) -> str | None:
    """What it is called."""
    name = shard.structured_data.get("name")
    return name if isinstance(name, str) and name else heading_of(shard) or None


def named(shard: Shard) -> Named:
    """As sentences call it."""
    return Named(shard.shard_type_id, name_of(shard))
