"""Whether search by these vectors finds meaning: no encoder that only counts words can do what the offline encoder must."""

from pathlib import Path

import pytest

from benchmarks.retrieval import answer_ranks, mean_reciprocal_rank, paraphrases
from shared.embeddings.lexical import LexicalModel
from shared.embeddings.offline.minilm import MiniLm
from shared.embeddings.offline.model import OfflineModel
from shared.embeddings.offline.package import find_weights


@pytest.fixture
def weights() -> Path:
    found = find_weights()
    if found is None:
        pytest.skip("the offline encoder's weights are not installed")
    return found


async def test_the_offline_encoder_finds_paraphrases(weights: Path) -> None:
    model = OfflineModel(lambda: MiniLm(weights))
    try:
        ranks = await answer_ranks(model, paraphrases())
    finally:
        model.close()

    assert mean_reciprocal_rank(ranks) >= 0.85


async def test_the_lexical_fallback_cannot_pass_for_it() -> None:
    ranks = await answer_ranks(LexicalModel(), paraphrases())

    assert mean_reciprocal_rank(ranks) <= 0.40
