"""Shards and shard types: one suite per port for its two twins (``tests/plugins/twins.py``).

Connections, gaps, claims and the broker have files of their own beside this one.
"""

import asyncio
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.samples import NOON, give_up, sample_change, sample_id, sample_shard, sample_sighting, sample_vectors
from shared.errors import Conflict, OwnershipConflict
from shared.shard_types.ensure import ensure_shard_types
from shared.shard_types.registry import SHARD_TYPES
from shared.shards.model import Seen
from shared.shards.store import MAX_ALIAS_STEPS, Alias, Change
from tests.plugins.twins import Stores

pytest_plugins = ["tests.plugins.stand_ins"]


@dataclass(frozen=True)
class TooMuch(Change):
    """One path more than a patch may have operations."""

    count: int

    @override
    def paths(self) -> dict[str, Any]:
        return {f"field{number}": number for number in range(self.count)}


# --- shards


async def test_a_shard_that_was_created_can_be_read(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id))

    found = await stores.shards.read(tenant_id, sample_id(tenant_id))

    assert found is not None
    assert found.etag
    assert found == sample_shard(tenant_id).model_copy(update={"etag": found.etag})


async def test_a_shard_that_is_not_there_is_none(stores: Stores, tenant_id: str) -> None:
    assert await stores.shards.read(tenant_id, sample_id(tenant_id)) is None


async def test_a_shard_is_created_once(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id, name="first"))

    with pytest.raises(Conflict):
        await stores.shards.create(sample_shard(tenant_id, name="second"))

    assert (await stores.stored_shard(tenant_id, sample_id(tenant_id)))["structuredData"] == {"name": "first"}


async def test_a_change_is_seen_by_the_next_read(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id))
    before = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert before is not None

    await stores.shards.change(before, sample_change("Acme Ltd"))

    after = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert after is not None
    assert after.structured_data == {"name": "Acme Ltd"}
    assert after.revision_number == 2
    assert after.etag != before.etag


async def test_a_change_to_a_state_that_is_old_by_now_writes_nothing(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id))
    seen_by_both = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert seen_by_both is not None
    await stores.shards.change(seen_by_both, sample_change("first"))

    with pytest.raises(Conflict):
        await stores.shards.change(seen_by_both, sample_change("second", revision_number=3))

    stored = await stores.stored_shard(tenant_id, sample_id(tenant_id))
    assert (stored["structuredData"], stored["revisionNumber"]) == ({"name": "first"}, 2)


async def test_of_many_changes_to_one_state_exactly_one_is_written(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id))
    seen_by_all = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert seen_by_all is not None

    changes = [stores.shards.change(seen_by_all, sample_change(f"by {number}")) for number in range(8)]
    ends = await asyncio.gather(*changes, return_exceptions=True)

    assert [type(end) for end in ends].count(Conflict) == 7
    [winner] = [end for end in ends if not isinstance(end, BaseException)]
    assert await stores.shards.read(tenant_id, sample_id(tenant_id)) == winner


async def test_what_is_returned_is_what_a_read_would_give_and_can_be_changed_again(stores: Stores, tenant_id: str) -> None:
    shard_id = sample_id(tenant_id)

    created = await stores.shards.create(sample_shard(tenant_id))
    assert created == await stores.shards.read(tenant_id, shard_id)

    renamed = await stores.shards.change(created, sample_change("Acme Ltd"))
    assert renamed == await stores.shards.read(tenant_id, shard_id)

    seen = await stores.shards.change(renamed, sample_sighting("0000009"))
    assert seen == await stores.shards.read(tenant_id, shard_id)

    assert len({created.etag, renamed.etag, seen.etag}) == 3
    assert (seen.structured_data, seen.revision_number) == ({"name": "Acme Ltd"}, 2)


async def test_what_was_returned_before_another_wrote_cannot_be_changed(stores: Stores, tenant_id: str) -> None:
    created = await stores.shards.create(sample_shard(tenant_id))
    await stores.shards.change(created, sample_change("first"))

    with pytest.raises(Conflict):
        await stores.shards.change(created, sample_change("second"))


async def test_a_change_to_a_shard_that_expired_meanwhile_is_a_conflict(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id))
    seen = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert seen is not None
    await stores.erase_shard(tenant_id, seen.id)

    with pytest.raises(Conflict):
        await stores.shards.change(seen, sample_change("too late"))

    assert await stores.shards.read(tenant_id, sample_id(tenant_id)) is None


