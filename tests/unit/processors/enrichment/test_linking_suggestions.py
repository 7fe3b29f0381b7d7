"""What is likely and not sure waits for a person; what a person said is never asked again, and never forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.linking.deciding import announce, decide
from shared.linking.decision import LinkDecision, Verdict
from shared.linking.policy import LinkingPolicy, StoredPolicy
from shared.linking.suggestion import SuggestedLink, SuggestionFilter
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import DecisionsChange
from shared.telemetry.names import Metric
from tests.unit.processors.chain.linked_records import COMPANY, CUSTOMER, DEAL, PROPOSAL, company, customer, links, proposal, renewal
from tests.unit.processors.chain.records import emitted, gone, say, settle, shard

TALKS = (customer(AccountId=None), renewal(AccountId=None, CloseDate="2028-01-01", Amount=1.0, OwnerId=None), proposal(name="notes"))
"""A file with the address of a deal's contact: that much is likely, and no more."""
ON_DEAL = ("attached_to", DEAL)


async def suggesting(*events: Any) -> InMemoryPipeline:
    pipeline = InMemoryPipeline()
    await say(pipeline, *(events or TALKS))
    return pipeline


def only(pipeline: InMemoryPipeline) -> SuggestedLink:
    [one] = pipeline.suggestions.known.values()
    return one


async def decided(pipeline: InMemoryPipeline, verdict: Verdict, *, target: ShardId = DEAL, kind: str = "c_opportunity") -> Shard:
    """A person decides, as the API does; the announcement is on its way."""
    made = LinkDecision(
        verdict=verdict,
        relationship_type="attached_to" if kind != "c_contact" else "references",
        target_shard_id=target,
        target_shard_type_id=kind,
        decided_by="vera@acme.example",
        decided_at=pipeline.clock(),
    )

    async def reread() -> Shard:
        return await shard(pipeline, PROPOSAL)

    done = await decide(await reread(), made, may_overrule=True, reread=reread, shards=pipeline.shards)
    await announce(done, publisher=pipeline.publisher, at=pipeline.clock())
    return done.owner


async def test_what_is_likely_and_not_sure_waits_for_a_person_with_its_reasons() -> None:
    pipeline = await suggesting()

    one = only(pipeline)
    assert (one.source_shard_id, one.relationship_type, one.target_shard_id) == (PROPOSAL, *ON_DEAL)
    assert (one.status, one.confidence, one.is_ambiguous) == ("pending", 0.68, False)
    assert [piece["feature"] for piece in one.evidence] == ["contact-of"]
    assert one.evidence[0]["via"] == CUSTOMER
    assert one.expires_at - one.created_at == timedelta(days=30)
    assert ON_DEAL not in await links(pipeline, PROPOSAL)
    assert pipeline.metrics.total(Metric.SUGGESTIONS, change="made") == 1


async def test_the_same_suggestion_is_neither_read_nor_written_again() -> None:
    pipeline = await suggesting()
    before = pipeline.suggestions.reads, pipeline.suggestions.writes

    await say(pipeline, emitted(await shard(pipeline, PROPOSAL), cause=f"relink:{'0' * 32}"))

    assert (pipeline.suggestions.reads, pipeline.suggestions.writes) == before


async def test_more_evidence_refreshes_a_suggestion_and_its_time_begins_anew() -> None:
    pipeline = await suggesting()
    first = only(pipeline)

    await say(pipeline, renewal(saved=2, AccountId=None, CloseDate="2028-01-01", Amount=48000.0, OwnerId=None))

    second = only(pipeline)
    assert first.confidence < second.confidence < 0.8
    assert second.created_at == first.created_at
    assert second.expires_at > first.expires_at


async def test_an_expired_suggestion_is_renewed_only_when_its_evidence_changes() -> None:
    pipeline = await suggesting()
    pipeline.clock.advance(seconds=31 * 24 * 3600)
    await say(pipeline, emitted(await shard(pipeline, PROPOSAL), cause=f"relink:{'0' * 32}"))
    assert only(pipeline).status_at(pipeline.clock()) == "expired"

    await say(pipeline, renewal(saved=2, AccountId=None, CloseDate="2028-01-01", Amount=48000.0, OwnerId=None))

    assert only(pipeline).status_at(pipeline.clock()) == "pending"


@pytest.mark.parametrize(
    "change",
    [
        gone(TALKS[0], saved=3),
        gone(TALKS[1], saved=3),
        proposal(3, name="notes", trashed="itself"),
        renewal(saved=3, ContactId=None, AccountId=None),
    ],
    ids=["the contact is deleted", "the deal is deleted", "the file is in the bin", "the deal has another contact"],
)
async def test_a_suggestion_whose_evidence_is_gone_is_withdrawn(change: Any) -> None:
    pipeline = await suggesting()

    await say(pipeline, change)

    assert only(pipeline).status == "withdrawn"
    assert only(pipeline).ttl == 30 * 24 * 3600
    notes = (await shard(pipeline, PROPOSAL)).linking
    assert notes is not None
    assert notes.suggestions == {}


async def test_what_was_withdrawn_is_suggested_again_when_its_evidence_is_there_again() -> None:
    pipeline = await suggesting()
    await say(pipeline, gone(TALKS[0], saved=3))

    await say(pipeline, customer(saved=4, AccountId=None))

    assert only(pipeline).status == "pending"


