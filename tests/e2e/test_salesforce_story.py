"""Salesforce's Outbound Messages become shards: what is stored, what is announced, and what repetition, order and silence do to it."""

import secrets
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from devtools.vendors.salesforce.outbound_message import USUALLY_TICKED
from devtools.vendors.salesforce.sender import OutboundMessages
from tests.e2e.environment import Environment
from tests.e2e.expectations import FIELDS, SHARD_TYPES, structured_data
from tests.e2e.tenants import OBJECTS, Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_real_outbound_messages_become_account_contact_and_opportunity_shards(environment: Environment, tenant: Tenant) -> None:
    assert {name: {*fields, "SystemModstamp", "IsDeleted"} for name, fields in FIELDS.items()} == {
        name: set(ticked) for name, ticked in USUALLY_TICKED.items()
    }
    ids = tenant.org.populate(accounts=20, contacts=20, opportunities=40)

    async with OutboundMessages(tenant.org, tenant.rng, notifications_per_message=9) as messages:
        for object_name, record_ids in ids.items():
            messages.notify(tenant.action(object_name), record_ids)
        await messages.settled(30)
    await environment.drained()

    shards = await environment.shards(tenant)
    assert len(shards) == 80
    for record in tenant.records():
        shard = shards[record.id]
        [edge] = shard["external_relationships"]
        assert shard["structuredData"] == structured_data(record)
        assert (shard["shardTypeId"], shard["tenantId"]) == (SHARD_TYPES[record.object_name], tenant.id)
        assert (shard["status"], shard["revisionNumber"]) == ("active", 1)
        owner = f"group:salesforce:{tenant.org.organization_id}/{record.fields['OwnerId']}"
        assert shard["acl"] == [{"subject": subject, "permissionLevel": "read"} for subject in ("admins", owner)]
        assert (edge["system"], edge["scope"], edge["recordType"]) == ("salesforce", tenant.org.organization_id, record.object_name)
    emitted = await environment.queue("shard-emission", tenant)
    assert sorted(message["body"]["shardId"] for message in emitted) == sorted(shard["id"] for shard in shards.values())
    assert await environment.queue("rejected-messages", tenant) == []


async def test_a_shard_is_announced_with_the_correlation_id_of_its_webhook_call_and_in_that_calls_own_trace(
    environment: Environment, tenant: Tenant
) -> None:
    tenant.org.populate(accounts=3, contacts=3, opportunities=3)
    calls: dict[str, str] = {}
    trace_id = secrets.token_hex(16)  # a stranger's: named by us, and not joined

    environment.new_log_lines()
    for object_name in OBJECTS:
        body = tenant.message(tenant.action(object_name), *tenant.org.records(object_name))
        reply = await environment.post(tenant.url, body, {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"})
        assert reply.is_acknowledged
        [answered] = await environment.answered_calls(1)
        calls[SHARD_TYPES[object_name]] = answered["correlation"]
    await environment.drained()

    shards = {shard["id"]: shard for shard in (await environment.shards(tenant)).values()}
    emitted = await environment.queue("shard-emission", tenant)
    assert len(emitted) == 9
    assert len(set(calls.values())) == 3
    traces: dict[str, set[str]] = {}
    for message in emitted:
        correlation = calls[message["body"]["shardTypeId"]]
        assert message["body"]["shardId"] in shards
        assert (message["body"]["revision"], message["body"]["cause"]) == (1, "content")
        assert message["body"]["correlationId"] == message["properties"]["correlationId"] == correlation
        assert shards[message["body"]["shardId"]]["metadata"]["correlationId"] == correlation
        traces.setdefault(correlation, set()).add(message["properties"]["traceparent"].split("-")[1])
    assert [len(of_a_call) for of_a_call in traces.values()] == [1, 1, 1]
    assert len(set.union(*traces.values()) - {trace_id}) == 3


async def test_a_record_too_large_for_a_message_becomes_its_shard_all_the_same(environment: Environment, tenant: Tenant) -> None:
    text = secrets.token_hex(65_000)
    record = tenant.org.create("Account", Description=text, Notes__c=text, More__c=text)
    ticked = [*USUALLY_TICKED["Account"], "Notes__c", "More__c"]

    await environment.deliver(tenant, tenant.message(tenant.action("Account", ticked), record))

    shard = (await environment.shards(tenant))[record.id]
    assert shard["structuredData"] == structured_data(record)
    assert await environment.queue("rejected-messages", tenant) == []


async def test_two_tenants_with_the_same_record_have_two_shards(environment: Environment) -> None:
    ours, theirs = await environment.tenant(), await environment.tenant()
    record = ours.org.create("Account", Name="Ours")
    copy = theirs.org.create("Account", Id=record.id, Name="Theirs")  # a sandbox has the ids of its original

    await environment.deliver(ours, ours.message(ours.action("Account"), record))
    await environment.deliver(theirs, theirs.message(theirs.action("Account"), copy))

    our_shard, their_shard = (await environment.shards(ours))[record.id], (await environment.shards(theirs))[record.id]
    assert our_shard["id"] != their_shard["id"]
    assert (our_shard["structuredData"]["name"], their_shard["structuredData"]["name"]) == ("Ours", "Theirs")


async def test_an_amount_that_is_not_ticked_stays_as_it_is(environment: Environment, tenant: Tenant) -> None:
    record = tenant.org.create("Opportunity", Name="before", Amount=Decimal("1234.5"))
    without_amount = [field for field in USUALLY_TICKED["Opportunity"] if field != "Amount"]
    await environment.deliver(tenant, tenant.message(tenant.action("Opportunity"), record))

    edited = tenant.org.edit(record.id, at=datetime(2030, 1, 1, tzinfo=UTC), Name="after", Amount=Decimal(99))
    await environment.deliver(tenant, tenant.message(tenant.action("Opportunity", without_amount), edited))

    shard = (await environment.shards(tenant))[record.id]
    assert (shard["structuredData"]["name"], shard["structuredData"]["amount"]) == ("after", 1234.5)
    assert shard["revisionNumber"] == 2
