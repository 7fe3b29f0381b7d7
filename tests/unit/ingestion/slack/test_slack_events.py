"""The table of events, and what each event says.

``tests/fixtures/slack_events/<row>.json`` holds an event, and what is heard of it with and without a bot token.
"""

import json
from typing import Any

import pytest

from ingestion.sources.slack.events import HANDLED, IGNORED, ROWS, TABLE
from ingestion.sources.slack.hearing import OF_NO_TABLE
from ingestion.sources.source import HeardEvent, Hint, Lost
from shared.conversions.registry import conversion_of
from tests.unit.ingestion.slack.calls import BOT, ENTERPRISE, EVENTS, authorization, heard, in_short

FIXTURES = {path.stem: json.loads(path.read_text()) for path in sorted(EVENTS.iterdir())}
EVERYTHING = (Lost("Channel", "events-lost"), Lost("User", "events-lost"))

each_fixture = pytest.mark.parametrize("name", FIXTURES)


def event_of(name: str, **more: Any) -> dict[str, Any]:
    return {**FIXTURES[name]["event"], **more}


def counted(event: Any) -> HeardEvent:
    [one] = heard(event).events
    return one


# The table


def test_each_event_is_in_the_table_once_and_is_handled_or_ignored() -> None:
    assert len(TABLE) == len(ROWS)
    assert ROWS.keys() == HANDLED | IGNORED
    assert not HANDLED & IGNORED


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_each_row_says_why(row: Any) -> None:
    assert len(row.why) > 10
    assert all(cell == cell.strip() for cell in row.written())


@pytest.mark.parametrize("row", [row for row in TABLE if row.content is not None], ids=lambda row: row.name)
def test_each_row_speaks_for_fields_that_a_conversion_reads(row: Any) -> None:
    known = conversion_of("slack", row.stream).vendor_fields

    assert {field.partition(".<")[0] for field in row.speaks_for} <= known


def test_each_handled_event_has_a_fixture() -> None:
    assert FIXTURES.keys() == HANDLED - {"app_rate_limited"}, "that one has no event inside"


# What each says


@each_fixture
def test_an_event_says_what_its_fixture_says(name: str) -> None:
    assert in_short(heard(event_of(name))) == FIXTURES[name]["heard"]
    assert counted(event_of(name)) == HeardEvent(name, "handled")


@each_fixture
def test_without_a_token_nothing_is_read_and_the_event_is_told_as_far_as_it_goes(name: str) -> None:
    said = heard(event_of(name), has_token=False)

    assert in_short(said) == FIXTURES[name]["heard without a token"]
    assert not said.hints
    assert not [one for one in said.told if one.instead is not None]


@each_fixture
def test_an_event_speaks_for_what_its_row_says_and_holds_nothing_else(name: str) -> None:
    row = ROWS[name]
    for one in heard(event_of(name), has_token=False).told:
        if one.event.coverage != "complete":
            spoken = {field.replace("U0WILE", "<user>") for field in one.event.coverage}
            assert spoken == {"id", *row.speaks_for}
            assert {field.partition(".")[0] for field in one.event.coverage} == (one.event.payload or {}).keys()


@each_fixture
def test_an_event_told_twice_has_the_same_id_under_another_event_id(name: str) -> None:
    event = event_of(name, event_ts="1772452806.000300")
    first, again = (heard(event, has_token=False, event_id=event_id) for event_id in ("Ev0ONE", "Ev0TWO"))

    assert [one.event.id for one in first.told] == [one.event.id for one in again.told]
    assert (first.correlation_id, again.correlation_id) == ("Ev0ONE", "Ev0TWO")


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_what_is_ignored_says_nothing_and_is_counted(name: str) -> None:
    kind, _, subtype = name.partition(".")
    said = heard({"type": kind, **({"subtype": subtype} if subtype else {})})

    assert in_short(said) == {"counted": [f"{name} ignored"]}


@pytest.mark.parametrize("event", [{"type": "party_started"}, {"type": "message", "subtype": "party"}, {"type": ""}])
def test_what_no_table_has_is_counted_under_no_name_of_its_own(event: Any) -> None:
    assert in_short(heard(event)) == {"counted": [f"{OF_NO_TABLE} unrecognised"]}


# Forms of events


