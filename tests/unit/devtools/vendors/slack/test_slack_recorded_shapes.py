"""What the pretend Slack tells apps has the members that recorded payloads of the same events have, and few others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.delivering import Deliveries
from devtools.vendors.slack.shipping import Parcel
from tests.unit.devtools.vendors.slack.places import Place, place

RECORDED: Final = Path(__file__).parents[6] / "shared" / "recorded" / "slack"
NEWER: Final = {
    *("event_ts", "context_team_id", "context_enterprise_id", "event_context", "is_ext_shared_channel", "authorizations", "event_id"),
    *(
        "event_time",
        "token",
        "channel",
        "channel_type",
        "blocks",
        "client_msg_id",
        "team",
        "is_moved",
        "user",
        "parent_user_id",
        "ts",
        "text",
    ),
    *("subscribed", "app_id", "enterprise", "id", "bot_profile"),
}
"""What a payload may have that was left out of a recorded one, or came to be later."""
UPLOAD: Final = "event.files.[]."
"""What a file is said to be is up to whoever posts it."""

Story = Callable[[Place, Conversation], object]


def _edited(here: Place, one: Conversation) -> None:
    here.world.edit(one.id, here.world.post(one.id, here.ada.id, "hello").ts, "hi")


def _deleted(here: Place, one: Conversation) -> None:
    here.world.delete_message(one.id, here.world.post(one.id, here.ada.id, "hello").ts)


def _broadcast(here: Place, one: Conversation) -> None:
    here.world.knobs.thread_notices = False
    here.world.reply(one.id, here.world.post(one.id, here.ada.id, "hello").ts, here.bob.id, "hi", is_broadcast=True)


def _parted(here: Place, one: Conversation) -> None:
    other = here.world.add_workspace("Partner")
    here.world.share(one.id, other.id)
    here.world.unshare(one.id, other.id)


def _unarchived(here: Place, one: Conversation) -> None:
    here.world.archive(one.id, quietly=True)
    here.world.unarchive(one.id)


def _said_directly(here: Place, _: Conversation) -> None:
    here.world.post(here.world.open_direct(here.team.id, [here.ada.id, here.bot.bot_user_id]).id, here.ada.id, "hello")


def _grouped(here: Place, _: Conversation) -> None:
    here.world.set_group(here.world.add_group(here.team.id, "sales", [], by=here.ada.id).id, [here.ada.id])


def _said(here: Place, one: Conversation, **more: Any) -> None:
    here.world.post(one.id, here.ada.id, "hello", **more)


def _beeped(here: Place, one: Conversation) -> None:
    here.world.post(one.id, here.bot.bot_user_id, "beep")


def _with_file(here: Place, one: Conversation) -> None:
    _said(here, one, files=[{"id": "F1"}])


def _invited(here: Place, one: Conversation) -> None:
    here.world.invite(one.id, here.bob.id, by=here.ada.id)


def _left(here: Place, one: Conversation) -> None:
    here.world.leave(one.id, here.ada.id)


STORIES: Final[dict[str, tuple[str, Story]]] = {
    "inner_events/channel_history_changed": ("public", lambda here, one: here.world.change_history(one.id)),
    "inner_events/channel_left": ("public", lambda here, one: here.world.leave(one.id, here.bot.bot_user_id)),
    "inner_events/channel_unshared": ("public", _parted),
    "inner_events/group_archive": ("private", lambda here, one: here.world.archive(one.id)),
    "inner_events/group_rename": ("private", lambda here, one: here.world.rename(one.id, "trade")),
    "inner_events/group_unarchive": ("private", _unarchived),
    "inner_events/member_left_channel": ("public", _left),
    "inner_events/message.channel_convert_to_public": ("private", lambda here, one: here.world.convert_to_public(one.id)),
    "inner_events/message.channel_join": ("public", _invited),
    "inner_events/message.channel_leave": ("public", _left),
    "inner_events/message.channel_unarchive": ("public", _unarchived),
    "inner_events/message.group_join": ("private", _invited),
    "inner_events/message.group_leave": ("private", _left),
    "inner_events/message.group_purpose": ("private", lambda here, one: here.world.set_purpose(one.id, "all")),
    "inner_events/message.group_topic": ("private", lambda here, one: here.world.set_topic(one.id, "all")),
    "inner_events/subteam_members_changed": ("public", _grouped),
    "inner_events/team_rename": ("public", lambda here, _: here.world.rename_workspace(here.team.id, "New")),
    "inner_events/tokens_revoked": ("public", lambda here, _: here.world.revoke_token(here.app.app_id, here.team.id)),
    "events/app_uninstalled-grid": ("public", lambda here, _: here.world.uninstall(here.app.app_id, here.team.id)),
    "events/app_uninstalled-grid-2": ("public", lambda here, _: here.world.uninstall(here.app.app_id, here.team.id)),
    "events/member_joined_channel-ext_shared-grid-no_event_id-2": ("public", _invited),
    "events/member_joined_channel-grid": ("public", _invited),
    "events/member_left_channel-ext_shared-grid-no_event_id-2": ("public", _left),
    "events/member_left_channel-grid-2": ("public", _left),
    "events/message-ext_shared-bot-2": ("public", _beeped),
    "events/message-ext_shared-grid-bot-no_event_id": ("public", _beeped),
    "events/message-grid": ("public", _said),
    "events/message-im": ("public", _said_directly),
    "events/message.file_share-ext_shared-grid-no_event_id-2": ("public", _with_file),
    "events/message.file_share-files": ("public", _with_file),
    "events/message.message_changed-grid": ("public", _edited),
    "events/message.message_deleted-grid": ("public", _deleted),
    "events/message.thread_broadcast-grid-thread": ("public", _broadcast),
    "events/user_profile_changed": (
        *("public", lambda here, _: here.world.change_person(here.bot.bot_user_id, deleted=True, title="Gone")),
    ),
}
"""What has to happen, in a channel of which sort, for the event of each recorded payload."""
ELSEWHERE: Final = {
    *("app_home_opened", "app_mention", "file_public", "grid_migration_started", "emoji_changed.add", "file_created", "file_deleted"),
    *("file_unshared", "group_open", "im_open", "link_shared", "message.file_comment", "message_metadata_posted", "pin_removed"),
    *("resources_added", "resources_removed"),
}
"""Events that the pretend Slack never sends."""
LACKS: Final = {"authed_users", "event.assistant_thread", "event.metadata"}
"""Of no use to whoever reads channels: a deprecated list, assistants, and what apps hang on their messages."""


@pytest.mark.parametrize("name", STORIES)
def test_an_event_has_the_members_of_the_recorded_one(name: str) -> None:
    recorded = _recorded(name)
    kind, story = STORIES[name]
    here = _grid_place() if recorded.get("enterprise_id") else place()
    story(here, here.channel(is_private=kind == "private"))

    inner = recorded.get("event", recorded)
    found = [one for one in here.world.emitted if one.type == inner["type"] and one.event.get("subtype") == inner.get("subtype")]
    told = found[-1].body if name.startswith("events/") else found[-1].event

    ours, theirs = _members(told), {one for one in _members(recorded) if not one.startswith(UPLOAD)}
    assert {one for one in theirs - ours if not any(one.startswith(lack) for lack in LACKS)} == set()
    assert {one for one in ours - theirs if not any(part in NEWER for part in one.split("."))} == set()


async def test_what_is_sent_beside_events_has_the_members_of_the_recorded_ones() -> None:
    here, bodies = place(), []

    async def send(body: bytes, _: Any) -> tuple[int, dict[str, str], bytes]:
        bodies.append(json.loads(body))
        return 200, {}, b""

    await Deliveries(here.world, send=send).verify_url(here.app)

    limited = Parcel.of_rate_limit(here.app, here.team.id, 0).event()
    assert _members(limited) == _members(_recorded("outer/app_rate_limited-3"))
    assert all(_members(bodies[0]) == _members(_recorded(f"outer/url_verification-{number}")) for number in (1, 2, 3))


def test_every_recorded_payload_is_compared_or_is_of_no_event_that_is_sent() -> None:
    if not RECORDED.is_dir():
        pytest.skip("recorded payloads are not here")
    names = {f"{path.parent.name}/{path.stem}" for path in RECORDED.glob("*events/*.json")}

    assert {one.partition("/")[2].partition("-")[0] for one in names - set(STORIES)} == ELSEWHERE
    assert set(STORIES) <= names


def _recorded(name: str) -> dict[str, Any]:
    path = RECORDED / f"{name}.json"
    if not path.is_file():
        pytest.skip("recorded payloads are not here")
    recorded: dict[str, Any] = json.loads(path.read_text())
    return recorded


def _grid_place() -> Place:
    """The same workspace in a Grid."""
    here = place()
    grid = here.world.add_enterprise()
    here.team.enterprise_id = here.bot.enterprise_id = grid.id
    return here


def _members(said: Any, within: str = "") -> set[str]:
    """Paths: ``event.user.id``, of lists ``authorizations.[].team_id``."""
    if isinstance(said, list):
        return {one for part in said for one in _members(part, f"{within}[].")}
    if not isinstance(said, dict):
        return set()
    return {one for name, value in said.items() for one in ({within + name} | _members(value, f"{within}{name}."))}
