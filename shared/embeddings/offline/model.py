"""The offline encoder: all-MiniLM-L6-v2 on this machine's processor, without a network.

Importing this module imports NumPy, a fifth of a second; the weights are read at the first text. Both the reading and the encoding are
done on one thread of the encoder's own, a part of a batch at a time, so that whoever waits for one text waits for one part of somebody
else's thousand.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from typing_extensions import override

from shared.embeddings.embedder import Model, Vector
from shared.embeddings.offline.bert import Bert
from shared.embeddings.offline.package import TENSORS, VOCABULARY
from shared.embeddings.offline.weights import TENSORS_SHA256, VOCABULARY_SHA256, read_tensors, read_vocabulary
from shared.embeddings.offline.wordpiece import WordPiece
from shared.topology import MINILM, Space

PART_TOKENS: Final = 2048
"""How many tokens are encoded at once, a third of a second: more is not faster, only larger."""

ResultT = TypeVar("ResultT")


class MiniLm:
    """The bare encoder, on the caller's thread.

    Raises:
        ConfigurationError: the folder does not hold the weights we know.
    """

    def __init__(self, weights: Path) -> None:
        self._wordpiece = WordPiece(read_vocabulary(weights / VOCABULARY, sha256=VOCABULARY_SHA256))
        self._bert = Bert(read_tensors(weights / TENSORS, sha256=TENSORS_SHA256))

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        return [self._wordpiece.tokens(text) for text in texts]

    def vectors(self, tokens: Sequence[Sequence[int]]) -> list[list[float]]:
        """Of one part, all at once."""
        vectors: list[list[float]] = self._bert.vectors(tokens).tolist()
        return vectors

    def encode_now(self, texts: Sequence[str]) -> list[list[float]]:
        tokens = self.tokens(texts)
        vectors: dict[int, list[float]] = {}
        for part in parts(tokens):
            vectors.update(zip(part, self.vectors([tokens[index] for index in part]), strict=True))
        return [vectors[index] for index in range(len(texts))]


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
    """The encoder, off the event loop. ``close`` ends its thread."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._loaded: MiniLm | None = None
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

    def _encoder(self) -> MiniLm:
        if self._loaded is None:
            self._loaded = MiniLm(self._weights)
        return self._loaded

    async def _on_its_thread(self, call: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
