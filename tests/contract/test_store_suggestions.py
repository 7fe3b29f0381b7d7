"""Suggested links: one suite for the two twins. A page goes on where the one before ended, whatever is decided meanwhile."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.samples import NOON
from shared.errors import Conflict
from shared.linking.suggestion import KEPT_FOR_GOOD, PENDING_FOR, Place, SuggestedLink, SuggestionFilter, suggestion_id
from tests.plugins.linking_twins import LinkingStores

pytest_plugins = ["tests.plugins.stand_ins"]

OVER = NOON + PENDING_FOR


def suggestion(tenant_id: str, source: str = "a-file", target: str = "a-deal", **changes: Any) -> SuggestedLink:
    given = {
        "id": suggestion_id(tenant_id=tenant_id, source_shard_id=source, relationship_type="attached_to", target_shard_id=target),
        "tenant_id": tenant_id,
        "source_shard_id": source,
        "source_shard_type_id": "c_file",
        "target_shard_id": target,
        "target_shard_type_id": "c_opportunity",
        "relationship_type": "attached_to",
        "confidence": 0.7,
        "evidence": ({"feature": "exact-name", "span": [0, 7]},),
        "created_at": NOON,
        "updated_at": NOON,
        "expires_at": OVER,
        "ttl": 5_184_000,
    }
    return SuggestedLink(**{**given, **changes})


async def names(found: AsyncIterator[SuggestedLink]) -> list[str]:
    """By the shards they begin at, in the order they come."""
    return [one.source_shard_id async for one in found]


async def test_a_suggestion_is_read_as_it_was_stored(linking: LinkingStores, tenant_id: str) -> None:
    made = suggestion(tenant_id, penalties=({"reason": "common-name", "factor": 0.5},), is_ambiguous=True)

    stored = await linking.suggestions.create(made)

    assert stored.etag is not None
    assert await linking.suggestions.read(tenant_id, made.id) == stored
    assert stored.model_copy(update={"etag": None}) == made


async def test_there_is_none_before_it_is_stored_nor_in_another_tenant(linking: LinkingStores, tenant_id: str) -> None:
    made = suggestion(tenant_id)
    assert await linking.suggestions.read(tenant_id, made.id) is None

    await linking.suggestions.create(made)

    assert await linking.suggestions.read(f"{tenant_id}-other", made.id) is None
    assert await names(linking.suggestions.listed(f"{tenant_id}-other", SuggestionFilter(), now=NOON)) == []


async def test_the_second_to_suggest_the_same_is_told(linking: LinkingStores, tenant_id: str) -> None:
    await linking.suggestions.create(suggestion(tenant_id))

    with pytest.raises(Conflict):
        await linking.suggestions.create(suggestion(tenant_id, confidence=0.75))


async def test_of_two_who_decide_at_once_one_is_told(linking: LinkingStores, tenant_id: str) -> None:
    read = await linking.suggestions.create(suggestion(tenant_id))
    decision = {"status": "approved", "decided_by": "ann@example.test", "decided_at": NOON, "ttl": KEPT_FOR_GOOD}

    approved = await linking.suggestions.replace(read.model_copy(update=decision))

    with pytest.raises(Conflict):
        await linking.suggestions.replace(read.model_copy(update={"status": "rejected"}))
    assert await linking.suggestions.read(tenant_id, read.id) == approved
    assert (approved.status, approved.ttl) == ("approved", KEPT_FOR_GOOD)
    await linking.suggestions.replace(approved.model_copy(update={"reason": "seen the contract"}))


async def test_what_is_gone_or_was_never_read_cannot_be_replaced(linking: LinkingStores, tenant_id: str) -> None:
    stored = await linking.suggestions.create(suggestion(tenant_id))

    with pytest.raises(Conflict):
        await linking.suggestions.replace(suggestion(tenant_id))
    await linking.erase_suggestion(tenant_id, stored.id)
    with pytest.raises(Conflict):
        await linking.suggestions.replace(stored)


async def test_the_most_confident_come_first_and_equals_by_id(linking: LinkingStores, tenant_id: str) -> None:
    for source, confidence in (("b", 0.7), ("a", 0.7), ("z", 0.9001), ("c", 0.61), ("d", 0.9)):
        await linking.suggestions.create(suggestion(tenant_id, source, confidence=confidence))

    found = [one async for one in linking.suggestions.listed(tenant_id, SuggestionFilter(), now=NOON)]

    assert [one.confidence for one in found] == [0.9001, 0.9, 0.7, 0.7, 0.61]
    assert [one.id for one in found] == [one.id for one in sorted(found, key=lambda one: (-one.confidence, one.id))]
    assert all(one.etag for one in found)


async def test_the_next_page_begins_after_a_place_although_that_one_was_decided_meanwhile(linking: LinkingStores, tenant_id: str) -> None:
    for number in range(7):
        await linking.suggestions.create(suggestion(tenant_id, f"file-{number}", confidence=0.6 + number % 3 / 10))
    everything = [one async for one in linking.suggestions.listed(tenant_id, SuggestionFilter(), now=NOON)]

    for last in everything:
        await linking.suggestions.replace(last.model_copy(update={"status": "rejected", "ttl": KEPT_FOR_GOOD}))
        after = Place(last.confidence, last.id)
        rest = [one.id async for one in linking.suggestions.listed(tenant_id, SuggestionFilter(), now=NOON, after=after)]
        assert rest == [one.id for one in everything[everything.index(last) + 1 :]]


async def test_after_thirty_days_a_waiting_one_is_listed_as_expired_and_a_decided_one_as_decided(
    linking: LinkingStores, tenant_id: str
) -> None:
    await linking.suggestions.create(suggestion(tenant_id, "waits"))
    await linking.suggestions.create(suggestion(tenant_id, "waits-longer", expires_at=OVER + timedelta(microseconds=1)))
    await linking.suggestions.create(suggestion(tenant_id, "approved", status="approved"))
    await linking.suggestions.create(suggestion(tenant_id, "rejected", status="rejected"))
    await linking.suggestions.create(suggestion(tenant_id, "withdrawn", status="withdrawn"))

    async def with_status(status: Any, days: timedelta) -> list[str]:
        return sorted(await names(linking.suggestions.listed(tenant_id, SuggestionFilter(status=status), now=NOON + days)))

    just_before = PENDING_FOR - timedelta(microseconds=1)
    assert await with_status("pending", just_before) == ["waits", "waits-longer"]
    assert await with_status("expired", just_before) == []
    assert await with_status("pending", PENDING_FOR) == ["waits-longer"]
    assert await with_status("expired", PENDING_FOR) == ["waits"]
    for status in ("approved", "rejected", "withdrawn"):
        assert await with_status(status, PENDING_FOR) == [status]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["channel", "file", "folder", "lead"]),
        ({"source_shard_id": "file"}, ["file"]),
        ({"shard_type_id": "c_channel"}, ["channel"]),
        ({"shard_type_id": "c_account"}, ["channel", "lead"]),
        ({"relationship_type": "attached_to"}, ["file", "folder"]),
        ({"min_confidence": 0.65}, ["folder", "lead"]),
        ({"max_confidence": 0.65}, ["channel", "file", "folder"]),
        ({"min_confidence": 0.65, "max_confidence": 0.65}, ["folder"]),
        ({"min_confidence": 0.65, "relationship_type": "attached_to", "shard_type_id": "c_opportunity"}, ["folder"]),
        ({"shard_type_id": "c_task"}, []),
    ],
)
async def test_a_list_holds_what_is_asked_for(linking: LinkingStores, tenant_id: str, wanted: dict[str, Any], found: list[str]) -> None:
    about = {"relationship_type": "related_to", "target_shard_type_id": "c_account"}
    await linking.suggestions.create(suggestion(tenant_id, "file", confidence=0.6))
    await linking.suggestions.create(suggestion(tenant_id, "folder", source_shard_type_id="c_folder", confidence=0.65))
    await linking.suggestions.create(suggestion(tenant_id, "channel", source_shard_type_id="c_channel", confidence=0.61, **about))
    await linking.suggestions.create(suggestion(tenant_id, "lead", source_shard_type_id="c_lead", confidence=0.79, **about))

    assert sorted(await names(linking.suggestions.listed(tenant_id, SuggestionFilter(**wanted), now=NOON))) == found


async def test_a_list_is_longer_than_what_the_store_gives_at_once(linking: LinkingStores, tenant_id: str) -> None:
    for number in range(130):
        await linking.suggestions.create(suggestion(tenant_id, f"file-{number}", confidence=round(0.6 + number % 10 / 100, 2)))

    found = [one async for one in linking.suggestions.listed(tenant_id, SuggestionFilter(), now=NOON)]

    assert len({one.id for one in found}) == 130
    assert found == sorted(found, key=lambda one: (-one.confidence, one.id))
