"""The groups of the Workspace, with everybody in them: read once an hour, and told when they differ."""

from collections.abc import AsyncIterator

import pytest

from devtools.fakes.polled_drive import ADA, BOB, CLEO, DAN, DOMAIN, ROBOT
from devtools.vendors.gdrive.api.sessions import READ
from ingestion.sources.gdrive.groups import AT_ONCE
from ingestion.sources.source import Reading
from shared.contracts.ingestion import IngestionEvent
from shared.errors import StreamUnreadable
from tests.integration.gdrive.worlds import ADAS, HOUR, Workspace, payload_of

TEAM, ALL = f"team@{DOMAIN}", f"all@{DOMAIN}"


@pytest.fixture
async def grouped() -> AsyncIterator[Workspace]:
    """A team, and all of them as a group of groups."""
    async with Workspace() as world:
        world.drive.create_group(TEAM, members=[BOB, CLEO])
        world.drive.create_group(ALL, members=[ADA, TEAM])
        yield world


def members(event: IngestionEvent) -> list[str]:
    """Whose addresses are in it."""
    return [one["email"] for one in payload_of(event)["members"]]


async def test_a_group_is_told_with_everybody_who_is_in_it_by_way_of_others(grouped: Workspace) -> None:
    events = {event.source_id: event for event in (await grouped.read("groups")).events}
    assert {key: members(event) for key, event in events.items()} == {TEAM: [BOB, CLEO], ALL: [ADA, BOB, CLEO]}
    team = payload_of(events[TEAM])
    assert (team["email"], team["name"], team["members"][0]["type"]) == (TEAM, "Team", "USER")
    assert {(one.record_type, one.stream, one.is_home, one.coverage) for one in events.values()} == {("Group", "groups", True, "complete")}


async def test_groups_are_read_once_an_hour(grouped: Workspace) -> None:
    await grouped.read("groups")
    grouped.drive.add_to_group(TEAM, DAN)
    grouped.google.ledger.clear()
    grouped.clock.advance(seconds=HOUR - 1)
    assert ((await grouped.read("groups")).events, grouped.counts()) == ([], {})
    grouped.clock.advance(seconds=1)
    told = {event.source_id: members(event) for event in (await grouped.read("groups")).events}
    assert told == {TEAM: [BOB, CLEO, DAN], ALL: [ADA, BOB, CLEO, DAN]}


async def test_only_groups_that_differ_are_told_again(grouped: Workspace) -> None:
    await grouped.read("groups")
    grouped.drive.remove_from_group(ALL, ADA)
    grouped.clock.advance(seconds=HOUR)
    assert [event.source_id for event in (await grouped.read("groups")).events] == [ALL]
    grouped.clock.advance(seconds=HOUR)
    assert (await grouped.read("groups")).events == []


async def test_a_group_that_is_gone_departs(grouped: Workspace) -> None:
    await grouped.read("groups")
    del grouped.drive.people.groups[ALL]
    grouped.clock.advance(seconds=HOUR)
    (gone,) = (await grouped.read("groups")).events
    assert (gone.source_id, gone.event_type, gone.record_type, gone.payload) == (ALL, "delete", "Group", None)


async def test_many_groups_come_in_pages_that_another_worker_goes_on_with(grouped: Workspace) -> None:
    for number in range(2 * AT_ONCE):
        grouped.drive.create_group(f"group{number:02}@{DOMAIN}", members=[DAN])
    first = await grouped.read("groups", most_pages=1)
    rest = await grouped.read("groups", poller=grouped.new_poller(grouped.http))
    told = [event.source_id for event in (*first.events, *rest.events)]
    assert len(told) == len(set(told)) == 2 * AT_ONCE + 2
    assert [len(page.events) for page in (*first.pages, *rest.pages)] == [AT_ONCE, AT_ONCE, 2]


async def test_a_back_fill_tells_every_group(grouped: Workspace) -> None:
    await grouped.read("groups")
    assert {event.source_id for event in (await grouped.read("groups", "backfill")).events} == {TEAM, ALL}


async def test_versions_are_the_addresses_in_their_order_and_records_answer_for_each(grouped: Workspace) -> None:
    connection = await grouped.connection()
    assert list((await grouped.poller.versions(connection, "groups", after=None)).by_key) == [ALL, TEAM]
    assert list((await grouped.poller.versions(connection, "groups", after=ALL)).by_key) == [TEAM]
    reading = Reading(connection, "groups", "compare", {}, "a run")
    told = await grouped.poller.records(reading, [TEAM, f"gone@{DOMAIN}"])
    assert [(one.source_id, one.event_type) for one in told] == [(TEAM, "update"), (f"gone@{DOMAIN}", "delete")]
    kind = grouped.poller.record_kind(connection, "groups")
    assert (kind.scope, kind.record_type, kind.range_field) == (f"{DOMAIN}/groups", "Group", None)


async def test_a_directory_that_is_closed_costs_the_groups_and_nothing_else(grouped: Workspace) -> None:
    grouped.google.sessions.accounts[ROBOT].scopes = (READ,)
    with pytest.raises(StreamUnreadable, match=r"delegate admin\.directory\.group\.readonly"):
        await grouped.read("groups")
    assert (await grouped.read(ADAS)).gaps == []


async def test_somebody_who_is_no_administrator_cannot_read_groups(grouped: Workspace) -> None:
    grouped.drive.people.user(ADA).is_admin = False
    with pytest.raises(StreamUnreadable, match="an administrator of groups"):
        await grouped.read("groups")


async def test_groups_are_read_as_the_subject_where_there_is_one(grouped: Workspace) -> None:
    connection = await grouped.connection()
    assert connection.credential is not None
    credential = connection.credential.model_copy(update={"subject": BOB})
    grouped.drive.people.user(BOB).is_admin = True
    await grouped.pipeline.connections.replace(connection.model_copy(update={"credential": credential}))
    await grouped.read("groups")
    assert grouped.google.ledger.by_user("directory") == {BOB: 3}
