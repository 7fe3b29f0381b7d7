"""What ``linking relink`` announces, as the database gives it."""

from typing import Any

import pytest

from devtools.fakes.samples import sample_shard
from ops.linkable import LINKED_TYPES, CosmosLinkableShards
from shared.shards.ids import ShardId
from shared.shards.store import Alias
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore

pytestmark = pytest.mark.integration


async def keep(account: CosmosAccount, tenant_id: str, number: int, **said: Any) -> str:
    shard = sample_shard(tenant_id, external_id=f"{number:015}AAA").model_copy(update=said)
    return (await CosmosShardStore(account).create(shard)).id


async def test_it_is_what_is_active_of_the_tenant_and_of_a_type_that_is_linked(account: CosmosAccount, tenant_id: str) -> None:
    company = await keep(account, tenant_id, 1, revision_number=7)
    channel = await keep(account, tenant_id, 2, shard_type_id="c_channel")
    for number, said in enumerate(({"status": "deleted"}, {"status": "draft"}, {"shard_type_id": "c_person"}), start=3):
        await keep(account, tenant_id, number, **said)
    await keep(account, f"{tenant_id}-other", 9)
    await CosmosShardStore(account).add_alias(Alias(tenant_id, ShardId("given-up"), ShardId(company)), instead_of=None)
    shards = CosmosLinkableShards(account)

    found = [one async for one in shards.each(tenant_id, LINKED_TYPES)]
    of_one_type = [one.id async for one in shards.each(tenant_id, ["c_channel"])]

    assert {(one.id, one.shard_type_id, one.revision) for one in found} == {(company, "c_account", 7), (channel, "c_channel", 1)}
    assert of_one_type == [channel]
    assert await shards.count(tenant_id, LINKED_TYPES) == 2
