"""A process that is killed between any two steps: the end is the same, and only what was embedded and not stored is embedded again."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import pytest

from devtools.fakes.pipeline import STAGES, InMemoryPipeline
from shared import topology
from shared.access.acl import TENANT, readers
from tests.unit.processors.chain.deaths import Away, Died, Fate, FatedPipeline
from tests.unit.processors.chain.records import ACCOUNT_SHARD, account, chunks, contact, deal, gone, graph, share, unfinished

Step = Callable[[InMemoryPipeline], Awaitable[None]]


async def name_an_unknown_account(pipeline: InMemoryPipeline) -> None:
    await pipeline.publisher.publish(deal())


async def arrive(pipeline: InMemoryPipeline) -> None:
    await pipeline.publisher.publish(contact(), account())


async def edit(pipeline: InMemoryPipeline) -> None:
    await pipeline.publisher.publish(account(saved=1, Description="They make anvils.\n\nThey fly."))


async def give_other_readers(pipeline: InMemoryPipeline) -> None:
    await pipeline.publisher.publish(await share(pipeline, ACCOUNT_SHARD, readers([TENANT])))


async def delete(pipeline: InMemoryPipeline) -> None:
    await pipeline.publisher.publish(gone(contact(), saved=2))


STORY: Final[Sequence[Step]] = (name_an_unknown_account, arrive, edit, give_other_readers, delete)


async def lived(fate: Fate, *, pause_seconds: float = 0) -> FatedPipeline:
    """The whole story, with a death in it."""
    pipeline = FatedPipeline(fate)
    for step in STORY:
        with fate.asleep():
            await step(pipeline)
        await pipeline.survive(pause_seconds=pause_seconds)
    return pipeline


def end_of(pipeline: InMemoryPipeline) -> dict[str, Any]:
    return {
        "graph": graph(pipeline),
        "chunks": chunks(pipeline),
        "revisions": {one.id: one.revision_number for one in pipeline.shards.all()},
        "unfinished": unfinished(pipeline),
        "parked": pipeline.transport.on(topology.REJECTED_MESSAGES),
    }


async def test_the_story_that_deaths_are_tried_on_makes_every_kind_of_request() -> None:
    quiet = await lived(Fate())

    assert set(quiet.fate.requests) == {"read", "create", "change", "record", "manifest", "embed", "put", "write", "open", "send"}


@pytest.mark.parametrize("is_done", [False, True], ids=["before the request is done", "after"])
@pytest.mark.parametrize(
    ("end", "pause_seconds"),
    [(Died, 0), pytest.param(Died, 2 * 3600, marks=pytest.mark.long), pytest.param(Away, 0, marks=pytest.mark.long)],
    ids=["killed", "killed and started hours later", "no answer"],
)
async def test_a_death_at_any_request_changes_nothing_of_the_end(
    end: Callable[[], BaseException], pause_seconds: float, *, is_done: bool
) -> None:
    quiet = await lived(Fate())

    for fatal, name in enumerate(quiet.fate.requests):
        pipeline = await lived(Fate(fatal, is_done=is_done, end=end), pause_seconds=pause_seconds)

        where = f"request {fatal}, {name}"
        assert end_of(pipeline) == end_of(quiet), where
        assert Counter(pipeline.embedder.texts) - Counter(quiet.embedder.texts) == lost(quiet, fatal, is_done=is_done), where


def lost(quiet: FatedPipeline, fatal: int, *, is_done: bool) -> Counter[str]:
    """What had been embedded and was not stored when the request was the fatal one."""
    is_between = (quiet.fate.requests[fatal], is_done) in {("embed", True), ("put", False)}
    asked = max((number for number in quiet.encoder.batches if number <= fatal), default=0)
    return Counter(quiet.encoder.batches[asked] if is_between else ())


async def lived_with_the_same_words_asked_for_twice(fate: Fate) -> FatedPipeline:
    """Two revisions whose words are the same, asked for before either was made."""
    pipeline = FatedPipeline(fate)
    with fate.asleep():
        for event in (account(), account(saved=1, Fax="+1 555 0100")):
            await pipeline.publisher.publish(event)
            for queue in STAGES[:3]:
                await pipeline.transport.drain(queue, pipeline.worker(queue))
    await pipeline.survive(pause_seconds=0)
    return pipeline


@pytest.mark.parametrize("is_done", [False, True], ids=["before the request is done", "after"])
async def test_a_death_while_the_same_words_are_made_for_two_revisions_leaves_the_last_known_as_embedded(*, is_done: bool) -> None:
    quiet = await lived_with_the_same_words_asked_for_twice(Fate())

    for fatal, name in enumerate(quiet.fate.requests):
        pipeline = await lived_with_the_same_words_asked_for_twice(Fate(fatal, is_done=is_done))

        assert end_of(pipeline) == end_of(quiet), f"request {fatal}, {name}"
