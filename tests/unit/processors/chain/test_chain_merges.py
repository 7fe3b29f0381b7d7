"""Records that are merged, undeleted, edited, deleted: in whatever order it is told, and some twice, the graph ends the same."""

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.shards.ids import ShardId, shard_id
from tests.unit.processors.chain.deliveries import any_of, hand_over
from tests.unit.processors.chain.records import (
    ACCOUNT,
    OTHER_ACCOUNT,
    PARAGRAPHS,
    account,
    chunks,
    contact,
    deal,
    gone,
    graph,
    merged,
    say,
    unfinished,
)

THIRD_ACCOUNT: Final = "001Kd00000aCcT3IAK"
COMPANIES: Final = (ACCOUNT, OTHER_ACCOUNT, THIRD_ACCOUNT)
MERGES = st.sampled_from([(ACCOUNT, OTHER_ACCOUNT), (ACCOUNT, THIRD_ACCOUNT), (OTHER_ACCOUNT, THIRD_ACCOUNT)])
"""Loser and master. One that was undeleted may be merged again, and into another."""

CHANCES = st.integers(0, 2**32 - 1).map(Random)


@st.composite
def histories(draw: st.DrawFn) -> list[IngestionEvent]:
    """All that was saved. What is said of a loser after its merge says that it was undeleted."""
    told: list[IngestionEvent] = []
    for saved in range(draw(st.integers(1, 9))):
        text = draw(st.sampled_from(["", *PARAGRAPHS]))
        company = draw(st.sampled_from(COMPANIES))
        match draw(st.sampled_from(["company", "person", "deal", "delete"])):
            case "company":
                parent = draw(st.sampled_from([None, *COMPANIES]))
                told.append(account(saved=saved, record=company, ParentId=parent, Description=text or None))
            case "delete":
                told.append(gone(account(record=company), saved=saved))
            case "person":
                told.append(contact(saved=saved, AccountId=company, Description=text or None))
            case _:
                told.append(deal(saved=saved, AccountId=company))
    for loser, master in draw(st.lists(MERGES, min_size=1, max_size=3)):
        at = draw(st.integers(0, 12))
        told.insert(min(at, len(told)), merged(account(record=loser), master, saved=at))
    return told


def losers_of(history: list[IngestionEvent]) -> set[ShardId]:
    """Those of which the last that is said is that they were merged; said of one moment, it counts."""
    last: dict[str, tuple[str, bool]] = {}
    for event in history:
        said = (event.vendor_version or "", bool((event.payload or {}).get("MasterRecordId")))
        if event.record_type == "Account":
            last[event.source_id] = max(said, last.get(event.source_id, said))
    return {of(record) for record, (_, is_merged) in last.items() if is_merged}


def of(record: str) -> ShardId:
    return shard_id(tenant_id="acme", system="salesforce", scope="00D000000000062EAA", record_type="Account", external_id=record)


async def in_order(history: list[IngestionEvent]) -> InMemoryPipeline:
    pipeline = InMemoryPipeline()
    for event in history:
        await say(pipeline, event)
    return pipeline


@given(history=histories(), random=CHANCES)
@settings(max_examples=60, deadline=None)
async def test_any_order_of_merges_undeletes_edits_deletes_and_children_ends_in_the_same_graph(
    history: list[IngestionEvent], random: Random
) -> None:
    alone, pipeline = await in_order(history), InMemoryPipeline()

    await pipeline.publisher.publish(*random.sample(history, len(history)))
    await hand_over(pipeline, any_of(random), twice=lambda: random.random() < 0.15)

    assert graph(pipeline) == graph(alone)
    assert chunks(pipeline) == chunks(alone)
    assert unfinished(pipeline) == unfinished(alone) == []
    losers = losers_of(history)
    targets = {edge["targetShardId"] for one in pipeline.shards.all() for edge in one.internal_relationships}
    assert losers.isdisjoint({*targets, *(one.id for one in pipeline.shards.all()), *(found for _, found in chunks(pipeline))})
    for record in {event.source_id for event in history if event.record_type == "Account"}:
        known = await pipeline.shards.read("acme", of(record))
        assert known is not None
        assert (known.id != of(record)) is (of(record) in losers)