@pytest.mark.parametrize("said", ["C0DEALS", {"id": "C0DEALS", "name": "deals"}])
@pytest.mark.parametrize("name", ["channel_archive", "channel_deleted", "channel_left", "member_joined_channel", "message.channel_topic"])
def test_a_channel_is_an_object_or_an_id(name: str, said: Any) -> None:
    assert in_short(heard(event_of(name, channel=said))) == FIXTURES[name]["heard"]


def test_a_channel_may_be_called_by_its_id() -> None:
    event = {name: value for name, value in event_of("channel_archive").items() if name != "channel"}

    assert in_short(heard({**event, "channel_id": "C0DEALS"})) == FIXTURES["channel_archive"]["heard"]


@pytest.mark.parametrize("name", [name for name in FIXTURES if ROWS[name].stream == "Channel" and name != "channel_id_changed"])
@pytest.mark.parametrize(
    "more",
    [{"channel": "D0WILE"}, {"channel": {"id": "D0WILE"}}, {"channel": {"id": "G0THREE", "is_mpim": True}}, {"channel_type": "mpim"}],
    ids=["an id", "an object", "of several", "by its type"],
)
def test_what_happens_between_persons_is_ignored(name: str, more: Any) -> None:
    assert counted(event_of(name, **more)) == HeardEvent(name, "ignored")


@pytest.mark.parametrize("channel_type", ["group", "G"])
def test_an_event_of_a_private_channel_says_so(channel_type: str) -> None:
    [told] = heard(event_of("message.channel_topic", channel_type=channel_type)).told

    assert told.event.coverage == ("id", "topic.value", "is_private")
    assert (told.event.payload or {})["is_private"] is True


def test_a_conversion_says_what_it_says_whatever_kind_of_channel_it_was() -> None:
    [told] = heard(event_of("message.channel_convert_to_public", channel_type="group")).told

    assert told.event.payload == {"id": "C0DEALS", "is_private": False}


def test_an_end_of_sharing_that_leaves_out_whether_others_are_left_is_only_read() -> None:
    event = {name: value for name, value in event_of("channel_unshared").items() if name != "is_ext_shared"}

    assert in_short(heard(event)) == {"read": ["Channel C0DEALS"], "counted": ["channel_unshared handled"]}


def test_of_a_new_channel_that_is_told_which_is_there() -> None:
    [told] = heard({"type": "channel_created", "channel": {"id": "C0NEW", "name": "new", "creator": None}}).told

    assert (told.event.payload, told.event.coverage) == ({"id": "C0NEW", "name": "new"}, ("id", "name"))


def test_without_a_token_the_app_that_is_let_in_again_has_the_channel_again() -> None:
    [told] = heard(event_of("message.group_join", user=BOT), has_token=False).told

    assert told.event.payload == {"id": "G0BOARD", "members": {BOT: True}, "is_private": True, "is_lost": False}


# People


def user(**more: Any) -> dict[str, Any]:
    said = {**event_of("user_change")["user"], **more}
    return {name: value for name, value in said.items() if value is not None}


def silent_on(said: dict[str, Any]) -> set[str]:
    """The fields of a person that the event does not speak for."""
    [told] = heard({"type": "user_change", "user": said}).told
    known = conversion_of("slack", "User").vendor_fields
    return set() if told.event.coverage == "complete" else set(known.difference(told.event.coverage))


def test_without_the_right_scope_an_address_is_not_shown_and_not_taken_for_none() -> None:
    profile = {name: value for name, value in user()["profile"].items() if name != "email"}

    assert silent_on(user()) == set()
    assert silent_on(user(profile=profile)) == {"profile.email"}
    assert silent_on(user(profile={**profile, "email": None})) == {"profile.email"}
    assert silent_on(user(profile=profile, is_bot=True)) == set(), "a bot has none"


def test_a_guest_whose_flags_are_left_out_is_not_taken_for_a_full_member() -> None:
    flags = {"is_restricted", "is_ultra_restricted"}

    assert silent_on(user(is_restricted=None)) == {*flags, "team_id", "enterprise_user.teams"}
    assert silent_on(user(is_restricted=None, deleted=True)) == flags, "whoever is deactivated is a member of nothing, and that is said"


# What is not of the form it should be


