"""Who may read a channel, for whom it stands, and whether it is there."""

import json
from typing import Any

import pytest

from tests.unit.processors.normalization.channel_events import OTHER_TEAM, TEAM, Workspace, channel, joined, left, part, person, told


async def workspace(*events: Any) -> Workspace:
    made = Workspace()
    await made.take(*events)
    return made


def people(count: int) -> list[str]:
    return [f"U{number:010}" for number in range(count)]


# --- readers


async def test_a_private_channel_is_for_those_who_are_in_it_and_admins() -> None:
    slack = await workspace(channel("C1", is_private=True, members=["U1", "U2"]))

    assert await slack.readers("C1") == {"C1", "admins"}
    assert await slack.audience("C1") == ("group:slack:T1/C1", ["U1", "U2"])


async def test_a_public_channel_is_for_the_full_members_of_its_workspace_too() -> None:
    slack = await workspace(channel("C1", members=["U1"]))

    assert await slack.readers("C1") == {"C1", TEAM, "admins"}
    assert await slack.audience("C1") == ("group:slack:T1/C1", ["U1"])


async def test_a_channel_of_several_workspaces_is_for_those_of_each() -> None:
    slack = await workspace(channel("C1", account="E1", internal_team_ids=["T1", "T2"], context_team_id="T1"))

    assert await slack.readers("C1", account="E1") == {"C1", "T1", "T2", "admins"}


@pytest.mark.parametrize(("team", "workspaces"), [("T2", {"T2"}), (None, {"E1"})])
async def test_where_no_workspaces_are_said_it_is_the_one_it_was_seen_in_or_the_account(team: str | None, workspaces: set[str]) -> None:
    slack = await workspace(channel("C1", account="E1", context_team_id=team))

    assert await slack.readers("C1", account="E1") == {"C1", *workspaces, "admins"}


async def test_another_organizations_workspace_is_never_among_them() -> None:
    slack = await workspace(
        channel("C1", internal_team_ids=[TEAM, OTHER_TEAM], connected_team_ids=[OTHER_TEAM], is_ext_shared=True),
        channel("C2", context_team_id=OTHER_TEAM, connected_team_ids=[OTHER_TEAM], is_ext_shared=True),
    )

    assert await slack.readers("C1") == {"C1", TEAM, "admins"}
    assert await slack.readers("C2") == {"C2", "admins"}


@pytest.mark.parametrize(
    "event",
    [
        channel("C1", is_private=None, members=["U1"]),
        channel("C1", is_private=True, members=None),
        part("C1", at=0, topic={"value": "Rockets"}),
        told("C1", {"id": "C1", "is_private": True, "members": {"U1": False}}, ("id", "is_private", "members.U1")),
    ],
    ids=["privacy unknown", "members unknown", "told in part", "only known who is not in it"],
)
async def test_where_nobody_can_say_who_may_read_it_admins_may_and_a_gap_says_so(event: Any) -> None:
    slack = await workspace(event)

    assert await slack.readers("C1") == {"admins"}
    assert [gap.reason for gap in await slack.pipeline.gaps.open_ones("acme", "slack:T1")] == ["acl-unknown"]


async def test_a_private_channel_nobody_is_in_is_for_admins_and_no_gap() -> None:
    slack = await workspace(channel("C1", is_private=True, members=[]))

    assert (await slack.readers("C1"), await slack.audience("C1")) == ({"C1", "admins"}, None)
    assert await slack.pipeline.gaps.open_ones("acme", "slack:T1") == []


async def test_of_a_private_channel_told_in_part_those_may_read_who_are_known_to_be_in_it() -> None:
    slack = await workspace(part("C1", at=0, is_private=True), joined("C1", "U1", at=1))

    assert await slack.readers("C1") == {"C1", "admins"}
    assert await slack.audience("C1") == ("group:slack:T1/C1", ["U1"])


async def test_a_channel_that_is_made_private_is_for_its_members_alone_and_back() -> None:
    slack = await workspace(channel("C1", members=["U1"]), part("C1", at=1, is_private=True))
    assert await slack.readers("C1") == {"C1", "admins"}
    assert (await slack.shard("C1")).structured_data["type"] == "private"

    await slack.take(part("C1", at=2, is_private=False))
    assert await slack.readers("C1") == {"C1", TEAM, "admins"}


@pytest.mark.parametrize(("is_private", "count"), [(False, 100_000), (True, 35_000)])
async def test_a_channel_of_so_many_fits_into_what_the_store_takes(is_private: bool, count: int) -> None:
    slack = await workspace(channel("C1", is_private=is_private, members=people(count)))

    shard = await slack.shard("C1")

    assert shard.structured_data["memberCount"] == count
    assert len(json.dumps(shard.document()).encode()) < 2_000_000


