"""Records that come in any order are linked, embedded and found, by those who may; what goes, or may not be seen any more, is not found."""

import itertools
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest

from devtools.vendors.salesforce.stories import OPPORTUNITY_STORIES
from shared.embeddings.offline.package import find_weights
from tests.e2e.asking import ask, bearer, found
from tests.e2e.environment import Environment
from tests.e2e.events import event
from tests.e2e.graph import edges, everything_is_linked_and_embedded
from tests.e2e.store import Document, chunks_in
from tests.e2e.tenants import OBJECTS, Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

ADMINS = {"subject": "admins", "permissionLevel": "read"}
READER = "reader@example.com"
MADE_BY_THE_VENDOR = {
    "Account": {"SystemModstamp"},
    "Contact": {"SystemModstamp", "Name"},
    "Opportunity": {"SystemModstamp", "ExpectedRevenue", "FiscalYear", "FiscalQuarter"},
}
"""Fields that nobody may set."""
NOTED = ("linking", "_etag", "_ts")
"""What of a shard differs when enrichment has looked again and only its notes are others."""
PARAGRAPHS = (
    "The harbour master wants eleven mooring winches.",
    "Diving bells are stored in the northern shed.",
    "Lunch was herring with mustard and rye bread.",
)


async def test_any_order_of_arrival_with_every_message_twice_makes_the_same_graph_and_the_same_chunks(pipeline: Environment) -> None:
    original = await pipeline.tenant()
    original.org.populate(accounts=2, contacts=3, opportunities=3)
    orders = list(itertools.permutations(OBJECTS))
    tenants = [await copy_of(original, pipeline) for _ in orders]

    for order, tenant in zip(orders, tenants, strict=True):
        for object_name in order:
            body = tenant.message(tenant.action(object_name), *tenant.org.records(object_name))
            replies = [await pipeline.post(tenant.url, body) for _ in range(2)]
            assert [reply.is_acknowledged for reply in replies] == [True, True]
    await pipeline.drained()

    for tenant in tenants:
        assert {shard["shardTypeId"] for shard in (await pipeline.placeholders(tenant)).values()} == {"c_person"}, (
            "nobody told of the owners"
        )
    for tenant in tenants:
        await everything_is_linked_and_embedded(pipeline, tenant)
    assert [await picture(pipeline, tenant) for tenant in tenants] == [await picture(pipeline, tenants[0])] * 6


async def test_a_placeholder_that_is_linked_to_and_not_found_is_filled_by_its_record_under_the_same_id(pipeline: Environment) -> None:
    tenant = await pipeline.tenant()
    account = tenant.org.create("Account", Name="Quillon Lanterns")
    contact = tenant.org.create("Contact")
    await pipeline.deliver(tenant, tenant.message(tenant.action("Contact"), contact))
    placeholder = (await pipeline.placeholders(tenant))[account.id]
    linked = (await pipeline.shards(tenant))[contact.id]
    chunks = await pipeline.store.chunks(tenant.id)

    await pipeline.deliver(tenant, tenant.message(tenant.action("Account"), account))

    filled = (await pipeline.shards(tenant))[account.id]
    assert (placeholder["structuredData"], placeholder["shardTypeId"], placeholder["acl"]) == ({}, "c_account", [ADMINS])
    owner = (await pipeline.placeholders(tenant))[str(contact.fields["OwnerId"])]
    assert edges(linked) == {
        ("contact_for", "c_account", placeholder["id"], 0.9, "crm"),
        ("has_owner", "c_person", owner["id"], 0.9, "crm"),
    }
    assert list(chunks) == [linked["id"]]
    assert (filled["id"], filled["structuredData"]["name"]) == (placeholder["id"], "Quillon Lanterns")
    told = (await pipeline.shards(tenant))[contact.id]  # it has the account's domain, and is noted to have been held against it
    assert {**told, **{name: linked[name] for name in NOTED}} == linked
    assert await found(pipeline, "Quillon Lanterns", tenant.id, admin=True) != []
    await everything_is_linked_and_embedded(pipeline, tenant)


