"""Every order in which workers at once can take their turns: a systematic search, so that a race is tried and not waited for.

A worker stops at every call of a port, before and after; the search decides who goes on. There is no event loop and no time in it.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from types import coroutine
from typing import Any, Final, TypeVar

from typing_extensions import override

from devtools.fakes.embedding import CountingEmbedder, InMemoryChunks
from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.stores import InMemoryRecordIndex, InMemoryShards, InMemorySuggestedLinks
from shared.chunks.store import ChunkChange, Manifest
from shared.embeddings.embedder import Vector
from shared.linking.suggestion import SuggestedLink
from shared.messaging.envelope import Envelope
from shared.shards.ids import ShardId
from shared.shards.model import Shard, Vectors
from shared.shards.store import Alias, Change

Answer = TypeVar("Answer")
Work = Coroutine[Any, Any, object]
Turns = Sequence[int]

MOST: Final = 20_000
"""More orders than this are not a test any more."""


@coroutine
def turn() -> Generator[None, None, None]:
    """Somebody else may go on here."""
    yield


async def _alone(answer: Awaitable[Answer]) -> Answer:
    """One request: its moment is between two turns."""
    await turn()
    return await answer


class SteppedShards(InMemoryShards):
    """Shards whose every call is a turn."""

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        return await _alone(super().read(tenant_id, shard_id))

    @override
    async def create(self, shard: Shard) -> Shard:
        return await _alone(super().create(shard))

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        return await _alone(super().change(shard, change))

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        return await _alone(super().record_vectors(tenant_id, shard_id, vectors))

    @override
    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        return await _alone(super().entry(tenant_id, shard_id))

    @override
    async def add_alias(self, alias: Alias, *, instead_of: Shard | Alias | None) -> None:
        await _alone(super().add_alias(alias, instead_of=instead_of))

    @override
    async def end_alias(self, alias: Alias, shard: Shard) -> Shard:
        return await _alone(super().end_alias(alias, shard))


class SteppedChunks(InMemoryChunks):
    """Chunks whose every call is a turn."""

    @override
    async def manifest(self, tenant_id: str, shard_id: ShardId) -> Manifest | None:
        return await _alone(super().manifest(tenant_id, shard_id))

    @override
    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        return await _alone(super().write(tenant_id, shard_id, shard_type_id, change))


class SteppedSuggestions(InMemorySuggestedLinks):
    """Suggestions whose every call but the list is a turn."""

    @override
    async def read(self, tenant_id: str, suggestion: str) -> SuggestedLink | None:
        return await _alone(super().read(tenant_id, suggestion))

    @override
    async def create(self, suggestion: SuggestedLink) -> SuggestedLink:
        return await _alone(super().create(suggestion))

    @override
    async def replace(self, suggestion: SuggestedLink) -> SuggestedLink:
        return await _alone(super().replace(suggestion))


class SteppedEmbedder(CountingEmbedder):
    """An encoder that takes its time."""

    @override
    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return await _alone(super().embed(texts))


def stepped() -> InMemoryPipeline:
    """The pipeline over these ports. An event loop runs it as any other."""
    pipeline = InMemoryPipeline()
    pipeline.shards = SteppedShards()
    pipeline.index = InMemoryRecordIndex(pipeline.shards)
    pipeline.suggestions = SteppedSuggestions()
    pipeline.chunks = SteppedChunks()
    pipeline.embedder = SteppedEmbedder()
    return pipeline


def working(pipeline: InMemoryPipeline, *queues: str) -> list[Work]:
    """A worker for every message that waits on these queues."""

    async def handled(envelope: Envelope) -> None:
        await pipeline.transport.hand_over(envelope, pipeline.worker(envelope.queue))

    return [handled(each) for queue in queues for each in pipeline.transport.on(queue)]


def alone(work: Work) -> None:
    """Work to its end without anybody else."""
    interleaved([work], [])


def interleaved(works: Sequence[Work], choices: Turns) -> list[tuple[int, int]]:
    """Work at once to the end of all, taking turns as chosen, then the first that is not through.

    Returns:
        Each choice that was made, of how many there were.
    """
    running = list(works)
    made: list[tuple[int, int]] = []
    try:
        while running:
            choice = choices[len(made)] if len(made) < len(choices) else 0
            made.append((choice, len(running)))
            try:
                running[choice].send(None)
            except StopIteration:
                del running[choice]
    finally:
        for work in running:
            work.close()
    return made


def every_order(prepared: Callable[[], tuple[Answer, Sequence[Work]]]) -> Iterator[tuple[Answer, Turns]]:
    """Prepare and work once for each order of turns there is.

    Yields:
        What was prepared, when all is worked, and the order, which ``interleaved`` repeats.
    """
    choices: list[int] | None = []
    for _ in range(MOST):
        world, works = prepared()
        made = interleaved(works, choices or [])
        yield world, [choice for choice, _ in made]
        choices = _next(made)
        if choices is None:
            return
    raise AssertionError(f"there are more than {MOST} orders")


def _next(made: Sequence[tuple[int, int]]) -> list[int] | None:
    """The next order that was not tried: the last choice that could have been another."""
    for index in range(len(made) - 1, -1, -1):
        choice, of = made[index]
        if choice + 1 < of:
            return [*(earlier for earlier, _ in made[:index]), choice + 1]
    return None
