"""Two who write the links of one shard at the same moment, tried in every order of turns: nothing that anybody said is lost."""

import copy
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.anchors import InMemoryAnchors
from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.canonical import digest
from shared.errors import Conflict
from shared.linking.decision import Verdict
from tests.unit.processors.chain.interleavings import Work, alone, every_order, stepped, working
from tests.unit.processors.chain.linked_records import PROPOSAL, canonical, company, links, proposal, renewal
from tests.unit.processors.chain.records import emitted, say, settle, shard
from tests.unit.processors.enrichment.test_linking_suggestions import ON_DEAL, TALKS, decided, only

QUIET_TALKS = (*TALKS[:2], proposal(name="notes", parent=None, owner=None))
MORE = renewal(saved=2, AccountId=None, CloseDate="2028-01-01", Amount=48000.0, OwnerId=None)
"""The deal's sum is that of the file: a little more speaks for it."""


@pytest.mark.parametrize("verdict", ["approved", "rejected"])
async def test_a_decision_beside_a_worker_is_kept_in_every_order_of_turns(verdict: Verdict) -> None:
    before = stepped()
    for event in QUIET_TALKS:
        await say(before, event)
    await before.normalize(MORE)
    before.transport.waiting.clear()
    await before.publisher.publish(emitted(await shard(before, PROPOSAL), cause=f"relink:{'1' * 32}"))

    def world() -> tuple[InMemoryPipeline, Sequence[Work]]:
        pipeline = copy.deepcopy(before)

        async def person() -> None:
            await decided(pipeline, verdict)

        return pipeline, [*working(pipeline, topology.SHARD_EMISSION), person()]

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        known = await shard(pipeline, PROPOSAL)
        assert [decision.verdict for decision in known.link_decisions] == [verdict], turns
        assert (ON_DEAL in await links(pipeline, PROPOSAL)) is (verdict == "approved"), turns
        assert only(pipeline).status == verdict, turns


async def test_two_workers_that_know_different_anchors_leave_the_suggestion_that_the_shard_speaks_of() -> None:
    before = stepped()
    for event in QUIET_TALKS:
        await say(before, event)
    before.anchors = InMemoryAnchors(before.shards, before.clock, refreshed_every=timedelta(days=1))
    await before.anchors.of("acme")
    await before.normalize(MORE)
    await before.normalize(proposal(7, name="notes 7", parent=None, owner=None))
    message = emitted(await shard(before, PROPOSAL))

    def world() -> tuple[InMemoryPipeline, Sequence[Work]]:
        pipeline = copy.deepcopy(before)
        believing = _tried(pipeline.enrich(message))
        pipeline.anchors = InMemoryAnchors(pipeline.shards, pipeline.clock)
        return pipeline, [believing, _tried(pipeline.enrich(message))]

    for pipeline, turns in every_order(world):
        one, notes = only(pipeline), (await shard(pipeline, PROPOSAL)).linking
        assert notes is not None
        said = digest(one.confidence, list(one.evidence), list(one.penalties), one.is_ambiguous)
        assert notes.suggestions[one.id] in {"", said}, turns


@pytest.mark.long
async def test_two_anchors_and_a_file_that_names_both_handled_at_once_end_the_same_in_every_order_of_turns() -> None:
    events = (company(), renewal(ContactId=None, OwnerId=None), proposal(owner=None, parent=None))
    quiet = InMemoryPipeline()
    for event in events[1:]:
        await quiet.normalize(event)
    await quiet.normalize(events[0])
    await settle(quiet)

    def world() -> tuple[InMemoryPipeline, Sequence[Work]]:
        pipeline = stepped()

        async def prepared() -> None:
            for event in events:
                await pipeline.normalize(event)

        alone(prepared())
        return pipeline, working(pipeline, topology.SHARD_EMISSION)

    for pipeline, turns in every_order(world):
        await settle(pipeline)

        assert canonical(pipeline) == canonical(quiet), turns


async def _tried(work: Any) -> None:
    with suppress(Conflict):
        await work
