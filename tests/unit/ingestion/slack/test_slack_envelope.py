"""The envelope: whose account an event is for, who else may be concerned, and when it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestion.sources.slack.envelope import Envelope, parsed, read
from ingestion.sources.slack.hearing import Hearing
from ingestion.sources.slack.signature import TOLERANCE
from shared.errors import ContractViolation, SignatureMismatch
from tests.unit.ingestion.slack.calls import ANOTHER_APP, APP, ENTERPRISE, NOW, SECONDS, TEAM, around, authorization, call, connection

RENAME = {"type": "channel_rename", "channel": {"id": "C0DEALS", "name": "deals"}}


def envelope(event: Any = RENAME, **outer: Any) -> Envelope:
    return read(call(around(event, **outer)).body, frozenset({APP}))


# Whose it is


def test_the_account_is_the_one_that_installed_the_app() -> None:
    assert envelope().accounts == (TEAM,)


def test_what_one_workspace_of_an_organization_has_installed_is_not_the_organizations() -> None:
    assert envelope(authorizations=[authorization(enterprise=ENTERPRISE)], enterprise_id=ENTERPRISE).accounts == (TEAM,)


def test_an_authorization_of_an_organization_that_says_it_is_none_is_nobodys() -> None:
    assert envelope(authorizations=[authorization(None, ENTERPRISE)], enterprise_id=ENTERPRISE).accounts == ()


@pytest.mark.parametrize("team", [None, TEAM])
def test_of_an_org_wide_install_the_account_is_the_organization(team: str | None) -> None:
    said = envelope(authorizations=[authorization(team, ENTERPRISE, is_org_wide=True)], enterprise_id=ENTERPRISE)

    assert (said.accounts, said.others) == ((ENTERPRISE,), ())


def test_an_org_wide_install_that_does_not_name_its_organization_is_of_the_outer_one() -> None:
    assert envelope(authorizations=[authorization(TEAM, None, is_org_wide=True)], enterprise_id=ENTERPRISE).accounts == (ENTERPRISE,)


def test_the_outer_team_may_be_that_of_whoever_did_it_and_is_not_taken_for_the_account() -> None:
    said = envelope(team_id="T0ROADS", enterprise_id="E0ROADS", is_ext_shared_channel=True)

    assert said.accounts == (TEAM,)
    assert said.others == ("T0ROADS", "E0ROADS")


@pytest.mark.parametrize("none", [None, [], [None], ["T0ACME"], {}, "T0ACME", [{}], [{"team_id": 7}], [{"team_id": "T0 ACME"}]])
def test_without_an_authorization_the_outer_ids_are_taken(none: Any) -> None:
    assert envelope(authorizations=none).accounts == (TEAM,)
    assert envelope(authorizations=none, enterprise_id=ENTERPRISE).accounts == (TEAM,)
    assert envelope(authorizations=none, team_id=None, enterprise_id=ENTERPRISE).accounts == (ENTERPRISE,)


def test_minutes_that_were_lost_name_a_team_alone() -> None:
    body = call({"type": "app_rate_limited", "token": "t", "team_id": TEAM, "minute_rate_limited": SECONDS, "api_app_id": APP}).body

    assert read(body, frozenset({APP})).accounts == (TEAM,)


def test_a_call_that_names_no_account_is_nobodys() -> None:
    assert envelope(authorizations=None, team_id=None).accounts == ()


# What is not shown


def test_a_log_of_a_call_holds_nothing_that_people_write() -> None:
    said = envelope({"type": "message", "channel": "C0DEALS", "text": "the takeover", "user": {"email": "ada@acme.example"}})

    for shown in (repr(said), repr(Hearing(said, connection(), NOW, "c"))):
        assert "takeover" not in shown
        assert "ada@" not in shown


# Who else


def test_everybody_a_shared_channels_event_names_may_be_concerned() -> None:
    event = {**RENAME, "team": "T0ACTOR", "enterprise": "E0ACTOR"}
    said = envelope(event, team_id="T0OUTER", context_team_id="T0CONTEXT", context_enterprise_id="E0CONTEXT", is_ext_shared_channel=True)

    assert said.others == ("T0OUTER", "T0CONTEXT", "E0CONTEXT", "T0ACTOR", "E0ACTOR")
    assert said.may_be_shared


@pytest.mark.parametrize("name", ["connected_team_id", "previously_connected_team_id"])
def test_whoever_a_channel_is_shared_with_is_concerned(name: str) -> None:
    assert envelope({"type": "channel_shared", "channel": "C0DEALS", name: "T0ROADS"}).others == ("T0ROADS",)


def test_nobody_else_is_concerned_by_what_happens_in_one_workspace() -> None:
    said = envelope({**RENAME, "team": TEAM}, context_team_id=TEAM)

    assert (said.others, said.may_be_shared) == ((), False)


def test_in_an_organization_several_workspaces_may_have_the_channel() -> None:
    assert envelope(authorizations=[authorization(enterprise=ENTERPRISE)], enterprise_id=ENTERPRISE).may_be_shared


def test_workspaces_of_the_organization_that_installed_the_app_are_not_others() -> None:
    whole = [authorization(None, ENTERPRISE, is_org_wide=True)]
    said = envelope(authorizations=whole, enterprise_id=ENTERPRISE, context_team_id="T0FAR", context_enterprise_id="E0FAR")

    assert said.others == ("T0FAR", "E0FAR")


# Which app


def test_an_app_that_has_not_signed_is_not_spoken_for() -> None:
    with pytest.raises(SignatureMismatch):
        read(call(around(RENAME, api_app_id=ANOTHER_APP)).body, frozenset({APP}))


@pytest.mark.parametrize("named", [7, "", [APP], {"id": APP}, APP.lower(), True])
def test_an_app_that_is_none_is_not_believed(named: Any) -> None:
    with pytest.raises(SignatureMismatch):
        read(call(around(RENAME, api_app_id=named)).body, frozenset({APP}))


def test_a_call_that_names_no_app_is_of_the_one_that_signed_it() -> None:
    assert envelope(api_app_id=None).app == APP


# What is not Slack's


@pytest.mark.parametrize("outer", [None, "", "event", "block_actions", 7, ["event_callback"], {"event_callback": 1}])
def test_another_outer_type_is_not_slacks(outer: Any) -> None:
    with pytest.raises(ContractViolation):
        envelope(type=outer)


@pytest.mark.parametrize("event", [None, "channel_rename", 7, [RENAME], True])
def test_a_callback_without_an_event_is_not_slacks(event: Any) -> None:
    with pytest.raises(ContractViolation):
        envelope(event)


BODIES = {
    "nothing": b"",
    "no JSON": b"channel=C1",
    "no object": b"[1]",
    "cut off": b'{"type":"event_callback","ev',
    "not UTF-8": b'{"type":"\xff"}',
    "not a number": b'{"type":NaN}',
    "nested a hundred thousand times": b'{"type":' + b"[" * 100_000,
    "a number of ten thousand digits": b'{"type":' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_json_object_is_not_slacks(name: str) -> None:
    with pytest.raises(ContractViolation):
        parsed(BODIES[name])


def test_half_of_an_emoji_does_not_spoil_the_rest() -> None:
    said = parsed(rb'{"text":"cut \ud83d","\udd8a":["\ud83e\udd8a", "\uDE00", 1.5]}')

    assert said == {"text": "cut �", "�": ["🦊", "�", 1.5]}


# When


def seen_at(event: dict[str, Any], *, received_at: datetime = NOW, **outer: Any) -> datetime:
    return envelope({**RENAME, **event}, **outer).observed_at(received_at)


def test_an_event_was_when_its_stamp_says() -> None:
    assert seen_at({"event_ts": "1772452806.000300"}) == datetime(2026, 3, 2, 12, 0, 6, 300, tzinfo=UTC)


def test_a_message_without_a_stamp_of_its_event_was_when_its_own_says() -> None:
    stamp = {"ts": "1772452806.000300"}

    assert seen_at({"type": "message", **stamp}) == datetime(2026, 3, 2, 12, 0, 6, 300, tzinfo=UTC)
    assert seen_at(stamp, event_time=None) == NOW, "of anything else `ts` may be another thing's"


def test_without_a_stamp_it_was_at_the_end_of_the_second_it_was_in() -> None:
    assert seen_at({}, event_time=SECONDS - 60) == datetime(2026, 3, 2, 11, 59, 7, 999_999, tzinfo=UTC)


def test_it_was_not_after_it_was_received() -> None:
    assert seen_at({}, event_time=SECONDS) == NOW
    assert seen_at({}, event_time=SECONDS + 100) == NOW


def test_a_stamp_by_a_clock_before_ours_is_believed_as_far_as_a_call_is() -> None:
    ahead = str(SECONDS + 299) + ".000000"
    beyond = str(SECONDS + 301) + ".000000"

    assert seen_at({"event_ts": ahead}) == NOW.replace(microsecond=0) + timedelta(seconds=299) <= NOW + TOLERANCE
    assert seen_at({"event_ts": beyond}, event_time=None) == NOW


STAMPS = [
    7,
    1772452806.0003,
    "",
    "1772452806",
    "1772452806.0003",
    "1772452806.0003000",
    "1772452806000300",
    "inf",
    None,
    [],
    "9" * 12 + ".000000",
]


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_stamp_of_another_form_is_none(stamp: Any) -> None:
    assert seen_at({"event_ts": stamp}, event_time=None) == NOW


@pytest.mark.parametrize("seconds", [None, "1772452807", 1.5, True, 10**12, 10**30, -(10**30)])
def test_a_second_that_is_none_leaves_when_it_was_received(seconds: Any) -> None:
    assert seen_at({}, event_time=seconds) == NOW
