"""Anchors and what shares keys with them: one suite for the two twins."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from devtools.fakes.samples import ORGANIZATION, give_up, sample_change, sample_id, sample_record, sample_shard
from shared.linking.anchor import ANCHOR_FIELDS, AnchorRow
from shared.shards.ids import ShardId
from shared.shards.model import Enriched, Linking, Shard
from shared.shards.store import Alias, LinksChange
from shared.storage.anchor_rows import MOST_KEYS
from tests.plugins.linking_twins import LinkingStores

pytest_plugins = ["tests.plugins.stand_ins"]


async def store(linking: LinkingStores, tenant_id: str, external_id: str, **changes: Any) -> Shard:
    shard = sample_shard(tenant_id, external_id=external_id)
    return await linking.shards.create(shard.model_copy(update={"external_relationships": (sample_record(external_id),), **changes}))


async def rows(found: AsyncIterator[AnchorRow]) -> dict[str, AnchorRow]:
    return {row.shard_id: row async for row in found}


async def everything(linking: LinkingStores, tenant_id: str) -> dict[str, AnchorRow]:
    return await rows(linking.anchors.changed_since(tenant_id, 0))


# --- anchors


async def test_an_anchor_is_told_by_what_it_is_recognised_by_and_no_more(linking: LinkingStores, tenant_id: str) -> None:
    data = {"name": "Harbour GmbH", "website": "harbour.example", "phone": None, "description": "long", "annualRevenue": 5}
    shard = await store(linking, tenant_id, "A1", structured_data=data)

    [row] = (await everything(linking, tenant_id)).values()

    assert row == AnchorRow.of(shard, changed_at=row.changed_at)
    assert row.fields == {"name": "Harbour GmbH", "website": "harbour.example"}
    assert row.records == (("salesforce", ORGANIZATION, "Account", "A1"),)
    assert row.changed_at > 1_700_000_000


@pytest.mark.parametrize("shard_type_id", ANCHOR_FIELDS)
async def test_every_field_that_a_type_is_recognised_by_arrives_as_it_is(
    linking: LinkingStores, tenant_id: str, shard_type_id: str
) -> None:
    values = (12000.5, True, False, 0, "", "text", ["a", 1], {"a": None})
    data = {field: values[number % len(values)] for number, field in enumerate(ANCHOR_FIELDS[shard_type_id])}
    shard = await store(linking, tenant_id, "A1", shard_type_id=shard_type_id, structured_data={**data, "colour": "red"})

    [row] = (await everything(linking, tenant_id)).values()

    assert row == AnchorRow.of(shard, changed_at=row.changed_at)
    assert row.fields == data


async def test_what_nothing_is_linked_to_what_was_never_seen_and_what_is_of_others_does_not_come(
    linking: LinkingStores, tenant_id: str
) -> None:
    seen = await store(linking, tenant_id, "seen")
    await store(linking, tenant_id, "a-file", shard_type_id="c_file")
    await store(linking, tenant_id, "a-state", shard_type_id="integration.state")
    await store(linking, tenant_id, "named-only", status="draft")
    await store(linking, f"{tenant_id}-other", "theirs")

    assert list(await everything(linking, tenant_id)) == [seen.id]


@pytest.mark.parametrize("status", ["active", "archived", "deleted"])
async def test_what_is_gone_says_so(linking: LinkingStores, tenant_id: str, status: str) -> None:
    shard = await store(linking, tenant_id, "A1", status=status, external_relationships=())

    [row] = (await everything(linking, tenant_id)).values()

    assert (row.shard_id, row.status, row.records) == (shard.id, status, ())


async def test_a_placeholder_is_an_anchor_once_it_is_seen(linking: LinkingStores, tenant_id: str) -> None:
    placeholder = await store(linking, tenant_id, "A1", status="draft")
    assert await everything(linking, tenant_id) == {}

    await linking.shards.change(placeholder, sample_change("Acme"))

    assert (await everything(linking, tenant_id))[placeholder.id].fields == {"name": "Acme"}


async def test_an_id_that_was_merged_away_is_gone_for_whoever_knew_it(linking: LinkingStores, tenant_id: str) -> None:
    """Whatever type the alias had: who never knew it forgets nothing."""
    surviving, merged = await store(linking, tenant_id, "A1"), await store(linking, tenant_id, "A2")
    before = await everything(linking, tenant_id)

    await give_up(linking.shards, tenant_id, merged.id, surviving.id)

    since = before[merged.id].changed_at
    after = await rows(linking.anchors.changed_since(tenant_id, since))
    assert before[merged.id].status == "active"
    assert after[merged.id] == AnchorRow.given_up(merged.id, changed_at=after[merged.id].changed_at)
    assert after[merged.id].status == "deleted"
    assert after[merged.id].changed_at >= since


async def test_an_id_that_is_a_shards_own_again_is_an_anchor_again(linking: LinkingStores, tenant_id: str) -> None:
    old = sample_id(tenant_id, "A2")
    surviving = await store(linking, tenant_id, "A1")
    await give_up(linking.shards, tenant_id, old, surviving.id)
    alias = await linking.shards.entry(tenant_id, old)
    assert isinstance(alias, Alias)

    await linking.shards.end_alias(alias, sample_shard(tenant_id, external_id="A2"))

    assert {row.status for row in (await everything(linking, tenant_id)).values()} == {"active"}


async def test_an_anchor_comes_when_it_was_written_in_the_second_that_is_asked_for_or_later(linking: LinkingStores, tenant_id: str) -> None:
    shard = await store(linking, tenant_id, "A1")
    at = (await everything(linking, tenant_id))[shard.id].changed_at

    assert list(await rows(linking.anchors.changed_since(tenant_id, at))) == [shard.id]
    assert list(await rows(linking.anchors.changed_since(tenant_id, at - 1))) == [shard.id]
    assert await rows(linking.anchors.changed_since(tenant_id, at + 1)) == {}


# --- what shares keys


async def noted(linking: LinkingStores, tenant_id: str, external_id: str, *keys: str, **changes: Any) -> Shard:
    shard = await store(linking, tenant_id, external_id, **changes)
    return await linking.shards.change(shard, LinksChange((), Enriched(revision=1, edge_set_hash="e"), Linking(keys=keys)))


async def sharing(linking: LinkingStores, tenant_id: str, *keys: str) -> list[ShardId]:
    return [ShardId(shard.id) async for shard in linking.anchors.sharing(tenant_id, keys)]


async def test_a_shard_is_found_by_each_of_its_keys_and_comes_once(linking: LinkingStores, tenant_id: str) -> None:
    shard = await noted(linking, tenant_id, "A1", "t:harbour", "e:ann@example.test")
    await noted(linking, tenant_id, "A2", "t:harbours", "d:example.test")
    await store(linking, tenant_id, "A3")
    await noted(linking, f"{tenant_id}-other", "A1", "t:harbour")

    assert await sharing(linking, tenant_id, "t:harbour") == [shard.id]
    assert await sharing(linking, tenant_id, "e:ann@example.test", "t:nothing") == [shard.id]
    assert await sharing(linking, tenant_id, "e:ann@example.test", "t:harbour", "t:harbour") == [shard.id]
    assert await sharing(linking, tenant_id, "t:harb") == []
    assert await sharing(linking, tenant_id) == []


async def test_keys_beyond_one_query_are_asked_for_by_the_next_and_nobody_comes_twice(linking: LinkingStores, tenant_id: str) -> None:
    many = [f"t:{number:04}" for number in range(2 * MOST_KEYS + 1)]
    first, both, last = (
        await noted(linking, tenant_id, "A1", many[0]),
        await noted(linking, tenant_id, "A2", many[1], many[MOST_KEYS + 1]),
        await noted(linking, tenant_id, "A3", many[-1]),
    )

    assert sorted(await sharing(linking, tenant_id, *many)) == sorted([first.id, both.id, last.id])


async def test_keys_are_never_taken_for_anything_else(linking: LinkingStores, tenant_id: str) -> None:
    strange = ['t:"', "t:' OR true", "t:\\", "t:@keys", "t:%", "t:straße", "t:日本"]
    shards = [await noted(linking, tenant_id, f"A{number}", key) for number, key in enumerate(strange)]

    for key, shard in zip(strange, shards, strict=True):
        assert await sharing(linking, tenant_id, key) == [shard.id]


async def test_what_shares_a_key_comes_whatever_it_is_and_is_not_to_be_written(linking: LinkingStores, tenant_id: str) -> None:
    gone = await noted(linking, tenant_id, "A1", "t:harbour", status="deleted")
    file = await noted(linking, tenant_id, "A2", "t:harbour", shard_type_id="c_file", unstructured_data={"text": "long"})

    found = {shard.id: shard async for shard in linking.anchors.sharing(tenant_id, ["t:harbour"])}

    assert set(found) == {gone.id, file.id}
    assert found[file.id] == file.model_copy(update=dict.fromkeys(("vectors", "unstructured_data", "ml_fields", "etag")))
    assert found[file.id].linking == Linking(keys=("t:harbour",))
