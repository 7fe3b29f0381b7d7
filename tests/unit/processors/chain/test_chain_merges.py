"""Records that are merged: whatever order events come in, and some twice, the graph ends the same, and nothing of a loser is found."""

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
MASTERS = st.fixed_dictionaries(
    {
        ACCOUNT: st.sampled_from([OTHER_ACCOUNT, THIRD_ACCOUNT]),
        OTHER_ACCOUNT: st.sampled_from([None, THIRD_ACCOUNT]),
        THIRD_ACCOUNT: st.none(),
    }
)
"""Which record each is merged into in the end, if at all: one, for a loser cannot be merged again."""

CHANCES = st.integers(0, 2**32 - 1).map(Random)


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, str | None], list[IngestionEvent]]:
    """Who was merged into whom, and all that was saved, in its order."""
    masters: dict[str, str | None] = draw(MASTERS)
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
    for loser, master in masters.items():
        if master is not None:
            at = draw(st.integers(0, 12))
            told.insert(min(at, len(told)), merged(account(record=loser), master, saved=at))
    return masters, told


def of(record: str) -> ShardId:
    return shard_id(tenant_id="acme", system="salesforce", scope="00D000000000062EAA", record_type="Account", external_id=record)


async def in_order(history: list[IngestionEvent]) -> InMemoryPipeline:
    pipeline = InMemoryPipeline()
    for event in history:
        await say(pipeline, event)
    return pipeline


@given(told=histories(), random=CHANCES)
@settings(max_examples=40, deadline=None)
async def test_any_order_of_merges_edits_and_children_ends_in_the_same_graph(
    told: tuple[dict[str, str | None], list[IngestionEvent]], random: Random
) -> None:
    masters, history = told
    alone, pipeline = await in_order(history), InMemoryPipeline()

    await pipeline.publisher.publish(*random.sample(history, len(history)))
    await hand_over(pipeline, any_of(random), twice=lambda: random.random() < 0.15)

    assert graph(pipeline) == graph(alone)
    assert chunks(pipeline) == chunks(alone)
    assert unfinished(pipeline) == unfinished(alone) == []
    losers = {of(record) for record, master in masters.items() if master is not None}
    targets = {edge["targetShardId"] for one in pipeline.shards.all() for edge in one.internal_relationships}
    assert losers.isdisjoint({*targets, *(one.id for one in pipeline.shards.all()), *(found for _, found in chunks(pipeline))})
