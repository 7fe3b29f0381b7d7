"""Models that the tests of gathering hold in their hand, and embedders over them."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from typing_extensions import override

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings.embedder import Model, Vector
from shared.embeddings.gathering import GatheringEmbedder
from shared.errors import PermanentError
from shared.topology import Space

SPACE = Space("counting", 2)


def vector_of(text: str) -> Vector:
    return [float(len(text)), float(sum(map(ord, text)))]


class CountingModel(Model):
    """Answers at once; keeps every batch it was asked for."""

    def __init__(self, *, refuses: Callable[[str], bool] = lambda text: False) -> None:
        self.batches: list[list[str]] = []
        self._refuses = refuses

    @property
    @override
    def space(self) -> Space:
        return SPACE

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        self.batches.append(list(texts))
        if any(map(self._refuses, texts)):
            raise PermanentError("refused")
        return [vector_of(text) for text in texts]


class HeldModel(CountingModel):
    """Holds every batch until the test lets it go, or fails it."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[asyncio.Future[None]] = []

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        vectors = await super().encode(texts)
        gate = asyncio.get_running_loop().create_future()
        self.held.append(gate)
        await gate
        return vectors

    async def let_go(self, error: Exception | None = None) -> None:
        """Settle the oldest batch that is held, and let everyone take notice."""
        gate = self.held.pop(0)
        if error is None:
            gate.set_result(None)
        else:
            gate.set_exception(error)
        await turns()


async def turns() -> None:
    """Let everything that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def embedder_of(model: CountingModel, **options: int) -> GatheringEmbedder:
    return GatheringEmbedder(model, metrics=InMemoryMetrics(), **options)


def started(embedding: Coroutine[Any, Any, list[Vector]]) -> asyncio.Task[list[Vector]]:
    return asyncio.create_task(embedding)
