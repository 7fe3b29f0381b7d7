"""What every source that is polled must keep: a new source brings a ``Vendor`` in ``polled_vendors.py`` and passes.

Nothing missed, nothing doubled within a run, every page readable again, and every way to be refused told apart.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from ingestion.sources.polled import pollers
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncKind
from shared.conversions.registry import conversion_of
from shared.settings import Settings
from shared.shard_types.registry import shard_type
from tests.contract.polled_worlds import WORLDS, World

NEEDED = ("SERVICE_BUS", "COSMOS", "BLOB", "AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL")
SETTINGS = Settings.from_environ({**dict.fromkeys(NEEDED, "x"), "EMBEDDING_OFFLINE": "true"})


Change = Callable[[], None]


def nothing() -> None:
    """No change."""


def keys_of(events: list[IngestionEvent]) -> list[str]:
    return [event.source_id for event in events]


async def begun(world: World) -> Any:
    """The cursor of a stream that was looked at for the first time."""
    pages = await world.pages("changes")
    return pages[-1].cursor


async def test_every_source_that_is_polled_brings_a_world() -> None:
    pipeline = InMemoryPipeline()
    async with httpx2.AsyncClient() as http:
        shipped = pollers(
            SETTINGS,
            http=http,
            secrets=pipeline.secrets,
            states=pipeline.states,
            index=pipeline.index,
            metrics=pipeline.metrics,
            now=pipeline.clock,
        )

    assert {*shipped, "cards"} == set(WORLDS), "describe how the vendor behaves, in polled_vendors.py"


async def test_a_source_says_its_own_name_and_has_a_conversion(world: World) -> None:
    poller = world.vendor.poller
    kind = poller.record_kind(world.connection, world.vendor.stream)

    conversion = conversion_of(poller.source, kind.record_type)

    assert poller.source == world.connection.source
    assert shard_type(conversion.shard_type_id).id == conversion.shard_type_id
    assert (kind.tenant_id, kind.system) == (world.connection.tenant_id, poller.source)
    account = world.connection.account
    assert kind.scope == (account if conversion.scope == "account" else f"{account}/{world.vendor.stream}")


async def test_a_stream_that_was_never_read_asks_for_a_back_fill_and_reads_from_now_on(world: World) -> None:
    world.vendor.create("before")

    pages = await world.pages("changes")

    assert [(ask.stream, ask.kind) for page in pages for ask in page.asks] == [(world.vendor.stream, "backfill")]
    assert world.events_of(pages) == []


async def test_what_is_created_edited_deleted_and_undeleted_is_an_event_of_the_next_poll(listing_world: World) -> None:
    world = listing_world
    cursor, vendor = await begun(world), world.vendor
    world.later()
    key = vendor.create("Ada")
    changes: list[Change] = [nothing, lambda: vendor.edit(key, "Augusta Ada"), lambda: vendor.delete(key), lambda: vendor.undelete(key)]
    seen: list[bool] = []
    for change in changes:
        change()
        world.later()
        pages = await world.pages("changes", cursor, run=str(len(seen)))
        cursor = pages[-1].cursor
        seen.append([event.event_type == "delete" for event in world.events_of(pages) if event.source_id == key][-1])

    assert seen == [False, False, True, False]


async def test_an_event_says_whose_it_is_and_which_run_saw_it(listing_world: World) -> None:
    world = listing_world
    cursor = await begun(world)
    world.later()
    key = world.vendor.create("Ada")
    world.later()

    [event] = world.events_of(await world.pages("changes", cursor, run="r7"))

    kind = world.vendor.poller.record_kind(world.connection, world.vendor.stream)
    assert (event.tenant_id, event.connection_id, event.run) == (world.connection.tenant_id, world.connection.id, "r7")
    assert (event.source, event.record_type, event.source_id) == (world.vendor.poller.source, kind.record_type, key)
    assert event.observed_at <= world.pipeline.clock()


async def test_a_page_read_twice_in_a_run_gives_the_same_ids_and_in_another_run_others(listing_world: World) -> None:
    world = listing_world
    cursor = await begun(world)
    world.later()
    gone = world.vendor.create("gone")
    world.vendor.create("Ada")
    world.later()
    world.vendor.delete(gone)
    world.later()

    once, twice, other = [{event.id for event in world.events_of(await world.pages("changes", cursor, run))} for run in ("a", "a", "b")]

    assert once
    assert once == twice
    assert once.isdisjoint(other)


async def test_changes_over_many_pages_are_all_read_whatever_page_the_reader_dies_at(listing_world: World) -> None:
    world = listing_world
    cursor = await begun(world)
    world.later()
    keys = {world.vendor.create(f"record {number}") for number in range(7)}
    world.later()
    world.vendor.serve(2)

    pages = await world.pages("changes", cursor)

    assert set(keys_of(world.events_of(pages))) == keys
    for number, page in enumerate(pages[:-1]):
        rest = await world.pages("changes", page.cursor)
        assert keys_of(world.events_of(rest)) == keys_of(world.events_of(pages[number + 1 :]))


async def test_a_poll_without_changes_comes_to_its_end_and_says_how_far_the_source_vouches(listing_world: World) -> None:
    world = listing_world
    cursor = await begun(world)
    world.later()

    pages = await world.pages("changes", cursor)

    assert world.events_of(pages) == []
    assert pages[-1].covered_until is not None
    assert pages[-1].covered_until <= world.pipeline.clock()


async def test_a_back_fill_gives_each_record_once_and_none_that_is_deleted(world: World) -> None:
    keys = [world.vendor.create(f"record {number}") for number in range(7)]
    world.vendor.delete(keys[3])
    world.later()
    world.vendor.serve(2)

    pages = await world.pages("backfill")

    assert Counter(keys_of(world.events_of(pages))) == Counter(key for key in keys if key != keys[3])
    assert pages[0].total_count == (6 if world.vendor.knows_counts else None)
    assert all(len(world.events_of([page])) <= 2 for page in pages)


async def test_a_back_fill_goes_on_from_any_cursor(world: World) -> None:
    for number in range(7):
        world.vendor.create(f"record {number}")
    world.later()
    world.vendor.serve(2)

    pages = await world.pages("backfill")

    for number, page in enumerate(pages[:-1]):
        rest = await world.pages("backfill", page.cursor)
        assert keys_of(world.events_of(rest)) == keys_of(world.events_of(pages[number + 1 :]))


async def test_a_back_fill_of_nothing_comes_to_its_end(world: World) -> None:
    [page] = await world.pages("backfill")

    assert (world.events_of([page]), page.is_last) == ([], True)


@pytest.mark.parametrize("kind", ["changes", "backfill"])
async def test_cursors_are_json_and_survive_being_stored(world: World, kind: SyncKind) -> None:
    cursor = await begun(world) if kind == "changes" else None
    world.later()
    for number in range(5):
        world.vendor.create(f"record {number}")
    world.later()
    world.vendor.serve(2)

    pages = await world.pages(kind, cursor)

    for number, page in enumerate(pages):
        stored = json.loads(json.dumps(page.cursor))
        assert stored == page.cursor
        if not page.is_last:
            assert keys_of(world.events_of(await world.pages(kind, stored))) == keys_of(world.events_of(pages[number + 1 :]))


async def test_versions_are_of_every_living_record_in_the_order_of_keys(world: World) -> None:
    keys = [world.vendor.create(f"record {number}") for number in range(7)]
    world.vendor.delete(keys[2])
    world.later()
    world.vendor.serve(2)

    versions = await world.versions()

    living = [key for key in versions if key in keys]
    assert sorted(living) == sorted(key for key in keys if key != keys[2])
    if world.vendor.poller.record_kind(world.connection, world.vendor.stream).range_field is None:
        assert living == sorted(living)


async def test_a_version_is_that_of_the_record_as_events_tell_it(world: World) -> None:
    keys = [world.vendor.create(f"record {number}") for number in range(3)]
    world.later()
    world.vendor.edit(keys[1], "another name")
    world.later()

    versions = await world.versions()

    told = {event.source_id: event.vendor_version for event in world.events_of(await world.pages("backfill"))}
    assert {key: version.vendor_version for key, version in versions.items() if key in keys} == told


async def test_a_version_grows_with_every_change(listing_world: World) -> None:
    world = listing_world
    key, vendor = world.vendor.create("Ada"), world.vendor
    changes: list[Change] = [nothing, lambda: vendor.edit(key, "Augusta"), lambda: vendor.edit(key, "Ada")]
    seen: list[str] = []
    for change in changes:
        world.later()
        change()
        [event] = await world.records([key])
        seen.append(event.vendor_version or "")

    assert seen == sorted(set(seen))
    assert len(seen) == 3


async def test_records_gives_each_as_it_is_and_a_deletion_for_what_is_gone(world: World) -> None:
    there, gone = world.vendor.create("Ada"), world.vendor.create("Charles")
    world.vendor.delete(gone)
    world.later()

    events = await world.records([there, gone])

    assert {event.source_id: world.vendor.is_gone(event) for event in events} == {there: False, gone: True}
    assert len(events) == 2


async def test_records_is_asked_about_more_than_a_thousand_at_once(world: World) -> None:
    keys = [world.vendor.create(f"record {number}") for number in range(1200)]
    for key in keys[1:]:
        world.vendor.delete(key)
    world.later()

    events = await world.records(keys)

    assert [event.source_id for event in events if not world.vendor.is_gone(event)] == keys[:1]
    assert sorted(event.source_id for event in events) == sorted(keys)


async def test_what_was_there_before_and_every_change_since_are_shards_after_a_poll(listing_world: World) -> None:
    world = listing_world
    vendor = world.vendor
    old = vendor.create("old")
    await world.poll()
    new = vendor.create("new")
    await world.poll()
    vendor.edit(old, "older")
    vendor.delete(new)
    await world.poll()

    shards = [await world.shard(key) for key in (old, new)]

    assert [(shard.status, shard.structured_data["name"]) for shard in shards if shard] == [("active", "older"), ("deleted", "new")]


async def test_a_comparison_after_polls_finds_nothing_and_what_somebody_took_away_is_missing(world: World) -> None:
    keys = [world.vendor.create(f"record {number}") for number in range(5)]
    await world.poll()
    world.pipeline.clock.advance(seconds=3600)
    assert (await world.compare()).fault_count == 0

    taken = await world.shard(keys[2])
    assert taken is not None
    world.pipeline.shards.expire(taken.tenant_id, taken.id)
    world.pipeline.clock.advance(seconds=3600)
    found = await world.compare()
    await world.pipeline.run_all()

    assert (found.missing, found.extra, found.stale, found.named) == (1, 0, 0, {"missing": (keys[2],)})
    assert (await world.shard(keys[2])) is not None


async def test_what_nobody_told_is_found_and_mended_by_a_comparison(world: World) -> None:
    vendor = world.vendor
    same, edited, gone = (vendor.create(name) for name in ("same", "edited", "gone"))
    await world.poll()
    new = vendor.create("new")
    vendor.edit(edited, "older")
    vendor.delete(gone)
    world.pipeline.clock.advance(seconds=3600)

    found = await world.compare()
    await world.pipeline.run_all()

    named = {"missing": (new,), "extra": (gone,), "stale": (edited,)}
    assert (found.missing, found.extra, found.stale, found.named) == (1, 1, 1, named)
    shards = [await world.shard(key) for key in (same, edited, gone, new)]
    assert [(shard.status, shard.structured_data["name"]) for shard in shards if shard] == [
        ("active", "same"),
        ("active", "older"),
        ("deleted", "gone"),
        ("active", "new"),
    ]
    world.pipeline.clock.advance(seconds=3600)
    assert (await world.compare()).fault_count == 0
