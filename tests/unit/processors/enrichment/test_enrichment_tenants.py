"""No edge, no placeholder and no carried shard ever crosses a tenant, though two have the same organization and the same record ids."""

import json

import pytest
from pydantic import ValidationError

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import ContractViolation
from shared.shards.carried import CarriedShard
from tests.unit.processors.chain.records import ACCOUNT_SHARD, OPPORTUNITY_SHARD, account, contact, deal, emitted, graph, say, shard


async def test_an_edge_leads_to_the_account_of_ones_own_tenant() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account(), account(tenant="globex"), deal(), deal(tenant="globex"))

    edges = {
        one.tenant_id: [edge["targetShardId"] for edge in one.internal_relationships]
        for one in pipeline.shards.all()
        if one.shard_type_id == "c_opportunity"
    }
    assert edges == {"acme": ["b991eadc1580fc28d85528aae0e41b2b"], "globex": ["83c658a8bca2bc168397299908d5c1b9"]}
    assert {(one.tenant_id, one.id) for one in pipeline.shards.all() if one.shard_type_id == "c_account"} == {
        ("acme", "b991eadc1580fc28d85528aae0e41b2b"),
        ("globex", "83c658a8bca2bc168397299908d5c1b9"),
    }


async def test_the_account_of_another_tenant_does_not_stand_in_for_a_missing_one() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account(tenant="globex"), contact(tenant="globex"), deal())

    made = await shard(pipeline, ACCOUNT_SHARD)
    assert (made.tenant_id, made.status, made.structured_data) == ("acme", "draft", {})


async def test_what_one_tenant_does_leaves_no_mark_on_another() -> None:
    together, apart = InMemoryPipeline(), InMemoryPipeline()

    await say(together, deal(tenant="globex"), deal(), account(tenant="globex"), contact(), deal(tenant="globex", saved=1, AccountId=None))
    await say(apart, deal(), contact())

    assert {key: seen for key, seen in graph(together).items() if key[0] == "acme"} == graph(apart)
    assert {edge["targetShardId"] for one in graph(together).values() for edge in one["to"]} == {ACCOUNT_SHARD}


async def test_an_announcement_cannot_carry_the_shard_of_another_tenant() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal(), deal(tenant="globex"))
    [foreign] = [one for one in pipeline.shards.all() if (one.tenant_id, one.shard_type_id) == ("globex", "c_opportunity")]
    ours = emitted(await shard(pipeline, OPPORTUNITY_SHARD))
    carried = CarriedShard.of(foreign, at=pipeline.clock())

    with pytest.raises(ValidationError, match="not the one that is named"):
        ShardEmitted(**{**ours.model_dump(), "carried": carried})


async def test_a_forged_body_that_carries_the_shard_of_another_tenant_is_not_readable() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal(), deal(tenant="globex"))
    [foreign] = [one for one in pipeline.shards.all() if (one.tenant_id, one.shard_type_id) == ("globex", "c_opportunity")]
    carried = CarriedShard.of(foreign, at=pipeline.clock())
    assert carried is not None

    forged = json.loads(emitted(await shard(pipeline, OPPORTUNITY_SHARD)).encode())
    forged["carried"] = json.loads(carried.model_dump_json(by_alias=True))

    with pytest.raises(ContractViolation, match="message: value_error"):
        ShardEmitted.decode(json.dumps(forged).encode())
