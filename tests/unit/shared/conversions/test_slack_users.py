"""Who somebody is in Slack: a full member, a guest, a bot, somebody of another organization, or gone."""

from typing import Any

import pytest

from shared.conversions.slack import USER
from shared.errors import UnmappableRecord

VERA: dict[str, Any] = {
    "id": "U061F7AUR",
    "team_id": "T024BE7LD",
    "name": "vera",
    "real_name": "Vera Nyberg",
    "deleted": False,
    "tz": "Europe/Stockholm",
    "is_bot": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
    "profile": {"real_name": "Vera Nyberg", "display_name": "vee", "email": "Vera@Acme.Example", "title": "Head", "phone": "1"},
}


def read(**changes: Any) -> dict[str, Any]:
    return USER.merge({}, USER.read({**VERA, **changes}, "complete"))


def test_a_full_member_is_of_their_workspace() -> None:
    vera = read()

    assert (vera["name"], vera["email"], vera["username"], vera["alias"]) == ("Vera Nyberg", "vera@acme.example", "vera", "vee")
    assert (vera["isActive"], vera["isBot"], vera["isGuest"], vera["userType"]) == (True, False, False, "member")
    assert vera["workspaces"] == '["T024BE7LD"]'


def test_a_full_member_of_an_organization_is_of_each_of_its_workspaces_they_are_in() -> None:
    assert read(enterprise_user={"teams": ["T2", "T1"]})["workspaces"] == '["T1", "T2"]'


@pytest.mark.parametrize(
    ("changes", "user_type"),
    [
        ({"is_bot": True}, "bot"),
        ({"is_restricted": True}, "guest"),
        ({"is_ultra_restricted": True}, "guest"),
        ({"is_external": True, "team_id": "T9"}, "external"),
        ({"is_external": True, "is_stranger": False, "team_id": "T9"}, "external"),
        ({"is_stranger": True, "team_id": "T9"}, "external"),
        ({"is_bot": True, "is_stranger": True}, "bot"),
        ({"deleted": True}, "member"),
    ],
    ids=str,
)
def test_nobody_else_is_a_full_member_of_a_workspace(changes: dict[str, Any], user_type: str) -> None:
    found = read(**changes, enterprise_user={"teams": ["T1"]})

    assert (found["workspaces"], found["userType"]) == ("[]", user_type)


def test_somebody_of_another_organization_is_external_and_slack_s_word_for_strangers_alone_does_not_make_them_ours() -> None:
    assert [read(**said)["isExternal"] for said in ({"is_external": False}, {"is_external": True, "is_stranger": False})] == [False, True]
    assert read(is_external=False, is_stranger=True)["isExternal"] is True


def test_whether_somebody_is_external_stays_as_it_was_known_where_it_is_not_said() -> None:
    partner = read(is_external=True, team_id="T9")
    silent = tuple(USER.vendor_fields - {"is_external", "team_id", "enterprise_user.teams"})

    found = USER.merge(partner, USER.read({**VERA, "team_id": None}, silent))

    assert (found["isExternal"], found["workspaces"], found["userType"]) == (True, "[]", "external")


def test_deactivated_is_what_slack_calls_deleted() -> None:
    assert read(deleted=True)["isActive"] is False


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"real_name": ""}, "Vera"),
        ({"real_name": None, "profile": {"display_name": "vee"}}, "vee"),
        ({"real_name": None, "profile": {}}, "vera"),
        ({"real_name": None, "profile": None, "name": None}, "U061F7AUR"),
    ],
    ids=str,
)
def test_somebody_has_a_name_whatever_slack_shows_of_them(changes: dict[str, Any], name: str) -> None:
    assert read(**{"profile": {"real_name": "Vera"}, **changes})["name"] == name


def test_an_address_that_may_not_be_seen_is_not_taken_away() -> None:
    known = read()
    without = {**VERA, "profile": {"real_name": "Vera Berg"}, "real_name": "Vera Berg"}

    found = USER.merge(known, USER.read(without, tuple(USER.vendor_fields - {"profile.email"})))

    assert (found["name"], found["email"]) == ("Vera Berg", "vera@acme.example")
    assert USER.merge(known, USER.read(without, "complete"))["email"] is None


def test_what_cannot_be_read_is_named_without_its_value() -> None:
    with pytest.raises(UnmappableRecord, match=r"^slack User: is_bot is not a flag; team_id is not a list of teams$"):
        read(is_bot="s3cr3t")
