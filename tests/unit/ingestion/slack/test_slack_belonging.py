"""Whether somebody is of another organization: the same of whoever is told, listed, asked for, met in a channel, or compared."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources.slack.belonging import with_belonging
from ingestion.sources.slack.silence import silent_in_person
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.slack import USER
from tests.unit.ingestion.slack import calls
from tests.unit.ingestion.slack.scripted import TEAM, Desk, channel, person

OURS, THEIRS, GRID = TEAM, "T9THEIRS", "E0GRID"
WORKSPACES = {"team_id", "enterprise_user.teams"}
PARTNER: dict[str, Any] = person("U2", team_id=THEIRS, is_stranger=False)


def of_a_grid(*teams: str, enterprise: str | None = GRID) -> dict[str, Any]:
    return {"enterprise_user": {"teams": list(teams), **({} if enterprise is None else {"enterprise_id": enterprise})}}


def seen(account: str, **said: Any) -> bool | None:
    """Whether somebody of whom this is said is external."""
    return with_belonging({"id": "U1", **said}, account).get("is_external")


@pytest.mark.parametrize(
    ("said", "is_external"),
    [
        ({"team_id": OURS}, False),
        ({"team_id": THEIRS}, True),
        ({"team_id": THEIRS, "is_stranger": False}, True),
        ({"team_id": THEIRS, "is_stranger": True}, True),
        ({"team_id": THEIRS, **of_a_grid(THEIRS, OURS)}, False),
        ({"team_id": THEIRS, **of_a_grid(THEIRS)}, True),
        ({"team_id": GRID, **of_a_grid(OURS)}, False),
        ({"team_id": GRID, **of_a_grid(THEIRS)}, True),
        ({"team_id": GRID, **of_a_grid()}, True),
        ({"team_id": GRID}, None),
        ({**of_a_grid(OURS)}, False),
        ({}, None),
        ({"team_id": None, "is_external": False}, None),
        ({"team_id": 7, "enterprise_user": "junk"}, None),
    ],
    ids=str,
)
def test_of_a_workspace_everybody_is_who_is_not_of_another_one(said: dict[str, Any], is_external: bool | None) -> None:
    assert seen(OURS, **said) is is_external


@pytest.mark.parametrize(
    ("said", "is_external"),
    [
        ({"team_id": "T1", **of_a_grid("T1")}, False),
        ({"team_id": "T1", "enterprise_id": GRID}, False),
        ({"team_id": GRID}, False),
        ({"team_id": THEIRS, **of_a_grid(THEIRS, enterprise="E0OTHER")}, True),
        ({"team_id": THEIRS, "enterprise_id": "E0OTHER"}, True),
        ({"team_id": THEIRS, "is_stranger": False}, True),
        ({"team_id": "T1", **of_a_grid("T1", enterprise=None)}, None),
        ({}, None),
    ],
    ids=str,
)
def test_of_an_organization_everybody_is_who_is_not_of_another_one_or_of_none(said: dict[str, Any], is_external: bool | None) -> None:
    assert seen(GRID, **said) is is_external


@given(said=st.fixed_dictionaries({}, optional={name: st.sampled_from([OURS, THEIRS, GRID]) for name in ("team_id", "enterprise_id")}))
def test_to_say_it_twice_is_to_say_it_once_and_nothing_else_is_changed(said: dict[str, Any]) -> None:
    for account in (OURS, GRID):
        once = with_belonging(said, account)

        assert with_belonging(once, account) == once
        assert {name: value for name, value in once.items() if name != "is_external"} == said


def test_whoever_is_nowhere_as_far_as_it_is_said_is_not_taken_for_a_member() -> None:
    nowhere = with_belonging(person("U1", team_id=None), OURS)

    assert silent_in_person(nowhere) == {"is_external", *WORKSPACES}
    assert silent_in_person({**nowhere, "deleted": True}) == {"is_external"}, (
        "whoever is deactivated is a member of nothing, and that is said"
    )
    assert silent_in_person({**nowhere, "is_restricted": True}) == {"is_external"}, "nor is a guest"


def test_a_partner_is_a_member_of_nothing_whatever_else_is_left_out() -> None:
    silent = silent_in_person(with_belonging({**PARTNER, "is_restricted": None}, OURS))

    assert silent == {"is_restricted", "is_ultra_restricted"}


def outcome(event: IngestionEvent) -> tuple[Any, Any, Any]:
    """Type, flag and workspaces as they are stored of an event."""
    stored = USER.merge({}, USER.read(event.payload or {}, event.coverage))
    return stored["userType"], stored["isExternal"], stored["workspaces"]


OF_A_PARTNER = ("external", True, "[]")


@pytest.mark.parametrize("name", ["user_change", "user_profile_changed", "team_join"])
@pytest.mark.parametrize("has_token", [False, True])
def test_a_partner_of_whom_an_event_tells_is_external(name: str, has_token: bool) -> None:
    told = calls.heard({"type": name, "user": {**PARTNER, "team_id": THEIRS}}, has_token=has_token).told
    own = calls.heard({"type": name, "user": {**PARTNER, "team_id": calls.TEAM}}, has_token=has_token).told

    assert [outcome(one.event) for one in told] == [OF_A_PARTNER]
    assert [outcome(one.event) for one in own] == [("member", False, f'["{calls.TEAM}"]')]


async def test_a_partner_is_external_wherever_they_are_read() -> None:
    desk = Desk()
    desk.slack.has(channel("C1", is_ext_shared=True), members={"C1": ["U2"]})
    desk.slack.answers["users.info"] = {"user": PARTNER}
    desk.slack.answers["users.list"] = {"members": [PARTNER]}

    [asked_for] = await desk.poller.records(desk.reading("User"), ["U2"])
    met, _ = await desk.another().records(desk.reading("Channel"), ["C1"])
    [listed] = (await desk.poller.page(desk.reading("User", "backfill"))).events
    crawled, _ = (await desk.another().page(desk.reading("Channel", "backfill"))).events

    assert [one.record_type for one in (asked_for, met, listed, crawled)] == ["User"] * 4
    assert [outcome(one) for one in (asked_for, met, listed, crawled)] == [OF_A_PARTNER] * 4


@pytest.mark.parametrize("is_listed", [False, True])
async def test_a_comparison_shows_a_partner_as_they_are_stored(is_listed: bool) -> None:
    desk = Desk()
    desk.slack.has(channel("C1", is_ext_shared=True), members={"C1": ["U2"]})
    desk.slack.answers["users.info"] = {"user": PARTNER}
    desk.slack.answers["users.list"] = {"members": [PARTNER] if is_listed else []}
    await desk.store("C1")

    versions = await desk.poller.versions(desk.connection, "User", after=None)
    shown = versions.by_key["U2"].content or {}
    stored = await desk.pipeline.index.stored(desk.poller.record_kind(desk.connection, "User"), "U2")

    assert stored is not None
    assert (shown["userType"], shown["isExternal"], shown["workspaces"]) == OF_A_PARTNER
    assert {name: stored.structured_data.get(name) for name in shown} == shown
    [told] = await desk.poller.records(desk.reading("User", "compare"), ["U2"])
    assert outcome(told) == OF_A_PARTNER


async def test_of_whoever_is_nowhere_a_comparison_shows_neither() -> None:
    desk = Desk()
    desk.slack.answers["users.list"] = {"members": [person("U1", team_id=None)]}

    versions = await desk.poller.versions(desk.connection, "User", after=None)

    assert not {"isExternal", "workspaces", "userType"} & (versions.by_key["U1"].content or {}).keys()


async def test_people_of_an_organization_are_no_partners_of_it_and_people_of_another_are() -> None:
    desk = Desk(account=GRID)
    desk.slack.identity = {"enterprise_id": GRID, "is_enterprise_install": True}
    own, other = person("W1", **of_a_grid("T1", "T2")), person("W2", team_id=THEIRS, **of_a_grid(THEIRS, enterprise="E0OTHER"))
    desk.slack.answers["users.info"] = lambda form: {"user": own if form["user"] == "W1" else other}

    found = await desk.poller.records(desk.reading("User"), ["W1", "W2"])

    assert [outcome(one) for one in found] == [("member", False, '["T1", "T2"]'), OF_A_PARTNER]
