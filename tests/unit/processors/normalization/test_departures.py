"""Records that go: out of a log, into the bin, with the folder they are in; and that come back."""

from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.normalization.drive_events import ANN, BOB, OUTSIDER, ROOT, Desk, folder, guest, left, seen, stream_of

DRIVE = "drive:0AD1"


async def test_what_the_last_log_lets_go_of_is_archived_because_it_may_be_there_for_others() -> None:
    desk = Desk()
    await desk.take(guest("f", 1, person=ANN, at=1), guest("f", 1, person=BOB, at=2), left("f", at=3))
    assert await desk.status("f") == "active"

    await desk.take(left("f", at=4, stream=stream_of(BOB)))

    assert await desk.status("f") == "archived"
    assert [edge.external_id for edge in (await desk.shard("f")).external_relationships] == ["f"]


async def test_what_its_owners_log_lets_go_of_is_deleted() -> None:
    desk = Desk()

    await desk.take(seen("f", 1), left("f", at=3))

    assert await desk.status("f") == "deleted"


async def test_what_was_never_seen_is_not_made_up_to_be_gone() -> None:
    desk = Desk()

    await desk.take(left("f", at=3))

    assert desk.pipeline.shards.all() == []


async def test_a_file_in_the_bin_is_deleted_whoever_says_it_and_there_again_with_a_newer_version() -> None:
    desk = Desk()
    await desk.take(guest("f", 1), guest("f", 2, person=BOB, trashed="itself"))
    assert await desk.status("f") == "deleted"

    await desk.take(guest("f", 1, person=BOB, at=8))
    assert await desk.status("f") == "deleted"  # an older version revives nothing
    await desk.take(guest("f", 3, person=BOB, at=9))

    assert (await desk.status("f"), await desk.holders("f")) == ("active", {stream_of(ANN), stream_of(BOB)})


async def test_what_is_deleted_for_good_out_of_the_bin_stays_deleted() -> None:
    desk = Desk()

    await desk.take(guest("f", 1), guest("f", 2, trashed="itself"), left("f", at=5))

    assert (await desk.status("f"), await desk.holders("f")) == ("deleted", set())


async def test_a_deep_folder_goes_into_the_bin_with_all_that_is_in_it_and_comes_back_with_it() -> None:
    desk = await shelves()

    await desk.tell(folder("a", 9, trashed="itself"))
    assert await desk.statuses(*ALL) == ["deleted"] * 4
    await desk.tell(folder("a", 10, at=20))

    assert await desk.statuses(*ALL) == ["active"] * 4
    assert [(await desk.shard(one)).metadata.gone_with for one in ALL] == [None] * 4


async def test_what_was_in_the_bin_before_its_folder_stays_there() -> None:
    desk = await shelves()

    await desk.tell(folder("b", 8, parent="a", trashed="itself"), folder("a", 9, trashed="itself"), folder("a", 10, at=20))

    assert await desk.statuses(*ALL) == ["active", "deleted", "deleted", "deleted"]


async def test_what_was_put_into_the_bin_itself_after_its_folder_was_stays_there() -> None:
    desk = await shelves()

    await desk.tell(folder("a", 8, trashed="itself"), seen("f", 9, parent="deep", trashed="itself"), folder("a", 10, at=20))

    assert await desk.statuses(*ALL) == ["active", "active", "active", "deleted"]


async def test_what_the_vendor_says_is_in_the_bin_with_its_folder_comes_back_with_it_also_when_it_was_heard_of_first() -> None:
    desk = await shelves()

    await desk.tell(seen("f", 8, parent="deep", trashed="with its folder"), folder("a", 8, at=8.5, trashed="itself"))
    assert await desk.statuses(*ALL) == ["deleted"] * 4
    await desk.tell(folder("a", 10, at=20))

    assert await desk.statuses(*ALL) == ["active"] * 4


async def test_what_is_said_late_of_a_file_in_a_folder_does_not_bring_it_back_out_of_the_bin() -> None:
    desk = await shelves()
    await desk.tell(folder("a", 9, trashed="itself"))

    await desk.tell(seen("f", 5, parent="deep", name="A later name"), seen("unheard of", 6, parent="deep"))

    assert await desk.statuses("f", "unheard of") == ["deleted", "deleted"]
    await desk.tell(folder("a", 10, at=20))
    assert await desk.statuses("f", "unheard of") == ["active", "active"]
    assert (await desk.shard("f")).structured_data["name"] == "A later name"


