"""Channels of several workspaces in the pretend Slack: ids that change, guests that are parted from them."""

import pytest

from tests.unit.devtools.vendors.slack.places import Place, place, told, types


@pytest.fixture
def here() -> Place:
    return place()


def test_a_public_channel_keeps_its_id_when_it_is_shared(here: Place) -> None:
    other, made = here.world.add_workspace("Partner"), here.channel()
    before = made.id
    shared = here.world.share(made.id, other.id)

    assert (shared.id, shared.guest_team_ids, shared.is_ext_shared) == (before, [other.id], True)
    [event] = told(here.world)
    assert {key: event[key] for key in ("type", "channel", "connected_team_id")} == {
        "type": "channel_shared",
        "channel": before,
        "connected_team_id": other.id,
    }


def test_a_private_channel_has_another_id_as_soon_as_somebody_is_asked(here: Place) -> None:
    other, made = here.world.add_workspace("Partner"), here.channel(is_private=True)
    before = made.id
    asked = here.world.invite_team(before, other.id)

    [event] = told(here.world)
    assert (event["type"], event["old_channel_id"], event["new_channel_id"]) == ("channel_id_changed", before, asked.id)
    assert (asked.id != before, asked.pending_team_ids, asked.is_ext_shared) == (True, [other.id], False)
    assert here.world.replaced == {before: asked.id}
    with pytest.raises(KeyError):
        here.world.channel(before)
    accepted = here.world.share(asked.id, other.id)
    assert (accepted.id, accepted.pending_team_ids, types(here.world)) == (asked.id, [], ["channel_shared"])


def test_a_guest_who_is_parted_is_left_with_a_frozen_channel_of_another_id(here: Place) -> None:
    other = here.world.add_workspace("Partner")
    zoe = here.world.add_person(other.id, "Zoe", quietly=True)
    bot = here.world.install(here.app.app_id, team_id=other.id)
    made = here.world.share(here.channel().id, other.id)
    here.world.join(made.id, zoe.id)
    here.world.join(made.id, bot.bot_user_id)
    said = here.world.post(made.id, zoe.id, "hello")
    types(here.world)

    left = here.world.unshare(made.id, other.id)

    assert left is not None
    assert (left.team_id, left.frozen_reason, set(left.members)) == (other.id, "connection_severed", {zoe.id, bot.bot_user_id})
    assert (left.id != made.id, left.log.find(said.ts), made.log.find(said.ts)) == (True, said, said)
    assert (made.is_ext_shared, zoe.id in made.members, here.ada.id in made.members) == (False, False, True)
    hosts, changed, guests = told(here.world)
    assert (hosts["type"], hosts["channel"], hosts["previously_connected_team_id"]) == ("channel_unshared", made.id, other.id)
    assert hosts["is_ext_shared"] is False
    assert (changed["old_channel_id"], changed["new_channel_id"]) == (made.id, left.id)
    assert (guests["channel"], guests["previously_connected_team_id"]) == (left.id, here.team.id)
    assert here.world.sees(bot, left)
    assert not here.world.sees(bot, made)


def test_workspaces_of_one_grid_share_without_being_strangers(here: Place) -> None:
    grid = here.world.add_enterprise()
    north, south = (here.world.add_workspace(name, enterprise_id=grid.id) for name in ("North", "South"))
    ann = here.world.add_person(north.id, "Ann", quietly=True)
    made = here.world.create(north.id, "general", ann.id, is_private=True, quietly=True)
    before = made.id

    shared = here.world.share(made.id, south.id)
    said = shared.written(south.id, is_member=False)

    assert (shared.id, shared.org_team_ids, said["is_org_shared"], said["is_ext_shared"]) == (before, [south.id], True, False)
    assert here.world.share(made.id, south.id) is shared
    assert here.world.unshare(made.id, south.id) is None
    with pytest.raises(ValueError, match="no guest"):
        here.world.unshare(made.id, south.id)


def test_old_private_channels_are_groups(here: Place) -> None:
    made = here.channel(is_private=True, is_old=True)
    new = here.channel("new", is_private=True)

    assert made.id.startswith("G")
    assert [made.written(here.team.id, is_member=True)[key] for key in ("is_group", "is_channel", "is_private")] == [True, False, True]
    assert [new.written(here.team.id, is_member=True)[key] for key in ("is_group", "is_channel", "is_private")] == [False, True, True]
