"""What a comparison reads: every record with its content, a range of ids at a time, and no list twice without need."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from ingestion.sources.slack.census import KEPT
from ingestion.sources.slack.ranges import RANGE_CHANNELS, RANGE_STRANGERS
from ingestion.sources.source import Versions
from shared.errors import RateLimited
from tests.unit.ingestion.slack.scripted import Desk, Reply, channel, person


async def ranges(desk: Desk, stream: str = "Channel") -> list[Versions]:
    """All ranges of a comparison."""
    found: list[Versions] = []
    while not found or found[-1].up_to is not None:
        after = found[-1].up_to if found else None
        found.append(await desk.poller.versions(desk.connection, stream, after=after))
    return found


def ids(found: Sequence[Versions]) -> list[str]:
    return [key for versions in found for key in versions.by_key]


async def content(desk: Desk, key: str, stream: str = "Channel") -> dict[str, Any]:
    """What the vendor shows of one record."""
    [versions] = await ranges(desk, stream)
    shown = versions.by_key[key].content
    assert shown is not None
    return dict(shown)


async def test_channels_are_compared_in_the_order_of_their_ids_whatever_order_they_are_listed_in() -> None:
    desk = Desk()
    desk.slack.has(*(channel(f"C{number:02}") for number in reversed(range(60))))

    found = await ranges(desk)

    assert ids(found) == [f"C{number:02}" for number in range(60)]
    assert [(len(one.by_key), one.up_to) for one in found] == [(RANGE_CHANNELS, "C24"), (RANGE_CHANNELS, "C49"), (10, None)]
    assert len(desk.slack.forms("conversations.list")) == 1


async def test_a_channels_content_is_what_a_list_and_its_members_show() -> None:
    desk = Desk()
    said = channel("C1", topic={"value": "Plans"}, purpose={"value": ""}, creator="U1", created=1_700_000_000, updated=1_700_000_001_500)
    desk.slack.has(said, members={"C1": ["U2", "U1"]})

    shown = await content(desk, "C1")

    expected = {"name": "c1", "topic": "Plans", "purpose": None, "isPrivate": False, "isArchived": False, "type": "public", "isLost": None}
    assert {**shown, **expected} == shown
    assert (shown["members"], shown["memberCount"], shown["creatorId"]) == ('["U1", "U2"]', 2, "U1")


async def test_the_content_of_what_was_read_is_what_is_stored_of_it() -> None:
    desk = Desk()
    desk.slack.has(channel("C1", topic={"value": "Plans"}, is_private=True), members={"C1": ["U1"]})
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"], tz="Europe/London")}
    desk.slack.answers["users.list"] = {"members": [person("U1", tz="Europe/London")]}
    await desk.store("C1")

    for stream, key in (("Channel", "C1"), ("User", "U1")):
        stored = await desk.pipeline.index.stored(desk.poller.record_kind(desk.connection, stream), key)
        assert stored is not None
        shown = await content(desk, key, stream)
        assert {name: stored.structured_data.get(name) for name in shown} == shown


@pytest.mark.parametrize(
    ("said", "silent"),
    [
        ({}, set()),
        ({"is_ext_shared": True}, {"externalTeams"}),
        ({"is_ext_shared": True, "connected_team_ids": ["T2"]}, set()),
        ({"is_org_shared": True}, {"workspaces"}),
    ],
)
async def test_what_a_list_leaves_out_and_is_not_empty_is_no_difference(said: dict[str, Any], silent: set[str]) -> None:
    desk = Desk()
    desk.slack.has(channel("C1", **said))

    assert {"externalTeams", "workspaces"} - (await content(desk, "C1")).keys() == silent


async def test_members_and_addresses_that_may_not_be_known_are_no_difference() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    desk.slack.answers["conversations.members"] = "access_denied"
    desk.slack.answers["users.list"] = {"members": [person("U1", profile={"real_name": "Ada"})]}

    assert not {"members", "memberCount"} & (await content(desk, "C1")).keys()
    assert "email" not in await content(desk, "U1", "User")


async def test_what_depends_on_the_workspace_that_asks_is_no_difference_in_an_organization() -> None:
    desk = Desk(account="E0GRID")
    desk.slack.identity = {"enterprise_id": "E0GRID", "is_enterprise_install": True}
    desk.slack.answers["auth.teams.list"] = {"teams": [{"id": "T1"}, {"id": "T2"}]}
    desk.slack.has(channel("C1"))
    desk.slack.answers["conversations.list"] = lambda form: {"channels": [channel("C1", context_team_id=form["team_id"])]}

    assert "teamExternalId" not in await content(desk, "C1")


async def test_a_record_that_cannot_be_read_has_no_content_and_is_there() -> None:
    desk = Desk()
    desk.slack.has(channel("C1", is_archived="perhaps"))

    [versions] = await ranges(desk)

    assert versions.by_key["C1"].content is None


@pytest.mark.parametrize(
    ("updated", "year"), [(1_700_000_001_500, 2023), (1_700_000_001, 2023), (None, None), ("soon", None), (True, None), (10**30, None)]
)
async def test_channels_say_in_milliseconds_and_people_in_seconds_when_they_changed(updated: Any, year: int | None) -> None:
    desk = Desk()
    desk.slack.has(channel("C1", updated=updated))

    [versions] = await ranges(desk)

    changed_at = versions.by_key["C1"].changed_at
    assert (changed_at and changed_at.year) == year


async def test_a_range_was_read_when_the_list_was_begun() -> None:
    desk = Desk()
    desk.slack.has(*(channel(f"C{number:02}") for number in range(30)))
    began_at = desk.clock()

    assert [versions.read_at for versions in await ranges(desk)] == [began_at, began_at]
    assert desk.clock() > began_at + timedelta(seconds=20), "thirty calls for members take their time"


async def test_each_comparison_lists_anew_and_one_that_takes_long_does_so_on_its_way() -> None:
    desk = Desk()
    desk.slack.has(*(channel(f"C{number:02}") for number in range(30)))
    await ranges(desk)
    assert len(desk.slack.forms("conversations.list")) == 1

    first = await desk.poller.versions(desk.connection, "Channel", after=None)
    assert len(desk.slack.forms("conversations.list")) == 2
    desk.clock.advance(seconds=KEPT.total_seconds())
    desk.slack.has(*(channel(f"C{number:02}") for number in range(10, 40)))
    rest = await desk.poller.versions(desk.connection, "Channel", after=first.up_to)

    assert len(desk.slack.forms("conversations.list")) == 2 + 1
    assert list(rest.by_key) == [f"C{number:02}" for number in range(25, 40)]


async def test_another_worker_goes_on_where_the_first_one_was() -> None:
    desk = Desk()
    desk.slack.has(*(channel(f"C{number:02}") for number in range(30)))
    first = await desk.poller.versions(desk.connection, "Channel", after=None)
    desk.poller = desk.another()

    rest = await desk.poller.versions(desk.connection, "Channel", after=first.up_to)

    assert (list(rest.by_key), rest.up_to) == ([f"C{number:02}" for number in range(25, 30)], None)


async def test_a_list_that_a_pause_broke_off_goes_on_where_it_was() -> None:
    desk = Desk()
    replies: list[Reply] = [
        {"members": [person("U1")], "response_metadata": {"next_cursor": "a"}},
        "ratelimited",
        {"members": [person("U2")]},
    ]
    desk.slack.answers["users.list"] = lambda form: replies.pop(0)
    with pytest.raises(RateLimited):
        await desk.poller.versions(desk.connection, "User", after=None)
    desk.clock.advance(seconds=40)

    assert ids(await ranges(desk, "User")) == ["U1", "U2"]


async def test_what_is_wrong_with_the_last_range_is_told_as_it_was_listed() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), channel("C2"), members={"C1": ["U1"]})
    listed_at = desk.clock()
    await ranges(desk)
    asked = len(desk.slack.calls)

    events = await desk.poller.records(desk.reading("Channel", "compare"), ["C1", "C9"])

    assert [(event.source_id, event.coverage) for event in events] == [("C1", "complete"), ("C9", ("id", "is_lost"))]
    assert (events[0].payload or {})["members"] == ["U1"]
    assert events[0].observed_at == listed_at
    assert [method for method, _ in desk.slack.calls[asked:]] == ["users.info", "conversations.info"]


async def test_a_hint_is_never_answered_from_a_list() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    await ranges(desk)

    await desk.records("C1", kind="changes")

    assert desk.slack.forms("conversations.info") != []


async def test_strangers_are_in_no_list_and_not_superfluous_and_who_is_gone_is() -> None:
    desk = Desk()
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"], is_stranger=form["user"] == "U2")}
    await desk.store("U1", "U2", "U3", stream="User")
    desk.slack.answers["users.list"] = {"members": [person("U1")]}
    desk.slack.answers["users.info"] = lambda form: {"user": person("U2", is_stranger=True)} if form["user"] == "U2" else "user_not_found"
    desk.clock.advance(seconds=3600)

    [versions] = await ranges(desk, "User")

    assert list(versions.by_key) == ["U1", "U2"]
    assert (versions.by_key["U2"].content or {})["userType"] == "external"
    assert await desk.records("U2", "U3", stream="User", kind="compare") == [
        ("User", "U2", "update", person("U2", is_stranger=True, is_external=True)),
        ("User", "U3", "delete", None),
    ]


async def test_talks_are_nobodys_to_compare() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), channel("G1", is_mpim=True))

    assert ids(await ranges(desk)) == ["C1"]


async def test_people_in_shared_channels_whom_nobody_has_told_are_missing() -> None:
    desk = Desk()
    desk.slack.has(channel("C1", is_ext_shared=True), channel("C2"), members={"C1": ["U1", "U2"], "C2": ["U3"]})
    await desk.store("C1", "C2")
    desk.slack.answers["users.list"] = {"members": [person("U1")]}
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"], is_stranger=True)}
    desk.clock.advance(seconds=3600)

    assert ids(await ranges(desk, "User")) == ["U1", "U2"]


async def test_strangers_make_ranges_smaller_for_each_is_a_call() -> None:
    desk = Desk()
    strangers = [f"U{number:03}" for number in range(2 * RANGE_STRANGERS + 10)]
    desk.slack.has(channel("C1", is_ext_shared=True), members={"C1": strangers})
    await desk.store("C1")
    desk.slack.answers["users.list"] = {"members": [person("U0500"), person("U9")]}
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"])}
    desk.clock.advance(seconds=3600)

    found = await ranges(desk, "User")

    assert ids(found) == sorted([*strangers, "U0500", "U9"])
    assert [one.up_to for one in found] == [strangers[RANGE_STRANGERS - 1], strangers[2 * RANGE_STRANGERS - 1], None]


async def test_a_list_in_the_slow_mode_of_one_call_a_minute_comes_to_its_end() -> None:
    desk = Desk()
    replies: list[Reply] = []
    for number in range(15):
        replies += ["ratelimited", {"channels": [channel(f"C{number:02}")], "response_metadata": {"next_cursor": str(number)}}]
    replies += [{"channels": []}]
    desk.slack.has(*(channel(f"C{number:02}") for number in range(15)))
    desk.slack.answers["conversations.list"] = lambda form: replies.pop(0)
    found = None
    while found is None:
        desk.clock.advance(seconds=60)
        with suppress(RateLimited):
            found = await desk.poller.versions(desk.connection, "Channel", after=None)

    assert len(found.by_key) == 15
    assert replies == []


async def test_members_in_the_slow_mode_make_ranges_smaller_and_the_comparison_comes_to_its_end() -> None:
    """A range that had to be whole would list who is in its first channels again and again."""
    desk = Desk()
    desk.slack.has(*(channel(f"C{number:02}") for number in range(15)))
    desk.make_slow("conversations.members")
    found: list[Versions] = []
    for _ in range(60):
        desk.clock.advance(seconds=60)
        with suppress(RateLimited):
            found.append(await desk.poller.versions(desk.connection, "Channel", after=found[-1].up_to if found else None))
            if found[-1].up_to is None:
                break

    assert ids(found) == [f"C{number:02}" for number in range(15)]
    assert found[-1].up_to is None


async def test_a_channel_that_goes_while_its_range_is_read_is_in_no_smaller_range_either() -> None:
    desk = Desk()
    desk.slack.has(*(channel(f"C{number}") for number in range(3)))
    answers: list[Reply] = ["channel_not_found", {"members": []}]
    desk.slack.answers["conversations.members"] = lambda form: answers.pop(0) if answers else "ratelimited"

    found = await desk.poller.versions(desk.connection, "Channel", after=None)

    assert (list(found.by_key), found.up_to) == (["C1"], "C1")