async def test_an_opportunity_that_moves_to_another_account_has_one_edge_and_that_to_the_new_one(pipeline: Environment) -> None:
    tenant = await pipeline.tenant()
    old, new = tenant.org.create("Account"), tenant.org.create("Account")
    deal = tenant.org.create("Opportunity", AccountId=old.id)
    action = tenant.action("Opportunity")
    await pipeline.deliver(tenant, tenant.message(tenant.action("Account"), old, new), tenant.message(action, deal))

    moved = tenant.org.edit(deal.id, at=datetime(2030, 1, 1, tzinfo=UTC), AccountId=new.id)
    await pipeline.deliver(tenant, tenant.message(action, moved))

    shards = await pipeline.shards(tenant)
    to_companies = {edge for edge in edges(shards[deal.id]) if edge[0] != "has_owner"}
    assert to_companies == {("opportunity_for", "c_account", shards[new.id]["id"], 0.9, "crm")}
    await everything_is_linked_and_embedded(pipeline, tenant)


@pytest.mark.skipif(find_weights() is None, reason="the offline encoder's weights are not installed")
async def test_a_question_in_other_words_finds_the_right_record_among_others(pipeline: Environment, subtests: pytest.Subtests) -> None:
    tenant = await pipeline.tenant()
    deals = {story: tenant.org.create("Opportunity", Description=story.description) for story in OPPORTUNITY_STORIES}
    await pipeline.deliver(tenant, tenant.message(tenant.action("Opportunity"), *deals.values()))
    shards = await pipeline.shards(tenant)

    for story, deal in deals.items():
        answer = await ask(pipeline, story.paraphrase, f"Bearer {bearer(pipeline, tenant.id, admin=True)}")
        with subtests.test(story.paraphrase):
            best = answer.body["hits"][0]
            assert (answer.status, answer.body["quality"], best["shardId"]) == (200, "semantic", shards[deal.id]["id"])
            assert best["passage"] in story.description


async def test_somebody_who_is_no_admin_finds_a_record_only_while_its_access_list_names_them(pipeline: Environment) -> None:
    tenant, shard = await a_deal(pipeline)
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, admin=True) == [shard["id"]]
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, email=READER) == []
    assert await found(pipeline, PARAGRAPHS[0], tenant.id) == []

    shared = await with_acl(pipeline, tenant, shard, [ADMINS, {"subject": f"user:{READER}", "permissionLevel": "read"}])
    await announced(pipeline, shared)
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, email=READER) == [shard["id"]]
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, email="other@example.com") == []
    before = await chunks_of(pipeline, shared)
    pipeline.new_log_lines()

    unshared = await with_acl(pipeline, tenant, shared, [ADMINS])
    unnoticed = await found(pipeline, PARAGRAPHS[0], tenant.id, email=READER), await chunks_of(pipeline, shared)
    await announced(pipeline, unshared)
    after = await chunks_of(pipeline, unshared)

    assert unnoticed == ([], before), "the current list decides, whatever the chunks say"
    assert [chunk["principals"] for chunk in before] == [["admins", f"user:{READER}"]] * 4
    assert [chunk["principals"] for chunk in after] == [["admins"]] * 4
    assert [chunk["embedding"] for chunk in after] == [chunk["embedding"] for chunk in before]
    handled = [line["reason"] for line in pipeline.new_log_lines() if line.get("queue") == "embedding-jobs"]
    assert handled == ["readers"]
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, email=READER) == []
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, admin=True) == [shard["id"]]


async def test_of_a_deleted_record_no_chunk_is_left_and_nothing_is_found(pipeline: Environment) -> None:
    tenant, shard = await a_deal(pipeline)
    [record] = tenant.org.records("Opportunity")
    assert len(await chunks_of(pipeline, shard)) == 4

    await pipeline.publish("ingestion-events", secrets.token_hex(16), event(tenant, record, "delete", "2032-01-01T00:00:00Z"))
    await pipeline.drained()

    gone = (await pipeline.shards(tenant))[record.id]
    assert (gone["status"], gone["vectors"]["chunkCount"]) == ("deleted", 0)
    assert await chunks_of(pipeline, gone) == []
    assert await found(pipeline, PARAGRAPHS[0], tenant.id, admin=True) == []
    await everything_is_linked_and_embedded(pipeline, tenant)


