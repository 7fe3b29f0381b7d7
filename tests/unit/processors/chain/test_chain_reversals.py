"""What goes and comes back faster than messages do: readers, words, a whole shard."""

from collections.abc import Sequence
from random import Random
from typing import Final

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.access.acl import ADMINS_ONLY, TENANT, Acl, readers, user
from shared.contracts.message import Message
from tests.unit.processors.chain.deliveries import WAYS, Choose, any_of, hand_over
from tests.unit.processors.chain.records import ACCOUNT_SHARD, account, again, chunks, say, settle, share, unfinished

A: Final = readers([TENANT])
B: Final = readers([user("wile@acme.example")])
CHANCES: Final[Sequence[Choose]] = [any_of(Random(seed)) for seed in range(40)]
X, Y, Z = "They make anvils.", "They make rockets.", "They make skates."


async def embedded(acl: Acl = ADMINS_ONLY) -> InMemoryPipeline:
    """A company, embedded, and read by these; what was embedded is forgotten."""
    pipeline = InMemoryPipeline()
    await say(pipeline, account(Description=X))
    if acl != ADMINS_ONLY:
        await say(pipeline, await share(pipeline, ACCOUNT_SHARD, acl))
    pipeline.embedder.texts.clear()
    return pipeline


def principals(pipeline: InMemoryPipeline) -> set[str]:
    return {principal for chunk in pipeline.chunks.of("acme", ACCOUNT_SHARD).values() for principal in chunk["principals"]}


@pytest.mark.parametrize("lists", [(B, A), (B, A, B), (B, A, B, A)], ids=["A-B-A", "A-B-A-B", "A-B-A-B-A"])
async def test_readers_that_change_to_and_fro_end_as_they_are_and_embed_nothing(lists: Sequence[Acl]) -> None:
    for choose in (*WAYS, *CHANCES):
        pipeline = await embedded(A)
        messages: list[Message] = [await share(pipeline, ACCOUNT_SHARD, acl) for acl in lists]

        await pipeline.publisher.publish(*messages)
        await hand_over(pipeline, choose)

        assert principals(pipeline) == {entry.subject for entry in lists[-1]}
        assert pipeline.embedder.texts == []
        assert unfinished(pipeline) == []


async def test_readers_that_change_between_the_stages_end_as_they_are() -> None:
    for choose in (*WAYS, *CHANCES):
        pipeline = await embedded(A)

        for acl in (B, A, B, A):
            await pipeline.publisher.publish(await share(pipeline, ACCOUNT_SHARD, acl))
            for queue in (topology.SHARD_EMISSION, topology.ENRICHMENT_JOBS):
                await pipeline.transport.drain(queue, pipeline.worker(queue))
        await hand_over(pipeline, choose)

        assert principals(pipeline) == {"tenant"}
        assert pipeline.embedder.texts == []
        assert unfinished(pipeline) == []


@pytest.mark.parametrize("texts", [(Y, X), (Y, X, Y), (Y, Z, X)], ids=["X-Y-X", "X-Y-X-Y", "X-Y-Z-X"])
async def test_words_that_go_and_come_back_end_as_they_are(texts: Sequence[str]) -> None:
    for choose in (*WAYS, *CHANCES):
        quiet, pipeline = InMemoryPipeline(), await embedded()
        await say(quiet, account(Description=texts[-1]))

        await pipeline.publisher.publish(*[account(saved=second, Description=text) for second, text in enumerate(texts, start=1)])
        await hand_over(pipeline, choose)

        assert chunks(pipeline) == chunks(quiet)
        assert unfinished(pipeline) == []


async def test_words_that_go_and_come_back_between_the_stages_end_as_they_are() -> None:
    quiet = await embedded()
    for choose in (*WAYS, *CHANCES):
        pipeline = await embedded()

        for second, text in enumerate((Y, X), start=1):
            await pipeline.publisher.publish(account(saved=second, Description=text))
            for queue in (topology.INGESTION_EVENTS, topology.SHARD_EMISSION, topology.ENRICHMENT_JOBS):
                await pipeline.transport.drain(queue, pipeline.worker(queue))
        await hand_over(pipeline, choose)

        # The request for Y was under way when the pipeline found X embedded and stamped it; the worker settles from the shard.
        assert chunks(pipeline) == chunks(quiet)
        assert pipeline.embedder.texts == [Y]
        assert unfinished(pipeline) == []


async def test_a_late_request_for_words_that_are_gone_embeds_nothing() -> None:
    pipeline = await embedded()
    await say(pipeline, account(saved=1, Description=Y))
    await say(pipeline, account(saved=2, Description=Z))
    before, texts = chunks(pipeline), list(pipeline.embedder.texts)
    requests = [each for each in pipeline.transport.sent if each.queue == topology.EMBEDDING_JOBS]

    await pipeline.transport.send(*[again(each) for each in reversed(requests)])
    await settle(pipeline)

    assert (chunks(pipeline), pipeline.embedder.texts) == (before, texts)
