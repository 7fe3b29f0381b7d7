"""Repetition and order: the same event again, an older one late, several at once, and another producer's events among them."""

import asyncio
import secrets
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from devtools.vendors.salesforce.outbound_message import USUALLY_TICKED
from tests.e2e.environment import Environment
from tests.e2e.events import event
from tests.e2e.expectations import structured_data
from tests.e2e.tenants import OBJECTS, Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


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
        record.id: structured_data(record) for record in tenant.records()
    }
    assert {shard["revisionNumber"] for shard in shards.values()} == {1}
    assert len(await environment.queue("shard-emission", tenant)) == 12
    assert await environment.queue("rejected-messages", tenant) == []


async def test_versions_of_a_record_that_come_all_at_once_and_in_any_order_end_in_the_newest(
    environment: Environment, tenant: Tenant
) -> None:
    records = [tenant.org.create("Opportunity") for _ in range(8)]
    await environment.deliver(tenant, tenant.message(tenant.action("Opportunity"), *records))
    versions = [
        tenant.org.edit(record.id, at=datetime(2030, 1, day, tzinfo=UTC), Amount=Decimal(day)) for record in records for day in range(1, 5)
    ]
    tenant.rng.shuffle(versions)

    environment.new_log_lines()

    await environment.deliver(tenant, tenant.message(tenant.action("Opportunity"), *versions))  # as many as are handled at once
    written = [(line["shard"], line["revision"]) for line in environment.new_log_lines() if line.get("outcome") == "stored"]

    shards = await environment.shards(tenant)
    assert {record_id: shard["structuredData"] for record_id, shard in shards.items()} == {
        record.id: structured_data(record) for record in tenant.records()
    }
    assert len(written) == len(set(written)), "two of them wrote the same revision"
    assert await environment.queue("rejected-messages", tenant) == []


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


async def test_an_older_event_changes_nothing(environment: Environment, tenant: Tenant) -> None:
    record = tenant.org.create("Account", at=datetime(2026, 1, 1, tzinfo=UTC), Name="old")
    old = tenant.message(tenant.action("Account"), record)
    new = tenant.message(tenant.action("Account"), tenant.org.edit(record.id, at=datetime(2026, 1, 2, tzinfo=UTC), Name="new"))
    await environment.deliver(tenant, new)
    before = await environment.shards(tenant)

    await environment.deliver(tenant, old)

    assert await environment.shards(tenant) == before
    assert before[record.id]["structuredData"]["name"] == "new"


async def test_a_field_cleared_in_a_complete_event_is_null_and_a_tombstone_is_not_revived_by_an_older_update(
    environment: Environment, tenant: Tenant
) -> None:
    record = tenant.org.create("Opportunity", Name="a deal", Amount=Decimal(5))
    await environment.deliver(tenant, tenant.message(tenant.action("Opportunity"), record))

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
