"""The stamps of later stages: one suite for the two twins. Nothing guards a summary of vectors but the revision it is of."""

import asyncio

import pytest

from devtools.fakes.samples import give_up, sample_change, sample_id, sample_shard, sample_vectors
from shared.errors import Conflict
from shared.shards.model import Enriched
from shared.shards.store import LinksChange, VectorsChange
from tests.plugins.twins import Stores

pytest_plugins = ["tests.plugins.stand_ins"]

EDGE = {"id": "e", "target_shard_id": "t", "addedLater": {"by": "a newer deployment"}}


async def test_a_summary_is_stored_and_nothing_else_is_touched(stores: Stores, tenant_id: str) -> None:
    created = await stores.shards.create(sample_shard(tenant_id))

    stored = await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=1))

    after = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert stored is True
    assert after is not None
    assert after == created.model_copy(update={"vectors": sample_vectors(revision=1), "etag": after.etag})


@pytest.mark.parametrize(("there", "comes", "is_stored"), [(1, 2, True), (2, 2, True), (2, 1, False)])
async def test_the_summary_of_a_later_revision_stays(stores: Stores, tenant_id: str, *, there: int, comes: int, is_stored: bool) -> None:
    await stores.shards.create(sample_shard(tenant_id).model_copy(update={"revision_number": 2}))
    await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=there))
    other = sample_vectors(revision=comes).model_copy(update={"chunk_count": 7})

    stored = await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), other)

    after = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert stored is is_stored
    assert after is not None
    assert after.vectors == (other if is_stored else sample_vectors(revision=there))


async def test_whatever_order_summaries_come_in_the_last_revisions_stays(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id).model_copy(update={"revision_number": 8}))

    await asyncio.gather(
        *[
            stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=revision))
            for revision in (3, 8, 1, 6, 2, 7, 5, 4)
        ]
    )

    after = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert after is not None
    assert after.vectors == sample_vectors(revision=8)


async def test_a_summary_of_a_revision_the_shard_has_not_reached_is_not_its_own(stores: Stores, tenant_id: str) -> None:
    """It is of an earlier life: a shard that was removed and made again counts from one."""
    created = await stores.shards.create(sample_shard(tenant_id))

    assert await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=2)) is False
    assert await stores.shards.read(tenant_id, sample_id(tenant_id)) == created


async def test_a_summary_moves_the_state_that_others_have_read(stores: Stores, tenant_id: str) -> None:
    created = await stores.shards.create(sample_shard(tenant_id))
    await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=1))

    with pytest.raises(Conflict):
        await stores.shards.change(created, sample_change("too late"))


async def test_a_shard_that_is_not_there_gets_no_summary(stores: Stores, tenant_id: str) -> None:
    assert await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=1)) is False
    assert await stores.shards.read(tenant_id, sample_id(tenant_id)) is None


async def test_another_tenants_shard_gets_no_summary(stores: Stores, tenant_id: str) -> None:
    created = await stores.shards.create(sample_shard(tenant_id))

    assert await stores.shards.record_vectors(f"{tenant_id}-other", sample_id(tenant_id), sample_vectors(revision=1)) is False
    assert await stores.shards.read(tenant_id, sample_id(tenant_id)) == created


async def test_an_id_that_was_given_up_gets_no_summary(stores: Stores, tenant_id: str) -> None:
    survivor = await stores.shards.create(sample_shard(tenant_id))
    await give_up(stores.shards, tenant_id, sample_id(tenant_id, "old"), sample_id(tenant_id))

    assert await stores.shards.record_vectors(tenant_id, sample_id(tenant_id, "old"), sample_vectors(revision=1)) is False

    assert "vectors" not in await stores.stored_shard(tenant_id, sample_id(tenant_id, "old"))
    assert await stores.shards.read(tenant_id, sample_id(tenant_id, "old")) == survivor


async def test_a_summary_that_is_null_is_none(stores: Stores, tenant_id: str) -> None:
    await stores.put_shard({**sample_shard(tenant_id).document(), "vectors": None})

    assert await stores.shards.record_vectors(tenant_id, sample_id(tenant_id), sample_vectors(revision=1)) is True


async def test_links_and_a_summary_of_a_shard_that_was_read_are_returned_as_stored(stores: Stores, tenant_id: str) -> None:
    created = await stores.shards.create(sample_shard(tenant_id))

    linked = await stores.shards.change(created, LinksChange((EDGE,), Enriched(revision=1, edge_set_hash="e")))
    embedded = await stores.shards.change(linked, VectorsChange(sample_vectors(revision=1)))

    assert embedded == await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert embedded.internal_relationships == (EDGE,)
    assert (linked.awaits_enrichment, linked.awaits_embedding, embedded.awaits_embedding) == (False, True, False)
    assert embedded.structured_data == created.structured_data
