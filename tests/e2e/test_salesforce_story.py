"""Salesforce's Outbound Messages become shards: what is stored, what is announced, and what repetition, order and silence do to it."""

import asyncio
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from devtools.vendors.salesforce.outbound_message import USUALLY_TICKED
from devtools.vendors.salesforce.records import ObjectName, Record
from devtools.vendors.salesforce.sender import OutboundMessages
from tests.e2e.environment import Environment
from tests.e2e.expectations import FIELDS, SHARD_TYPES, structured_data
from tests.e2e.tenants import Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

OBJECTS: tuple[ObjectName, ...] = ("Account", "Contact", "Opportunity")


def everything_of(tenant: Tenant) -> list[Record]:
    return [record for object_name in OBJECTS for record in tenant.org.records(object_name)]


async def deliver(environment: Environment, tenant: Tenant, *bodies: bytes) -> None:
    """Post them one after the other; all are acknowledged, and handled when this returns."""
    for body in bodies:
        reply = await environment.post(tenant.url, body)
        assert reply.is_acknowledged, reply
    await environment.drained()


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
    for record in everything_of(tenant):
        shard = shards[record.id]
        [edge] = shard["external_relationships"]
        assert shard["structuredData"] == structured_data(record)
        assert (shard["shardTypeId"], shard["tenantId"]) == (SHARD_TYPES[record.object_name], tenant.id)
        assert (shard["status"], shard["revisionNumber"]) == ("active", 1)
        assert shard["acl"] == [{"subject": "admins", "permissionLevel": "read"}]
        assert (edge["system"], edge["scope"], edge["recordType"]) == ("salesforce", tenant.org.organization_id, record.object_name)
    emitted = await environment.queue("shard-emission", tenant)
    assert sorted(message["body"]["shardId"] for message in emitted) == sorted(shard["id"] for shard in shards.values())
    assert await environment.queue("rejected-messages", tenant) == []


