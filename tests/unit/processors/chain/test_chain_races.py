"""Two workers at one shard's chunks, tried in every order of turns: the last revision wins, and nothing of the other is left."""

import copy
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import pytest

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from shared import topology
from shared.access.acl import TENANT, readers, user
from shared.contracts.message import Message
from shared.telemetry.names import Metric
from tests.unit.processors.chain.interleavings import Work, every_order, stepped, working
from tests.unit.processors.chain.records import ACCOUNT_SHARD, account, chunks, gone, say, settle, shard, share, unfinished

Revision = Callable[[InMemoryPipeline], Awaitable[Message]]
World = tuple[InMemoryPipeline, Sequence[Work]]


def text(saved: int, *paragraphs: str) -> Revision:
    """The company gets another description."""

    async def said(pipeline: InMemoryPipeline) -> Message:
        return account(saved=saved, Description="\n\n".join(paragraphs))

    return said


def shared_with(*addresses: str) -> Revision:
    """The company gets other readers."""

    async def said(pipeline: InMemoryPipeline) -> Message:
        return await share(pipeline, ACCOUNT_SHARD, readers([TENANT, *(user(address) for address in addresses)]))

    return said


def deleted(saved: int) -> Revision:
    async def said(pipeline: InMemoryPipeline) -> Message:
        return gone(account(), saved=saved)

    return said


async def until(pipeline: InMemoryPipeline, stage: str, revision: Revision) -> None:
    """Everything that follows up to a queue; what waits there stays."""
    await pipeline.publisher.publish(await revision(pipeline))
    for queue in STAGES[: STAGES.index(stage)]:
        await pipeline.transport.drain(queue, pipeline.worker(queue))


async def one_after_the_other(*revisions: Revision) -> InMemoryPipeline:
    """A company in its first revision, embedded, and what comes then. What was embedded before that is forgotten."""
    pipeline = stepped()
    await say(pipeline, account(Description="Anvils.\n\nBy night."))
    pipeline.embedder.texts.clear()
    for revision in revisions:
        await say(pipeline, await revision(pipeline))
    return pipeline


RACES: Final[dict[str, tuple[Revision, Revision]]] = {
    "two edits": (text(3, "Anvils.", "By noon."), text(4, "Anvils.", "By dawn.")),
    "an edit and its undoing in part": (text(3, "Rockets.", "By noon."), text(4, "Anvils.", "By noon.")),
    "other readers twice": (shared_with("wile@acme.example"), shared_with("roadrunner@acme.example")),
    "an edit and other readers": (text(3, "Anvils.", "By noon."), shared_with("wile@acme.example")),
    "other readers and an edit": (shared_with("wile@acme.example"), text(4, "Anvils.", "By noon.")),
    "an edit and a delete": (text(3, "Anvils.", "By noon."), deleted(4)),
    "a delete and a restore": (deleted(3), text(4, "Rockets.", "By night.")),
}

QUICK: Final = ("two edits", "other readers twice", "other readers and an edit", "a delete and a restore")


@pytest.mark.parametrize("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in RACES])
async def test_of_two_revisions_made_at_once_the_last_wins_and_no_chunk_or_reader_of_the_other_is_left(name: str) -> None:
    second, (third, fourth) = shared_with(), RACES[name]
    quiet, before = await one_after_the_other(second, third, fourth), await one_after_the_other(second)
    await until(before, topology.EMBEDDING_JOBS, third)
    await until(before, topology.EMBEDDING_JOBS, fourth)

    def world() -> World:
        pipeline = copy.deepcopy(before)
        return pipeline, working(pipeline, topology.EMBEDDING_JOBS)

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns
        assert (await shard(pipeline, ACCOUNT_SHARD)).revision_number == 4, turns
        assert set(pipeline.embedder.texts) <= set(quiet.embedder.texts), turns


async def test_words_that_are_found_the_same_again_while_others_are_made_are_the_ones_that_stay() -> None:
    """The pipeline finds the words of the third revision embedded, and stamps; a worker is at those of the second."""
    there, back = text(3, "Rockets.", "By night."), text(4, "Anvils.", "By night.")
    quiet, before = await one_after_the_other(there, back), await one_after_the_other()
    await until(before, topology.EMBEDDING_JOBS, there)
    await until(before, topology.ENRICHMENT_JOBS, back)
    stamps = 0

    def world() -> World:
        pipeline = copy.deepcopy(before)
        return pipeline, working(pipeline, topology.EMBEDDING_JOBS, topology.ENRICHMENT_JOBS)

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns
        stamps += pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="EnrichmentDone", reason="same words and readers")
    assert stamps > 0


@pytest.mark.long
async def test_an_edit_may_come_at_any_turn_of_a_worker() -> None:
    """The message of the edit goes all the way while a worker is at the revision before."""
    third, fourth = text(3, "Rockets.", "By night."), text(4, "Anvils.", "By dawn.")
    quiet, before = await one_after_the_other(third, fourth), await one_after_the_other()
    await until(before, topology.EMBEDDING_JOBS, third)

    def world() -> World:
        pipeline = copy.deepcopy(before)

        sent = len(pipeline.transport.sent)

        async def come() -> None:
            await pipeline.publisher.publish(await fourth(pipeline))
            while waiting := [
                each for each in pipeline.transport.sent[sent:] if each.due_at is None and each in pipeline.transport.waiting
            ]:
                await pipeline.transport.hand_over(waiting[0], pipeline.worker(waiting[0].queue))

        return pipeline, [*working(pipeline, topology.EMBEDDING_JOBS), come()]

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert chunks(pipeline) == chunks(quiet), turns
        assert unfinished(pipeline) == [], turns
