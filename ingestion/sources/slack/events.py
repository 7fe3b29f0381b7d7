"""The table: what is done with each event that Slack can send, and why. What is not in it is unrecognised, and counted.

A row *carries* the fields it speaks for, or asks for the record to be *read*, or both. Another opens a *gap*: something may have changed
that nobody tells of, and all of the stream is read and compared. The rest is ignored on purpose. A message is named by its subtype.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ingestion.sources.slack import contents
from ingestion.sources.slack.ignored import IGNORED_BECAUSE
from ingestion.sources.slack.rows import STREAMS, Row, expected

_JOINED: Final = Row(
    name="member_joined_channel",
    why="Slack says who, and not who is in it by now: the read knows, and the person is read with it",
    stream="Channel",
    content=contents.joined,
    speaks_for=("members.<user>",),
    is_carried_only_without_token=True,
    is_read=True,
    expects=lambda event: f"joined:{contents.person_id(event)}",
)
_LEFT: Final = replace(
    _JOINED, name="member_left_channel", content=contents.left, expects=lambda event: f"left:{contents.person_id(event)}"
)
_SHARED: Final = contents.says("is_ext_shared")
_PRIVATE, _PUBLIC = contents.says("is_private"), contents.denies("is_private")


def _channel(name: str, why: str, content: contents.Content, *speaks_for: str) -> Row:
    """Carries fields of a channel, and no more."""
    return Row(name=name, why=why, stream="Channel", content=content, speaks_for=speaks_for)


def _converted(kind: str, why: str, content: contents.Content) -> Row:
    return Row(
        name=f"message.channel_convert_to_{kind}",
        why=why,
        stream="Channel",
        content=content,
        speaks_for=("is_private",),
        is_read=True,
        expects=expected("is_private", content),
        may_be_read_instead=False,
    )


def _user(name: str, why: str) -> Row:
    return Row(name=name, why=why, stream="User")


def _gap(name: str, why: str, *, ends: bool = False) -> Row:
    return Row(name=name, why=why, loses=STREAMS, ends=ends)


def _twice(row: Row) -> tuple[Row, Row]:
    """``channel_…``, and ``group_…`` for private channels, which says so besides."""
    fields = (*row.speaks_for, "is_private") if row.content is not None else ()
    group = replace(row, name=row.name.replace("channel_", "group_"), why="the same of a private channel", speaks_for=fields)
    return row, group


TABLE: Final[tuple[Row, ...]] = (
    # Channels.
    Row(
        name="channel_created",
        why="the event has no topic, purpose or members",
        stream="Channel",
        content=contents.created,
        speaks_for=("name", "created", "creator", "context_team_id", "is_private", "is_archived", "is_ext_shared"),
        event_type="create",
        is_read=True,
    ),
    *_twice(_channel("channel_rename", "the whole change is in it", contents.named, "name")),
    *_twice(_channel("channel_archive", "the whole change is in it", contents.says("is_archived"), "is_archived")),
    *_twice(_channel("channel_unarchive", "the whole change is in it", contents.denies("is_archived"), "is_archived")),
    *_twice(Row(name="channel_deleted", why="nothing is left to read", stream="Channel", event_type="delete", may_be_read_instead=False)),
    Row(name="channel_left", why="a public channel can be read on; its members are others now", stream="Channel", is_read=True),
    _channel(
        "group_left",
        "the app was taken out of a private channel: nobody tells us of it any more, and nothing of it is deleted",
        contents.says("is_lost"),
        "is_lost",
        "is_private",
    ),
    Row(
        name="channel_id_changed",
        why="sharing began or ended: the same channel has another id from now on, and keeps its identity and history here",
        stream="Channel",
        content=contents.previous_id,
        speaks_for=("previous_id",),
        is_read=True,
        may_be_read_instead=False,
    ),
    Row(
        name="channel_shared",
        why="who is in it from outside is not said",
        stream="Channel",
        content=_SHARED,
        speaks_for=("is_ext_shared",),
        is_read=True,
        expects=expected("is_ext_shared", _SHARED),
    ),
    Row(
        name="channel_unshared",
        why="others may still be in it: only where the event says whether, it is carried",
        stream="Channel",
        content=contents.still_shared,
        speaks_for=("is_ext_shared",),
        is_read=True,
        expects=expected("is_ext_shared", contents.still_shared),
    ),
    _JOINED,
    _LEFT,
    # Messages that Slack writes into a channel when it changes. There is no `channel_updated`: of topic and purpose nothing else tells.
    *_twice(_channel("message.channel_topic", "the only event of a topic", contents.topic, "topic.value")),
    *_twice(_channel("message.channel_purpose", "the only event of a purpose", contents.purpose, "purpose.value")),
    *_twice(_channel("message.channel_name", "says what `channel_rename` says", contents.named, "name")),
    *_twice(_channel("message.channel_archive", "says what `channel_archive` says", contents.says("is_archived"), "is_archived")),
    *_twice(_channel("message.channel_unarchive", "says what `channel_unarchive` says", contents.denies("is_archived"), "is_archived")),
    *_twice(replace(_JOINED, name="message.channel_join", why="says what `member_joined_channel` says")),
    *_twice(replace(_LEFT, name="message.channel_leave", why="says what `member_left_channel` says")),
    _converted("private", "who may read it changes with it: it is told each time, however often it is heard", _PRIVATE),
    _converted("public", "as `message.channel_convert_to_private`", _PUBLIC),
    # People.
    replace(_user("team_join", "the whole person is in it"), event_type="create"),
    _user("user_change", "the whole person is in it"),
    _user("user_profile_changed", "the whole person is in it"),
    # What the app may see. After each of these something can be read that could not be, or the other way round, and no event tells what.
    _gap("app_rate_limited", "the outer event: over 30,000 events in an hour, Slack threw some away, and does not say which"),
    _gap("app_uninstalled", "nothing is heard or read any more, until somebody installs the app again and all is compared", ends=True),
    _gap("tokens_revoked", "a bot's token: as `app_uninstalled`. Of users' tokens alone it is ignored: we use none", ends=True),
    _gap("app_uninstalled_team", "one workspace of an organization is gone from what we see; the others go on"),
    _gap("team_access_granted", "an organization let the app into further workspaces: all in them is new, and no event says so"),
    _gap("team_access_revoked", "the other way round: what was in them is not told of any more, and is not deleted"),
    _gap("scope_granted", "more can be read, and it was there before"),
    _gap("resources_added", "as `scope_granted`, for single channels"),
    _gap("resources_removed", "single channels cannot be read any more"),
    _gap("grid_migration_started", "a workspace moves into an organization: until it has, Slack may refuse reads and tell of nothing"),
    _gap("grid_migration_finished", "what happened meanwhile was not told, and people may have other ids"),
    *(Row(name=name, why=why) for why, names in IGNORED_BECAUSE.items() for name in names),
)

ROWS: Final[Mapping[str, Row]] = {row.name: row for row in TABLE}
HANDLED: Final = frozenset(row.name for row in TABLE if not row.is_ignored)
IGNORED: Final = frozenset(row.name for row in TABLE if row.is_ignored)


def name_of(event: Mapping[str, Any]) -> str:
    """The name of an event's row, were there one.

    Raises:
        Unexpected: when it names no type, or a subtype that is none.
    """
    kind, subtype = event.get("type"), event.get("subtype")
    if not isinstance(kind, str):
        raise contents.Unexpected("no type")
    if kind != "message" or subtype is None:
        return kind
    if not isinstance(subtype, str):
        raise contents.Unexpected("a subtype that is none")
    return f"message.{subtype}"
