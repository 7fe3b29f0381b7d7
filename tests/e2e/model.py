"""The pretend Azure OpenAI resource as a story's model: every process of an environment asks it, so its ledger has every text that was
embedded, and by the vector in the store it is known which text a chunk was made from.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from devtools.faults.injector import Injector
from devtools.vendors.azure_openai.service import PretendAzureOpenAi
from devtools.vendors.azure_openai.vectors import vector_of
from tests.e2e.store import Document

KEY: Final = "pretend-key"
MODEL: Final = "text-embedding-3-small"
DIMENSIONS: Final = 1536
TELLING: Final = 128
"""So many components tell vectors of texts apart by their signs, however a vector is scaled and rounded where it is stored."""


@dataclass
class Model:
    """A model that remembers, and how often each text may have been asked for."""

    resource: PretendAzureOpenAi
    may_repeat: bool = False
    """Vectors get lost on purpose on their way to the store: how often a text is embedded then says nothing."""
    _lost: Counter[str] = field(default_factory=Counter)
    _marks: dict[str, int] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings that lead here, and not to the offline encoder."""
        return {
            "EMBEDDING_OFFLINE": "",
            "EMBEDDING_AZURE_OPENAI_ENDPOINT": self.resource.endpoint,
            "EMBEDDING_AZURE_OPENAI_API_KEY": KEY,
        }

    @property
    def texts(self) -> list[str]:
        """Every text that was embedded, as often as it was."""
        return self.resource.ledger.texts()

    def process_died(self, stored: Iterable[Document]) -> set[str]:
        """Note what a killed process took with it: texts for which the model had answered, or was answering, and that no chunk holds.

        ``stored``: the chunks there are, read while the process is dead.
        """
        there = {_mark(chunk["embedding"]) for chunk in stored}
        lost = {text for text in self.texts if self._mark_of(text) not in there}
        self._lost.update(lost)
        return lost

    def embedded_too_often(self, stored: Iterable[Document]) -> dict[str, int]:
        """Texts that were embedded more often than once, or once for each chunk that holds them, and once more for each time their vectors
        died with a process.
        """
        if self.may_repeat:
            return {}
        holding = Counter(_mark(chunk["embedding"]) for chunk in stored)
        embedded = Counter(self.texts)
        return {text: count for text, count in embedded.items() if count > max(1, holding[self._mark_of(text)]) + self._lost[text]}

    def text_of(self, chunks: Iterable[Document]) -> list[str | None]:
        """What each chunk was made from; None when its vector is of no text that was asked for."""
        texts = {self._mark_of(text): text for text in set(self.texts)}
        return [texts.get(_mark(chunk["embedding"])) for chunk in chunks]

    def _mark_of(self, text: str) -> int:
        if text not in self._marks:
            self._marks[text] = _mark(vector_of(text, dimensions=DIMENSIONS))
        return self._marks[text]


def _mark(vector: Sequence[float]) -> int:
    """What tells a vector from those of other texts."""
    return sum((value > 0) << place for place, value in enumerate(vector[:TELLING]))


@asynccontextmanager
async def running_model(*, faults: Injector | None = None, may_repeat: bool = False) -> AsyncIterator[Model]:
    """One that answers while the block runs, unless its faults say otherwise."""
    async with PretendAzureOpenAi(deployments={MODEL: MODEL}, keys=[KEY], faults=faults) as resource:
        yield Model(resource, may_repeat)
