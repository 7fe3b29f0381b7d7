"""What a conversion makes of what was known and what was read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ingestion import Coverage
from shared.conversions.conversion import Conversion
from shared.conversions.fields import Choice, Number, Text
from shared.conversions.registry import CONVERSIONS, conversion_of
from shared.conversions.salesforce import CONTACT, OPPORTUNITY
from shared.errors import UnmappableRecord

KNOWN = {"name": "Deal", "amount": 100, "stage": "prospecting", "regionOfAnotherWriter": "DACH"}


def merged(known: dict[str, Any], record: dict[str, Any], coverage: Coverage, table: Conversion = OPPORTUNITY) -> dict[str, Any]:
    return table.merge(known, table.read(record, coverage))


def test_a_partial_record_changes_only_what_it_speaks_for() -> None:
    assert merged(KNOWN, {"StageName": "Closed Won", "Amount": 7}, ("StageName",)) == {**KNOWN, "stage": "closed_won"}


def test_a_field_a_partial_record_speaks_for_and_leaves_out_was_cleared() -> None:
    assert merged(KNOWN, {}, ("Amount",)) == {**KNOWN, "amount": None}


def test_a_partial_record_that_speaks_for_nothing_we_map_changes_nothing() -> None:
    assert merged(KNOWN, {"Custom__c": 1}, ("Custom__c",)) == KNOWN
    assert merged(KNOWN, {"Custom__c": 1}, ()) == KNOWN


def test_a_complete_record_clears_what_it_leaves_out_and_keeps_what_others_wrote() -> None:
    found = merged(KNOWN, {"Name": "Deal", "StageName": None}, "complete")

    assert (found["amount"], found["stage"], found["name"]) == (None, None, "Deal")
    assert found["regionOfAnotherWriter"] == "DACH"
    assert set(found) == {*OPPORTUNITY.fields, "regionOfAnotherWriter"}


def test_a_complete_record_reads_every_field_of_the_table() -> None:
    assert OPPORTUNITY.read({}, "complete") == dict.fromkeys(OPPORTUNITY.fields)


def test_merging_does_not_touch_what_was_known() -> None:
    known = dict(KNOWN)

    merged(known, {"Amount": 1}, ("Amount",))

    assert known == KNOWN


@given(st.sets(st.sampled_from(["Name", "StageName", "Amount", "IsWon", "IsClosed", "CloseDate"])), st.booleans())
@settings(deadline=None, max_examples=100)
def test_merging_the_same_again_changes_nothing(spoken: set[str], is_complete: bool) -> None:
    record = {"Name": "Deal", "StageName": "Prospecting", "Amount": 5, "IsWon": False, "IsClosed": True, "CloseDate": "2026-12-31"}
    coverage: Coverage = "complete" if is_complete else tuple(sorted(spoken))

    once = merged(KNOWN, record, coverage)

    assert merged(once, record, coverage) == once
    assert {name for name in KNOWN if once.get(name) != KNOWN[name]} <= {"stage", "amount"}


STATUS = {
    "open": ({}, {"IsClosed": "false", "IsWon": "false"}, ("IsClosed", "IsWon"), "open"),
    "open though nothing is said of winning": ({}, {"IsClosed": False}, ("IsClosed",), "open"),
    "won": ({"status": "open", "isClosed": False, "isWon": False}, {"IsClosed": True, "IsWon": True}, ("IsClosed", "IsWon"), "won"),
    "lost": ({"status": "open", "isClosed": False, "isWon": False}, {"IsClosed": True}, ("IsClosed",), "lost"),
    "reopened": ({"status": "won", "isClosed": True, "isWon": True}, {"IsClosed": False}, ("IsClosed",), "open"),
    "untouched": ({"status": "won", "isClosed": True, "isWon": True}, {"Amount": 1}, ("Amount",), "won"),
    "closed, and it is not known how": ({"status": "open", "isClosed": False}, {"IsClosed": True}, ("IsClosed",), None),
    "no longer known": ({"status": "won", "isClosed": True, "isWon": True}, {"Name": "Deal"}, "complete", None),
    "made up for": ({"isClosed": True, "isWon": False}, {"Amount": 1}, ("Amount",), "lost"),
}


@pytest.mark.parametrize(("known", "record", "coverage", "status"), STATUS.values(), ids=list(STATUS))
def test_the_status_of_a_deal_follows_its_two_flags(
    known: dict[str, Any], record: dict[str, Any], coverage: Coverage, status: str | None
) -> None:
    assert merged(known, record, coverage).get("status") == status


def test_a_status_that_was_never_known_is_not_made_up() -> None:
    assert "status" not in merged({}, {"Name": "Deal"}, ("Name",))


NAMES = {
    "the vendor's own": ({}, {"Name": "A. Lovelace", "FirstName": "Ada", "LastName": "Lovelace"}, "complete", "A. Lovelace"),
    "joined when the vendor gives none": ({}, {"FirstName": "Ada", "LastName": "Lovelace"}, "complete", "Ada Lovelace"),
    "joined from four parts": (
        {},
        {"FirstName": "Ada", "MiddleName": "K.", "LastName": "Lovelace", "Suffix": "PhD", "Salutation": "Ms."},
        ("FirstName", "MiddleName", "LastName", "Suffix", "Salutation"),
        "Ada K. Lovelace PhD",
    ),
    "joined from what is there": ({}, {"LastName": "Lovelace"}, ("FirstName", "LastName"), "Lovelace"),
    "joined anew when a part changes": (
        {"name": "Ada Byron", "firstName": "Ada", "lastName": "Byron"},
        {"LastName": "Lovelace"},
        ("LastName",),
        "Ada Lovelace",
    ),
    "kept when something else changes": (
        {"name": "A. Lovelace", "firstName": "Ada", "lastName": "Lovelace"},
        {"Phone": "1"},
        ("Phone",),
        "A. Lovelace",
    ),
    "kept when only a first name is said": ({"name": "Ada Lovelace"}, {"FirstName": "Augusta"}, ("FirstName",), "Ada Lovelace"),
    "kept when every part is cleared": ({"name": "Ada", "firstName": "Ada"}, {}, ("FirstName",), "Ada"),
    "joined when the vendor clears its own": ({"name": "A.", "lastName": "Lovelace"}, {}, ("Name",), "Lovelace"),
}


@pytest.mark.parametrize(("known", "record", "coverage", "name"), NAMES.values(), ids=list(NAMES))
def test_the_name_of_a_person(known: dict[str, Any], record: dict[str, Any], coverage: Coverage, name: str) -> None:
    assert merged(known, record, coverage, CONTACT)["name"] == name


def test_the_version_of_a_table_changes_with_the_table_and_with_nothing_else() -> None:
    again = Conversion.model_validate(OPPORTUNITY.model_dump(mode="json"))
    reordered = OPPORTUNITY.model_copy(update={"fields": dict(reversed(list(OPPORTUNITY.fields.items())))})

    assert again == OPPORTUNITY
    assert Conversion.model_validate(again.model_dump()).version == OPPORTUNITY.version
    assert Conversion.model_validate(reordered.model_dump()).version == OPPORTUNITY.version


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": {**OPPORTUNITY.fields, "added": Text(field="Added")}},
        {"fields": {name: kind for name, kind in OPPORTUNITY.fields.items() if name != "amount"}},
        {"fields": {**OPPORTUNITY.fields, "amount": Number(field="TotalPrice")}},
        {"fields": {**OPPORTUNITY.fields, "amount": Text(field="Amount")}},
        {"fields": {**OPPORTUNITY.fields, "stage": Choice(field="StageName", labels={})}},
        {"derived": {}},
        {"deleted_flag": None},
        {"shard_type_id": "c_account"},
    ],
    ids=["a field more", "a field less", "another vendor field", "another kind", "other labels", "not derived", "no flag", "another type"],
)
def test_the_version_of_a_table_that_differs_is_another(changes: dict[str, Any]) -> None:
    changed = Conversion.model_validate({**{name: getattr(OPPORTUNITY, name) for name in Conversion.model_fields}, **changes})

    assert changed.version != OPPORTUNITY.version


def whens_of(kind: tuple[str, str]) -> list[tuple[str, str] | None]:
    return [table.when for table in CONVERSIONS if (table.source, table.record_type) == kind]


def test_no_two_tables_are_for_the_same_records() -> None:
    kinds = {(table.source, table.record_type) for table in CONVERSIONS}

    assert len({(*kind, when) for kind in kinds for when in whens_of(kind)}) == len(CONVERSIONS)
    for kind in kinds:
        others = [when for when in whens_of(kind) if when is not None]
        # one table for all that says nothing of note; and where several ask for a field, one value is for one table
        assert whens_of(kind).count(None) == 1
        assert len(set(others)) == len(others)
        assert len({field for field, _ in others}) <= 1
    assert len({table.version for table in CONVERSIONS}) == len(CONVERSIONS)


@pytest.mark.parametrize(
    ("source", "record_type", "said"),
    [
        ("salesforce", "Case", "no conversion for salesforce Case"),
        ("notion", None, "no conversion for notion record without a type"),
        ("slack", "Opportunity", "no conversion for slack Opportunity"),
    ],
)
def test_a_record_no_table_is_for_is_refused(source: str, record_type: str | None, said: str) -> None:
    with pytest.raises(UnmappableRecord, match=f"^{said}$"):
        conversion_of(source, record_type)
