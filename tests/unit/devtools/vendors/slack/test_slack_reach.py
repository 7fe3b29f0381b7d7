"""Which apps hear of what in the pretend Slack, and what the envelope says about for whom it is."""

from typing import Any

import pytest

from devtools.vendors.slack.announcements import opened
from devtools.vendors.slack.apps import Installation
from devtools.vendors.slack.people import Person, Workspace
from tests.unit.devtools.vendors.slack.places import Place, place, types


@pytest.fixture
def here() -> Place:
    return place()


def partner(here: Place) -> tuple[Workspace, Person, Installation]:
    """Another organization, where the same app is installed."""
    team = here.world.add_workspace("Partner")
    return team, here.world.add_person(team.id, "Zoe", quietly=True), here.world.install(here.app.app_id, team_id=team.id)


def test_public_channels_are_heard_of_without_the_bot_but_not_what_is_written_there(here: Place) -> None:
    made = here.channel(with_bot=False)
    here.world.rename(made.id, "trade")
    here.world.join(made.id, here.bob.id)
    here.world.post(made.id, here.bob.id, "hello")

    assert types(here.world) == ["channel_rename", "member_joined_channel"]


def test_private_channels_are_heard_of_only_with_the_bot(here: Place) -> None:
    made = here.channel(with_bot=False, is_private=True)
    here.world.rename(made.id, "trade")
    here.world.join(made.id, here.bob.id)
    assert types(here.world) == []

    here.world.invite(made.id, here.bot.bot_user_id, by=here.ada.id)
    here.world.rename(made.id, "again")
    assert types(here.world) == ["member_joined_channel", "message.group_join", "group_rename", "message.group_name"]


def test_a_channel_that_becomes_private_falls_silent_for_apps_that_are_not_in_it(here: Place) -> None:
    made = here.channel(with_bot=False)
    here.world.convert_to_private(made.id)
    here.world.archive(made.id)

    assert types(here.world) == []


def test_an_app_hears_what_it_subscribed_to_and_has_the_scope_for(here: Place) -> None:
    made = here.channel()
    here.app.events.discard("channel_rename")
    here.bot.scopes.discard("channels:history")
    here.world.rename(made.id, "trade")
    here.world.archive(made.id)

    assert types(here.world) == ["channel_archive"]


def test_the_envelope_says_for_whom_it_is(here: Place) -> None:
    made = here.channel()
    here.world.archive(made.id)
    body = here.world.emitted[0].body

    assert {key: value for key, value in body.items() if key not in {"event", "event_id", "event_context"}} == {
        "token": here.app.verification_token,
        "team_id": here.team.id,
        "api_app_id": here.app.app_id,
        "type": "event_callback",
        "context_team_id": here.team.id,
        "context_enterprise_id": None,
        "event_time": 1772452830,
        "is_ext_shared_channel": False,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": here.team.id,
                "user_id": here.bot.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
    }
    assert body["event_id"].startswith("Ev")
    assert opened(body["event_context"]) == {"et": "channel_archive", "tid": here.team.id, "aid": here.app.app_id, "cid": made.id}
    assert [opened(text) for text in ("", "4-", "4-!", "1-message-T1-C1", "4-W10")] == [None] * 5


def test_older_envelopes_say_less(here: Place) -> None:
    made = here.channel()
    here.world.knobs.has_event_context = here.world.knobs.has_context_team = False
    here.world.archive(made.id)

    assert not {"event_context", "context_team_id", "context_enterprise_id"} & set(here.world.emitted[0].body)


