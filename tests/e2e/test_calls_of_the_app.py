"""What the app and its host call at the wire: the list that the behaviour suite is held against (``tests/plugins/behaviour.py``).

Nobody else looks into the store meanwhile. The test's own looks into the queues are made before the app looks into any, and left out.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from devtools.fakes.metrics import InMemoryMetrics
from devtools.local.sample import Sent
from devtools.vendors.salesforce.records import Record
from shared.connections.connection import connection_id
from shared.gaps.gap import Gap
from shared.storage.gap_store import CosmosGaps
from shared.storage.shard_store import CosmosShardStore
from tests.e2e.asking import found
from tests.e2e.desks import laid_out
from tests.e2e.environment import Environment, until
from tests.e2e.events import event
from tests.e2e.polled import Polled, polled_environment
from tests.e2e.tenants import Tenant
from tests.plugins.behaviour import app_calls, store_calls

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

ROOT = Path(__file__).resolve().parents[2]
OF_THE_CLIENT = frozenset({"account", "container", "database", "ranges"})
"""Kinds of requests that the SDK makes by itself, once."""
PEEK = "service-bus peek"
NOT_COUNTED = frozenset({"sent-messages", "duplicates-dropped", "release"})
"""Consequences of calls; and ``release``, with which the SDK gives back what arrives as a call for messages ends."""


async def test_the_calls_of_the_app_are_those_that_the_behaviour_suite_knows_of(artefact: Path, tmp_path: Path) -> None:
    async with polled_environment(tmp_path, artefact) as polled:
        environment = polled.environment
        before = await calls(environment)

        await every_kind_of_event(environment, polled.tenant)
        before[PEEK] = (await calls(environment))[PEEK]
        await whose_turn_it_is(environment)
        await every_kind_of_poll(polled)
        await a_merge(polled)
        await every_kind_of_decision(environment, polled.tenant)

        called = sorted(await calls(environment) - before)
    assert called == app_calls(ROOT), f"tests/fixtures/behaviour/app_calls.json has to say {json.dumps(called)}"


async def every_kind_of_poll(polled: Polled) -> None:
    """A back-fill of more than a page, changes, a deletion, a comparison that closes a gap, and what an admin is told. The test looks for
    shards, writes the gap, and that the organization is due, with calls that the app makes, too.
    """
    await polled.control.tell("page-rows", rows=1)
    company, contact = await polled.create("Account", is_old=True), await polled.create("Contact", is_old=True)
    await polled.create("Lead", is_old=True)
    await polled.create("Lead", is_old=True)
    await polled.ask()
    await known_as(polled, company, str(company.fields["Name"]))
    await polled.edit(company, Name="Another Name")
    await polled.delete(contact)
    await polled.ask()
    await known_as(polled, company, "Another Name")
    gap = Gap.found(
        tenant_id=polled.tenant.id,
        connection_id=connection_id("salesforce", polled.tenant.org.organization_id),
        stream="Lead",
        reason="deletions-not-retained",
        at=datetime.now(UTC) - timedelta(hours=1),
    )
    await CosmosGaps(polled.account, metrics=InMemoryMetrics()).open(gap)
    assert [one for one in (await polled.compared())["gaps"] if one["stream"] == "Lead"] == []


async def a_merge(polled: Polled) -> None:
    """Two companies become one."""
    kept, lost = await polled.create("Account", Name="Kept"), await polled.create("Account", Name="Lost")
    await polled.create("Contact", AccountId=lost.id)
    await polled.ask()
    await known_as(polled, kept, "Kept")
    await known_as(polled, lost, "Lost")
    await polled.merge(kept, lost)
    await polled.ask()
    await known_as(polled, lost, "Kept")


async def every_kind_of_decision(environment: Environment, tenant: Tenant) -> None:
    """What is suggested is listed, and one of it approved; links are looked at, made and undone. The test writes what is decided about."""
    desk = await laid_out(environment, tenant.id)
    answers = [
        await desk.call("GET", "suggested-links"),
        await desk.call("POST", f"suggested-links/{desk.suggestions[0]}/approve"),
        await desk.call("POST", f"shards/{desk.file}/links", json={"targetShardId": desk.deals[1]}),
    ]
    status, linked = await desk.call("GET", f"shards/{desk.deals[0]}/links")
    answers += [(status, linked), await desk.call("DELETE", f"shards/{desk.deals[0]}/links/{linked['links'][0]['id']}")]
    assert [status for status, _ in answers] == [200] * 5, answers


async def known_as(polled: Polled, record: Record, name: str) -> None:
    """Return when the record's shard has its links, its vectors and this name."""
    shards = CosmosShardStore(polled.account)
    place = Sent(polled.tenant.org, (), 0, {}).shard_id(record, tenant_id=polled.tenant.id)

    async def is_there() -> bool:
        shard = await shards.read(polled.tenant.id, place)
        is_done = shard is not None and not (shard.awaits_enrichment or shard.awaits_embedding)
        return is_done and shard is not None and shard.structured_data.get("name") == name

    await until(is_there, 60)


