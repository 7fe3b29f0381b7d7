"""What becomes of a channel's fields, told whole, in part, and one member at a time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ingestion import Coverage
from shared.conversions.slack import CHANNEL

WHOLE = {
    "id": "C024BE91L",
    "name": "sales",
    "is_private": False,
    "created": 1449252889,
    "creator": "U061F7AUR",
    "context_team_id": "T024BE7LD",
    "topic": {"value": "Deals"},
    "purpose": {"value": "To sell"},
    "num_members": 7,
    "members": ["U2", "U1"],
}


def merged(known: dict[str, Any], record: dict[str, Any], coverage: Coverage) -> dict[str, Any]:
    return CHANNEL.merge(known, CHANNEL.read(record, coverage, known=known))


def test_a_whole_channel_fills_every_canonical_field() -> None:
    record = {**WHOLE, "is_archived": False, "is_ext_shared": True, "connected_team_ids": ["T9"], "internal_team_ids": ["T024BE7LD", "T0"]}

    assert merged({}, record, "complete") == {
        "platform": "slack",
        "name": "sales",
        "externalId": "C024BE91L",
        "teamExternalId": "T024BE7LD",
        "topic": "Deals",
        "description": "To sell",
        "purpose": "To sell",
        "isPrivate": False,
        "type": "public",
        "isArchived": False,
        "isExternallyShared": True,
        "externalTeams": '["T9"]',
        "workspaces": '["T0", "T024BE7LD"]',
        "creatorId": "U061F7AUR",
        "createdDate": "2015-12-04T18:14:49.000000Z",
        "members": '["U1", "U2"]',
        "memberCount": 2,
        "isLost": None,
        "webUrl": "https://slack.com/app_redirect?channel=C024BE91L",
    }


@pytest.mark.parametrize(("is_private", "kind"), [(True, "private"), (False, "public"), (None, None)])
def test_the_type_follows_privacy_and_is_unknown_with_it(is_private: bool | None, kind: str | None) -> None:
    assert merged({}, {**WHOLE, "is_private": is_private}, "complete").get("type") == kind
    assert merged({"isPrivate": False, "type": "public"}, {"id": "C1", "is_private": is_private}, ("id", "is_private"))["type"] == kind


def test_what_an_event_tells_in_part_changes_nothing_else() -> None:
    known = merged({}, WHOLE, "complete")

    assert merged(known, {"id": "C024BE91L", "topic": {"value": ""}}, ("id", "topic.value")) == {**known, "topic": None}
    assert merged(known, {"id": "C024BE91L", "purpose": {"value": "New"}}, ("id", "purpose.value")) == {
        **known,
        "purpose": "New",
        "description": "New",
    }


def test_one_member_alone_moves_the_count() -> None:
    known = merged({}, WHOLE, "complete")

    joined = merged(known, {"id": "C024BE91L", "members": {"U3": True}}, ("id", "members.U3"))
    left = merged(joined, {"id": "C024BE91L", "members": {"U1": False}}, ("id", "members.U1"))

    assert (joined["members"], joined["memberCount"]) == ('["U1", "U2", "U3"]', 3)
    assert (left["members"], left["memberCount"]) == ('["U2", "U3"]', 2)


def test_members_are_not_counted_while_not_everybody_is_known() -> None:
    found = merged({}, {"id": "C1", "members": {"U1": True}}, ("id", "members.U1"))

    assert (found["members"], found.get("memberCount")) == ('{"U1": true}', None)


def test_a_count_is_forgotten_with_the_members() -> None:
    known = merged({}, WHOLE, "complete")

    assert merged(known, {**WHOLE, "members": None}, "complete")["memberCount"] is None


# --- the name


def test_the_id_stands_in_for_a_name_nobody_has_told() -> None:
    assert merged({}, {"id": "C1", "topic": {"value": "Deals"}}, ("id", "topic.value"))["name"] == "C1"


def test_the_id_never_overwrites_a_name() -> None:
    known = merged({}, WHOLE, "complete")

    assert merged(known, {"id": "C024BE91L", "is_archived": True}, ("id", "is_archived"))["name"] == "sales"
    assert merged(known, {"id": "C9", "previous_id": "C024BE91L"}, ("id", "previous_id"))["name"] == "sales"


def test_a_name_that_is_told_takes_its_place() -> None:
    known = merged({}, {"id": "C1"}, ("id",))

    assert merged(known, {"id": "C1", "name": "sales"}, ("id", "name"))["name"] == "sales"


def test_where_the_id_stands_in_it_is_the_one_the_channel_has_now() -> None:
    known = merged({}, {"id": "C1"}, ("id",))

    found = merged(known, {"id": "C2", "previous_id": "C1"}, ("id", "previous_id"))

    assert (found["name"], found["externalId"], found["webUrl"]) == ("C2", "C2", "https://slack.com/app_redirect?channel=C2")


PARTS: dict[str, tuple[dict[str, Any], Coverage]] = {
    "topic": ({"id": "C1", "topic": {"value": "Deals"}}, ("id", "topic.value")),
    "name": ({"id": "C1", "name": "sales"}, ("id", "name")),
    "private": ({"id": "C1", "is_private": True}, ("id", "is_private")),
    "joined": ({"id": "C1", "members": {"U1": True}}, ("id", "members.U1")),
    "left": ({"id": "C1", "members": {"U2": False}}, ("id", "members.U2")),
    "lost": ({"id": "C1", "is_lost": True}, ("id", "is_lost")),
}


@given(st.permutations(sorted(PARTS)), st.booleans())
@settings(deadline=None, max_examples=100)
def test_parts_that_speak_of_different_fields_end_the_same_in_any_order(order: list[str], is_known: bool) -> None:
    def told(names: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = merged({}, WHOLE, "complete") if is_known else {}
        for name in names:
            found = merged(found, *PARTS[name])
        return found

    assert told(order) == told(sorted(PARTS))


def test_a_channel_says_who_may_find_it_and_what_it_was_called_before() -> None:
    assert (CHANNEL.readers, CHANNEL.renamed_from, CHANNEL.lost_flag) == ("channel", "previous_id", "isLost")
    assert {"id", "previous_id", "members", "topic.value", "is_lost"} <= CHANNEL.vendor_fields