async def test_the_edit_of_one_paragraph_touches_only_its_chunk(pipeline: Environment) -> None:
    tenant, shard = await a_deal(pipeline)
    [record] = tenant.org.records("Opportunity")
    before = {chunk["id"]: chunk["_etag"] for chunk in await chunks_of(pipeline, shard)}

    rewritten = "\n\n".join((PARAGRAPHS[0], "Submarines are painted in the southern yard.", PARAGRAPHS[2]))
    edited = tenant.org.edit(record.id, at=datetime(2030, 1, 1, tzinfo=UTC), Description=rewritten)
    await pipeline.deliver(tenant, tenant.message(tenant.action("Opportunity"), edited))

    after = {chunk["id"]: chunk["_etag"] for chunk in await chunks_of(pipeline, shard)}
    assert (len(before), len(after), len(before.keys() - after.keys())) == (4, 4, 1)
    assert before.items() - after.items() == {(chunk_id, before[chunk_id]) for chunk_id in before.keys() - after.keys()}
    answer = await ask(pipeline, "Submarines are painted in the southern yard.", f"Bearer {bearer(pipeline, tenant.id, admin=True)}")
    assert answer.body["hits"][0]["passage"] == "Submarines are painted in the southern yard."
    last = await ask(pipeline, PARAGRAPHS[2], f"Bearer {bearer(pipeline, tenant.id, admin=True)}")
    assert last.body["hits"][0]["passage"] == PARAGRAPHS[2]
    old = await ask(pipeline, PARAGRAPHS[1], f"Bearer {bearer(pipeline, tenant.id, admin=True)}")
    assert PARAGRAPHS[1] not in old.text.replace(str(old.body["question"]), "", 1)


async def a_deal(pipeline: Environment) -> tuple[Tenant, Document]:
    """A new tenant's only record: four chunks, of its facts and three paragraphs."""
    tenant = await pipeline.tenant()
    record = tenant.org.create("Opportunity", Name="Winches", Description="\n\n".join(PARAGRAPHS))
    await pipeline.deliver(tenant, tenant.message(tenant.action("Opportunity"), record))
    return tenant, (await pipeline.shards(tenant))[record.id]


async def chunks_of(pipeline: Environment, shard: Document) -> list[Document]:
    """The chunks in the container, asked directly."""
    return chunks_in((await pipeline.store.chunks(shard["tenantId"])).get(shard["id"], []))


async def with_acl(pipeline: Environment, tenant: Tenant, shard: Document, acl: list[dict[str, str]]) -> Document:
    """Another access list, written behind the app's back as a new revision of which nobody was told."""
    await pipeline.store.set(shard, {"acl": acl, "revisionNumber": shard["revisionNumber"] + 1})
    [changed] = [other for other in (await pipeline.shards(tenant)).values() if other["id"] == shard["id"]]
    return changed


async def announced(pipeline: Environment, shard: Document) -> None:
    """Tell the app of a new access list, and wait until it has done its part."""
    body: dict[str, Any] = {"type": "ShardEmitted", "version": 1, "tenantId": shard["tenantId"], "shardId": shard["id"]}
    body |= {"shardTypeId": shard["shardTypeId"], "revision": shard["revisionNumber"], "cause": "acl"}
    await pipeline.publish("shard-emission", secrets.token_hex(16), body)
    await pipeline.drained()


async def copy_of(original: Tenant, pipeline: Environment) -> Tenant:
    """Another tenant whose organization has the same records, as a sandbox has those of its original."""
    copy = await pipeline.tenant()
    for record in original.records():
        fields = {name: value for name, value in record.fields.items() if name not in MADE_BY_THE_VENDOR[record.object_name]}
        copy.org.create(record.object_name, at=record.system_modstamp, **fields)
    return copy


async def picture(pipeline: Environment, tenant: Tenant) -> dict[str, Any]:
    """What a tenant has, told without anything that is its own: ids of shards, readers, moments."""
    shards, chunks = await pipeline.shards(tenant), await pipeline.store.chunks(tenant.id)
    record_ids = {shard["id"]: record_id for record_id, shard in {**shards, **await pipeline.placeholders(tenant)}.items()}
    return {
        record_id: (
            shard["structuredData"],
            [(edge["relationshipType"], record_ids[edge["targetShardId"]]) for edge in shard["internal_relationships"]],
            {chunk["id"]: chunk["embedding"] for chunk in chunks_in(chunks[shard["id"]])},
        )
        for record_id, shard in shards.items()
    }
