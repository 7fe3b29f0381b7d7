"""What each kind of mention leads to, with which evidence, and what leads nowhere."""

import json
from typing import Any, Final

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.candidates import MOST_LED
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.identifiers import salesforce_id
from shared.linking.policy import LinkingPolicy, StoredPolicy
from shared.linking.suggestion import SuggestionFilter
from shared.shards.ids import ShardId
from tests.unit.processors.chain.linked_records import (
    ADDRESS,
    CHANNEL,
    COMPANY,
    CUSTOMER,
    DEAL,
    DEAL_URL,
    FILE,
    FILE_URL,
    FOLDER,
    PROPOSAL,
    TALK,
    channel,
    company,
    customer,
    folder,
    of,
    renewal,
    seller,
    told,
)
from tests.unit.processors.chain.records import ACCOUNT, OPPORTUNITY, lead, say
from tests.unit.processors.normalization import channel_events, drive_events

WORLD: Final = (
    company(Phone="+49 30 901820"),
    customer(AccountId=None, MobilePhone="+49 170 1234567"),
    renewal(ContactId=None),
    seller(Email="vera@acme.example"),
)
EVERYTHING: Final = LinkingPolicy(suggest_from=0.01, link_from=0.01, margin=0.0)
"""Whatever leads anywhere is linked."""
GUEST: Final = channel_events.told("U0GRETA", {"id": "U0GRETA", "name": "greta", "profile": {"email": ADDRESS}}, record_type="User")


def file(text: str = "", *, name: str = "notes", **said: Any) -> IngestionEvent:
    old = {"createdTime": "2020-01-01T00:00:00Z", "modifiedTime": "2020-01-01T00:00:00Z"}
    event = told(drive_events.seen(FILE, 1, name=name, owner=None, **{"parent": None, **said}), text)
    return event.model_copy(update={"payload": {**(event.payload or {}), **old}})


async def found(*events: IngestionEvent, of: ShardId = PROPOSAL, policy: LinkingPolicy = EVERYTHING) -> dict[str, list[tuple[str, str]]]:
    """By target: feature and source of each piece of evidence."""
    pipeline = InMemoryPipeline()
    await pipeline.policies.write(StoredPolicy(tenant_id="acme", policy=policy, updated_by="operator", updated_at=pipeline.clock()))
    await say(pipeline, *WORLD, *events)
    known = await pipeline.shards.read("acme", of)
    assert known is not None
    edges: list[dict[str, Any]] = [dict(edge) for edge in known.internal_relationships]
    linked = [edge for edge in edges if edge["metadata"]["extractionMethod"] == "linking"]
    return {edge["targetShardId"]: [(one["feature"], one["source"]) for one in edge["metadata"]["evidence"]] for edge in linked}


LED: Final[dict[str, tuple[str, str, tuple[str, str]]]] = {
    "a URL of a record": (f"See {DEAL_URL}.", DEAL, ("native-id", "explicit")),
    "an id by itself": (f"Deal {OPPORTUNITY} is next.", DEAL, ("native-id", "explicit")),
    "its short form": (f"Account {ACCOUNT[:15]}.", COMPANY, ("native-id", "explicit")),
    "an address": (f"From {ADDRESS}.", CUSTOMER, ("email", "participant")),
    "an address of the company": ("From sales@harbourlights.example", COMPANY, ("email-domain", "name")),
    "a phone number of a company": ("Call +49 30 901820", COMPANY, ("phone", "name")),
    "a phone number of a contact": ("Call +49 170 1234567", CUSTOMER, ("phone", "name")),
    "a name": ("We met Harbour Lights yesterday.", COMPANY, ("exact-name", "name")),
    "a name with its legal form": ("We met Harbour Lights GmbH yesterday.", COMPANY, ("exact-name", "name")),
    "a name with a slip of the pen": ("We met Harbuor Lights yesterday.", COMPANY, ("fuzzy-name", "name")),
    "a contact's name": ("We met Greta Lund yesterday.", CUSTOMER, ("exact-name", "name")),
    "the one deal of a company": ("We met Harbour Lights yesterday.", DEAL, ("account-of", "relation")),
}


@pytest.mark.parametrize(("text", "target", "evidence"), LED.values(), ids=list(LED))
async def test_a_mention_in_a_text_leads_to_what_it_is_of(text: str, target: str, evidence: tuple[str, str]) -> None:
    assert evidence in (await found(file(text)))[target]


NOWHERE: Final = {
    "nothing": "We met nobody.",
    "a word that a name is part of": "The lights were out.",
    "a name inside another word": "Harbourlightship of the north.",
    "free mail": "From somebody@gmail.com",
    "an id whose check letters are wrong": "006Kd00000pA3xQXXX",
    "a sum and a date alone": "EUR 48,000.00 by 2026-12-15.",
    "a file that is not there": FILE_URL.replace("proposal", "missing0"),
}


@pytest.mark.parametrize("text", NOWHERE.values(), ids=list(NOWHERE))
async def test_what_is_no_mention_leads_nowhere(text: str) -> None:
    assert await found(file(text)) == {}


@pytest.mark.parametrize("domain", ["harbourlights.example", "mail.harbourlights.example"])
async def test_the_tenants_own_domain_says_nothing_of_a_customer(domain: str) -> None:
    own = EVERYTHING.model_copy(update={"own_domains": (domain,)})

    assert await found(file("From sales@harbourlights.example"), policy=own) == {}


async def test_a_domain_of_two_companies_says_half_as_much_of_each() -> None:
    twin = company(record="001Kd00000aCcT2IAK", Name="Lamp Holding")
    pipeline = InMemoryPipeline()
    await pipeline.policies.write(StoredPolicy(tenant_id="acme", policy=EVERYTHING, updated_by="operator", updated_at=pipeline.clock()))

    await say(pipeline, *WORLD, twin, file("From sales@harbourlights.example"))

    companies = [one for one in pipeline.suggestions.known.values() if one.source_shard_id == PROPOSAL]
    assert [(one.confidence, one.is_ambiguous) for one in companies] == [(0.45, True), (0.45, True)]


