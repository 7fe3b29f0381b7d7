"""Linking policies remembered for a minute; and what becomes of a shard whose tenant's policy cannot be read."""

import asyncio

import pytest
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.linking import InMemoryLinkingPolicies
from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.samples import NOON
from shared import topology
from shared.contracts.rejected import Rejected
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import ConfigurationError, DependencyUnavailable
from shared.linking.policy import LinkingPolicy, StoredPolicy
from shared.linking.remembered_policies import MOST, REMEMBERED, RememberedPolicies
from shared.messaging.delivery import deliver
from shared.messaging.envelope import Envelope
from shared.messaging.outcomes import Ignored, Outcome
from shared.messaging.returns import Delivery


def remembered(store: InMemoryLinkingPolicies) -> tuple[RememberedPolicies, Clock]:
    clock = Clock()
    return RememberedPolicies(store, now=clock), clock


async def keep(store: InMemoryLinkingPolicies, tenant_id: str, policy: LinkingPolicy) -> None:
    known = await store.read(tenant_id)
    etag = None if known is None else known.etag
    await store.write(StoredPolicy(tenant_id=tenant_id, policy=policy, updated_by="operator", updated_at=NOON, etag=etag))
    store.reads = 0


async def test_a_tenant_that_has_set_nothing_links_by_the_first_values() -> None:
    policies, _ = remembered(InMemoryLinkingPolicies())

    assert await policies.of("acme") == LinkingPolicy()


async def test_each_tenant_links_by_its_own() -> None:
    store = InMemoryLinkingPolicies()
    policies, _ = remembered(store)
    await keep(store, "acme", LinkingPolicy(link_from=0.9))
    await keep(store, "globex", LinkingPolicy(link_from=0.7))

    assert (await policies.of("acme")).link_from == 0.9
    assert (await policies.of("globex")).link_from == 0.7


async def test_who_looks_at_links_anew_has_the_policy_of_now_and_others_wait_for_no_read() -> None:
    """An operator changes the policy and has everything relinked in the same minute."""
    store = InMemoryLinkingPolicies()
    policies, clock = remembered(store)
    await policies.of("acme")
    clock.advance(seconds=5)
    await keep(store, "acme", LinkingPolicy(link_from=0.9))

    assert (await policies.of("acme", fresh=True)).link_from == 0.9
    assert (await policies.of("acme", fresh=True)).link_from == (await policies.of("acme")).link_from == 0.9
    assert store.reads == 1


async def test_a_change_is_read_after_a_minute_and_no_request_is_made_before() -> None:
    store = InMemoryLinkingPolicies()
    policies, clock = remembered(store)
    assert (await policies.of("acme")).link_from == 0.8
    await keep(store, "acme", LinkingPolicy(link_from=0.9))

    clock.advance(seconds=REMEMBERED.total_seconds() - 1)
    assert (await policies.of("acme")).link_from == 0.8
    assert store.reads == 0

    clock.advance(seconds=1)
    assert (await policies.of("acme")).link_from == 0.9
    assert store.reads == 1


async def test_many_who_ask_at_once_wait_for_one_read() -> None:
    store = InMemoryLinkingPolicies()
    policies, _ = remembered(store)

    await asyncio.gather(*(policies.of("acme") for _ in range(20)))

    assert store.reads == 1


async def test_of_very_many_tenants_the_one_asked_for_least_lately_is_forgotten() -> None:
    store = InMemoryLinkingPolicies()
    policies, _ = remembered(store)
    for number in range(MOST):
        await policies.of(f"tenant-{number}")
    await policies.of("tenant-0")
    await policies.of("one more")
    store.reads = 0

    await policies.of("tenant-0")
    assert store.reads == 0
    await policies.of("tenant-1")
    assert store.reads == 1


class Silent(InMemoryLinkingPolicies):
    @override
    async def read(self, tenant_id: str) -> StoredPolicy | None:
        raise DependencyUnavailable("no answer")


async def test_a_store_without_an_answer_is_not_taken_for_one_without_a_policy() -> None:
    policies, _ = remembered(Silent())

    with pytest.raises(DependencyUnavailable):
        await policies.of("acme")


async def test_a_policy_that_is_none_is_not_replaced_by_the_first_values() -> None:
    store = InMemoryLinkingPolicies()
    policies, _ = remembered(store)
    store.put("acme", {"policy": {"linkFrom": 2}, "updatedBy": "somebody", "updatedAt": "2026-11-21T12:00:00Z"})

    with pytest.raises(ConfigurationError, match=r"policy\.linkFrom"):
        await policies.of("acme")

    await store.remove("acme")
    assert await policies.of("acme") == LinkingPolicy(), "nobody waits a minute for what was put right"


async def test_a_shard_of_a_tenant_with_an_invalid_policy_is_parked_with_the_reason_and_can_be_replayed() -> None:
    pipeline = InMemoryPipeline()
    pipeline.policies.put("acme", {"policy": {"weights": {"guess": 1}}, "updatedBy": "somebody", "updatedAt": "2026-11-21T12:00:00Z"})
    policies = RememberedPolicies(pipeline.policies, now=pipeline.clock)
    said = Envelope.of(ShardEmitted(tenant_id="acme", shard_id="s", shard_type_id="c_file", revision=1, cause="content"), traceparent=None)

    async def linked(message: ShardEmitted) -> Outcome:
        await policies.of(message.tenant_id)
        return Ignored("never reached")

    await deliver(Delivery(said.queue, said.id, said.body, said.properties), ShardEmitted, linked, ports=pipeline.delivery)

    [parked] = pipeline.transport.on(topology.REJECTED_MESSAGES)
    rejected = Rejected.decode(parked.body)
    assert (rejected.reason, rejected.queue, rejected.original_id) == ("ConfigurationError", topology.SHARD_EMISSION, said.id)
    assert "weights" in rejected.detail
    assert "guess" in rejected.detail
