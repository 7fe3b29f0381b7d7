"""What the pretend Slack tells an app of everything that people can do."""

from collections.abc import Callable
from typing import Any

import pytest

from devtools.vendors.slack.stories import change_something
from tests.unit.devtools.vendors.slack.places import Place, place, told, types

BEFORE = "1772452830"


@pytest.fixture
def here() -> Place:
    return place()


def test_a_new_public_channel_is_announced_and_a_private_one_is_not(here: Place) -> None:
    made = here.world.create(here.team.id, "sales", here.ada.id)
    [created, joined] = told(here.world)
    assert created["channel"].items() >= {"id": made.id, "name": "sales", "creator": here.ada.id, "created": int(BEFORE)}.items()
    assert set(created["channel"]) & {"topic", "num_members", "is_member"} == set()
    assert (created["type"], joined["type"], joined["user"]) == ("channel_created", "member_joined_channel", here.ada.id)

    here.world.create(here.team.id, "secret", here.ada.id, is_private=True)
    assert types(here.world) == []


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize(
    ("operation", "of_public", "of_private"),
    [
        (lambda world, one: world.rename(one, "trade"), ["channel_rename", "message.channel_name"], ["group_rename", "message.group_name"]),
        (lambda world, one: world.set_topic(one, "t"), ["message.channel_topic"], ["message.group_topic"]),
        (lambda world, one: world.set_purpose(one, "p"), ["message.channel_purpose"], ["message.group_purpose"]),
        (lambda world, one: world.archive(one), ["channel_archive", "message.channel_archive"], ["group_archive", "message.group_archive"]),
        (lambda world, one: world.delete(one), ["channel_deleted"], ["group_deleted"]),
        (lambda world, one: world.change_history(one), ["channel_history_changed"], ["group_history_changed"]),
        (lambda world, one: world.set_posting(one), ["channel_posting_permissions"], ["channel_posting_permissions"]),
        (lambda world, one: world.convert_to_private(one), ["message.channel_convert_to_private"], []),
        (lambda world, one: world.convert_to_public(one), [], ["message.channel_convert_to_public"]),
        (lambda world, one: world.change_id(one), ["channel_id_changed"], ["channel_id_changed"]),
    ],
)
def test_a_channel_that_changes_tells_what_slack_tells(
    here: Place, operation: Callable[[Any, str], Any], of_public: list[str], of_private: list[str], is_private: bool
) -> None:
    operation(here.world, here.channel(is_private=is_private).id)

    assert types(here.world) == (of_private if is_private else of_public)


def test_a_rename_has_an_object_where_an_archive_has_an_id(here: Place) -> None:
    made = here.channel()
    here.world.rename(made.id, "trade", by=here.bob.id)
    here.world.archive(made.id, by=here.bob.id)
    renamed, noted, archived, _ = told(here.world)

    assert renamed["channel"] == {
        "id": made.id,
        "is_channel": True,
        "is_mpim": False,
        "name": "trade",
        "name_normalized": "trade",
        "created": int(BEFORE),
    }
    assert (noted["old_name"], noted["name"], noted["user"], noted["ts"]) == ("sales", "trade", here.bob.id, noted["event_ts"])
    assert (archived["channel"], archived["user"]) == (made.id, here.bob.id)
    assert len({one["event_ts"] for one in (renamed, noted, archived)}) == 3


def test_nothing_is_told_where_nothing_changes_or_where_it_is_done_quietly(here: Place) -> None:
    made = here.channel()
    here.world.unarchive(made.id)
    here.world.join(made.id, here.ada.id)
    here.world.leave(made.id, here.bob.id)
    here.world.convert_to_public(made.id)
    here.world.rename(made.id, "trade", quietly=True)
    here.world.join(made.id, here.bob.id, quietly=True)
    here.world.archive(made.id, quietly=True)
    here.world.change_person(here.bob.id, title="x", quietly=True)
    here.world.revoke_token(here.app.app_id, here.team.id, quietly=True)
    here.world.uninstall(here.app.app_id, here.team.id, quietly=True)

    assert types(here.world) == []
    assert (made.name, made.is_archived, here.bob.id in made.members) == ("trade", True, True)


def test_members_come_and_go_each_with_an_event_and_a_message(here: Place) -> None:
    made = here.channel()
    here.world.invite(made.id, here.bob.id, by=here.ada.id)
    joined, noted = told(here.world)
    here.world.kick(made.id, here.bob.id, by=here.ada.id)
    left, _ = told(here.world)

    assert {key: value for key, value in joined.items() if key != "event_ts"} == {
        "type": "member_joined_channel",
        "user": here.bob.id,
        "channel": made.id,
        "channel_type": "C",
        "team": here.team.id,
        "inviter": here.ada.id,
    }
    assert (noted["subtype"], noted["inviter"]) == ("channel_join", here.ada.id)
    assert (left["type"], left["user"], "inviter" in left) == ("member_left_channel", here.bob.id, False)


@pytest.mark.parametrize(("is_private", "expected"), [(False, ["member_left_channel", "channel_left"]), (True, ["group_left"])])
def test_an_app_whose_bot_is_sent_away_is_told_so(here: Place, is_private: bool, expected: list[str]) -> None:
    made = here.channel(is_private=is_private)
    here.world.kick(made.id, here.bot.bot_user_id, by=here.ada.id)
    events = told(here.world)

    assert [one["type"] for one in events] == expected
    assert (events[-1]["channel"], events[-1]["actor_id"]) == (made.id, here.ada.id)