async def test_sums_dates_and_the_owner_confirm_a_deal_that_something_else_leads_to() -> None:
    shared = file(f"{DEAL_URL}: EUR 48,000.00 until 2026-12-15", shared_with=["vera@acme.example"])

    evidence = (await found(shared))[DEAL]

    assert {"native-id", "amount", "close-date", "team"} <= {feature for feature, _ in evidence}


async def test_what_stands_in_a_channel_counts_as_messaging_and_who_is_in_it_as_taking_part() -> None:
    talk = channel(topic="Harbour Lights, +49 170 1234567", members=["U0GRETA"])

    evidence = await found(GUEST, talk, of=TALK)

    assert {source for _, source in evidence[COMPANY] if _ != "email-domain"} == {"messaging"}
    assert ("email", "participant") in evidence[CUSTOMER]


async def test_a_file_has_what_its_folder_is_attached_to_confirmed() -> None:
    evidence = await found(folder(name="Harbour Lights", owner=None), file("We met Harbour Lights.", parent=FOLDER))

    assert ("folder", "relation") in evidence[COMPANY]


async def test_a_lead_is_about_the_company_it_names_and_the_contact_whose_address_it_has() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, *WORLD, lead(Company="Harbour Lights", Email=ADDRESS, Website=None))

    [one] = [each for each in pipeline.shards.all() if each.shard_type_id == "c_lead"]
    assert {(edge["relationshipType"], edge["targetShardId"]) for edge in one.internal_relationships} == {
        ("related_to", COMPANY),
        ("related_to", CUSTOMER),
    }


async def test_a_contact_whose_company_the_crm_names_is_not_guessed_at_another() -> None:
    other = company(record="001Kd00000aCcT2IAK", Name="Lamp Holding", Website="lamp.example")

    evidence = await found(other, customer(saved=3, Email="greta@lamp.example"), of=CUSTOMER)

    assert evidence == {}


async def test_an_address_that_somebody_wrote_in_a_channel_counts_as_messaging_too() -> None:
    evidence = await found(channel(topic=f"Ask {ADDRESS}"), of=TALK)

    assert evidence[CUSTOMER] == [("email", "messaging")]
    assert ("email-domain", "messaging") in evidence[COMPANY]


async def test_what_mentions_itself_is_not_linked_to_itself() -> None:
    other = channel_events.channel("C0OTHER0001", name="other", at=0, topic={"value": ""})

    evidence = await found(other, channel(topic=f"<#{CHANNEL}> and <#C0OTHER0001>"), of=TALK)

    assert evidence[of("Channel", "C0OTHER0001")] == [("native-id", "explicit")]
    assert TALK not in evidence
    assert await found(file(FILE_URL)) == {}


async def test_what_leads_to_more_than_twenty_leads_to_none_so_that_a_shard_never_has_thousands_of_links() -> None:
    """Contacts that all have the same address, or the number of one switchboard; a contact of very many deals."""
    many = [
        customer(record=salesforce_id(f"003Kd00000zEp{number:02}"), AccountId=None, FirstName=f"N{number}", Phone="+49 30 4711")
        for number in range(MOST_LED + 1)
    ]
    text = f"{ADDRESS}, +49 30 4711"

    everybody = await found(*many[:-2], file(text))
    nobody = await found(*many, file(text))

    assert len(everybody) == MOST_LED + 2  # the company, too, by the domain, and its deal
    assert set(nobody) == {COMPANY, DEAL}


async def test_an_edge_has_at_most_ten_pieces_of_evidence_and_they_fit_a_document() -> None:
    text = f"{DEAL_URL} Harbour Lights - Lantern Renewal EUR 48,000.00 2026-12-15 {ADDRESS}"
    shared = file(text, name="Harbour Lights - Lantern Renewal", shared_with=["vera@acme.example"])

    evidence = await found(renewal(saved=2), shared)

    assert max(map(len, evidence.values())) <= 10
    assert len(json.dumps(evidence)) < 8_000


async def test_the_deal_of_a_company_counts_only_where_it_has_just_one_that_is_open() -> None:
    second = renewal(Name="Second", ContactId=None).model_copy(update={"source_id": "006sf0000000001"})
    closed = second.model_copy(update={"payload": {**(second.payload or {}), "IsClosed": True}})
    text = file("We met Harbour Lights yesterday.")

    assert set(await found(second, text)) == {COMPANY}
    assert DEAL in await found(closed, text)


async def test_a_sum_in_another_currency_and_a_day_far_from_the_closing_confirm_nothing() -> None:
    deal = renewal(saved=2, ContactId=None, CurrencyIsoCode="EUR")

    assert ("amount", "amount") in (await found(deal, file(f"{DEAL_URL}: EUR 48,000.00")))[DEAL]
    evidence = (await found(deal, file(f"{DEAL_URL}: USD 48,000.00")))[DEAL]
    assert {feature for feature, _ in evidence}.isdisjoint({"amount", "near-in-time"})


async def test_a_surname_alone_links_nothing_because_it_is_many_people_s() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, customer(FirstName=None, LastName="Castillo", Email=None), file("Dolores Castillo called."))

    shard_of_file = next(each for each in pipeline.shards.all() if each.shard_type_id == "c_file")
    assert [edge for edge in shard_of_file.internal_relationships if edge["createdBy"] == "enrichment"] == []
    assert [one async for one in pipeline.suggestions.listed("acme", SuggestionFilter(), now=pipeline.clock())] == []