async def test_a_partial_update_leaves_what_it_does_not_name(stores: Stores, tenant_id: str) -> None:
    vectors = sample_vectors(revision=1).model_dump(mode="json", by_alias=True)
    await stores.put_shard({**sample_shard(tenant_id).document(), "addedLater": {"by": "a newer deployment"}, "vectors": vectors})
    seen = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert seen is not None

    await stores.shards.change(seen, sample_sighting("0000009"))

    stored = await stores.stored_shard(tenant_id, sample_id(tenant_id))
    assert stored["normalization"]["vendorVersion"] == "0000009"
    assert stored["addedLater"] == {"by": "a newer deployment"}
    assert stored["vectors"] == vectors
    assert stored["structuredData"] == {"name": "Acme"}


async def test_a_partial_update_names_at_most_ten_paths(stores: Stores, tenant_id: str) -> None:
    await stores.shards.create(sample_shard(tenant_id))
    seen = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert seen is not None

    with pytest.raises(ValueError, match="this one names 11"):
        await stores.shards.change(seen, TooMuch(11))
    await stores.shards.change(seen, TooMuch(10))

    assert (await stores.stored_shard(tenant_id, seen.id))["field9"] == 9


async def test_tenants_never_see_each_other(stores: Stores, tenant_id: str) -> None:
    other = f"{tenant_id}-other"
    await stores.shards.create(sample_shard(tenant_id))
    theirs = sample_shard(tenant_id).model_copy(update={"tenant_id": other, "structured_data": {"name": "theirs"}})

    assert await stores.shards.read(other, sample_id(tenant_id)) is None
    await stores.shards.create(theirs)

    ours = await stores.shards.read(tenant_id, sample_id(tenant_id))
    assert ours is not None
    assert ours.structured_data == {"name": "Acme"}
    assert ours.tenant_id == tenant_id


# --- aliases


async def test_an_alias_leads_to_the_surviving_shard(stores: Stores, tenant_id: str) -> None:
    old, surviving = sample_id(tenant_id, "old"), sample_id(tenant_id, "surviving")
    await stores.shards.create(sample_shard(tenant_id, external_id="old", name="old"))
    await stores.shards.create(sample_shard(tenant_id, external_id="surviving", name="surviving"))

    await give_up(stores.shards, tenant_id, old, surviving)

    found = await stores.shards.read(tenant_id, old)
    assert found is not None
    assert (found.id, found.structured_data) == (surviving, {"name": "surviving"})
    await stores.shards.change(found, sample_change("changed through its alias"))


async def test_an_alias_says_what_made_it_and_what_was_there_before(stores: Stores, tenant_id: str) -> None:
    old, surviving = sample_id(tenant_id, "old"), sample_id(tenant_id, "surviving")
    alias = Alias(tenant_id, old, surviving, seen=Seen(vendor_version="0000007", observed_at=NOON), revision_number=4)
    assert await stores.shards.entry(tenant_id, old) is None
    shard = await stores.shards.create(sample_shard(tenant_id, external_id="old"))
    assert await stores.shards.entry(tenant_id, old) == shard

    await stores.shards.add_alias(alias, instead_of=shard)

    found = await stores.shards.entry(tenant_id, old)
    assert isinstance(found, Alias)
    assert found.etag
    assert found == replace(alias, etag=found.etag)


async def test_an_alias_of_before_such_things_were_remembered_is_older_than_anything(stores: Stores, tenant_id: str) -> None:
    old = sample_id(tenant_id, "old")
    await stores.put_shard({"id": old, "tenantId": tenant_id, "aliasOf": sample_id(tenant_id)})

    found = await stores.shards.entry(tenant_id, old)

    assert isinstance(found, Alias)
    assert found.is_over_by(Seen(vendor_version=None, observed_at=NOON))


