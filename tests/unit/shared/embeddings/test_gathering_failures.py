"""Who fails with whom when a batch fails, and what becomes of a caller that is cancelled."""

import asyncio
from collections.abc import Sequence

import pytest
from typing_extensions import override

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings.embedder import Vector
from shared.embeddings.gathering import GatheringEmbedder
from shared.errors import ConfigurationError, DependencyUnavailable, PermanentError, RateLimited
from shared.telemetry.names import Metric
from tests.unit.shared.embeddings.gathering_models import CountingModel, HeldModel, embedder_of, started, turns, vector_of


async def test_a_cancelled_caller_harms_nobody_and_is_encoded_for_no_more() -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    first = started(embedder.embed(["a"]))
    await turns()
    gone, stays = started(embedder.embed(["b", "c"])), started(embedder.embed(["c"]))
    await turns()

    gone.cancel()
    await turns()
    await model.let_go()

    assert gone.cancelled()
    assert first.result() == [vector_of("a")]
    assert model.batches == [["a"], ["c"]]
    await model.let_go()
    assert stays.result() == [vector_of("c")]


async def test_a_batch_goes_on_when_its_caller_is_cancelled_and_is_remembered() -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    gone = started(embedder.embed(["a"]))
    await turns()
    gone.cancel()
    await turns()
    await model.let_go()

    assert await embedder.embed(["a"]) == [vector_of("a")]
    assert model.batches == [["a"]]


@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("away"), RateLimited("slower", retry_after_seconds=3), ConfigurationError("revoked"), RuntimeError("a bug")],
    ids=lambda error: type(error).__name__,
)
async def test_a_failed_batch_fails_exactly_its_callers(error: Exception) -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    fails, fails_too = started(embedder.embed(["a"])), started(embedder.embed(["b"]))
    await turns()
    stays = started(embedder.embed(["c"]))
    await turns()

    await model.let_go(error)
    await model.let_go()

    assert fails.exception() is error
    assert fails_too.exception() is error
    assert stays.result() == [vector_of("c")]


async def test_a_failed_text_is_not_remembered_and_may_be_tried_again() -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    first = started(embedder.embed(["a"]))
    await turns()
    await model.let_go(DependencyUnavailable("away"))
    assert isinstance(first.exception(), DependencyUnavailable)

    again = started(embedder.embed(["a"]))
    await turns()
    await model.let_go()

    assert again.result() == [vector_of("a")]


async def test_the_rest_of_a_failed_caller_is_not_encoded() -> None:
    model = HeldModel()
    embedder = embedder_of(model, batch_texts=2)
    page = started(embedder.embed([f"page {number}" for number in range(100)]))
    await turns()

    await model.let_go(DependencyUnavailable("away"))

    assert isinstance(page.exception(), DependencyUnavailable)
    assert model.batches == [["page 0", "page 1"]]


async def test_a_refused_text_fails_its_caller_alone() -> None:
    model = CountingModel(refuses=lambda text: text == "!")
    embedder = embedder_of(model)

    results = await asyncio.gather(*(embedder.embed([text]) for text in ["a", "b", "!", "c", "d"]), return_exceptions=True)

    assert isinstance(results[2], PermanentError)
    assert [results[index] for index in (0, 1, 3, 4)] == [[vector_of(text)] for text in "abcd"]
    assert model.batches == [["a", "b", "!", "c", "d"], ["a", "b"], ["!", "c", "d"], ["!"], ["c", "d"]]


class ForgetfulModel(CountingModel):
    """Answers a vector too few."""

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        return (await super().encode(texts))[1:]


async def test_a_model_with_a_vector_too_few_is_a_bug_that_its_callers_see() -> None:
    with pytest.raises(ValueError, match="zip"):
        await embedder_of(ForgetfulModel()).embed(["a", "b"])


class BrokenMetrics(InMemoryMetrics):
    @override
    def count(self, metric: Metric, amount: float = 1, **attributes: str) -> None:
        raise RuntimeError("a bug between two batches")


async def test_a_bug_outside_the_model_is_seen_by_who_waits_too() -> None:
    embedder = GatheringEmbedder(CountingModel(), metrics=BrokenMetrics())

    with pytest.raises(RuntimeError, match="a bug between two batches"):
        await embedder.embed(["a"])