async def every_kind_of_event(environment: Environment, tenant: Tenant) -> None:
    """New, named before it is known, changed, moved, unchanged, deleted, parked, alone and in a batch, and a question."""
    org, now = tenant.org, datetime.now(UTC)
    later = [now + timedelta(seconds=seconds) for seconds in range(1, 5)]
    deal = org.create("Opportunity", AccountId=None)
    await send(environment, tenant, deal)
    account = org.create("Account")
    await send(environment, tenant, org.create("Contact", AccountId=account.id))
    await send(environment, tenant, account)
    await send(environment, tenant, org.edit(deal.id, at=later[0], AccountId=account.id, Description="Their vaccines must stay cold."))
    await send(environment, tenant, org.edit(deal.id, at=later[1], Description=None))
    await send(environment, tenant, org.record(deal.id))
    assert await found(environment, "vaccines", tenant.id, email="ada@example.com", admin=True)
    unreadable = {**event(tenant, deal, "update", later[2].isoformat()), "payload": {"Id": deal.id, "Name": None}}
    await environment.publish("ingestion-events", "unreadable", unreadable)
    await environment.publish("ingestion-events", "gone", event(tenant, deal, "delete", later[3].isoformat()))
    await nothing_is_left(environment, parked=1)
    crawled = [event(tenant, org.create("Opportunity"), "update", at.isoformat()) for at in later[:2]]
    crawled[1] |= {"payload": {"Id": crawled[1]["sourceId"], "Name": None}}
    batch = {"tenantId": tenant.id, "connectionId": crawled[0]["connectionId"], "events": crawled}
    await environment.publish("ingestion-events-bulk", "batch", batch)
    await nothing_is_left(environment, parked=2)


async def whose_turn_it_is(environment: Environment) -> None:
    """The timer of polls."""
    async with environment.http.post(f"{environment.run.host}/admin/functions/ingestion-salesforce-poll", json={}) as looked:
        assert looked.status == 202, await looked.text()


async def send(environment: Environment, tenant: Tenant, record: Record) -> None:
    """Let the organization tell of a record, and wait until that is handled."""
    reply = await environment.post(tenant.url, tenant.message(tenant.action(record.object_name), record))
    assert reply.is_acknowledged, reply
    await nothing_is_left(environment)


async def nothing_is_left(environment: Environment, *, parked: int = 0) -> None:
    """Return when everything sent was handled, but for what is parked, and for second looks at links, which are for later."""
    await environment.drained()
    assert len(await environment.queue("rejected-messages")) == parked


async def calls(environment: Environment) -> Counter[str]:
    """What was asked of the two stand-ins so far."""
    bus = {f"service-bus {name}": count for name, count in (await environment.bus_operations()).items() if name not in NOT_COUNTED}
    url = f"http://127.0.0.1:{environment.run.addresses.cosmos}/_operations"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        containers = (await answer.json())["containers"]
    store = {name: count for name, count in store_calls(containers).items() if name.rpartition(" ")[2] not in OF_THE_CLIENT}
    return Counter({**bus, **store})