async def test_an_alias_takes_the_place_of_what_was_read_and_of_nothing_else(stores: Stores, tenant_id: str) -> None:
    old, one, two = (sample_id(tenant_id, name) for name in ("old", "one", "two"))
    shard = await stores.shards.create(sample_shard(tenant_id, external_id="old"))
    with pytest.raises(Conflict):
        await stores.shards.add_alias(Alias(tenant_id, old, one), instead_of=None)
    await stores.shards.add_alias(Alias(tenant_id, old, one), instead_of=shard)
    with pytest.raises(Conflict):
        await stores.shards.add_alias(Alias(tenant_id, old, two), instead_of=shard)

    await stores.shards.add_alias(Alias(tenant_id, old, two), instead_of=await stores.shards.entry(tenant_id, old))

    found = await stores.shards.entry(tenant_id, old)
    assert isinstance(found, Alias)
    assert found.surviving_id == two


async def test_an_alias_ends_once_and_the_shard_is_there_again(stores: Stores, tenant_id: str) -> None:
    old = sample_id(tenant_id, "old")
    await stores.shards.create(sample_shard(tenant_id))
    await stores.shards.add_alias(Alias(tenant_id, old, sample_id(tenant_id)), instead_of=None)
    alias = await stores.shards.entry(tenant_id, old)
    assert isinstance(alias, Alias)

    ended = await stores.shards.end_alias(alias, sample_shard(tenant_id, external_id="old", name="there again"))

    assert await stores.shards.read(tenant_id, old) == ended
    changed = await stores.shards.change(ended, sample_change("changed"))
    assert changed.structured_data == {"name": "changed"}
    with pytest.raises(Conflict):
        await stores.shards.end_alias(alias, sample_shard(tenant_id, external_id="old"))
    with pytest.raises(Conflict):
        await stores.shards.add_alias(Alias(tenant_id, old, sample_id(tenant_id)), instead_of=alias)


async def test_aliases_are_followed_as_far_as_a_history_goes(stores: Stores, tenant_id: str) -> None:
    ids = [sample_id(tenant_id, f"merge {number}") for number in range(MAX_ALIAS_STEPS + 2)]
    await stores.shards.create(sample_shard(tenant_id, external_id=f"merge {MAX_ALIAS_STEPS + 1}"))
    for old, surviving in pairwise(ids):
        await stores.put_shard({"id": old, "tenantId": tenant_id, "aliasOf": surviving})

    found = await stores.shards.read(tenant_id, ids[1])
    assert found is not None
    assert found.id == ids[-1]
    with pytest.raises(Conflict, match="does not end"):
        await stores.shards.read(tenant_id, ids[0])


async def test_an_alias_of_nothing_is_nothing(stores: Stores, tenant_id: str) -> None:
    await give_up(stores.shards, tenant_id, sample_id(tenant_id, "old"), sample_id(tenant_id, "never seen"))

    assert await stores.shards.read(tenant_id, sample_id(tenant_id, "old")) is None


@pytest.mark.parametrize("exists", [True, False])
async def test_aliases_do_not_point_in_a_circle(stores: Stores, tenant_id: str, *, exists: bool) -> None:
    one, two, three = (sample_id(tenant_id, name) for name in ("one", "two", "three"))
    if exists:
        await stores.shards.create(sample_shard(tenant_id, external_id="three"))
    await give_up(stores.shards, tenant_id, one, two)
    await give_up(stores.shards, tenant_id, two, three)

    for surviving in (three, one):
        with pytest.raises(OwnershipConflict):
            await give_up(stores.shards, tenant_id, three, surviving)


async def test_an_alias_is_one_tenants(stores: Stores, tenant_id: str) -> None:
    other = f"{tenant_id}-other"
    await stores.shards.create(sample_shard(tenant_id))

    await give_up(stores.shards, other, sample_id(tenant_id, "old"), sample_id(tenant_id))

    assert await stores.shards.read(other, sample_id(tenant_id, "old")) is None
    assert await stores.shards.read(tenant_id, sample_id(tenant_id, "old")) is None


# --- shard types


async def test_a_definition_is_stored_and_replaced(stores: Stores, tenant_id: str) -> None:
    assert await stores.shard_types.read(tenant_id) is None
    await stores.shard_types.write({"id": tenant_id, "schemaVersion": 1})
    await stores.shard_types.write({"id": tenant_id, "schemaVersion": 2})

    stored = await stores.shard_types.read(tenant_id)

    assert stored is not None
    assert stored["schemaVersion"] == 2


async def test_ensuring_shard_types_again_writes_nothing(stores: Stores) -> None:
    await ensure_shard_types(SHARD_TYPES, store=stores.shard_types)

    assert await ensure_shard_types(SHARD_TYPES, store=stores.shard_types) == []
