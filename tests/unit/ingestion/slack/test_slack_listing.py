"""Lists over many pages and workspaces, and back-fills over them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ingestion.sources.slack.listing import MOST_RESTARTS
from ingestion.sources.source import Page
from shared.errors import DependencyUnavailable, RateLimited, StreamUnreadable
from tests.unit.ingestion.slack.scripted import Desk, Form, Reply, channel, person

GRID: dict[str, Any] = {"team_id": "E0GRID", "enterprise_id": "E0GRID", "is_enterprise_install": True}


def page_of(name: str, records: list[dict[str, Any]], cursor: str = "") -> dict[str, Any]:
    return {name: records, "response_metadata": {"next_cursor": cursor}}


async def crawl(desk: Desk, stream: str) -> list[Page]:
    """All pages of a back-fill."""
    pages: list[Page] = []
    cursor: Mapping[str, Any] | None = None
    while not pages or not pages[-1].is_last:
        pages.append(await desk.poller.page(desk.reading(stream, "backfill", cursor)))
        cursor = pages[-1].cursor
    return pages


def keys(pages: list[Page]) -> list[list[str]]:
    return [[event.source_id for event in page.events] for page in pages]


def grid(*teams: str) -> Desk:
    """An organization with these workspaces."""
    desk = Desk(account="E0GRID")
    desk.slack.identity = GRID
    desk.slack.answers["auth.teams.list"] = {"teams": [{"id": team} for team in teams]}
    return desk


async def test_pages_with_fewer_rows_than_asked_for_or_none_are_not_the_end() -> None:
    desk = Desk()
    pages = {"": page_of("members", [], "1"), "1": page_of("members", [person("U1")], "2"), "2": page_of("members", [person("U2")])}
    desk.slack.answers["users.list"] = lambda form: pages[form.get("cursor", "")]

    assert keys(await crawl(desk, "User")) == [[], ["U1"], ["U2"]]
    assert desk.slack.forms("users.list")[0] == {"limit": "200", "include_locale": "true"}


async def test_archived_and_private_channels_are_listed_and_talks_are_not_told() -> None:
    desk = Desk()
    desk.slack.has(channel("C1", is_archived=True), channel("G1", is_mpim=True), channel("C2", is_private=True))

    assert keys(await crawl(desk, "Channel")) == [["C1", "C2"]]
    assert desk.slack.forms("conversations.list") == [
        {"types": "public_channel,private_channel", "exclude_archived": "false", "limit": "40"}
    ]


async def test_a_channel_is_told_once_by_a_page_however_often_the_page_has_it() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), channel("C1"))

    assert keys(await crawl(desk, "Channel")) == [["C1"]]


async def test_a_channel_that_goes_while_its_page_is_read_is_left_out() -> None:
    desk = Desk()
    desk.slack.has(channel("C2"))
    desk.slack.answers["conversations.list"] = {"channels": [channel("C1"), channel("C2")]}

    assert keys(await crawl(desk, "Channel")) == [["C2"]]


async def test_an_organization_is_listed_by_workspace_in_the_order_of_their_ids() -> None:
    desk = grid("T2", "T1")
    desk.slack.answers["users.list"] = lambda form: page_of("members", [person(f"U{form['team_id']}{form.get('cursor', '')}")], _more(form))

    pages = await crawl(desk, "User")

    assert keys(pages) == [["UT1"], ["UT1b"], ["UT2"], ["UT2b"]]
    assert [page.cursor for page in pages] == [{"team": "T1", "cursor": "b"}, {"team": "T2"}, {"team": "T2", "cursor": "b"}, {}]


def _more(form: Form) -> str:
    return "" if "cursor" in form else "b"


async def test_an_organization_without_workspaces_has_nobody() -> None:
    assert keys(await crawl(grid(), "User")) == [[]]


async def test_a_workspace_that_the_app_was_not_given_is_a_gap_and_the_next_one_is_read() -> None:
    desk = grid("T1", "T2")
    desk.slack.answers["users.list"] = lambda form: (
        "team_access_not_granted" if form["team_id"] == "T1" else page_of("members", [person("U2")])
    )

    pages = await crawl(desk, "User")

    assert (keys(pages), [page.gaps for page in pages]) == ([[], ["U2"]], [("not-readable",), ()])


async def test_a_workspace_of_its_own_that_may_not_be_read_is_unreadable() -> None:
    desk = Desk()
    desk.slack.answers["users.list"] = "access_denied"

    with pytest.raises(StreamUnreadable):
        await crawl(desk, "User")


async def test_a_cursor_that_is_not_accepted_any_more_begins_the_list_anew() -> None:
    desk = Desk()
    replies: list[Reply] = [page_of("members", [person("U1")], "a"), "invalid_cursor", page_of("members", [person("U1")], "b")]
    replies.append(page_of("members", [person("U2")]))
    desk.slack.answers["users.list"] = lambda form: replies.pop(0)

    assert keys(await crawl(desk, "User")) == [["U1"], [], ["U1"], ["U2"]]
    assert [form.get("cursor") for form in desk.slack.forms("users.list")] == [None, "a", None, "b"]


async def test_cursors_that_are_never_accepted_are_not_tried_for_ever() -> None:
    desk = Desk()
    desk.slack.answers["users.list"] = lambda form: (
        "invalid_cursor" if "cursor" in form else page_of("members", [], f"{len(desk.slack.calls)}")
    )

    with pytest.raises(DependencyUnavailable):
        await crawl(desk, "User")

    assert len(desk.slack.forms("users.list")) == 2 * (MOST_RESTARTS + 1)


async def test_a_page_that_a_pause_broke_off_need_not_ask_again_who_is_in_its_first_channels() -> None:
    desk = Desk()
    channels = [channel(f"C{number}") for number in range(5)]
    desk.slack.has(*channels)
    answer = desk.slack.answers["conversations.members"]
    assert callable(answer)
    desk.slack.answers["conversations.members"] = lambda form: "ratelimited" if form["channel"] == "C3" else answer(form)
    with pytest.raises(RateLimited):
        await crawl(desk, "Channel")
    desk.slack.answers["conversations.members"] = answer
    desk.clock.advance(seconds=60)

    assert keys(await crawl(desk, "Channel")) == [["C0", "C1", "C2", "C3", "C4"]]
    asked = [form["channel"] for form in desk.slack.forms("conversations.members")]
    assert asked == ["C0", "C1", "C2", "C3", "C3", "C4"]


async def test_a_page_whose_members_may_be_asked_for_once_a_minute_comes_to_its_end() -> None:
    desk = Desk()
    desk.slack.has(*(channel(f"C{number:02}") for number in range(15)))
    desk.make_slow("conversations.members")
    pages: list[Page] = []
    for _ in range(40):
        desk.clock.advance(seconds=60)
        with suppress(RateLimited):
            pages = await crawl(desk, "Channel")
            break

    assert keys(pages) == [[f"C{number:02}" for number in range(15)]]


async def test_strangers_in_shared_channels_are_told_with_them_and_people_of_our_own_are_in_their_list() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"), channel("C2", is_ext_shared=True), members={"C1": ["U1"], "C2": ["U2"]})
    desk.slack.answers["users.info"] = lambda form: {"user": person(form["user"])}

    assert keys(await crawl(desk, "Channel")) == [["U2", "C1", "C2"]]


async def test_what_is_no_json_value_costs_nobody_else() -> None:
    desk = Desk()
    desk.slack.answers["users.list"] = page_of("members", [person("U1", name="a" * 3), {**person("U" * 600)}, person("U2")])

    [page] = await crawl(desk, "User")

    assert (keys([page]), page.gaps) == ([["U1", "U2"]], ("rejected",))


async def test_a_poll_shows_that_we_are_let_in_and_asks_for_a_back_fill_once() -> None:
    desk = Desk()
    first = await desk.poller.page(desk.reading("User"))
    second = await desk.poller.page(desk.reading("User", "changes", first.cursor))

    assert [(ask.stream, ask.kind) for ask in first.asks] == [("User", "backfill")]
    assert (second.asks, second.cursor, second.events, second.is_last) == ((), first.cursor, (), True)
    assert [request.url.path for request in desk.slack.requests] == ["/api/auth.test"] * 2


async def test_more_workspaces_than_a_page_holds_are_all_listed() -> None:
    desk = grid()
    desk.slack.answers["auth.teams.list"] = lambda form: page_of("teams", [{"id": "T2" if "cursor" in form else "T1"}], _more(form))
    desk.slack.answers["users.list"] = lambda form: page_of("members", [person(f"U{form['team_id']}")])

    assert keys(await crawl(desk, "User")) == [["UT1"], ["UT2"]]


async def test_others_go_first_now_and_then_while_a_page_is_made() -> None:
    desk = Desk()
    desk.slack.answers["users.list"] = page_of("members", [person(f"U{number}") for number in range(60)])
    turns = []

    async def give_way() -> None:
        turns.append(1)

    await desk.poller.page(replace(desk.reading("User", "backfill"), give_way=give_way))

    assert len(turns) == 2