async def test_what_was_approved_is_a_link_for_good_even_without_evidence() -> None:
    pipeline = await suggesting()
    await decided(pipeline, "approved")

    await settle(pipeline)
    await say(pipeline, gone(TALKS[0], saved=3))

    [edge] = [one for one in (await shard(pipeline, PROPOSAL)).internal_relationships if one["targetShardId"] == DEAL]
    assert (edge["metadata"]["confidence"], edge["metadata"]["confirmedBy"]) == (1.0, "vera@acme.example")  # type: ignore[index,call-overload]  # JSON
    assert only(pipeline).status == "approved"


async def test_what_was_rejected_is_never_linked_nor_suggested_again_whatever_speaks_for_it() -> None:
    pipeline = await suggesting()
    await decided(pipeline, "rejected")
    await settle(pipeline)

    await say(pipeline, renewal(saved=2, Name="notes", AccountId=None, Amount=48000.0, OwnerId=None), company())

    assert ON_DEAL not in await links(pipeline, PROPOSAL)
    assert only(pipeline).status == "rejected"


async def test_a_suggestion_that_was_rejected_does_not_wait_again_even_where_the_shard_has_lost_the_decision() -> None:
    """Its retention was over, and the record is there again: the suggestion still knows."""
    pipeline = await suggesting()
    await decided(pipeline, "rejected")
    await settle(pipeline)
    known = await shard(pipeline, PROPOSAL)
    await pipeline.shards.change(known, DecisionsChange((), tuple(known.internal_relationships)))

    await say(pipeline, emitted(known, cause=f"relink:{'1' * 32}"))

    assert only(pipeline).status == "rejected"


async def test_a_link_that_somebody_took_away_does_not_come_back() -> None:
    pipeline = await suggesting(company(), proposal(name="Harbour Lights"))
    await decided(pipeline, "detached", target=COMPANY, kind="c_account")

    await settle(pipeline)
    await say(pipeline, company(saved=5, Phone="+4930901820"), proposal(5, name="Harbour Lights again"))

    assert ("attached_to", COMPANY) not in await links(pipeline, PROPOSAL)
    assert pipeline.suggestions.known == {}


async def test_a_reference_of_the_vendor_that_somebody_took_away_does_not_come_back() -> None:
    pipeline = await suggesting(company(), renewal())
    made = LinkDecision(
        verdict="detached",
        relationship_type="opportunity_for",
        target_shard_id=COMPANY,
        target_shard_type_id="c_account",
        decided_by="vera@acme.example",
        decided_at=pipeline.clock(),
    )

    async def reread() -> Shard:
        return await shard(pipeline, DEAL)

    await decide(await reread(), made, may_overrule=True, reread=reread, shards=pipeline.shards)
    await say(pipeline, renewal(saved=7, NextStep="Call"))

    assert COMPANY not in {edge["targetShardId"] for edge in (await shard(pipeline, DEAL)).internal_relationships}


async def test_a_decision_that_was_not_said_of_the_suggestion_is_said_by_enrichment() -> None:
    """Whoever decided died between the two writes."""
    pipeline = await suggesting()

    await decided(pipeline, "approved")
    await settle(pipeline)

    one = only(pipeline)
    assert (one.status, one.decided_by, one.ttl) == ("approved", "vera@acme.example", -1)


async def test_two_that_are_as_likely_are_both_suggested_and_said_to_be_ambiguous() -> None:
    twin = company(record="001Kd00000aCcT2IAK", Name="Harbour Lights AG", Website=None)
    pipeline = await suggesting(company(Website=None), twin, drive("Harbour Lights"))

    assert await links(pipeline, PROPOSAL) == {}
    assert {one.is_ambiguous for one in pipeline.suggestions.known.values()} == {True}
    assert len(pipeline.suggestions.known) == 2


async def test_when_one_of_two_is_approved_the_other_is_not_linked_by_itself() -> None:
    twin = company(record="001Kd00000aCcT2IAK", Name="Harbour Lights AG", Website=None)
    pipeline = await suggesting(company(Website=None), twin, drive("Harbour Lights"))

    await decided(pipeline, "approved", target=COMPANY, kind="c_account")
    await settle(pipeline)

    assert await links(pipeline, PROPOSAL) == {("attached_to", COMPANY): 1.0}


def drive(name: str) -> Any:
    return proposal(name=name).model_copy(
        update={"payload": {**(proposal(name=name).payload or {}), "description": None, "createdTime": "2020-01-01T00:00:00Z"}}
    )


@pytest.mark.parametrize(
    ("said", "linked", "waiting"),
    [
        ({"linksAutomatically": False}, 0, 2),
        ({"suggests": False}, 1, 0),
        ({"maxSuggestions": 0}, 1, 0),
        ({"suggestFrom": 0.69}, 1, 0),
        ({"linkFrom": 0.68}, 2, 0),
        ({"switchedOff": ["contact-of"]}, 1, 0),
        ({"switchedOff": ["email"]}, 0, 0),
        ({"weights": {"contact-of": 0.95}}, 2, 0),
        ({"ceilings": {"participant": 0.7}}, 0, 1),
        ({}, 1, 1),
    ],
    ids=str,
)
async def test_thresholds_weights_ceilings_and_switches_are_the_tenants_own_at_run_time(
    said: dict[str, Any], linked: int, waiting: int
) -> None:
    pipeline = await suggesting()
    policy = LinkingPolicy.model_validate(said)
    await pipeline.policies.write(StoredPolicy(tenant_id="acme", policy=policy, updated_by="operator", updated_at=pipeline.clock()))

    await pipeline.enrich(emitted(await shard(pipeline, PROPOSAL)))

    assert len(await links(pipeline, PROPOSAL)) == linked
    wanted = SuggestionFilter()
    assert len([one async for one in pipeline.suggestions.listed("acme", wanted, now=pipeline.clock())]) == waiting
