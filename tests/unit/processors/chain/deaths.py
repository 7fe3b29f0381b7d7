"""A process that dies at its n-th request, and whatever starts it again.

Every port is wrapped; the n-th request of a whole run fails before it is done, or is done and nobody hears of it. Either the process dies
there, which no handler can catch, or the other side seems to be away, which handlers are to expect.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.embedding import CountingEmbedder, InMemoryChunks
from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.stores import InMemoryGaps, InMemoryShards
from devtools.fakes.transport import InMemoryTransport
from shared.chunks.store import ChunkChange, Manifest
from shared.embeddings.embedder import Vector
from shared.errors import DependencyUnavailable
from shared.gaps.gap import Gap
from shared.messaging.envelope import Envelope
from shared.shards.ids import ShardId
from shared.shards.model import Shard, Vectors
from shared.shards.store import Alias, Change
from tests.unit.processors.chain.records import settle

Answer = TypeVar("Answer")


class Died(BaseException):
    """The process is gone. No ``except Exception`` sees it."""


class Away(DependencyUnavailable):
    """The other side did not answer in time, whatever it did."""

    def __init__(self) -> None:
        super().__init__("no answer")


class Fate:
    """Which request is the fatal one."""

    def __init__(self, fatal: int | None = None, *, is_done: bool = False, end: Callable[[], BaseException] = Died) -> None:
        self._fatal = fatal
        self._is_done = is_done
        self._end = end
        self._is_asleep = False
        self.requests: list[str] = []
        """The name of every one, in their order."""

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """What is done now is done by others, and ends well."""
        self._is_asleep = True
        yield
        self._is_asleep = False

    async def meet(self, name: str, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a request, if it is not this one."""
        if self._is_asleep:
            return await request()
        is_fatal = len(self.requests) == self._fatal
        self.requests.append(name)
        if is_fatal and not self._is_done:
            raise self._end()
        answer = await request()
        if is_fatal:
            raise self._end()
        return answer


class FatedShards(InMemoryShards):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        return await self._fate.meet("read", lambda: InMemoryShards.read(self, tenant_id, shard_id))

    @override
    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        return await self._fate.meet("read", lambda: InMemoryShards.entry(self, tenant_id, shard_id))

    @override
    async def create(self, shard: Shard) -> Shard:
        return await self._fate.meet("create", lambda: InMemoryShards.create(self, shard))

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        return await self._fate.meet("change", lambda: InMemoryShards.change(self, shard, change))

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        return await self._fate.meet("record", lambda: InMemoryShards.record_vectors(self, tenant_id, shard_id, vectors))


class FatedChunks(InMemoryChunks):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    @override
    async def manifest(self, tenant_id: str, shard_id: ShardId) -> Manifest | None:
        return await self._fate.meet("manifest", lambda: InMemoryChunks.manifest(self, tenant_id, shard_id))

    @override
    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        name = "put" if change.put else "write"
        return await self._fate.meet(name, lambda: InMemoryChunks.write(self, tenant_id, shard_id, shard_type_id, change))


class FatedEmbedder(CountingEmbedder):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate
        self.batches: dict[int, Sequence[str]] = {}
        """What was asked for, by the number of the request."""

    @override
    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.batches[len(self._fate.requests)] = texts
        return await self._fate.meet("embed", lambda: CountingEmbedder.embed(self, texts))


class FatedGaps(InMemoryGaps):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    @override
    async def open(self, gap: Gap) -> None:
        return await self._fate.meet("open", lambda: InMemoryGaps.open(self, gap))


class FatedTransport(InMemoryTransport):
    def __init__(self, fate: Fate, clock: Clock) -> None:
        super().__init__(clock)
        self._fate = fate

    @override
    async def send(self, *envelopes: Envelope) -> None:
        return await self._fate.meet("send", lambda: InMemoryTransport.send(self, *envelopes))


class FatedPipeline(InMemoryPipeline):
    """The pipeline over these ports."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate
        self.shards = FatedShards(fate)
        self.gaps = FatedGaps(fate)
        self.chunks = FatedChunks(fate)
        self.embedder = self.encoder = FatedEmbedder(fate)
        self.start(FatedTransport(fate, self.clock))

    async def survive(self, *, pause_seconds: float) -> None:
        """Run until nothing waits, and after every death again, in a new process."""
        while True:
            try:
                await settle(self)
            except (Died, ExceptionGroup):
                self.clock.advance(seconds=pause_seconds)
                self.start(self.transport)
            else:
                return
