"""Texts in, vectors out: the port that the embedding worker and search share.

A ``Model`` makes the vectors of one batch. An ``Embedder`` is what callers see: it takes texts of any number, from many callers at once.
"""

from collections.abc import Sequence
from typing import Protocol

from shared.topology import Space

Vector = Sequence[float]
"""As many numbers as the space has dimensions, of any length but zero: vectors are compared by their angle."""


class Model(Protocol):
    """What encodes one batch at a time."""

    @property
    def space(self) -> Space:
        """Where its vectors can be compared."""

    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in their order. The same text always gives the same vector.

        Raises:
            RateLimited, DependencyUnavailable: come back later.
            PermanentError: one of the texts is refused.
            ConfigurationError: nobody may ask, or there is no such model.
        """


class Embedder(Protocol):
    """What makes vectors for whoever asks."""

    @property
    def space(self) -> Space:
        """Where its vectors can be compared."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in their order.

        Raises:
            PipelineError: as ``Model.encode``; another caller's text is never the reason.
        """
