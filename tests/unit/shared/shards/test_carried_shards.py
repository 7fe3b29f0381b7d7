"""A shard that travels with a message: believed for a minute, never another's, and read again when it was overtaken."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_change, sample_id, sample_shard
from devtools.fakes.stores import InMemoryShards
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import Conflict
from shared.shards.carried import CarriedShard, on_current
from shared.shards.model import Shard

EDGES = "0" * 32


def naming(shard: Shard, carried: CarriedShard | None) -> ShardEmitted:
    """An announcement of the shard."""
    return ShardEmitted(
        tenant_id=shard.tenant_id,
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        revision=shard.revision_number,
        cause="content",
        carried=carried,
    )


async def seen_name(shards: InMemoryShards, message: ShardEmitted, clock: Clock) -> tuple[str | None, int]:
    """The name of the shard that was acted on, and how many reads that took."""
    reads = shards.reads

    async def act(shard: Shard | None) -> str | None:
        return None if shard is None else str(shard.structured_data["name"])

    return await on_current(message, act, shards=shards, now=clock()), shards.reads - reads


async def test_a_shard_that_was_just_stored_is_acted_on_without_a_read() -> None:
    clock, shards = Clock(), InMemoryShards()
    stored = await shards.create(sample_shard("acme"))

    message = naming(stored, CarriedShard.of(stored, at=clock()))

    assert await seen_name(shards, message, clock) == ("Acme", 0)


async def test_a_message_that_carries_nothing_costs_a_read() -> None:
    clock, shards = Clock(), InMemoryShards()
    stored = await shards.create(sample_shard("acme"))

    assert await seen_name(shards, naming(stored, None), clock) == ("Acme", 1)


async def test_a_shard_that_was_never_stored_cannot_be_carried() -> None:
    assert CarriedShard.of(sample_shard("acme"), at=Clock()()) is None


@pytest.mark.parametrize(
    ("age_seconds", "seen"),
    [
        (0, ("carried", 0)),
        (59.999, ("carried", 0)),
        (60, ("stored", 1)),
        (3600, ("stored", 1)),
        (-0.001, ("stored", 1)),
        (-3600, ("stored", 1)),
    ],
)
async def test_a_state_is_believed_for_a_minute_and_not_when_it_comes_from_the_future(age_seconds: float, seen: tuple[str, int]) -> None:
    clock, shards = Clock(), InMemoryShards()
    stored = await shards.create(sample_shard("acme", name="stored"))
    carried = CarriedShard.of(stored.model_copy(update={"structured_data": {"name": "carried"}}), at=clock())

    clock.moment += timedelta(seconds=age_seconds)

    assert await seen_name(shards, naming(stored, carried), clock) == seen


async def test_a_state_that_was_overtaken_is_refused_by_the_store_and_read() -> None:
    clock, shards = Clock(), InMemoryShards()
    stored = await shards.create(sample_shard("acme"))
    await shards.change(stored, sample_change("Acme Anvils"))
    acted_on: list[object] = []

    async def act(shard: Shard | None) -> None:
        assert shard is not None
        acted_on.append(shard.structured_data["name"])
        await shards.change(shard, sample_change("Acme Rockets", revision_number=3))

    await on_current(naming(stored, CarriedShard.of(stored, at=clock())), act, shards=shards, now=clock())

    read = await shards.read("acme", sample_id("acme"))
    assert acted_on == ["Acme", "Acme Anvils"]
    assert read is not None
    assert read.structured_data["name"] == "Acme Rockets"


@pytest.mark.parametrize("is_carried", [True, False])
async def test_a_stored_state_that_is_overtaken_too_is_a_conflict_for_the_next_delivery(*, is_carried: bool) -> None:
    clock, shards = Clock(), InMemoryShards()
    stored = await shards.create(sample_shard("acme"))
    tries: list[Shard | None] = []

    async def act(shard: Shard | None) -> None:
        tries.append(shard)
        raise Conflict("somebody was quicker")

    message = naming(stored, CarriedShard.of(stored, at=clock()) if is_carried else None)
    with pytest.raises(Conflict):
        await on_current(message, act, shards=shards, now=clock())

    assert len(tries) == (2 if is_carried else 1)


async def test_any_other_error_is_not_tried_again() -> None:
    clock, shards = Clock(), InMemoryShards()
    stored = await shards.create(sample_shard("acme"))
    tries: list[Shard | None] = []

    async def act(shard: Shard | None) -> None:
        tries.append(shard)
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await on_current(naming(stored, CarriedShard.of(stored, at=clock())), act, shards=shards, now=clock())

    assert len(tries) == 1


async def test_a_shard_that_is_gone_is_none() -> None:
    clock, shards = Clock(), InMemoryShards()

    assert await seen_name(shards, naming(sample_shard("acme"), None), clock) == (None, 1)


@pytest.mark.parametrize("contract", [ShardEmitted, EnrichmentDone])
@pytest.mark.parametrize("other", [sample_shard("globex"), sample_shard("acme", external_id="001000000000002AAA")], ids=["tenant", "id"])
async def test_a_message_never_carries_a_shard_of_another(contract: type[ShardEmitted | EnrichmentDone], other: Shard) -> None:
    named = sample_shard("acme")
    carried = CarriedShard.of(other.model_copy(update={"etag": "1"}), at=Clock()())
    said: dict[str, Any] = {"tenant_id": named.tenant_id, "shard_id": named.id, "shard_type_id": named.shard_type_id, "revision": 1}

    with pytest.raises(ValidationError, match="not the one that is named"):
        contract.model_validate({**said, "cause": "content", "edge_set_hash": EDGES, "carried": carried})


async def test_a_shard_arrives_as_a_read_would_have_given_it() -> None:
    shards = InMemoryShards()
    stored = await shards.create(sample_shard("acme"))

    arrived = ShardEmitted.decode(naming(stored, CarriedShard.of(stored, at=Clock()())).encode())

    assert arrived.carried is not None
    assert arrived.carried.restored() == await shards.read("acme", sample_id("acme"))
    assert arrived.carried.restored().etag == stored.etag


async def test_what_is_carried_is_no_part_of_a_messages_identity() -> None:
    shards = InMemoryShards()
    stored = await shards.create(sample_shard("acme"))

    assert naming(stored, CarriedShard.of(stored, at=Clock()())).id == naming(stored, None).id
