"""Chunks: one suite for the two twins. What is near is in a file of its own beside this one."""

import asyncio
import json

import pytest

from shared.access.acl import TENANT
from shared.chunks.store import MOST_IN_ONE_WRITE, Manifest
from shared.errors import Conflict
from tests.contract.chunk_changes import ANNA, BEN, EAST, GENERATION, NORTH, ONE, TWO, change, found, towards, write
from tests.plugins.twins import Chunks

pytest_plugins = ["tests.plugins.stand_ins"]

# --- the manifest


async def test_of_a_shard_that_never_had_chunks_nothing_is_told(chunks: Chunks, tenant_id: str) -> None:
    assert await chunks.store.manifest(tenant_id, ONE) is None


async def test_what_a_write_returns_is_what_the_next_one_reads(chunks: Chunks, tenant_id: str) -> None:
    written = await write(chunks, tenant_id, change(put={"a": EAST, "b": NORTH}))

    assert written.etag
    assert await chunks.store.manifest(tenant_id, ONE) == written
    assert written.model_copy(update={"etag": None}) == Manifest(
        revision=1, content_hash="words of 1", acl_hash="of tenant", chunks={"a": "of tenant", "b": "of tenant"}
    )


async def test_every_write_is_another_state(chunks: Chunks, tenant_id: str) -> None:
    first = await write(chunks, tenant_id, change(put={"a": EAST}))

    second = await write(chunks, tenant_id, change(first, revision=2))
    third = await write(chunks, tenant_id, change(second, revision=2))

    assert len({first.etag, second.etag, third.etag}) == 3
    assert await chunks.store.manifest(tenant_id, ONE) == third


async def test_a_chunk_is_stored_with_its_place_its_readers_and_nothing_of_its_text(chunks: Chunks, tenant_id: str) -> None:
    await write(chunks, tenant_id, change(put={"a": EAST}, principals=(ANNA, TENANT)))

    [stored] = (await chunks.stored(tenant_id, ONE)).values()

    assert (stored["id"], stored["generation"]) == ("a", GENERATION)
    assert (stored["principals"], stored["aclHash"], stored["shardTypeId"]) == ([ANNA, TENANT], f"of {ANNA}+tenant", "c_account")
    assert "never stored" not in json.dumps(stored)


# --- all or nothing, and one at a time


async def test_of_many_first_writes_exactly_one_wins(chunks: Chunks, tenant_id: str) -> None:
    writes = [write(chunks, tenant_id, change(put={f"by-{number}": EAST})) for number in range(8)]

    ends = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(end) for end in ends].count(Conflict) == 7
    [winner] = [end for end in ends if isinstance(end, Manifest)]
    assert await chunks.store.manifest(tenant_id, ONE) == winner
    assert set(await chunks.stored(tenant_id, ONE)) == set(winner.chunks)


async def test_of_many_writes_to_one_state_exactly_one_wins(chunks: Chunks, tenant_id: str) -> None:
    seen_by_all = await write(chunks, tenant_id, change(put={"a": EAST}))

    writes = [write(chunks, tenant_id, change(seen_by_all, put={f"by-{number}": EAST}, remove=["a"])) for number in range(8)]
    ends = await asyncio.gather(*writes, return_exceptions=True)

    assert [type(end) for end in ends].count(Conflict) == 7
    [winner] = [end for end in ends if isinstance(end, Manifest)]
    assert await chunks.store.manifest(tenant_id, ONE) == winner
    assert set(await chunks.stored(tenant_id, ONE)) == set(winner.chunks)


async def test_a_write_to_a_state_that_is_old_by_now_changes_nothing(chunks: Chunks, tenant_id: str) -> None:
    old = await write(chunks, tenant_id, change(put={"a": EAST}))
    current = await write(chunks, tenant_id, change(old, put={"b": NORTH}, revision=2))
    stored = await chunks.stored(tenant_id, ONE)

    with pytest.raises(Conflict):
        await write(chunks, tenant_id, change(old, put={"c": EAST}, readers=["a"], remove=["b"], principals=(ANNA,)))

    assert await chunks.store.manifest(tenant_id, ONE) == current
    assert await chunks.stored(tenant_id, ONE) == stored


@pytest.mark.parametrize("lost", ["readers", "remove"])
async def test_a_write_that_one_chunk_is_missing_for_changes_nothing(chunks: Chunks, tenant_id: str, lost: str) -> None:
    before = await write(chunks, tenant_id, change(put={"a": EAST}))
    stored = await chunks.stored(tenant_id, ONE)
    names = {"readers": ["a", "gone"]} if lost == "readers" else {"remove": ["a", "gone"]}

    with pytest.raises(Conflict):
        await write(chunks, tenant_id, change(before, put={"b": NORTH}, principals=(ANNA,), revision=2, **names))

    assert await chunks.store.manifest(tenant_id, ONE) == before
    assert await chunks.stored(tenant_id, ONE) == stored


