"""Linking policies: one suite for the two twins."""

from typing import Any

import pytest

from devtools.fakes.samples import NOON
from shared.errors import ConfigurationError, Conflict
from shared.linking.policy import LinkingPolicy, StoredPolicy
from tests.plugins.linking_twins import LinkingStores

pytest_plugins = ["tests.plugins.stand_ins"]


def stored_policy(tenant_id: str, **policy: Any) -> StoredPolicy:
    return StoredPolicy(tenant_id=tenant_id, policy=LinkingPolicy(**policy), updated_by="operator", updated_at=NOON)


async def test_a_tenant_without_a_policy_has_none(linking: LinkingStores, tenant_id: str) -> None:
    assert await linking.policies.read(tenant_id) is None


async def test_a_policy_is_read_as_it_was_written(linking: LinkingStores, tenant_id: str) -> None:
    written = await linking.policies.write(
        stored_policy(tenant_id, link_from=0.9, weights={"phone": 0.1}, switched_off={"team", "phone"}, own_domains=("example.test",))
    )

    read = await linking.policies.read(tenant_id)

    assert read == written
    assert read is not None
    assert read.policy.version == written.policy.version
    assert await linking.policies.read(f"{tenant_id}-other") is None


async def test_of_two_who_write_at_once_one_is_told(linking: LinkingStores, tenant_id: str) -> None:
    first = await linking.policies.write(stored_policy(tenant_id))
    with pytest.raises(Conflict):
        await linking.policies.write(stored_policy(tenant_id, link_from=0.9))

    second = await linking.policies.write(first.model_copy(update={"policy": LinkingPolicy(margin=0.1)}))

    with pytest.raises(Conflict):
        await linking.policies.write(first.model_copy(update={"policy": LinkingPolicy(margin=0.2)}))
    assert await linking.policies.read(tenant_id) == second


async def test_going_back_to_the_first_values_leaves_nothing(linking: LinkingStores, tenant_id: str) -> None:
    stored = await linking.policies.write(stored_policy(tenant_id))

    assert await linking.policies.remove(tenant_id) is True
    assert await linking.policies.remove(tenant_id) is False
    assert await linking.policies.read(tenant_id) is None
    with pytest.raises(Conflict):
        await linking.policies.write(stored)


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        ({"linkFrom": 17}, "policy.linkFrom: "),
        ({"suggestFrom": 0.9, "linkFrom": 0.7}, "suggestFrom is above linkFrom"),
        ({"weights": {"telepathy": 0.5}}, "policy.weights: .*there is vendor-id"),
        ({"weights": {"phone": "s3cret"}}, "policy.weights.phone: "),
        ({"switchedOff": ["vendor-id"]}, "vendor-id cannot be switched off"),
        ({"likeliness": "s3cret"}, "policy.likeliness: "),
        ("s3cret", "policy: "),
    ],
)
async def test_what_is_stored_and_is_no_policy_is_for_a_person_who_is_told_where(
    linking: LinkingStores, tenant_id: str, policy: Any, fault: str
) -> None:
    await linking.put_policy(tenant_id, {"policy": policy, "updatedBy": "s3cret", "updatedAt": "2026-11-21T12:00:00Z"})

    with pytest.raises(ConfigurationError, match=fault) as told:
        await linking.policies.read(tenant_id)

    assert "s3cret" not in str(told.value)
    assert "17" not in str(told.value)


async def test_a_policy_that_lacks_its_frame_is_no_policy(linking: LinkingStores, tenant_id: str) -> None:
    await linking.put_policy(tenant_id, {})

    with pytest.raises(ConfigurationError, match="policy: Field required"):
        await linking.policies.read(tenant_id)
