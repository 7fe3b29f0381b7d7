"""Which edges a record's own fields ask for, and what becomes of them when the record changes."""

from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.shards.ids import ShardId
from shared.shards.store import LinksChange
from tests.unit.processors.chain.records import (
    ACCOUNT,
    ACCOUNT_SHARD,
    CONTACT_SHARD,
    OPPORTUNITY_SHARD,
    OTHER_ACCOUNT,
    OTHER_ACCOUNT_SHARD,
    account,
    contact,
    deal,
    gone,
    say,
    shard,
)

BY_HAND: dict[str, Any] = {
    "id": "by-hand-1",
    "targetShardId": CONTACT_SHARD,
    "targetShardTypeId": "c_contact",
    "relationshipType": "decided_by",
    "metadata": {"confidence": 1.0, "source": "manual", "extractionMethod": "ui", "evidence": [], "note": "she said so"},
    "createdAt": "2026-11-20T09:30:00.000000Z",
    "createdBy": "user:wile@acme.example",
    "colour": "red",
    "pinned": {"by": ["wile"], "at": 3},
}
"""What a person drew, with keys that this deployment does not know."""

BY_ACCOUNT: dict[str, Any] = {
    "feature": "vendor-id",
    "source": "crm",
    "field": "accountId",
    "value": "001Kd00000aCcT1IAK",
    "weight": 0.9,
    "strength": 1.0,
    "ceiling": 0.9,
}
"""Why a record is linked to its account, as it is stored."""


async def edges(pipeline: InMemoryPipeline, shard_id: ShardId) -> list[dict[str, Any]]:
    return list((await shard(pipeline, shard_id)).internal_relationships)


async def draw(pipeline: InMemoryPipeline, *drawn: dict[str, Any]) -> None:
    """Somebody else puts edges on the deal."""
    known = await shard(pipeline, OPPORTUNITY_SHARD)
    assert known.processing.enriched is not None
    await pipeline.shards.change(known, LinksChange((*drawn, *known.internal_relationships), known.processing.enriched))


async def test_an_opportunity_is_linked_to_its_account_by_the_vendors_id() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account(), deal())

    assert await edges(pipeline, OPPORTUNITY_SHARD) == [
        {
            "id": "49426cd160de6169137ed076d356dd10",
            "targetShardId": "b991eadc1580fc28d85528aae0e41b2b",
            "targetShardTypeId": "c_account",
            "relationshipType": "opportunity_for",
            "metadata": {
                "confidence": 0.9,
                "source": "crm",
                "extractionMethod": "vendor-id",
                "evidence": [BY_ACCOUNT],
            },
            "createdAt": "2026-11-21T12:00:00.000000Z",
            "createdBy": "enrichment",
        }
    ]


async def test_a_contact_is_linked_to_its_account_by_the_vendors_id() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account(), contact())

    assert await edges(pipeline, CONTACT_SHARD) == [
        {
            "id": "7cdfdd82e0d72e97636725ad00b927bb",
            "targetShardId": "b991eadc1580fc28d85528aae0e41b2b",
            "targetShardTypeId": "c_account",
            "relationshipType": "contact_for",
            "metadata": {
                "confidence": 0.9,
                "source": "crm",
                "extractionMethod": "vendor-id",
                "evidence": [BY_ACCOUNT],
            },
            "createdAt": "2026-11-21T12:00:00.000000Z",
            "createdBy": "enrichment",
        }
    ]


async def test_an_account_without_a_parent_and_an_owner_says_nothing_of_others() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account())

    assert await edges(pipeline, ACCOUNT_SHARD) == []
    assert [one.id for one in pipeline.shards.all()] == [ACCOUNT_SHARD]


async def test_a_deal_without_an_account_has_no_edge() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, deal(AccountId=None))

    assert await edges(pipeline, OPPORTUNITY_SHARD) == []
    assert [one.id for one in pipeline.shards.all()] == [OPPORTUNITY_SHARD]


async def test_the_short_form_of_an_id_leads_to_the_same_account() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account(), deal(AccountId=ACCOUNT[:15]))

    assert [edge["targetShardId"] for edge in await edges(pipeline, OPPORTUNITY_SHARD)] == [ACCOUNT_SHARD]


async def test_another_account_moves_the_edge() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), account(record=OTHER_ACCOUNT, Name="Globex"), deal())

    await say(pipeline, deal(saved=1, AccountId=OTHER_ACCOUNT))

    [edge] = await edges(pipeline, OPPORTUNITY_SHARD)
    assert edge["targetShardId"] == OTHER_ACCOUNT_SHARD
    assert edge["metadata"]["evidence"][0]["value"] == "001Kd00000aCcT2IAK"


async def test_an_edge_that_is_still_right_stays_as_it_was_made() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    before = await edges(pipeline, OPPORTUNITY_SHARD)

    await say(pipeline, deal(saved=1, Amount=1.0))

    assert await edges(pipeline, OPPORTUNITY_SHARD) == before


async def test_a_cleared_account_withdraws_the_edge() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())

    await say(pipeline, deal(saved=1, AccountId=None))

    assert await edges(pipeline, OPPORTUNITY_SHARD) == []


async def test_a_deleted_deal_that_comes_back_has_its_edge() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    before = await edges(pipeline, OPPORTUNITY_SHARD)

    await say(pipeline, gone(deal(), saved=1))
    await say(pipeline, deal(saved=2))

    assert await edges(pipeline, OPPORTUNITY_SHARD) == before


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        (deal(saved=1, Amount=1.0), [ACCOUNT_SHARD]),
        (deal(saved=1, AccountId=OTHER_ACCOUNT), [OTHER_ACCOUNT_SHARD]),
        (deal(saved=1, AccountId=None), []),
    ],
    ids=["renewed", "moved", "withdrawn"],
)
async def test_edges_of_others_survive_with_all_that_they_say(event: IngestionEvent, ours: list[str]) -> None:
    pipeline = InMemoryPipeline()
    bare = {"id": "2", "targetShardId": "somewhere", "createdBy": "ml"}
    nameless = {"targetShardId": "elsewhere"}
    await say(pipeline, account(), contact(), deal())
    await draw(pipeline, BY_HAND, bare, nameless)

    await say(pipeline, event)

    kept = await edges(pipeline, OPPORTUNITY_SHARD)
    assert [edge for edge in kept if edge.get("createdBy") != "enrichment"] == [BY_HAND, bare, nameless]
    assert [edge["targetShardId"] for edge in kept if edge.get("createdBy") == "enrichment"] == ours


async def test_an_edge_of_somebody_else_to_the_same_account_does_not_stand_in_for_ours() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), deal())
    [ours] = await edges(pipeline, OPPORTUNITY_SHARD)
    await draw(pipeline, {**ours, "createdBy": "user:wile@acme.example"})

    await say(pipeline, deal(saved=1, AccountId=None))

    assert await edges(pipeline, OPPORTUNITY_SHARD) == [{**ours, "createdBy": "user:wile@acme.example"}]