async def test_a_manifest_that_expired_meanwhile_is_a_conflict(chunks: Chunks, tenant_id: str) -> None:
    before = await write(chunks, tenant_id, change())
    await chunks.erase_manifest(tenant_id, ONE)

    with pytest.raises(Conflict):
        await write(chunks, tenant_id, change(before, put={"a": EAST}, revision=2))

    assert await chunks.store.manifest(tenant_id, ONE) is None
    assert await chunks.stored(tenant_id, ONE) == {}


async def test_as_many_chunks_as_a_transaction_holds_are_written_and_removed_at_once(chunks: Chunks, tenant_id: str) -> None:
    names = [f"chunk-{number}" for number in range(MOST_IN_ONE_WRITE)]

    before = await write(chunks, tenant_id, change(put=dict.fromkeys(names, EAST)))
    assert set(await chunks.stored(tenant_id, ONE)) == set(names)
    await write(chunks, tenant_id, change(before, remove=names))

    assert MOST_IN_ONE_WRITE == 99
    assert await chunks.stored(tenant_id, ONE) == {}


async def test_one_chunk_more_is_refused_and_none_is_written(chunks: Chunks, tenant_id: str) -> None:
    before = await write(chunks, tenant_id, change(put={"a": EAST, "b": EAST}))

    with pytest.raises(ValueError, match="this one touches 100"):
        await write(
            chunks, tenant_id, change(before, put=dict.fromkeys((str(number) for number in range(98)), EAST), readers=["a"], remove=["b"])
        )

    assert await chunks.store.manifest(tenant_id, ONE) == before


async def test_a_vector_without_a_direction_is_refused_and_nothing_is_written(chunks: Chunks, tenant_id: str) -> None:
    for vector in (towards(), towards(float("inf"), 1.0), towards(1.0, float("nan"))):
        with pytest.raises(ValueError, match="without a direction"):
            await write(chunks, tenant_id, change(put={"a": EAST, "b": vector}))

    assert await chunks.store.manifest(tenant_id, ONE) is None
    assert await chunks.stored(tenant_id, ONE) == {}


# --- readers, and what goes


async def test_readers_change_without_the_vectors(chunks: Chunks, tenant_id: str) -> None:
    before = await write(chunks, tenant_id, change(put={"a": towards(0.25, -0.5), "b": NORTH}, principals=(ANNA, TENANT)))
    first = await chunks.stored(tenant_id, ONE)

    await write(chunks, tenant_id, change(before, readers=["a"], principals=(BEN,)))

    second = await chunks.stored(tenant_id, ONE)
    kept = ("embedding", "generation", "shardTypeId")
    assert [second["a"][name] for name in kept] == [first["a"][name] for name in kept]
    assert (second["a"]["principals"], second["a"]["aclHash"]) == ([BEN], f"of {BEN}")
    assert second["b"] == first["b"]
    assert (await found(chunks, tenant_id), await found(chunks, tenant_id, by=[BEN])) == (["b"], ["a"])


async def test_what_is_removed_is_not_found_any_more(chunks: Chunks, tenant_id: str) -> None:
    before = await write(chunks, tenant_id, change(put={"a": EAST, "b": NORTH}))

    after = await write(chunks, tenant_id, change(before, remove=["a"], revision=2))

    assert after.chunks == {"b": "of tenant"}
    assert set(await chunks.stored(tenant_id, ONE)) == {"b"}
    assert await found(chunks, tenant_id) == ["b"]


async def test_a_chunk_put_again_has_its_new_vector(chunks: Chunks, tenant_id: str) -> None:
    before = await write(chunks, tenant_id, change(put={"a": EAST}))

    await write(chunks, tenant_id, change(before, put={"a": NORTH}))

    [near] = await chunks.store.nearest(tenant_id, NORTH, principals=[TENANT], most=10)
    assert near.score == pytest.approx(1.0)


async def test_tenants_and_shards_never_touch_each_other(chunks: Chunks, tenant_id: str) -> None:
    other = f"{tenant_id}-other"
    ours = await write(chunks, tenant_id, change(put={"a": EAST}))
    theirs = await write(chunks, other, change(put={"a": NORTH}))
    second = await write(chunks, tenant_id, change(put={"a": NORTH}), TWO)

    await write(chunks, other, change(theirs, remove=["a"]))

    assert await chunks.store.manifest(tenant_id, ONE) == ours
    assert await chunks.store.manifest(tenant_id, TWO) == second
    assert set(await chunks.stored(tenant_id, ONE)) == {"a"}
    assert await chunks.stored(other, ONE) == {}
