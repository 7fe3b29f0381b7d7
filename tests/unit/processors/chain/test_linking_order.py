"""In whatever order records come, at workers that remember other things: the same edges, the same confidences, the same suggestions."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Final

import pytest

from devtools.fakes.anchors import InMemoryAnchors
from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.folders import KnownFolders
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.identifiers import salesforce_id
from shared.messaging.envelope import Envelope
from shared.shards.known import KnownShards
from tests.unit.processors.chain.deliveries import hand_over
from tests.unit.processors.chain.linked_records import (
    ADDRESS,
    COMPANY,
    CUSTOMER,
    DEAL,
    DEAL_URL,
    FILE_URL,
    FOLDER,
    PROPOSAL,
    TALK,
    canonical,
    channel,
    company,
    customer,
    folder,
    links,
    proposal,
    renewal,
    seller,
    suggested,
    told,
)
from tests.unit.processors.chain.records import OTHER_ACCOUNT, again, gone, lead, merged, one_after_the_other, say, unfinished
from tests.unit.processors.normalization import drive_events

OTHER_CONTACT: Final = "003Kd00000cOnT2IAK"
FIVE: Final = (company(), customer(), renewal(), proposal(), channel())
ORDERS: Final = list(itertools.permutations(FIVE))
LATE: Final = (
    company(saved=3, Name="Harbour Lamps GmbH"),
    gone(customer(), saved=4),
    renewal(saved=5, Name="Anchor deal", AccountId=None),
    folder(2, name="Harbour Lights"),
    seller(),
    proposal(2, name="Harbour Lamps proposal"),
    channel(at=9, topic="Nothing to see"),
)
"""What becomes of the five: other names, a delete, an account that is taken away, ids that are gone from a text."""
BUSY: Final = (
    *FIVE,
    folder(1, name="Harbour Lights"),
    seller(),
    company(saved=2, record=OTHER_ACCOUNT, Name="Harbour Lights AG", Website=None),
    customer(saved=2, record=OTHER_CONTACT, FirstName="Greta", LastName="Lund-Berg", Email="g@globex.example"),
    merged(customer(), OTHER_CONTACT, saved=6),
    merged(company(), OTHER_ACCOUNT, saved=8),
    customer(saved=9),
    lead(Company="Harbour Lights", Email=ADDRESS),
    drive_events.seen("two", 1, name="lanterns for Harbor Lights", parent=FOLDER),
    told(drive_events.seen("three", 1, name="links", parent=FOLDER), f"{FILE_URL} {DEAL_URL}"),
    folder(3, name="Lantern"),
)
"""A company and a contact that are merged into others, and one is undeleted; names that are nearly the same; files in a folder."""
ZEPHYRS: Final = [f"{first}{last}" for first in ("Al", "Bo", "Co", "Da", "El") for last in ("bant", "corn", "dun", "fex")]
"""Twenty words that nobody else has."""
_SAMPLE: Final = Random(8).sample(range(len(ORDERS)), 6)


class Workers:
    """Two workers at one broker: one looks at the anchors at each message, the other believes for half a minute what it knew."""

    def __init__(self, pipeline: InMemoryPipeline, random: Random, *, stale: timedelta = timedelta(seconds=30)) -> None:
        self.pipeline = pipeline
        self.random = random
        self.knowing, self.believing = (
            (
                InMemoryAnchors(pipeline.shards, pipeline.clock, refreshed_every=age),
                KnownShards(pipeline.clock),
                KnownFolders(pipeline.clock),
            )
            for age in (timedelta(0), stale)
        )

    def choose(self, due: Sequence[Envelope]) -> int:
        """Any message, at any of the two: what is to be looked at anew mostly at the one that knows, or the other would soon know, too."""
        chosen = self.random.randrange(len(due))
        share = 0.1 if b'"relink:' in due[chosen].body else 0.7
        worker = self.believing if self.random.random() < share else self.knowing
        self.pipeline.anchors, self.pipeline.known, self.pipeline.folders = worker
        return chosen


async def arrived(events: Sequence[IngestionEvent], random: Random) -> InMemoryPipeline:
    """All of it delivered in any order, some of it twice, at two workers; the events themselves come in this one."""
    pipeline = InMemoryPipeline()
    workers = Workers(pipeline, random)
    await workers.believing[0].of("acme")
    for event in events:
        await pipeline.publisher.publish(event)
        if random.random() < 0.3:
            await pipeline.transport.send(again(Envelope.of(event, traceparent=None)))
        if random.random() < 0.3:
            await hand_over(pipeline, workers.choose)
    await hand_over(pipeline, workers.choose, twice=lambda: random.random() < 0.1)
    return pipeline


async def test_five_records_of_three_vendors_end_linked_to_the_deal_they_are_about() -> None:
    pipeline = await one_after_the_other(*FIVE)

    assert await links(pipeline, PROPOSAL) == {
        ("attached_to", COMPANY): 0.9,
        ("attached_to", DEAL): pytest.approx(0.99, abs=0.01),
        ("references", CUSTOMER): 0.85,
    }
    assert await links(pipeline, TALK) == {("references", PROPOSAL): 0.995, ("related_to", DEAL): 0.995}
    assert await links(pipeline, DEAL) == {}


@pytest.mark.parametrize("number", [each if each in _SAMPLE else pytest.param(each, marks=pytest.mark.long) for each in range(len(ORDERS))])
async def test_every_order_of_five_records_ends_in_the_same_graph(number: int) -> None:
    quiet = await one_after_the_other(*FIVE)

    pipeline = await arrived(ORDERS[number], Random(number))

    assert canonical(pipeline) == canonical(quiet)
    assert unfinished(pipeline) == []


@pytest.mark.parametrize("seed", [seed if seed < 4 else pytest.param(seed, marks=pytest.mark.long) for seed in range(100)])
async def test_every_order_of_merges_twins_and_folders_ends_in_the_same_graph(seed: int) -> None:
    quiet = await one_after_the_other(*BUSY)
    events = list(BUSY)
    Random(seed).shuffle(events)

    pipeline = await arrived(events, Random(seed))

    assert canonical(pipeline) == canonical(quiet)
    assert unfinished(pipeline) == []


@pytest.mark.parametrize("seed", [seed if seed < 6 else pytest.param(seed, marks=pytest.mark.long) for seed in range(200)])
async def test_every_order_of_what_becomes_of_them_ends_in_the_same_graph(seed: int) -> None:
    quiet = await one_after_the_other(*FIVE, *LATE)
    events = [*FIVE, *LATE]
    Random(seed).shuffle(events)

    pipeline = await arrived(events, Random(seed))

    assert canonical(pipeline) == canonical(quiet)
    assert unfinished(pipeline) == []


async def test_everything_that_was_ever_sent_again_adds_nothing() -> None:
    pipeline = await one_after_the_other(*FIVE, *LATE)
    before, writes = canonical(pipeline), (pipeline.shards.writes, pipeline.suggestions.writes)
    sent = list(pipeline.transport.sent)
    pipeline.clock.advance(seconds=2 * 3600)

    await pipeline.transport.send(*[again(each) for each in sent])
    await hand_over(pipeline, Workers(pipeline, Random(1)).choose)

    assert canonical(pipeline) == before
    assert (pipeline.shards.writes, pipeline.suggestions.writes) == writes
    assert suggested(pipeline) == before[1]


async def test_a_word_that_becomes_common_among_names_counts_for_less_in_what_was_linked_by_it_before() -> None:
    """Twenty names may hold a word, and it is rare; with one more it is not. Whoever was linked by it is looked at again, by two steps."""
    named = proposal(name="Zephyr", parent=None, owner=None)
    others = [company(record=salesforce_id(f"001Kd00000zEp{number:02}"), Name=f"Zephyr {word}") for number, word in enumerate(ZEPHYRS)]
    before, quiet, pipeline = InMemoryPipeline(), InMemoryPipeline(), InMemoryPipeline()
    await say(before, named, company(Name="Zephyr", Website=None), *others[:-1])
    assert ("attached_to", COMPANY) in await links(before, PROPOSAL)

    await say(quiet, *others, company(Name="Zephyr", Website=None), named)
    await say(pipeline, named, company(Name="Zephyr", Website=None))
    for event in others:
        await say(pipeline, event)

    assert ("attached_to", COMPANY) not in await links(pipeline, PROPOSAL)
    assert canonical(pipeline) == canonical(quiet)
