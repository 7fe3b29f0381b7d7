"""What must not get in does not: no Ack, nothing queued, no shard, and nothing of the body or the key in any log. And the one bad record
of a hundred, which stops nobody else.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from devtools.vendors.salesforce import hostile
from devtools.vendors.salesforce.ids import random_id
from devtools.vendors.salesforce.outbound_message import Notification, render
from tests.e2e.environment import Environment
from tests.e2e.expectations import structured_data
from tests.e2e.tenants import Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Case:
    """``body`` makes the hostile body of an honest one."""

    name: str
    status: int
    outcome: str
    body: Callable[[bytes], bytes] = lambda honest: honest
    headers: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("malformed", 400, "malformed", hostile.truncated),
    Case("not XML at all", 400, "malformed", lambda honest: b"{" + honest),
    Case("empty", 400, "malformed", lambda _: b""),
    Case("another document", 400, "malformed", lambda honest: honest.replace(b"outbound", b"inbound")),
    Case("a DTD", 400, "malformed", hostile.with_document_type),
    Case("a DTD from elsewhere", 400, "malformed", lambda honest: hostile.with_external_document_type(honest, "http://127.0.0.1:1/dtd")),
    Case("an entity from a file", 400, "malformed", hostile.with_external_entity),
    Case("an entity bomb", 400, "malformed", hostile.with_entity_bomb),
    Case("a quadratic bomb", 400, "malformed", hostile.with_quadratic_bomb),
    Case("a wrong content type", 415, "wrong content type", headers={"Content-Type": "application/json"}),
    Case("over the limit", 413, "oversized", lambda honest: honest + b" " * (16 * MEGABYTE)),
]


def names(text: str, tenant: Tenant) -> list[str]:
    """What a log must not hold: the key, and the values the records carry."""
    secret = [tenant.key, *(str(record.fields["Name"]) for record in tenant.org.records("Account"))]
    return [word for word in secret if word in text]


async def nothing_came_of_it(environment: Environment, tenant: Tenant) -> None:
    await environment.drained()
    assert await environment.shards(tenant) == {}
    for queue in ("ingestion-events", "shard-emission", "rejected-messages"):
        assert await environment.queue(queue, tenant) == []
        assert await environment.queue(queue, tenant, dead=True) == []
    assert names(environment.all_logs(), tenant) == []


def honest_message(tenant: Tenant) -> bytes:
    records = [tenant.org.create("Account", Name=f"Canary {secrets.token_hex(8)}") for _ in range(3)]
    return tenant.message(tenant.action("Account"), *records)


async def test_a_refused_call_is_answered_4xx_with_nothing_queued_and_nothing_of_it_logged(
    environment: Environment, tenant: Tenant, subtests: pytest.Subtests
) -> None:
    honest = honest_message(tenant)
    environment.new_log_lines()

    for case in CASES:
        reply = await environment.post(tenant.url, case.body(honest), case.headers)
        [answered] = await environment.answered_calls(1)
        with subtests.test(case.name):
            assert (reply.status, reply.is_acknowledged) == (case.status, False)
            assert answered["outcome"] == case.outcome
            assert names(reply.text, tenant) == []
            assert reply.seconds < 5

    await nothing_came_of_it(environment, tenant)


async def test_a_call_with_a_wrong_key_is_401_without_effect(environment: Environment, tenant: Tenant) -> None:
    honest = honest_message(tenant)
    wrong_key = secrets.token_urlsafe(32)
    environment.new_log_lines()

    replies = [
        await environment.post(tenant.url.replace(tenant.key, wrong_key), honest),
        await environment.post(tenant.url.replace(tenant.key, "short"), honest),
        await environment.post(tenant.url + "x", honest),
    ]

    answered = await environment.answered_calls(3)
    assert [(reply.status, reply.text) for reply in replies] == [(401, "")] * 3
    assert [line["outcome"] for line in answered] == ["unknown caller", "refused", "unknown caller"]
    assert wrong_key not in environment.all_logs()
    await nothing_came_of_it(environment, tenant)


async def test_a_call_of_a_wrong_organization_is_401_without_effect(environment: Environment, tenant: Tenant) -> None:
    another = await environment.tenant()
    record = another.org.create("Account", Name=f"Canary {secrets.token_hex(8)}")
    body = render(another.org.organization_id, another.action("Account"), [Notification(random_id("Notification", another.rng), record)])

    reply = await environment.post(tenant.url, body)

    assert (reply.status, reply.text) == (401, "")
    await nothing_came_of_it(environment, tenant)
    await nothing_came_of_it(environment, another)


async def test_one_record_of_a_hundred_without_a_required_field_is_parked_with_its_reason_and_the_other_99_are_stored(
    environment: Environment, tenant: Tenant
) -> None:
    records = [tenant.org.create("Opportunity") for _ in range(99)]
    nameless = tenant.org.create("Opportunity", Name=None)
    records.insert(41, nameless)

    reply = await environment.post(tenant.url, tenant.message(tenant.action("Opportunity"), *records))
    await environment.drained()

    shards = await environment.shards(tenant)
    [parked] = await environment.queue("rejected-messages", tenant)
    assert reply.is_acknowledged
    assert {record_id: shard["structuredData"] for record_id, shard in shards.items()} == {
        record.id: structured_data(record) for record in records if record is not nameless
    }
    assert (parked["body"]["reason"], parked["body"]["detail"]) == ("UnmappableRecord", "c_opportunity: required field name is missing")
    assert (parked["body"]["queue"], parked["body"]["attempts"]) == ("ingestion-events", 1)
    assert json.loads(parked["body"]["body"])["sourceId"] == nameless.id
    assert await environment.queue("ingestion-events", tenant, dead=True) == []