async def test_a_very_large_public_channel_is_its_workspaces_alone_until_it_is_private() -> None:
    slack = await workspace(channel("C1", members=people(10_001)))
    public = await slack.audience("C1")

    await slack.take(part("C1", at=1, is_private=True))

    assert public is None
    _, private = await slack.audience("C1") or ("", [])
    assert len(private) == 10_001


async def test_a_person_is_read_by_themselves() -> None:
    slack = await workspace(person("U1"))

    [shard] = slack.pipeline.shards.all()
    assert {entry.subject for entry in shard.acl} == {"group:slack:T1/U1", "admins"}


# --- members


async def test_somebody_who_joins_or_leaves_is_one_write_and_no_change_of_the_list() -> None:
    slack = await workspace(channel("C1", is_private=True, members=["U1", "U2"]))
    before, slack.pipeline.shards.writes = (await slack.shard("C1")).acl, 0

    await slack.take(joined("C1", "U3", at=1), left("C1", "U1", at=2))

    assert slack.pipeline.shards.writes == 2
    assert (await slack.shard("C1")).acl == before
    assert await slack.audience("C1") == ("group:slack:T1/C1", ["U2", "U3"])
    assert (await slack.shard("C1")).structured_data["memberCount"] == 2


async def test_a_read_that_began_before_somebody_joined_does_not_put_them_out() -> None:
    slack = await workspace(channel("C1", members=["U1"]), joined("C1", "U2", at=5), left("C1", "U1", at=6))

    await slack.take(channel("C1", members=["U1", "U3"], name="renamed", at=4))

    data = (await slack.shard("C1")).structured_data
    assert (data["members"], data["name"]) == (json.dumps(["U2", "U3"]), "renamed")


async def test_a_member_told_of_before_the_list_was_read_is_not_told_again() -> None:
    slack = await workspace(channel("C1", members=["U1"], at=5), joined("C1", "U2", at=4), left("C1", "U1", at=4))

    assert await slack.audience("C1") == ("group:slack:T1/C1", ["U1"])


# --- whether it is there


async def test_a_channel_slack_does_not_show_us_any_longer_is_archived() -> None:
    slack = await workspace(channel("C1", is_private=True, members=["U1"]), part("C1", at=5, is_lost=True))

    assert (await slack.shard("C1")).status == "archived"


async def test_a_lost_channel_that_is_read_again_is_there_again() -> None:
    slack = await workspace(channel("C1", members=["U1"]), part("C1", at=5, is_lost=True), channel("C1", members=["U1"], at=6))

    assert (await slack.shard("C1")).status == "active"


async def test_a_read_that_began_before_a_channel_was_lost_does_not_find_it() -> None:
    slack = await workspace(part("C1", at=5, is_lost=True), channel("C1", members=["U1"], at=4))

    assert (await slack.shard("C1")).status == "archived"


async def test_what_is_still_told_of_a_lost_channel_does_not_bring_it_back() -> None:
    slack = await workspace(channel("C1"), part("C1", at=5, is_lost=True), part("C1", at=6, name="renamed"))

    shard = await slack.shard("C1")
    assert (shard.status, shard.structured_data["name"]) == ("archived", "renamed")


async def test_a_deleted_channel_is_deleted_whether_it_was_lost_or_not() -> None:
    slack = await workspace(channel("C1"), part("C1", at=5, is_lost=True), told("C1", None, at=6))

    assert (await slack.shard("C1")).status == "deleted"


async def test_a_channel_slack_calls_archived_can_still_be_read() -> None:
    slack = await workspace(channel("C1", is_archived=True, members=["U1"]))

    shard = await slack.shard("C1")
    assert (shard.status, shard.structured_data["isArchived"]) == ("active", True)


# --- another id


async def test_a_channel_with_another_id_stands_for_its_members_under_that_one() -> None:
    slack = await workspace(channel("C1", is_private=True, members=["U1"]))

    await slack.take(told("C2", {"id": "C2", "previous_id": "C1"}, ("id", "previous_id"), at=5))

    first = await slack.shard("C1")
    assert (await slack.shard("C2")).id == first.id
    assert await slack.readers("C1") == {"C2", "admins"}
    assert await slack.audience("C1") == ("group:slack:T1/C2", ["U1"])


async def test_an_event_that_knows_a_channel_by_its_older_id_does_not_bring_that_back() -> None:
    slack = await workspace(
        channel("C1", is_private=True, members=["U1"]),
        told("C2", {"id": "C2", "previous_id": "C1"}, ("id", "previous_id"), at=5),
        joined("C1", "U2", at=4),
        joined("C2", "U3", at=6),
    )

    assert await slack.readers("C1") == {"C2", "admins"}
    assert await slack.audience("C2") == ("group:slack:T1/C2", ["U1", "U2", "U3"])
    assert (await slack.shard("C2")).structured_data["externalId"] == "C2"