@pytest.mark.parametrize(("outer", "expected"), [("actor", "guest"), ("host", "host"), ("installed", "host")])
def test_a_connected_channel_is_told_of_once_however_many_installations_see_it(here: Place, outer: Any, expected: str) -> None:
    team, zoe, bot = partner(here)
    here.world.knobs.outer_team = outer
    shared = here.world.share(here.channel().id, team.id)
    here.world.join(shared.id, zoe.id)
    here.world.join(shared.id, bot.bot_user_id)
    types(here.world)

    here.world.post(shared.id, zoe.id, "hello")
    [outgoing] = here.world.emitted

    assert outgoing.body["team_id"] == {"guest": team.id, "host": here.team.id}[expected]
    assert [one["team_id"] for one in outgoing.body["authorizations"]] == [here.team.id]
    assert (outgoing.body["is_ext_shared_channel"], outgoing.body["context_team_id"], outgoing.event["team"]) == (True, team.id, team.id)
    assert outgoing.team_id == here.team.id


def test_the_other_installation_hears_it_once_the_first_one_is_gone(here: Place) -> None:
    team, zoe, bot = partner(here)
    shared = here.world.share(here.channel().id, team.id)
    here.world.join(shared.id, bot.bot_user_id)
    here.world.uninstall(here.app.app_id, here.team.id)
    types(here.world)

    here.world.post(shared.id, zoe.id, "hello")

    assert here.world.emitted[0].body["authorizations"][0]["team_id"] == team.id


def test_two_apps_are_told_each_by_itself(here: Place) -> None:
    other = here.world.add_app("other")
    here.world.install(other.app_id, team_id=here.team.id)
    here.world.rename(here.channel().id, "trade")

    renames = [one for one in here.world.emitted if one.type == "channel_rename"]
    assert [one.app.app_id for one in renames] == [here.app.app_id, other.app_id]
    assert len({one.event_id for one in renames}) == 2


def test_an_org_wide_installation_hears_of_the_workspaces_it_was_granted(here: Place) -> None:
    grid = here.world.add_enterprise()
    north, south = (here.world.add_workspace(name, enterprise_id=grid.id) for name in ("North", "South"))
    ann = here.world.add_person(north.id, "Ann", team_ids=[north.id, south.id], quietly=True)
    app = here.world.add_app("org")
    here.world.install(app.app_id, enterprise_id=grid.id, team_ids=[north.id])
    one, two = (here.world.create(team.id, "general", ann.id, quietly=True) for team in (north, south))

    here.world.rename(two.id, "unheard")
    assert types(here.world) == []
    here.world.rename(one.id, "heard")
    heard = here.world.emitted.pop().body
    here.world.grant_team(app.app_id, grid.id, south.id)
    granted = here.world.emitted.pop().body
    here.world.knobs.org_authorizations_have_team = False
    here.world.rename(two.id, "heard-too")
    later = here.world.emitted.pop().body

    assert (heard["team_id"], heard["enterprise_id"]) == (north.id, grid.id)
    assert heard["authorizations"][0].items() >= {"enterprise_id": grid.id, "team_id": north.id, "is_enterprise_install": True}.items()
    assert (granted["event"]["team_ids"], granted["enterprise_id"], "team_id" in granted) == ([south.id], grid.id, False)
    assert (later["team_id"], later["authorizations"][0]["team_id"]) == (south.id, None)
    here.world.revoke_team(app.app_id, grid.id, south.id)
    assert types(here.world) == ["team_access_revoked"]
    here.world.join(one.id, ann.id)
    here.world.leave(one.id, ann.id)
    assert here.world.emitted[-1].event["enterprise"] == grid.id


def test_ten_thousand_channels_are_there_and_nobody_was_told(here: Place) -> None:
    made = here.world.populate(users=200, channels=10_000, members_per_channel=20, private_share=0.1, bots=(here.bot.bot_user_id,))

    assert (len(made), len(set(made)), types(here.world)) == (10_000, 10_000, [])
    assert all(len(here.world.channel(one).members) == 21 for one in made[:50])
    assert 500 < sum(here.world.channel(one).is_private for one in made) < 1500
    with pytest.raises(ValueError, match="somebody"):
        here.world.populate(channels=1, team_id=here.world.add_workspace("Empty").id)
