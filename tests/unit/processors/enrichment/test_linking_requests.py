"""What linking costs in requests to the store when nothing new is linked: at most two."""

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from tests.unit.processors.chain.linked_records import FILE, FOLDER, channel, company, customer, folder, proposal, renewal, told
from tests.unit.processors.chain.records import say
from tests.unit.processors.normalization import drive_events

KNOWN = (company(), customer(), renewal(OwnerId=None), folder(owner=None), proposal(owner=None), channel())

SAME = drive_events.seen(FILE, 5, name="Harbour Lights - Lantern Renewal - proposal", parent=FOLDER, owner=None)
OTHER_TEXT = told(SAME, "Nothing.")


@pytest.mark.parametrize(
    ("event", "reads", "writes", "queries"),
    [
        (OTHER_TEXT, 1, 1, 0),
        (renewal(saved=5, OwnerId=None, NextStep="Call"), 0, 1, 0),
        (company(saved=5, Description="Lamps"), 0, 1, 0),
        (company(saved=5, record="001Kd00000aCcT2IAK", Name="Nobody Knows", Website=None), 0, 1, 1),
        (customer(saved=5, record="003Kd00000cOnT2IAK", FirstName="Olga", LastName="Berg", Email=None), 0, 1, 1),
        (channel(at=5, topic="Rockets"), 0, 1, 0),
    ],
    ids=["a file's text", "a deal's next step", "a company's text", "a new company", "a new contact", "a channel's topic"],
)
async def test_a_shard_that_is_linked_to_nothing_new_costs_at_most_two_requests(
    event: IngestionEvent, reads: int, writes: int, queries: int
) -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, *KNOWN)
    for one in pipeline.shards.all():
        pipeline.known.add("acme", one.id)  # type: ignore[arg-type]  # an id
    await pipeline.normalize(event)
    [message] = pipeline.transport.on(topology.SHARD_EMISSION)
    before = (pipeline.shards.reads, pipeline.shards.writes, pipeline.anchor_rows.queries, pipeline.suggestions.reads)

    await pipeline.enrich(ShardEmitted.decode(message.body))

    after = (pipeline.shards.reads, pipeline.shards.writes, pipeline.anchor_rows.queries, pipeline.suggestions.reads)
    assert tuple(now - then for now, then in zip(after, before, strict=True)) == (reads, writes, queries, 0)


async def test_the_folder_of_many_files_that_come_at_once_is_read_once() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, folder(owner=None))
    files = [drive_events.seen(f"file-{number}", 1, parent=FOLDER, owner=None) for number in range(20)]
    for event in files:
        await pipeline.normalize(event)
    reads = pipeline.shards.reads

    for message in pipeline.transport.on(topology.SHARD_EMISSION):
        await pipeline.enrich(ShardEmitted.decode(message.body))

    assert pipeline.shards.reads - reads == 1
