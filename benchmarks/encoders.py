"""Both models of a machine without Azure on our paraphrase queries: the one that has to know meaning, and the one that must not pass."""

from functools import partial
from typing import Any

from benchmarks import retrieval
from benchmarks.measurement import goal, say
from shared.embeddings.lexical import LexicalModel
from shared.embeddings.offline.minilm import MiniLm
from shared.embeddings.offline.model import OfflineModel
from shared.embeddings.offline.package import find_weights


async def measure() -> dict[str, Any]:
    """The figures of both.

    Raises:
        RuntimeError: the offline encoder's weights are not installed.
    """
    weights = find_weights()
    if weights is None:
        raise RuntimeError("the offline encoder's weights are not installed: scripts/setup")
    say("retrieval: MiniLM and the counting of words")
    model = OfflineModel(partial(MiniLm, weights))
    try:
        meaning = await retrieval.measure(model)
        names = await retrieval.measure_names(model)
    finally:
        model.close()
    words = await retrieval.measure(LexicalModel())
    return {
        "encoders": [meaning, words],
        "names": names,
        "goals": [
            goal("mean reciprocal rank, MiniLM", meaning["mean_reciprocal_rank"], at_least=0.85),
            goal("mean reciprocal rank, counting words", words["mean_reciprocal_rank"], at_most=0.4),
        ],
    }
