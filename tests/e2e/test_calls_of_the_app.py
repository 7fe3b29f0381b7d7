"""What the app and its host call at the wire: the list that the behaviour suite is held against (``tests/plugins/behaviour.py``).

Nobody else looks into store or queues meanwhile: that it is done is asked of the app itself, over HTTP.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from devtools.vendors.salesforce.records import Record
from tests.e2e.asking import found
from tests.e2e.environment import Environment, running_environment, until
from tests.e2e.events import event
from tests.e2e.tenants import Tenant
from tests.plugins.behaviour import app_calls, store_calls

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

ROOT = Path(__file__).resolve().parents[2]
OF_THE_CLIENT = frozenset({"account", "container", "database", "ranges"})
"""Kinds of requests that the SDK makes by itself, once."""
NOT_COUNTED = frozenset({"sent-messages", "duplicates-dropped", "release"})
"""Consequences of calls; and ``release``, with which the SDK gives back what arrives as a call for messages ends."""


async def test_the_calls_of_the_app_are_those_that_the_behaviour_suite_knows_of(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact) as environment:
        tenant = await environment.tenant()
        before = await calls(environment)

        await every_kind_of_event(environment, tenant)

        called = sorted(await calls(environment) - before)
    assert called == app_calls(ROOT), f"tests/fixtures/behaviour/app_calls.json has to say {json.dumps(called)}"


async def every_kind_of_event(environment: Environment, tenant: Tenant) -> None:
    """New, named before it is known, changed, moved, unchanged, deleted, parked, and a question."""
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
    assert await found(environment, "vaccines", tenant.id, admin=True)
    unreadable = {**event(tenant, deal, "update", later[2].isoformat()), "payload": {"Id": deal.id, "Name": None}}
    await environment.publish("ingestion-events", "unreadable", unreadable)
    await environment.publish("ingestion-events", "gone", event(tenant, deal, "delete", later[3].isoformat()))
    await nothing_is_left(environment, but=1)


async def send(environment: Environment, tenant: Tenant, record: Record) -> None:
    """Let the organization tell of a record, and wait until that is handled."""
    reply = await environment.post(tenant.url, tenant.message(tenant.action(record.object_name), record))
    assert reply.is_acknowledged, reply
    await nothing_is_left(environment)


async def nothing_is_left(environment: Environment, *, but: int = 0) -> None:
    """Return when everything sent was handled, but for what is parked. A handler sends before its own message is completed."""

    async def is_empty() -> bool:
        operations = await environment.bus_operations()
        return operations["sent-messages"] - operations["duplicates-dropped"] - operations["complete"] == but

    await until(is_empty, 60)


async def calls(environment: Environment) -> Counter[str]:
    """What was asked of the two stand-ins so far."""
    bus = {f"service-bus {name}": count for name, count in (await environment.bus_operations()).items() if name not in NOT_COUNTED}
    url = f"http://127.0.0.1:{environment.run.addresses.cosmos}/_operations"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        containers = (await answer.json())["containers"]
    store = {name: count for name, count in store_calls(containers).items() if name.rpartition(" ")[2] not in OF_THE_CLIENT}
    return Counter({**bus, **store})
