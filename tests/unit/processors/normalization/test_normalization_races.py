"""Two workers with one record at once: the etag decides, the loser comes back, and both end in the newest content."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.stores import InMemoryShards
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.returns import Delivery
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import Alias
from shared.telemetry.names import Metric
from tests.unit.processors.normalization.opportunities import (
    announced,
    content,
    deletion,
    feed,
    opportunity,
    part,
    run_to_the_end,
    the_shard,
)


class ReadTogether(InMemoryShards):
    """Holds every reader until so many have read. After that nobody waits."""

    def __init__(self) -> None:
        super().__init__()
        self._awaited = 0
        self._all_have_read = asyncio.Event()

    def hold(self, readers: int) -> None:
        """The next so many reads all happen before any of them returns."""
        self._awaited = readers
        self._all_have_read.clear()

    @override
    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        shard = await super().entry(tenant_id, shard_id)
        if self._awaited:
            self._awaited -= 1
            if not self._awaited:
                # Not at once: the last reader, too, has to wait, so that they go on in the order they came.
                asyncio.get_running_loop().call_soon(self._all_have_read.set)
            await self._all_have_read.wait()
        return shard


async def race(before: Sequence[IngestionEvent], racing: Sequence[IngestionEvent]) -> InMemoryPipeline:
    """Normalize what was before, then all that race at once, each of them reading before any writes; then what comes back."""
    pipeline = InMemoryPipeline()
    pipeline.shards = shards = ReadTogether()
    await feed(pipeline, *before)

    await pipeline.publisher.publish(*racing)
    due = pipeline.transport.due(topology.INGESTION_EVENTS)
    pipeline.transport.waiting = pipeline.transport.on(topology.SHARD_EMISSION)
    shards.hold(len(due))
    await asyncio.gather(*(pipeline.deliver(Delivery(each.queue, each.id, each.body, each.properties)) for each in due))
    await run_to_the_end(pipeline)
    return pipeline


CONTENTS = {
    "two edits": [opportunity(saved=1, StageName="Closed Lost"), opportunity(saved=2, StageName="Closed Won")],
    "an edit and a delete": [opportunity(saved=1, StageName="Closed Lost"), deletion(saved=2)],
    "a restore and a delete": [deletion(saved=1), opportunity(saved=2, StageName="Closed Won")],
    "two edits in one second": [
        opportunity(saved=1, seen=1.1, StageName="Closed Lost"),
        opportunity(saved=1, seen=1.2, StageName="Closed Won"),
    ],
    "four edits": [opportunity(saved=second, Amount=float(second)) for second in range(1, 5)],
}


@pytest.mark.parametrize("is_known", [False, True], ids=["of a new record", "of a known record"])
@pytest.mark.parametrize("name", CONTENTS)
async def test_racing_normalizations_end_in_the_newest_content(name: str, *, is_known: bool) -> None:
    alone = InMemoryPipeline()
    before = [opportunity(saved=0)] if is_known else []
    await feed(alone, *before, CONTENTS[name][-1])

    for order in itertools.permutations(CONTENTS[name]):
        pipeline = await race(before, order)

        told = content(the_shard(pipeline))
        assert told["status"] == content(the_shard(alone))["status"]
        if told["status"] == "active":
            assert told == content(the_shard(alone))
        assert announced(pipeline)[-1].revision == the_shard(pipeline).revision_number


async def test_the_loser_of_a_race_comes_back_and_both_have_their_say() -> None:
    pipeline = await race([opportunity()], [part(saved=1, Amount=1.0), part(saved=2, NextStep="call them")])

    data = the_shard(pipeline).structured_data
    handled = pipeline.metrics.total(Metric.MESSAGES_HANDLED, type="IngestionEvent", outcome="later", reason="Conflict")
    assert (data["amount"], data["nextStep"]) == (1, "call them")
    assert handled == 1
    assert the_shard(pipeline).revision_number == 3
    assert [emitted.revision for emitted in announced(pipeline)] == [1, 2, 3]


async def test_two_racing_deliveries_of_one_event_are_one_revision_announced_once() -> None:
    event = opportunity()
    again = event.model_copy(update={"observed_at": event.observed_at.replace(microsecond=1), "event_type": "create"})

    pipeline = await race([], [event, again])

    assert the_shard(pipeline).revision_number == 1
    assert [emitted.revision for emitted in announced(pipeline)] == [1]
