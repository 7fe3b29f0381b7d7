"""What holds for every history of several records, with updates and deletes, delivered in any order and some of it twice."""

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.envelope import Envelope
from tests.unit.processors.chain.deliveries import any_of, hand_over
from tests.unit.processors.chain.records import (
    ACCOUNT,
    OTHER_ACCOUNT,
    PARAGRAPHS,
    account,
    again,
    chunks,
    contact,
    deal,
    gone,
    graph,
    say,
    unfinished,
)

quickly: Final = settings(max_examples=25, deadline=None)

TEXTS = st.sampled_from(["", *PARAGRAPHS, "\n\n".join(PARAGRAPHS), "\n\n".join(PARAGRAPHS[:2]), "\n\n".join([PARAGRAPHS[0]] * 2)])
ACCOUNTS = st.sampled_from([ACCOUNT, OTHER_ACCOUNT, None])
RECORDS = st.sampled_from(["company", "other company", "person", "deal"])


@st.composite
def a_version(draw: st.DrawFn) -> tuple[str, str | None, str, bool]:
    """Which record, its account, its text, and whether that is how it was deleted."""
    return draw(RECORDS), draw(ACCOUNTS), draw(TEXTS), draw(st.integers(0, 5)) == 5


def saved_as(saved: int, version: tuple[str, str | None, str, bool]) -> IngestionEvent:
    record, company, text, is_deleted = version
    match record:
        case "person":
            event = contact(saved=saved, AccountId=company, Description=text or None)
        case "deal":
            event = deal(saved=saved, AccountId=company, Description=text or None)
        case _:
            event = account(saved=saved, record=ACCOUNT if record == "company" else OTHER_ACCOUNT, Description=text or None)
    return gone(event, saved=saved) if is_deleted else event


HISTORIES = st.lists(a_version(), min_size=1, max_size=12).map(lambda told: [saved_as(second, each) for second, each in enumerate(told)])
"""Versions of two companies, a person and a deal, in the order they were saved."""

CHANCES = st.integers(0, 2**32 - 1).map(Random)
"""What is delivered next, and what twice."""


async def in_order(history: list[IngestionEvent]) -> InMemoryPipeline:
    pipeline = InMemoryPipeline()
    for event in history:
        await say(pipeline, event)
    return pipeline


@given(history=HISTORIES, random=CHANCES)
@quickly
async def test_any_order_of_any_history_ends_in_the_same_graph_and_the_same_chunks(history: list[IngestionEvent], random: Random) -> None:
    alone, pipeline = await in_order(history), InMemoryPipeline()

    await pipeline.publisher.publish(*random.sample(history, len(history)))
    await hand_over(pipeline, any_of(random), twice=lambda: random.random() < 0.15)

    assert graph(pipeline) == graph(alone)
    assert chunks(pipeline) == chunks(alone)
    assert unfinished(pipeline) == unfinished(alone) == []


@given(history=HISTORIES, random=CHANCES)
@quickly
async def test_replaying_any_history_in_any_order_changes_nothing(history: list[IngestionEvent], random: Random) -> None:
    pipeline = InMemoryPipeline()
    await pipeline.publisher.publish(*random.sample(history, len(history)))
    await hand_over(pipeline, any_of(random))
    before, writes, texts = pipeline.shards.all(), (pipeline.shards.writes, pipeline.chunks.writes), list(pipeline.embedder.texts)

    pipeline.clock.advance(seconds=2 * 3600)
    await pipeline.transport.send(*[again(Envelope.of(event, traceparent=None)) for event in random.sample(history, len(history))])
    await hand_over(pipeline, any_of(random))

    assert pipeline.shards.all() == before
    assert (pipeline.shards.writes, pipeline.chunks.writes) == writes
    assert pipeline.embedder.texts == texts


@given(history=HISTORIES, random=CHANCES)
@quickly
async def test_a_chunk_that_stays_in_every_version_is_embedded_once(history: list[IngestionEvent], random: Random) -> None:
    """Heading and facts change with nothing here but the text: each record's first paragraph is the same in all of its versions."""
    pipeline = InMemoryPipeline()
    living = [event for event in history if not (event.payload or {}).get("IsDeleted")]

    await pipeline.publisher.publish(*random.sample(living, len(living)))
    await hand_over(pipeline, any_of(random), twice=lambda: random.random() < 0.15)

    first = [text for text in pipeline.embedder.texts if text.startswith(("Account: Acme Anvils", "Contact:", "Opportunity:"))]
    heads = [text for text in first if not any(paragraph in text for paragraph in PARAGRAPHS)]
    assert len(heads) == len({(event.record_type, event.source_id) for event in living})
