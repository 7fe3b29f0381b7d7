"""Which chunks are near a question, and for whom: one suite for the two twins."""

from itertools import pairwise
from random import Random

import pytest

from shared.access.acl import ADMINS, TENANT
from shared.embeddings.embedder import Vector
from tests.contract.chunk_changes import ANNA, BEN, DIMENSIONS, EAST, GENERATION, NORTH, ONE, TWO, change, found, towards, write
from tests.plugins.twins import Chunks

pytest_plugins = ["tests.plugins.stand_ins"]


async def test_the_nearest_comes_first_with_the_cosine_as_its_score(chunks: Chunks, tenant_id: str) -> None:
    away, half, near = towards(-1.0), towards(3.0, 4.0), towards(0.002)
    await write(chunks, tenant_id, change(put={"away": away, "half": half}))
    await write(chunks, tenant_id, change(put={"near": near}), TWO)

    hits = await chunks.store.nearest(tenant_id, EAST, principals=[TENANT], most=10)

    assert [(hit.shard_id, hit.chunk_id) for hit in hits] == [(TWO, "near"), (ONE, "half"), (ONE, "away")]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6, -1.0])
    assert {hit.generation for hit in hits} == {GENERATION}


async def test_no_more_are_found_than_were_asked_for(chunks: Chunks, tenant_id: str) -> None:
    await write(chunks, tenant_id, change(put={f"{number}": towards(1.0, number) for number in range(9)}))

    assert await found(chunks, tenant_id, most=3) == ["0", "1", "2"]


async def test_a_chunk_is_found_by_its_readers_alone(chunks: Chunks, tenant_id: str) -> None:
    await write(chunks, tenant_id, change(put={"anna's": EAST}, principals=(ADMINS, ANNA)))
    await write(chunks, tenant_id, change(put={"everybody's": NORTH}), TWO)

    assert await found(chunks, tenant_id, by=[TENANT]) == ["everybody's"]
    assert await found(chunks, tenant_id, by=[TENANT, ANNA]) == ["anna's", "everybody's"]
    assert await found(chunks, tenant_id, by=[ADMINS, ANNA]) == ["anna's"]
    assert await found(chunks, tenant_id, by=[BEN]) == []
    assert await found(chunks, tenant_id, by=[]) == []


async def test_nobody_finds_what_nobody_may_read(chunks: Chunks, tenant_id: str) -> None:
    await write(chunks, tenant_id, change(put={"a": EAST}, principals=()))

    assert await found(chunks, tenant_id, by=[TENANT, ADMINS, ANNA]) == []


async def test_a_tenant_never_finds_what_is_anothers(chunks: Chunks, tenant_id: str) -> None:
    other = f"{tenant_id}-other"
    await write(chunks, tenant_id, change(put={"ours": NORTH}))
    await write(chunks, other, change(put={"theirs": EAST}))

    assert await found(chunks, tenant_id) == ["ours"]
    assert await found(chunks, other) == ["theirs"]
    assert await found(chunks, f"{tenant_id}-nobody") == []


@pytest.mark.parametrize("embedding", [[], [1, 2, 3], [1] * 384])
async def test_a_chunk_whose_vector_cannot_be_compared_is_left_out(chunks: Chunks, tenant_id: str, embedding: list[int]) -> None:
    place = {"generation": GENERATION, "principals": [TENANT]}
    await write(chunks, tenant_id, change(put={"a": towards(-1.0)}))
    await chunks.put(tenant_id, ONE, {"id": "unreadable", **place, "embedding": embedding})

    assert await found(chunks, tenant_id) == ["a"]


async def test_a_stored_vector_is_as_near_as_the_one_that_was_given(chunks: Chunks, tenant_id: str) -> None:
    random = Random(3)
    vectors = {f"{number:02}": [random.gauss(0, 1) for _ in range(DIMENSIONS)] for number in range(20)}
    await write(chunks, tenant_id, change(put=vectors))
    question = [one + another for one, another in zip(vectors["07"], vectors["11"], strict=True)]

    hits = await chunks.store.nearest(tenant_id, question, principals=[TENANT], most=20)

    assert {hit.chunk_id for hit in hits[:2]} == {"07", "11"}
    assert all(one.score >= another.score for one, another in pairwise(hits))
    assert all(abs(hit.score - cosine(question, vectors[hit.chunk_id])) < 1e-6 for hit in hits)


def cosine(left: Vector, right: Vector) -> float:
    product = sum(one * another for one, another in zip(left, right, strict=True))
    return float(product / (sum(one * one for one in left) * sum(another * another for another in right)) ** 0.5)
