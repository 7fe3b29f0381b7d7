"""Whoever asks, whenever, and whatever fails or is cancelled: everyone gets the vectors of their own texts, in their order, or an error."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings.embedder import Vector
from shared.embeddings.gathering import GatheringEmbedder
from shared.errors import DependencyUnavailable, PermanentError
from shared.telemetry.names import Metric
from tests.unit.shared.embeddings.gathering_models import CountingModel, turns, vector_of

TEXTS = st.sampled_from([*(f"text {number}" * (number % 7) for number in range(12)), "bad", "né", "\ud800"])


@dataclass(frozen=True)
class Call:
    texts: list[str]
    comes_after: int
    """Turns of the loop."""
    leaves_after: int | None


CALLS = st.lists(
    st.builds(
        Call,
        texts=st.lists(TEXTS, max_size=6),
        comes_after=st.integers(0, 6),
        leaves_after=st.one_of(st.none(), st.none(), st.integers(0, 4)),
    ),
    max_size=12,
)


class FaultyModel(CountingModel):
    """Takes its turns, and fails now and then."""

    def __init__(self, failures: Sequence[bool]) -> None:
        super().__init__(refuses=lambda text: text == "bad")
        self._failures = list(failures)
        self.running = 0
        self.most_running = 0

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            await asyncio.sleep(0)
            if self._failures and self._failures.pop():
                raise DependencyUnavailable("away")
            return await super().encode(texts)
        finally:
            self.running -= 1


async def called(embedder: GatheringEmbedder, call: Call) -> list[Vector] | BaseException:
    for _ in range(call.comes_after):
        await asyncio.sleep(0)
    task = asyncio.create_task(embedder.embed(call.texts))
    if call.leaves_after is not None:
        for _ in range(call.leaves_after):
            await asyncio.sleep(0)
        task.cancel()
    [result] = await asyncio.gather(task, return_exceptions=True)
    return result


@given(
    calls=CALLS,
    failures=st.lists(st.booleans(), max_size=6),
    batch_texts=st.integers(1, 5),
    batch_tokens=st.integers(1, 40),
    remembered=st.integers(0, 5),
    at_once=st.integers(1, 3),
)
async def test_everyone_gets_the_vectors_of_their_own_texts_in_order_or_an_error(
    *, calls: list[Call], failures: list[bool], batch_texts: int, batch_tokens: int, remembered: int, at_once: int
) -> None:
    model, metrics = FaultyModel(failures), InMemoryMetrics()
    embedder = GatheringEmbedder(
        model, metrics=metrics, batch_texts=batch_texts, batch_tokens=batch_tokens, remembered=remembered, at_once=at_once
    )

    async with asyncio.timeout(10):
        results = await asyncio.gather(*(called(embedder, call) for call in calls))
    await turns()

    for call, result in zip(calls, results, strict=True):
        match result:
            case list():
                assert result == [vector_of(text) for text in call.texts]
            case PermanentError():
                assert "bad" in call.texts
            case DependencyUnavailable():
                assert any(failures)
            case _:
                assert isinstance(result, asyncio.CancelledError)
                assert call.leaves_after is not None
    assert model.most_running <= at_once
    assert all(len(batch) <= batch_texts for batch in model.batches)
    assert metrics.total(Metric.EMBEDDING_TEXTS) <= sum(len(call.texts) for call in calls)


@given(calls=CALLS)
async def test_while_all_is_remembered_no_text_is_encoded_twice(calls: list[Call]) -> None:
    model = CountingModel()
    embedder = GatheringEmbedder(model, metrics=InMemoryMetrics(), batch_texts=3)

    await asyncio.gather(*(called(embedder, call) for call in calls))
    await turns()

    encoded = [text for batch in model.batches for text in batch]
    assert len(encoded) == len(set(encoded))