MISSHAPEN: dict[str, Any] = {
    "no channel": {"type": "channel_archive"},
    "a channel that is a number": {"type": "channel_archive", "channel": 7},
    "a channel without an id": {"type": "channel_rename", "channel": {"name": "deals"}},
    "a channel's id of no channel": {"type": "channel_archive", "channel": "../C0DEALS"},
    "an endless id": {"type": "channel_archive", "channel": "C" * 1000},
    "a rename without a name": {"type": "channel_rename", "channel": {"id": "C0DEALS"}},
    "a name that is a list": {"type": "channel_rename", "channel": {"id": "C0DEALS", "name": ["deals"]}},
    "a new channel that is an id": {"type": "channel_created", "channel": "C0NEW"},
    "a new channel of other kinds": {"type": "channel_created", "channel": {"id": "C0NEW", "name": "new", "created": "1"}},
    "a topic that is none": {"type": "message", "subtype": "channel_topic", "channel": "C0DEALS", "topic": None},
    "nobody who joined": {"type": "member_joined_channel", "channel": "C0DEALS"},
    "somebody with a dot who joined": {"type": "member_joined_channel", "channel": "C0DEALS", "user": "U0.WILE"},
    "an id that was none": {"type": "channel_id_changed", "old_channel_id": None, "new_channel_id": "C0NEW"},
    "a subtype that is a number": {"type": "message", "subtype": 7},
    "a subtype that is an object": {"type": "message", "subtype": {}},
}


@pytest.mark.parametrize("name", MISSHAPEN)
@pytest.mark.parametrize("has_token", [True, False])
def test_a_misshapen_event_is_no_error_but_unrecognised_and_leaves_a_gap(name: str, has_token: bool) -> None:
    said = heard(MISSHAPEN[name], has_token=has_token)

    assert [event.treatment for event in said.events] == ["unrecognised"]
    assert Lost("Channel", "events-lost") in said.lost
    assert not said.told
    assert not said.hints


@pytest.mark.parametrize(
    "said", [None, "U0WILE", {"id": "U0WILE"}, {"id": 7, "profile": {}}, {"profile": {}}, {"id": "U0WILE", "profile": []}]
)
def test_a_misshapen_person_leaves_a_gap_in_people(said: Any) -> None:
    assert in_short(heard({"type": "user_change", "user": said})) == {
        "lost": ["User events-lost"],
        "counted": ["user_change unrecognised"],
    }


def test_a_person_nested_too_deeply_for_any_message_leaves_a_gap() -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"more": deep}

    assert counted({"type": "user_change", "user": user(more=deep)}) == HeardEvent("user_change", "unrecognised")


@pytest.mark.parametrize("kind", [None, 7, ["channel_archive"], {}])
def test_an_event_of_no_type_could_have_been_anything(kind: Any) -> None:
    said = heard({"type": kind})

    assert (said.events, tuple(said.lost)) == ((HeardEvent(OF_NO_TABLE, "unrecognised"),), EVERYTHING)


# Tokens


def test_tokens_of_users_alone_are_none_of_ours() -> None:
    for tokens in ({"oauth": ["U0WILE"]}, {"oauth": ["U0WILE"], "bot": []}):
        assert in_short(heard({"type": "tokens_revoked", "tokens": tokens})) == {"counted": ["tokens_revoked ignored"]}


@pytest.mark.parametrize("tokens", [None, [], {"bot": "U0SHARDBOT"}, {"bot": None}])
def test_tokens_that_cannot_be_told_leave_a_gap_and_do_not_pause(tokens: Any) -> None:
    said = heard({"type": "tokens_revoked", "tokens": tokens})

    assert (tuple(said.lost), said.revoked) == (EVERYTHING, None)


# Shared channels


def test_of_a_shared_channel_a_hint_says_how_to_ask_who_sees_it() -> None:
    event = event_of("member_joined_channel")

    assert list(heard(event, is_ext_shared_channel=True).hints) == [Hint("Channel", "C0DEALS", "joined:U0WILE", "4-context")]
    assert [hint.context for hint in heard(event).hints] == [None], "nobody else can see it, and asking costs a call"
    assert [hint.context for hint in heard(event, authorizations=[authorization(enterprise=ENTERPRISE)]).hints] == ["4-context"]


def test_what_is_told_of_a_shared_channel_can_be_read_by_the_others() -> None:
    [told] = heard(event_of("channel_rename"), is_ext_shared_channel=True).told

    assert told.instead == Hint("Channel", "C0DEALS", context="4-context")
