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
from shared.chunks.chunk import chunks_of
from shared.chunks.store import ChunkStore, Near
from shared.chunks.wanted import heading_of, text_of
from shared.contracts.message import Wire
from shared.embeddings.embedder import Embedder
from shared.errors import BadRequest
from shared.shards.model import Shard
from shared.shards.store import ShardStore

DEFAULT_LIMIT: Final = 10
MOST_HITS: Final = 50
LONGEST_QUESTION: Final = 1_000
FIRST_LOOK: Final = 4
"""So many chunks per hit that is asked for are looked up at first: several may be of one shard, and some may not hold."""
DEEPEST_LOOK: Final = 800
READ_AT_ONCE: Final = 8
"""Once a shard was found that the caller may not see, there may be many."""


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
    found = _Findings(caller, shards)
    most = question.limit * FIRST_LOOK
    while True:
        near = await chunks.nearest(caller.tenant_id, vector, principals=sorted(caller.principals), most=most)
        await found.look_at(near, limit=question.limit)
        is_all = len(near) < most
        if len(found.hits) >= question.limit or is_all or most >= DEEPEST_LOOK:
            break
        most = min(most * 4, DEEPEST_LOOK)
    return Answer(
        question=question.text,
        model=embedder.space.model,
        quality=embedder.space.quality,
        hits=tuple(hit.model_copy(update={"score": round(hit.score, 4)}) for hit in found.best[: question.limit]),
        is_complete=is_all or len(found.hits) >= question.limit,
    )


class _Findings:
    """What holds of what is near. A shard is read once for a question, unless only deeper passages of it may hold."""

    def __init__(self, caller: Caller, shards: ShardStore) -> None:
        self._caller = caller
        self._shards = shards
        self._hidden: set[str] = set()
        self.hits: dict[str, Hit] = {}

    @property
    def best(self) -> list[Hit]:
        """The hits, best first."""
        return sorted(self.hits.values(), key=lambda hit: hit.score, reverse=True)

    async def look_at(self, near: Sequence[Near], *, limit: int) -> None:
        """Read shards, the nearest first, until so many hold and none that was not read can be better."""
        waiting = [passages for shard_id, passages in _by_shard(near).items() if shard_id not in self.hits and shard_id not in self._hidden]
        # A hit whose best passage did not hold may stand below shards that were not read yet.
        while waiting and (len(self.hits) < limit or waiting[0][0].score > self.best[limit - 1].score):
            some = max(limit - len(self.hits), READ_AT_ONCE if self._hidden else 1)
            looked_at, waiting = waiting[:some], waiting[some:]
            await asyncio.gather(*map(self._look_at_one, looked_at))

    async def _look_at_one(self, near: Sequence[Near]) -> None:
        shard = await self._shards.read(self._caller.tenant_id, near[0].shard_id)
        if shard is None or shard.id != near[0].shard_id or shard.status != "active" or not may_read(shard.acl, self._caller.principals):
            self._hidden.add(near[0].shard_id)
        elif (hit := _hit(near, shard)) is not None:
            self.hits[shard.id] = hit


def _by_shard(near: Sequence[Near]) -> dict[str, list[Near]]:
    found: dict[str, list[Near]] = {}
    for chunk in near:
        found.setdefault(chunk.shard_id, []).append(chunk)
    return found


def _hit(near: Sequence[Near], shard: Shard) -> Hit | None:
    """The hit on a shard, by the best of its passages that still holds; None when none does.

    A passage holds while the shard says that its chunks are made in this way, and its words are part of the shard's text as it is now. The
    ids tell: they are derived from both.
    """
    text = text_of(shard)
    told = shard.vectors.generation if shard.vectors else None
    current = {chunk.id: chunk for chunk in chunks_of(text, generation=told)} if told else {}
    best = next((chunk for chunk in near if chunk.chunk_id in current), None)
    if best is None:
        return None
    passage = current[best.chunk_id]
    name = shard.structured_data.get("name")
    return Hit(
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        name=name if isinstance(name, str) else heading_of(shard) or None,
        score=best.score,
        passage=text[passage.start : passage.end],
    )
