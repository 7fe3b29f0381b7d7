"""Many callers, few batches: who is gathered with whom, and who waits for what."""

import asyncio

from devtools.fakes.metrics import InMemoryMetrics
from shared.embeddings.gathering import GatheringEmbedder
from shared.telemetry.names import Metric
from tests.unit.shared.embeddings.gathering_models import SPACE, CountingModel, HeldModel, embedder_of, started, turns, vector_of


async def test_a_caller_alone_is_served_at_once() -> None:
    model = CountingModel()

    vectors = await embedder_of(model).embed(["one", "three"])

    assert vectors == [vector_of("one"), vector_of("three")]
    assert model.batches == [["one", "three"]]


async def test_no_texts_are_no_batch() -> None:
    model = CountingModel()

    assert await embedder_of(model).embed([]) == []
    assert model.batches == []


async def test_callers_of_the_same_moment_share_a_batch() -> None:
    model = CountingModel()
    embedder = embedder_of(model)

    vectors = await asyncio.gather(*(embedder.embed([text]) for text in ["a", "bb", "ccc"]))

    assert vectors == [[vector_of("a")], [vector_of("bb")], [vector_of("ccc")]]
    assert model.batches == [["a", "bb", "ccc"]]


async def test_what_arrives_while_a_batch_runs_forms_the_next_one() -> None:
    model = HeldModel()
    embedder = embedder_of(model)
    first = started(embedder.embed(["a"]))
    await turns()

    late = [started(embedder.embed([text])) for text in ["b", "c"]]
    await turns()
    assert model.batches == [["a"]]

    await model.let_go()
    assert model.batches == [["a"], ["b", "c"]]
    assert first.done()
    await model.let_go()
    assert [task.result() for task in late] == [[vector_of("b")], [vector_of("c")]]


async def test_a_batch_holds_so_many_tokens_and_texts_and_no_more() -> None:
    model = CountingModel()
    embedder = embedder_of(model, batch_tokens=10, batch_texts=3)

    texts = ["x" * 9, "y" * 9, "z" * 9, "w" * 90, "a", "b", "c", "d"]  # 4 tokens, 4, 4, 31, 1 …
    vectors = await embedder.embed(texts)

    assert vectors == [vector_of(text) for text in texts]
    assert model.batches == [["x" * 9, "y" * 9], ["z" * 9], ["w" * 90], ["a", "b", "c"], ["d"]]


async def test_a_small_request_does_not_wait_behind_all_of_a_large_one() -> None:
    model = HeldModel()
    embedder = embedder_of(model, batch_texts=2)
    page = started(embedder.embed([f"page {number}" for number in range(8)]))
    await turns()

    search = started(embedder.embed(["who?"]))
    await turns()
    await model.let_go()

    assert model.batches == [["page 0", "page 1"], ["who?", "page 2"]]
    for _ in range(4):
        await model.let_go()
    assert search.done()
    assert page.done()


async def test_a_text_far_behind_moves_forward_when_a_small_request_wants_it_too() -> None:
    model = HeldModel()
    embedder = embedder_of(model, batch_texts=1)
    page = started(embedder.embed(["page 1", "page 2", "page 3", "page 4"]))
    await turns()

    search = started(embedder.embed(["page 4"]))
    await turns()
    for _ in range(3):
        await model.let_go()

    assert search.result() == [vector_of("page 4")]
    assert model.batches == [["page 1"], ["page 2"], ["page 4"], ["page 3"]]
    await model.let_go()
    assert page.done()


async def test_a_large_request_is_not_pushed_back_for_ever_by_small_ones() -> None:
    model = HeldModel()
    embedder = embedder_of(model, batch_texts=1)
    page = started(embedder.embed(["page 1", "page 2", "page 3"]))
    await turns()

    searches = []
    for number in range(20):
        searches.append(started(embedder.embed([f"find {number}"])))
        await turns()
        await model.let_go()

    assert page.done()
    for _ in range(3):
        await model.let_go()
    await asyncio.gather(*searches)


async def test_at_most_one_batch_is_at_the_model_unless_said_otherwise() -> None:
    one, two = HeldModel(), HeldModel()
    texts = ["a", "b", "c"]
    waiting = [
        started(embedder_of(one, batch_texts=1).embed(texts)),
        started(embedder_of(two, batch_texts=1, at_once=2).embed(texts)),
    ]
    await turns()

    assert one.batches == [["a"]]
    assert two.batches == [["a"], ["b"]]
    for model in (one, two):
        for _ in texts:
            await model.let_go()
    await asyncio.gather(*waiting)


async def test_a_text_that_several_want_at_the_same_time_is_encoded_once() -> None:
    model = HeldModel()
    embedder = embedder_of(model, remembered=0)
    waiting = [started(embedder.embed(["same", "same"])) for _ in range(3)]
    await turns()
    waiting.append(started(embedder.embed(["same"])))
    await turns()

    await model.let_go()

    assert model.batches == [["same"]]
    assert [task.result() for task in waiting] == [[vector_of("same")] * 2] * 3 + [[vector_of("same")]]


async def test_the_vectors_used_last_are_remembered_up_to_a_number() -> None:
    model = CountingModel()
    embedder = embedder_of(model, remembered=2)

    for text in ["a", "b", "a", "c", "a", "b"]:
        assert await embedder.embed([text]) == [vector_of(text)]

    assert model.batches == [["a"], ["b"], ["c"], ["b"]]


async def test_nothing_is_remembered_when_that_is_switched_off() -> None:
    model = CountingModel()
    embedder = embedder_of(model, remembered=0)

    await embedder.embed(["a"])
    await embedder.embed(["a"])

    assert model.batches == [["a"], ["a"]]


async def test_it_counts_what_went_to_the_model_and_what_did_not_have_to() -> None:
    metrics = InMemoryMetrics()
    embedder = GatheringEmbedder(CountingModel(), metrics=metrics)

    await embedder.embed(["a", "a", "bé"])
    await embedder.embed(["a"])

    counted = [Metric.EMBEDDING_BATCHES, Metric.EMBEDDING_TEXTS, Metric.EMBEDDING_BYTES, Metric.EMBEDDING_REUSED]
    assert [metrics.total(metric, model="counting") for metric in counted] == [1, 2, 4, 2]


async def test_its_vectors_belong_to_the_models_space() -> None:
    assert embedder_of(CountingModel()).space is SPACE
