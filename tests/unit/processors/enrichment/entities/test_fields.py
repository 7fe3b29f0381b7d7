"""Where a shard of each type names others, and who takes part in a place."""

import json
from typing import Any

from processors.enrichment.entities.fields import MOST_PARTICIPANTS, PHONES, PLACES, Participants, fields_of, participants_of
from shared.linking.vocabulary import INFERRED
from shared.shard_types.registry import shard_type


def grant(principal: str | None, role: str = "reader") -> dict[str, Any]:
    return {"type": "user", "role": role, "principal": principal, "isInherited": False}


def test_every_place_is_a_field_of_its_type() -> None:
    for type_id, places in PLACES.items():
        known = shard_type(type_id).document()["schema"]["properties"]
        named = {*places.read, *places.websites, *places.participants}
        assert named <= set(known), type_id


def test_every_type_that_may_be_linked_names_others() -> None:
    assert {owning for owning, _ in INFERRED} <= set(PLACES)


def test_a_folders_path_is_not_read_and_nobody_who_sees_a_link_learns_it() -> None:
    assert fields_of("c_folder", {"name": "Offers", "path": "/Board/Salaries/Offers"}) == {"name": "Offers"}


def test_titles_come_first_and_the_content_last() -> None:
    structured = {"description": "about it", "ownerEmail": "jo@acme.example", "size": 3, "name": "Offer", "mimeType": None}

    fields = fields_of("c_file", structured, {"text": "Dear Jane"})

    assert list(fields.items()) == [
        ("name", "Offer"),
        ("ownerEmail", "jo@acme.example"),
        ("description", "about it"),
        ("text", "Dear Jane"),
    ]


def test_what_is_empty_or_no_text_is_left_out() -> None:
    assert fields_of("c_channel", {"name": "general", "topic": "", "description": None, "purpose": "the same"}) == {"name": "general"}
    assert fields_of("c_group", {"name": "Sales"}, {"text": "x"}) == {}
    assert fields_of("c_file", {"name": ["Offer"]}, {"text": {"x": 1}}) == {}


def test_phone_fields_are_known_by_name() -> None:
    assert {"phone", "mobilePhone"} <= PHONES
    assert "fax" not in PHONES


def test_a_channels_members_take_part() -> None:
    assert participants_of("c_channel", {"members": json.dumps(["U2", "U1"])}) == Participants(slack_ids=("U1", "U2"))
    assert participants_of("c_channel", {"members": json.dumps({"U1": True, "U2": False})}) == Participants(slack_ids=("U1",))


def test_those_a_file_is_shared_with_take_part_and_groups_do_not() -> None:
    permissions = [
        grant("user:jo@acme.example"),
        grant("user:al@acme.example", "owner"),
        grant("user:jo@acme.example", "writer"),
        grant("group:gdrive:sales@acme.example"),
        grant("domain:acme.example"),
        grant(None),
    ]

    found = participants_of("c_file", {"permissions": json.dumps(permissions)})

    assert found == Participants(addresses=("al@acme.example", "jo@acme.example"))


def test_a_crowd_says_nothing_about_who_takes_part() -> None:
    def members(count: int) -> Participants:
        return participants_of("c_channel", {"members": json.dumps([f"U{number:05}" for number in range(count)])})

    assert len(members(MOST_PARTICIPANTS).slack_ids) == MOST_PARTICIPANTS
    assert members(MOST_PARTICIPANTS + 1) == members(50_000) == Participants(is_crowd=True)


def test_a_list_that_cannot_be_read_names_nobody() -> None:
    for kept in (None, 5, "", "{", "[[1]]", '"x"'):
        assert participants_of("c_channel", {"members": kept}) == Participants()
        assert participants_of("c_file", {"permissions": kept}) == Participants()
    assert participants_of("c_account", {"name": "Acme"}) == Participants()