def test_recorded_membership_may_lack_what_newer_ones_have(here: Place) -> None:
    here.world.knobs.membership_has_event_ts = here.world.knobs.membership_has_channel_type = False
    here.world.join(here.channel().id, here.bob.id)

    assert set(told(here.world)[0]) == {"type", "user", "channel", "team"}


def test_people_are_told_of_whole(here: Place) -> None:
    here.world.add_person(here.team.id, "Dan")
    here.world.change_person(here.bob.id, real_name="Bob Pebble")
    here.world.change_person(here.bob.id, is_admin=True)
    here.world.deactivate(here.cleo.id)
    here.world.restore(here.cleo.id)
    events = told(here.world)

    kinds = ["team_join", "user_change", "user_profile_changed", "user_change", "user_change", "user_change"]
    assert [one["type"] for one in events] == kinds
    assert (events[1]["user"]["real_name"], events[2]["user"]["profile"]["last_name"]) == ("Bob Pebble", "Pebble")
    assert [one["user"]["deleted"] for one in events[-2:]] == [True, False]
    assert events[0]["user"]["profile"]["email"] == "dan@pretend.example"
    with pytest.raises(KeyError):
        here.world.change_person(here.bob.id, shoe_size=43)


def test_an_email_is_told_only_with_its_scope(here: Place) -> None:
    here.bot.scopes.discard("users:read.email")
    here.world.add_person(here.team.id, "Dan")

    assert "email" not in told(here.world)[0]["user"]["profile"]


def test_whoever_is_gone_is_in_no_channel_and_none_says_so(here: Place) -> None:
    made = here.channel()
    here.world.join(made.id, here.bob.id, quietly=True)
    here.world.deactivate(here.bob.id)

    assert types(here.world) == ["user_change"]
    assert here.bob.id not in made.members


def test_messages_their_changes_and_their_threads(here: Place) -> None:
    made = here.channel()
    said = here.world.post(made.id, here.ada.id, "helo")
    here.world.edit(made.id, said.ts, "hello")
    here.world.reply(made.id, said.ts, here.bob.id, "hi")
    here.world.delete_message(made.id, said.ts)
    last = here.world.post(made.id, here.ada.id, "bye")
    here.world.delete_message(made.id, last.ts)
    posted, changed, reply, notice, tombstone, _, deleted = told(here.world)

    assert (posted["ts"], posted["channel_type"], posted["text"], "subtype" in posted) == (said.ts, "channel", "helo", False)
    assert (changed["message"]["ts"], changed["previous_message"]["text"], changed["hidden"]) == (said.ts, "helo", True)
    assert changed["ts"] == changed["event_ts"] != said.ts
    assert (reply["thread_ts"], reply["parent_user_id"]) == (said.ts, here.ada.id)
    assert (notice["message"]["reply_count"], "subtype" in notice) == (1, False)
    assert (tombstone["subtype"], tombstone["message"]["subtype"], tombstone["previous_message"]["text"]) == (
        *("message_changed", "tombstone", "hello"),
    )
    assert (deleted["subtype"], deleted["deleted_ts"], deleted["previous_message"]["text"]) == ("message_deleted", last.ts, "bye")


def test_an_app_that_is_thrown_out_hears_of_it_once_more(here: Place) -> None:
    made = here.channel()
    here.world.revoke_token(here.app.app_id, here.team.id)
    assert told(here.world)[0]["tokens"] == {"oauth": [], "bot": [here.bot.bot_user_id]}
    here.world.uninstall(here.app.app_id, here.team.id)
    assert types(here.world) == ["tokens_revoked", "app_uninstalled"]
    here.world.rename(made.id, "trade")
    assert types(here.world) == []
    assert here.bot.bot_user_id not in made.members

    again = here.world.reinstall(here.app.app_id, here.team.id)
    here.world.rename(made.id, "sales")
    assert types(here.world) == ["channel_rename"]
    assert (again.is_active, here.world.tokens[again.token].state) == (True, "")


def test_groups_and_workspaces_tell_of_themselves(here: Place) -> None:
    group = here.world.add_group(here.team.id, "sales", [here.ada.id], by=here.ada.id)
    here.world.set_group(group.id, [here.bob.id])
    here.world.rename_workspace(here.team.id, "New")
    events = told(here.world)

    assert [one["type"] for one in events] == ["subteam_created", "subteam_updated", "subteam_members_changed", "team_rename"]
    assert (events[2]["added_users"], events[2]["removed_users"]) == ([here.bob.id], [here.ada.id])


def test_busy_days_are_the_same_for_the_same_seed() -> None:
    days = []
    for _ in range(2):
        here = place()
        ids = here.world.populate(users=5, channels=5, members_per_channel=3, bots=(here.bot.bot_user_id,))
        days.append([change_something(here.world, ids) for _ in range(60)] + types(here.world))

    assert days[0] == days[1]
    assert {"rename", "topic", "archive", "member", "post"} <= set(days[0])
    with pytest.raises(ValueError, match="no such channel"):
        change_something(place().world, ["C0NOTHERE"])
