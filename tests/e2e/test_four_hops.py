"""A new event is four messages, each sent once, received once and completed once: what Service Bus counts, and bills. A record that others
may be linked to is one more, which is for later: a second look, when no worker remembers that it was not there.
"""

from collections import Counter

import pytest

from tests.e2e.environment import Environment
from tests.e2e.graph import everything_is_linked_and_embedded
from tests.e2e.queues import PIPELINE

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

EVENTS = 25


async def test_a_new_event_is_one_message_on_each_of_the_four_queues_one_for_later_and_none_elsewhere(pipeline: Environment) -> None:
    tenant = await pipeline.tenant()
    account = tenant.org.create("Account")
    await pipeline.deliver(tenant, tenant.message(tenant.action("Account"), account))
    deals = [tenant.org.create("Opportunity", AccountId=account.id) for _ in range(EVENTS)]
    before = await pipeline.bus_operations()
    pipeline.new_log_lines()

    for deal in deals:  # a call each, because a call sends all of its events as one batch
        assert (await pipeline.post(tenant.url, tenant.message(tenant.action("Opportunity"), deal))).is_acknowledged
    await pipeline.drained()

    counted = await pipeline.bus_operations() - before
    handled = [line for line in pipeline.new_log_lines() if line["message"] == "message handled"]
    del counted["peek"]  # the test's own
    given_back = counted.pop("release", 0)  # by the SDK, when one arrives just as a call for messages ends: it is received again
    assert 0 < counted.pop("send") <= 5 * EVENTS  # what several handlers send at one moment is one batch
    assert counted == {"sent-messages": 5 * EVENTS, "receive": 4 * EVENTS + given_back, "complete": 4 * EVENTS}
    looks = [message for message in await pipeline.queue("shard-emission", tenant) if message["state"] == "scheduled"]
    shards = await pipeline.shards(tenant)
    assert Counter(look["body"]["shardId"] for look in looks) == dict.fromkeys((shard["id"] for shard in shards.values()), 1)
    assert Counter(line["queue"] for line in handled) == dict.fromkeys(PIPELINE, EVENTS)
    assert len({(line["queue"], line["message_id"]) for line in handled}) == 4 * EVENTS
    assert await pipeline.given_up(tenant) == []
    await everything_is_linked_and_embedded(pipeline, tenant)


async def test_an_event_that_says_nothing_new_is_one_message_and_that_one_alone(pipeline: Environment) -> None:
    tenant = await pipeline.tenant()
    deal = tenant.org.create("Opportunity")
    with_and_without = [tenant.action("Opportunity"), tenant.action("Opportunity", ["Name", "StageName", "SystemModstamp"])]
    await pipeline.deliver(tenant, tenant.message(with_and_without[0], deal))
    before = await pipeline.bus_operations()

    await pipeline.deliver(tenant, tenant.message(with_and_without[1], deal))  # another message with fields that are known

    counted = await pipeline.bus_operations() - before
    del counted["peek"]
    given_back = counted.pop("release", 0)
    assert counted == {"send": 1, "sent-messages": 1, "receive": 1 + given_back, "complete": 1}