async def test_what_is_shown_in_a_folder_after_that_went_is_there() -> None:
    binned = await shelves()
    await binned.tell(folder("a", 9, trashed="itself"))
    await binned.tell(seen("f", 10, parent="deep"))
    assert await binned.statuses("deep", "f") == ["deleted", "active"]

    lost = Desk()
    await lost.tell(guest("a", 1, is_folder=True), left("a", at=5))
    await lost.tell(in_folder_a("f", ANN, at=9))
    assert await lost.statuses("a", "f") == ["archived", "active"]


async def test_what_is_taken_out_of_a_folder_in_the_bin_is_there_again() -> None:
    desk = await shelves()
    await desk.tell(folder("a", 8, trashed="itself"))

    await desk.tell(folder("b", 9, parent=ROOT))

    assert await desk.statuses(*ALL) == ["deleted", "active", "active", "active"]
    assert await desk.path("deep") == "/My Drive/b/deep"


async def test_what_else_is_shown_of_a_folder_that_is_lost_stays() -> None:
    desk = Desk()
    await desk.tell(
        guest("a", 1, is_folder=True),
        in_folder_a("f", ANN, at=1),
        in_folder_a("g", ANN, at=1),
        in_folder_a("g", BOB, at=2),
    )

    await desk.tell(left("a", at=5))

    assert await desk.statuses("a", "f", "g") == ["archived", "archived", "active"]
    await desk.tell(guest("a", 1, at=9, is_folder=True))
    assert await desk.statuses("a", "f", "g") == ["active", "active", "active"]


async def test_a_shared_drive_that_is_removed_and_returned_takes_everything_in_it_along() -> None:
    desk = Desk()
    await desk.tell(
        folder("0AD1", parent=None, name="Projects", stream=DRIVE, owner=None),
        folder("a", parent="0AD1", stream=DRIVE, owner=None),
        seen("f", 1, parent="a", stream=DRIVE, owner=None),
    )

    await desk.tell(left("0AD1", at=5, stream=DRIVE))
    assert await desk.statuses("0AD1", "a", "f") == ["archived"] * 3
    await desk.tell(folder("0AD1", parent=None, name="Projects", stream=DRIVE, owner=None, at=9))

    assert await desk.statuses("0AD1", "a", "f") == ["active"] * 3


async def test_a_departure_that_comes_twice_is_written_once() -> None:
    desk = Desk()
    await desk.take(seen("f", 1), left("f", at=3))
    writes = desk.pipeline.shards.writes
    desk.pipeline.clock.advance(seconds=2 * 3600)

    await desk.take(left("f", at=3))

    assert desk.pipeline.shards.writes == writes


async def test_a_record_that_is_gone_is_forgotten_after_the_retention_and_kept_once_it_is_back() -> None:
    desk = Desk()
    await desk.take(guest("f", 1), left("f", at=3))
    assert (await desk.shard("f")).ttl == 90 * 24 * 3600

    await desk.take(guest("f", 1, at=5))

    assert (await desk.shard("f")).ttl == -1


async def test_another_owner_told_without_an_address_leaves_the_old_owner_no_access() -> None:
    desk = Desk()
    await desk.take(seen("f", 1, owner=BOB))
    event = seen("f", 2, owner=ANN, stream=DRIVE)
    assert event.payload is not None
    payload = {**event.payload, "owners": [{"permissionId": "somebody-else"}]}

    await desk.take(event.model_copy(update={"payload": payload, "coverage": ("id", "name", "owners.0.permissionId")}))

    assert f"user:{BOB}" not in await desk.readers("f")


ALL = ("a", "b", "deep", "f")


async def shelves() -> Desk:
    """/My Drive/a/b/deep/f."""
    desk = Desk()
    await desk.tell(
        folder(ROOT, parent=None, name="My Drive"),
        folder("a"),
        folder("b", parent="a"),
        folder("deep", parent="b"),
        seen("f", 1, parent="deep"),
    )
    return desk


def in_folder_a(file_id: str, person: str, *, at: float) -> IngestionEvent:
    return seen(file_id, 1, at=at, stream=stream_of(person), is_home=False, owner=OUTSIDER, parent="a")
