"""Search: a question in words finds the shards that mean it, and only those the caller may see.

Chunks near the question are looked up among those one of the caller's principals may find; then every shard is read, because only its
current access list decides, and its current text decides whether a passage is still part of it. What does not hold is left out, and more is
looked up in its place.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from shared.access.acl import may_read
from shared.access.tokens import Caller
from shared.chunks.store import ChunkStore, Near
from shared.chunks.wanted import Wanted, generation, heading_of, text_of
from shared.contracts.message import Wire
from shared.embeddings.embedder import Embedder
from shared.errors import BadRequest
from shared.shards.model import Shard
from shared.shards.store import ShardStore
from shared.topology import Space

DEFAULT_LIMIT: Final = 10
MOST_HITS: Final = 50
LONGEST_QUESTION: Final = 1_000
FIRST_LOOK: Final = 4
"""So many chunks per hit that is asked for are looked up at first: several may be of one shard, and some may not hold."""
DEEPEST_LOOK: Final = 800


@dataclass(frozen=True)
class Question:
    """What is asked."""

    text: str
    limit: int = DEFAULT_LIMIT

    @classmethod
    def read(cls, text: str | None, limit: str | None) -> "Question":
        """From the parameters of a call.

        Raises:
            BadRequest: for what is not a question.
        """
        asked = (text or "").strip()
        if not asked:
            raise BadRequest("q is missing: what do you look for?")
        if len(asked) > LONGEST_QUESTION:
            raise BadRequest(f"q has more than {LONGEST_QUESTION} characters")
        if any("\ud800" <= character <= "\udfff" for character in asked):
            raise BadRequest("q is not text")
        try:
            wanted = int(limit) if limit else DEFAULT_LIMIT
        except ValueError:
            raise BadRequest("limit is not a whole number") from None
        if not 1 <= wanted <= MOST_HITS:
            raise BadRequest(f"limit is from 1 to {MOST_HITS}")
        return cls(asked, wanted)


class Hit(Wire):
    """One shard that was found."""

    shard_id: str
    shard_type_id: str
    name: str | None
    score: float
    """How near its best passage is: the cosine."""
    passage: str
    """That passage, as the shard has it now."""


class Answer(Wire):
    """What was found, best first."""

    question: str
    model: str
    quality: Literal["semantic", "lexical"]
    """``lexical``: the question's words were looked for, and not its meaning."""
    hits: tuple[Hit, ...] = Field(default=())
    is_complete: bool
    """False when more chunks were near than may be looked at for one question: more may be found by asking more exactly."""


async def search(question: Question, caller: Caller, *, embedder: Embedder, chunks: ChunkStore, shards: ShardStore) -> Answer:
    """Answer a question.

    Raises:
        TransientError: when the store or the model cannot answer now.
    """
    [vector] = await embedder.embed([question.text])
    principals = sorted(caller.principals)
    hits: dict[str, Hit] = {}
    most = question.limit * FIRST_LOOK
    while True:
        near = await chunks.nearest(caller.tenant_id, vector, principals=principals, most=most)
        waiting = [passages for shard_id, passages in _by_shard(near).items() if shard_id not in hits]
        while waiting and len(hits) < question.limit:
            looked_at, waiting = waiting[: question.limit - len(hits)], waiting[question.limit - len(hits) :]
            found = await asyncio.gather(*(_hit(passages, caller, shards, embedder.space) for passages in looked_at))
            hits.update({hit.shard_id: hit for hit in found if hit})
        is_all = len(near) < most
        if len(hits) >= question.limit or is_all or most >= DEEPEST_LOOK:
            break
        most = min(most * 4, DEEPEST_LOOK)
    return Answer(
        question=question.text,
        model=embedder.space.model,
        quality=embedder.space.quality,
        hits=tuple(sorted(hits.values(), key=lambda hit: hit.score, reverse=True)),
        is_complete=is_all or len(hits) >= question.limit,
    )


def _by_shard(near: Sequence[Near]) -> dict[str, list[Near]]:
    found: dict[str, list[Near]] = {}
    for chunk in near:
        found.setdefault(chunk.shard_id, []).append(chunk)
    return found


async def _hit(near: Sequence[Near], caller: Caller, shards: ShardStore, space: Space) -> Hit | None:
    """The hit on a shard, by the best of its passages that still holds; None when the caller may not see it, or nothing holds."""
    shard = await shards.read(caller.tenant_id, near[0].shard_id)
    if shard is None or shard.status != "active" or not may_read(shard.acl, caller.principals):
        return None
    passage = next((found for chunk in near if (found := _passage(chunk, shard, space))), None)
    if passage is None:
        return None
    chunk, text = passage
    name = shard.structured_data.get("name")
    return Hit(
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        name=name if isinstance(name, str) else heading_of(shard) or None,
        score=round(chunk.score, 4),
        passage=text,
    )


def _passage(chunk: Near, shard: Shard, space: Space) -> tuple[Near, str] | None:
    """The chunk's words in the shard's current text; None when they are not part of it any more."""
    if chunk.generation != generation(shard.shard_type_id, space):
        # Made by a deployment that cuts in another way. It holds while the shard says that its chunks are those, for this very revision.
        known = shard.vectors
        if known is None or known.generation != chunk.generation or shard.awaits_embedding:
            return None
        return chunk, text_of(shard)[chunk.start : chunk.end]
    current = next((wanted for wanted in Wanted.of(shard, space).chunks if wanted.id == chunk.chunk_id), None)
    return None if current is None else (chunk, text_of(shard)[current.start : current.end])
