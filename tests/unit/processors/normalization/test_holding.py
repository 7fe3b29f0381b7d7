"""Who holds a record: each stream that shows it, until it says that it does so no more; or the stream it is at home in, alone."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.normalization.drive_events import ANN, BOB, CAROL, OUTSIDER, Desk, guest, left, seen, stream_of

DRIVE, ANOTHER_DRIVE = "drive:0AD1", "drive:0AD2"


async def test_everybody_who_sees_a_file_of_somebody_else_holds_it_and_may_read_it() -> None:
    desk = Desk()

    await desk.take(guest("f", 1, person=ANN, at=1), guest("f", 1, person=BOB, at=2))

    assert await desk.holders("f") == {stream_of(ANN), stream_of(BOB)}
    assert await desk.readers("f") == {"admins", f"user:{ANN}", f"user:{BOB}", f"user:{OUTSIDER}"}


async def test_at_home_nobody_else_holds_it() -> None:
    desk = Desk()

    await desk.take(guest("f", 1, person=BOB), seen("f", 2, stream=DRIVE, owner=None))

    assert await desk.holders("f") == {DRIVE}
    assert f"user:{BOB}" not in await desk.readers("f")


async def test_what_a_guest_saw_before_the_record_came_home_is_over_also_when_it_comes_late() -> None:
    desk = Desk()

    await desk.take(seen("f", 2, stream=DRIVE, owner=None), guest("f", 1, person=BOB))

    assert await desk.holders("f") == {DRIVE}


async def test_an_older_version_from_another_stream_says_nothing_but_who_holds_it() -> None:
    desk = Desk()

    await desk.take(guest("f", 2, person=ANN, name="New name"), guest("f", 1, person=BOB, name="Old name"))

    assert await desk.holders("f") == {stream_of(ANN), stream_of(BOB)}
    assert f"user:{BOB}" in await desk.readers("f")
    shard = await desk.shard("f")
    assert shard.structured_data["name"] == "New name"
    assert {edge.label for edge in shard.external_relationships} == {"New name"}


async def test_the_same_version_read_earlier_in_another_log_still_gives_it_a_holder() -> None:
    desk = Desk()

    await desk.take(guest("f", 1, person=ANN, at=9), guest("f", 1, person=BOB, at=3))

    assert await desk.holders("f") == {stream_of(ANN), stream_of(BOB)}


async def test_a_state_that_is_older_than_its_own_streams_departure_gives_nobody_access_again() -> None:
    desk = Desk()
    await desk.take(guest("f", 1, person=ANN, at=1), guest("f", 1, person=BOB, at=2), left("f", at=5, stream=stream_of(BOB)))

    await desk.take(guest("f", 3, person=BOB, at=4, name="Seen before"))

    assert await desk.holders("f") == {stream_of(ANN)}
    assert f"user:{BOB}" not in await desk.readers("f")
    assert (await desk.shard("f")).structured_data["name"] == "Seen before"


async def test_whoever_is_shown_it_again_holds_it_again() -> None:
    desk = Desk()
    await desk.take(guest("f", 1, at=1), left("f", at=5))
    assert await desk.status("f") == "archived"

    await desk.take(guest("f", 1, at=6))

    assert (await desk.status("f"), await desk.holders("f")) == ("active", {stream_of(ANN)})
    assert (await desk.shard("f")).metadata.let_go == {}


async def test_a_departure_that_comes_after_a_later_look_at_the_same_version_changes_nothing() -> None:
    desk = Desk()
    await desk.take(guest("f", 1, at=1), guest("f", 1, at=9))

    await desk.take(left("f", at=5))

    assert (await desk.status("f"), await desk.holders("f")) == ("active", {stream_of(ANN)})


async def test_a_file_that_moves_from_drive_to_drive_is_one_file_whichever_log_is_read_first() -> None:
    here, there = seen("f", 1, stream=DRIVE, owner=None), seen("f", 2, stream=ANOTHER_DRIVE, owner=None, at=11)
    for order in ((here, left("f", at=10, stream=DRIVE), there), (here, there, left("f", at=12, stream=DRIVE))):
        desk = Desk()
        await desk.take(*order)

        assert len(desk.pipeline.shards.all()) == 1
        assert (await desk.status("f"), await desk.holders("f")) == ("active", {ANOTHER_DRIVE})


async def test_of_a_record_at_home_those_who_lose_sight_of_it_cost_no_write() -> None:
    desk = Desk()
    await desk.take(seen("f", 1, stream=DRIVE, owner=None))
    writes = desk.pipeline.shards.writes

    await desk.take(*(left("f", at=5 + number, stream=stream_of(person)) for number, person in enumerate((ANN, BOB, CAROL))))

    assert desk.pipeline.shards.writes == writes


async def test_a_file_of_two_tenants_is_two_and_a_departure_is_of_one() -> None:
    desk = Desk()
    await desk.take(guest("f", 1), guest("f", 1, tenant="globex"))

    await desk.take(left("f", at=5))

    assert [await desk.status("f"), (await desk.shard("f", "globex")).status] == ["archived", "active"]


# --- laws

MANY = 30
GUESTS = tuple(map(stream_of, (ANN, BOB, CAROL)))
HOMES = (DRIVE, ANOTHER_DRIVE, stream_of(ANN))


@st.composite
def histories(draw: st.DrawFn) -> list[IngestionEvent]:
    """What several logs showed of one file, in the order of time. A version says the same in every log, and never goes back.

    First the file is a guest; then, perhaps, at home in one place or another, where its guests only lose sight of it.
    """
    version, events = 1, [guest("f", 1, person=ANN, at=0, name="name 1")]
    is_trashed = {1: ""}
    length = draw(st.integers(1, 5))
    home_from = draw(st.integers(1, 6))
    leaving = {*GUESTS, *HOMES}
    for at in range(1, length + 1):
        if draw(st.booleans()):
            version += 1
            is_trashed[version] = draw(st.sampled_from(["", "", "itself"]))
        said: dict[str, Any] = {
            "at": at,
            "trashed": is_trashed[version],
            "name": f"name {version}",
            "owner": None if at >= home_from else OUTSIDER,
        }
        if draw(st.sampled_from([True, True, False])):
            if at >= home_from:
                version += 1  # to come home is a change
                is_trashed[version] = said["trashed"]
                stream = draw(st.sampled_from(HOMES))
                leaving -= {stream_of(ANN)} if stream == stream_of(ANN) else set()  # heard too early, that would be lost
                said["name"] = f"name {version}"
                said["owner"] = ANN if stream == stream_of(ANN) else None
                events.append(seen("f", version, stream=stream, parent=None, **said))
            else:
                person = draw(st.sampled_from([ANN, BOB, CAROL]))
                events.append(guest("f", version, person=person, **said))
        else:
            events.append(left("f", at=at, stream=draw(st.sampled_from(sorted(leaving)))))
    return events


async def end_of(events: list[IngestionEvent]) -> tuple[object, ...]:
    desk = Desk()
    await desk.take(*events)
    shard = await desk.shard("f")
    return shard.status, await desk.holders("f"), shard.acl, shard.structured_data, shard.metadata.is_binned


@settings(max_examples=MANY, deadline=None)
@given(data=st.data(), history=histories())
async def test_in_whatever_order_the_logs_are_heard_the_end_is_what_the_order_of_time_gives(
    data: st.DataObject, history: list[IngestionEvent]
) -> None:
    first, *rest = history  # that a record which was never seen is gone says nothing yet
    order = [first, *data.draw(st.permutations(rest))]

    assert await end_of(order) == await end_of(history)


@settings(max_examples=MANY, deadline=None)
@given(data=st.data(), history=histories())
async def test_what_is_heard_again_changes_nothing(data: st.DataObject, history: list[IngestionEvent]) -> None:
    desk = Desk()
    await desk.take(*history)
    before = [shard.document() for shard in desk.pipeline.shards.all()]
    desk.pipeline.clock.advance(seconds=2 * 3600)  # the broker has forgotten them

    await desk.take(*data.draw(st.lists(st.sampled_from(history))))

    assert [shard.document() for shard in desk.pipeline.shards.all()] == before
