"""The offline encoder as a model: off the event loop, and loaded when the first text comes.

Loading (importing NumPy is a fifth of a second of it) and encoding are done on one thread of the encoder's own, a part of a batch at a
time, so that whoever waits for one text waits for one part of somebody else's thousand.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from shared.embeddings.embedder import Model, Vector
from shared.topology import MINILM, Space

PART_TOKENS: Final = 2048
"""How many tokens are encoded at once, a third of a second: more is not faster, only larger."""

ResultT = TypeVar("ResultT")


class Encoder(Protocol):
    """What encodes on the thread that calls it."""

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text."""

    def vectors(self, tokens: Sequence[Sequence[int]]) -> list[list[float]]:
        """A vector for each text's tokens, all at once."""


def parts(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The indexes of texts to encode together: of like length, and at most ``PART_TOKENS`` tokens, or one text."""
    part: list[int] = []
    held = 0
    for index in sorted(range(len(tokens)), key=lambda index: len(tokens[index])):
        if part and held + len(tokens[index]) > PART_TOKENS:
            yield part
            part, held = [], 0
        part.append(index)
        held += len(tokens[index])
    if part:
        yield part


class OfflineModel(Model):
    """An encoder with a thread of its own, which ``load`` is called on too. ``close`` ends the thread."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load
        self._loaded: Encoder | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="offline-encoder")

    @property
    @override
    def space(self) -> Space:
        return MINILM

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        encoder = await self._on_its_thread(self._encoder)
        tokens = await self._on_its_thread(partial(encoder.tokens, texts))
        vectors: dict[int, list[float]] = {}
        for part in parts(tokens):
            encoded = await self._on_its_thread(partial(encoder.vectors, [tokens[index] for index in part]))
            vectors.update(zip(part, encoded, strict=True))
        return [vectors[index] for index in range(len(texts))]

    def close(self) -> None:
        """Wait for the part that is being encoded, and end the thread. What still waits for it is cancelled."""
        self._thread.shutdown(cancel_futures=True)

    def _encoder(self) -> Encoder:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    async def _on_its_thread(self, call: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