async def test_a_shard_is_announced_with_the_correlation_id_and_the_trace_of_its_webhook_call(
    environment: Environment, tenant: Tenant
) -> None:
    tenant.org.populate(accounts=3, contacts=3, opportunities=3)
    calls: dict[str, tuple[str, str]] = {}

    environment.new_log_lines()
    for object_name in OBJECTS:
        trace_id = secrets.token_hex(16)
        body = tenant.message(tenant.action(object_name), *tenant.org.records(object_name))
        reply = await environment.post(tenant.url, body, {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"})
        assert reply.is_acknowledged
        [answered] = await environment.answered_calls(1)
        calls[SHARD_TYPES[object_name]] = (answered["correlation"], trace_id)
    await environment.drained()

    shards = {shard["id"]: shard for shard in (await environment.shards(tenant)).values()}
    emitted = await environment.queue("shard-emission", tenant)
    assert len(emitted) == 9
    assert len({correlation for correlation, _ in calls.values()}) == 3
    for message in emitted:
        correlation, trace_id = calls[message["body"]["shardTypeId"]]
        assert message["body"]["shardId"] in shards
        assert (message["body"]["revision"], message["body"]["cause"]) == (1, "content")
        assert message["body"]["correlationId"] == message["properties"]["correlationId"] == correlation
        assert shards[message["body"]["shardId"]]["metadata"]["correlationId"] == correlation
        assert message["properties"]["traceparent"].split("-")[1] == trace_id


@pytest.mark.parametrize("is_versioned", [True, False], ids=["with SystemModstamp", "without SystemModstamp"])
async def test_the_same_message_ten_times_in_any_order_makes_the_same_shards_of_one_revision(
    environment: Environment, tenant: Tenant, is_versioned: bool
) -> None:
    tenant.org.populate(accounts=4, contacts=4, opportunities=4)
    ticked = {name: [field for field in USUALLY_TICKED[name] if is_versioned or field != "SystemModstamp"] for name in OBJECTS}
    bodies = [tenant.message(tenant.action(name, ticked[name]), *tenant.org.records(name)) for name in OBJECTS] * 10
    tenant.rng.shuffle(bodies)

    replies = await asyncio.gather(*(environment.post(tenant.url, body) for body in bodies))
    await environment.drained()

    shards = await environment.shards(tenant)
    assert all(reply.is_acknowledged for reply in replies)
    assert {record_id: shard["structuredData"] for record_id, shard in shards.items()} == {
        record.id: structured_data(record) for record in everything_of(tenant)
    }
    assert {shard["revisionNumber"] for shard in shards.values()} == {1}
    assert len(await environment.queue("shard-emission", tenant)) == 12
    assert await environment.queue("rejected-messages", tenant) == []


async def test_a_record_too_large_for_a_message_becomes_its_shard_all_the_same(environment: Environment, tenant: Tenant) -> None:
    text = secrets.token_hex(65_000)
    record = tenant.org.create("Account", Description=text, Notes__c=text, More__c=text)
    ticked = [*USUALLY_TICKED["Account"], "Notes__c", "More__c"]

    await deliver(environment, tenant, tenant.message(tenant.action("Account", ticked), record))

    shard = (await environment.shards(tenant))[record.id]
    assert shard["structuredData"] == structured_data(record)
    assert await environment.queue("rejected-messages", tenant) == []


async def test_two_tenants_with_the_same_record_have_two_shards(environment: Environment) -> None:
    ours, theirs = await environment.tenant(), await environment.tenant()
    record = ours.org.create("Account", Name="Ours")
    copy = theirs.org.create("Account", Id=record.id, Name="Theirs")  # a sandbox has the ids of its original

    await deliver(environment, ours, ours.message(ours.action("Account"), record))
    await deliver(environment, theirs, theirs.message(theirs.action("Account"), copy))

    our_shard, their_shard = (await environment.shards(ours))[record.id], (await environment.shards(theirs))[record.id]
    assert our_shard["id"] != their_shard["id"]
    assert (our_shard["structuredData"]["name"], their_shard["structuredData"]["name"]) == ("Ours", "Theirs")


async def test_of_two_edits_in_one_second_the_later_content_wins(environment: Environment, tenant: Tenant) -> None:
    second = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)
    records = [tenant.org.create("Opportunity", at=second, Amount=Decimal(1)) for _ in range(20)]
    action = tenant.action("Opportunity")
    first = tenant.message(action, *records)
    edited = [tenant.org.edit(record.id, at=second, Amount=Decimal(place + 100)) for place, record in enumerate(records)]

    for body in (first, tenant.message(action, *edited)):  # not waiting in between: both are under way at once
        assert (await environment.post(tenant.url, body)).is_acknowledged
    await environment.drained()

    shards = await environment.shards(tenant)
    assert [shards[record.id]["structuredData"]["amount"] for record in records] == list(range(100, 120))
    assert {record.system_modstamp for record in edited} == {second}


async def test_an_amount_that_is_not_ticked_stays_as_it_is(environment: Environment, tenant: Tenant) -> None:
    record = tenant.org.create("Opportunity", Name="before", Amount=Decimal("1234.5"))
    without_amount = [field for field in USUALLY_TICKED["Opportunity"] if field != "Amount"]
    await deliver(environment, tenant, tenant.message(tenant.action("Opportunity"), record))

    edited = tenant.org.edit(record.id, at=datetime(2030, 1, 1, tzinfo=UTC), Name="after", Amount=Decimal(99))
    await deliver(environment, tenant, tenant.message(tenant.action("Opportunity", without_amount), edited))

    shard = (await environment.shards(tenant))[record.id]
    assert (shard["structuredData"]["name"], shard["structuredData"]["amount"]) == ("after", 1234.5)
    assert shard["revisionNumber"] == 2


async def test_an_older_event_changes_nothing(environment: Environment, tenant: Tenant) -> None:
    record = tenant.org.create("Account", at=datetime(2026, 1, 1, tzinfo=UTC), Name="old")
    old = tenant.message(tenant.action("Account"), record)
    new = tenant.message(tenant.action("Account"), tenant.org.edit(record.id, at=datetime(2026, 1, 2, tzinfo=UTC), Name="new"))
    await deliver(environment, tenant, new)
    before = await environment.shards(tenant)

    await deliver(environment, tenant, old)

    assert await environment.shards(tenant) == before
    assert before[record.id]["structuredData"]["name"] == "new"


async def test_a_field_cleared_in_a_complete_event_is_null_and_a_tombstone_is_not_revived_by_an_older_update(
    environment: Environment, tenant: Tenant
) -> None:
    record = tenant.org.create("Opportunity", Name="a deal", Amount=Decimal(5))
    await deliver(environment, tenant, tenant.message(tenant.action("Opportunity"), record))

    await environment.publish("ingestion-events", secrets.token_hex(16), event(tenant, record, "update", "2031-01-01T00:00:00Z"))
    await environment.drained()
    cleared = (await environment.shards(tenant))[record.id]
    await environment.publish("ingestion-events", secrets.token_hex(16), event(tenant, record, "delete", "2032-01-01T00:00:00Z"))
    await environment.drained()
    late = event(tenant, record, "update", "2031-06-01T00:00:00Z")
    await environment.publish("ingestion-events", secrets.token_hex(16), late)
    await environment.drained()

    gone = (await environment.shards(tenant))[record.id]
    assert (cleared["structuredData"]["amount"], cleared["status"]) == (None, "active")
    assert (gone["status"], gone["ttl"], gone["revisionNumber"]) == ("deleted", 90 * 24 * 3600, 3)


def event(tenant: Tenant, record: Record, kind: str, at: str) -> dict[str, Any]:
    """A complete event of another producer, a back-fill say."""
    version = int(datetime.fromisoformat(at).timestamp() * 1000)
    return {
        "tenantId": tenant.id,
        "source": "salesforce",
        "sourceId": record.id,
        "eventType": kind,
        "observedAt": at,
        "payload": None if kind == "delete" else {"Id": record.id, "Name": "a deal", "Amount": None},
        "connectionId": f"salesforce:{tenant.org.organization_id}",
        "recordType": "Opportunity",
        "vendorVersion": f"{version:015d}",
    }
