"""Whom a record names besides its company: owners, managers, parents, what a lead became."""

from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.chain.records import (
    ACCOUNT,
    CONTACT,
    OPPORTUNITY,
    OTHER_ACCOUNT,
    OTHER_OWNER,
    OWNER,
    QUEUE,
    account,
    contact,
    deal,
    lead,
    person,
    say,
)

OTHER_CONTACT = "003Kd00000cOnT2IAK"


async def linked(*events: IngestionEvent) -> dict[str, set[tuple[str, str, str]]]:
    """For each record that was said: its edges, as relationship, type and vendor id of what they lead to."""
    pipeline = InMemoryPipeline()
    await say(pipeline, *events)
    known = {one.id: one for one in pipeline.shards.all()}

    def named(edge: dict[str, Any]) -> tuple[str, str, str]:
        target = known[edge["targetShardId"]]
        assert target.shard_type_id == edge["targetShardTypeId"]
        return edge["relationshipType"], target.shard_type_id, target.external_relationships[0].external_id

    said = {event.source_id for event in events}
    mine = {one.external_relationships[0].external_id: one for one in known.values() if one.status != "draft"}
    return {record: {named(edge) for edge in one.internal_relationships} for record, one in mine.items() if record in said}


NAMED: dict[str, tuple[IngestionEvent, set[tuple[str, str, str]]]] = {
    "a company's parent and owner": (
        account(ParentId=OTHER_ACCOUNT, OwnerId=OWNER),
        {("child_of", "c_account", OTHER_ACCOUNT), ("has_owner", "c_person", OWNER)},
    ),
    "a person's company, superior and owner": (
        contact(ReportsToId=OTHER_CONTACT, OwnerId=OWNER),
        {("contact_for", "c_account", ACCOUNT), ("reports_to", "c_contact", OTHER_CONTACT), ("has_owner", "c_person", OWNER)},
    ),
    "a deal's company, contact and owner": (
        deal(ContactId=CONTACT, OwnerId=OWNER),
        {("opportunity_for", "c_account", ACCOUNT), ("has_contact_role", "c_contact", CONTACT), ("has_owner", "c_person", OWNER)},
    ),
    "what a lead became": (
        lead(ConvertedAccountId=ACCOUNT, ConvertedContactId=CONTACT, ConvertedOpportunityId=OPPORTUNITY, OwnerId=OWNER),
        {
            ("related_to", "c_account", ACCOUNT),
            ("related_to", "c_contact", CONTACT),
            ("related_to", "c_opportunity", OPPORTUNITY),
            ("has_owner", "c_person", OWNER),
        },
    ),
    "a user's manager": (person(ManagerId=OTHER_OWNER), {("reports_to", "c_person", OTHER_OWNER)}),
    "a queue": (lead(OwnerId=QUEUE), set()),
    "themselves": (person(ManagerId=OWNER), set()),
}


@pytest.mark.parametrize(("event", "edges"), NAMED.values(), ids=list(NAMED))
async def test_a_record_is_linked_to_whom_it_names(event: IngestionEvent, edges: set[tuple[str, str, str]]) -> None:
    assert await linked(event) == {event.source_id: edges}


async def test_an_owner_that_was_named_before_is_filled_by_the_user() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, deal(AccountId=None, OwnerId=OWNER))
    [draft] = [one for one in pipeline.shards.all() if one.status == "draft"]

    await say(pipeline, person())

    [filled] = [one for one in pipeline.shards.all() if one.id == draft.id]
    assert (filled.shard_type_id, filled.status, filled.structured_data["email"]) == ("c_person", "active", "vera@acme.example")


async def test_another_owner_moves_the_edge_and_a_queue_withdraws_it() -> None:
    first = await linked(deal(AccountId=None, OwnerId=OWNER), deal(saved=1, AccountId=None, OwnerId=OTHER_OWNER))
    second = await linked(deal(AccountId=None, OwnerId=OWNER), deal(saved=1, AccountId=None, OwnerId=QUEUE))

    assert first == {OPPORTUNITY: {("has_owner", "c_person", OTHER_OWNER)}}
    assert second == {OPPORTUNITY: set()}
