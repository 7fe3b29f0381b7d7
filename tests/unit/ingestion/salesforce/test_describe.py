"""What can be read of an object, by the vendor's own description."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.clock import Clock
from ingestion.sources.salesforce.describe import DESCRIBED_FOR, Child, Description, selected
from shared.conversions.registry import conversion_of
from shared.conversions.salesforce import SALESFORCE

ACCOUNT = conversion_of("salesforce", "Account")
NOON = Clock()()


def field(name: str, relationship: str | None = None) -> dict[str, Any]:
    """As describe has one."""
    return {"name": name, "relationshipName": relationship}


def described(*names: str, children: tuple[dict[str, Any], ...] = ()) -> Description:
    """An account with these fields, a reference for each name that ends so."""
    fields = [field(name, name.removesuffix("Id") if name.endswith("Id") and name != "Id" else None) for name in names]
    body = {"name": "Account", "fields": fields, "childRelationships": list(children), "replicateable": True}
    return Description.read(body, at=NOON)


@pytest.mark.parametrize(
    ("name", "is_there"),
    [("Name", True), ("name", False), ("Owner.Name", True), ("OwnerId", True), ("Owner", False), ("Parent.Name", False), (".Name", False)],
)
def test_a_field_is_there_by_its_name_and_a_parents_by_its_relationship(name: str, is_there: bool) -> None:
    assert described("Id", "SystemModstamp", "Name", "OwnerId").has(name) is is_there


def test_children_that_are_deleted_with_their_parent_are_known_and_no_others() -> None:
    one = {"childSObject": "Contact", "field": "AccountId", "cascadeDelete": True}
    children = (one, {**one, "childSObject": "Note", "deprecatedAndHidden": True}, {**one, "childSObject": "Case", "cascadeDelete": False})
    assert described("Id", "SystemModstamp", children=children).children == (Child("Contact", "AccountId"),)


def test_a_description_is_old_after_an_hour() -> None:
    description = described("Id", "SystemModstamp")
    assert not description.is_old(NOON + DESCRIBED_FOR - timedelta(seconds=1))
    assert description.is_old(NOON + DESCRIBED_FOR)


@given(st.sets(st.sampled_from(sorted(ACCOUNT.vendor_fields))), st.booleans())
def test_what_is_asked_for_is_wanted_and_there_and_what_is_not_is_named(shown: set[str], without_parents: bool) -> None:
    description = described("Id", "SystemModstamp", *(name for name in shown if "." not in name))
    selection = selected(ACCOUNT, description, without_parents=lambda: without_parents)
    assert selection.fields[:2] == ("Id", "SystemModstamp")
    assert len(set(selection.fields)) == len(selection.fields)
    assert all(description.has(name) for name in selection.fields)
    assert set(selection.fields) | set(selection.missing) == {*ACCOUNT.vendor_fields, "Id", "SystemModstamp"}
    assert set(selection.coverage or ()).isdisjoint(selection.missing)
    assert not (without_parents and any("." in name for name in selection.fields))


@pytest.mark.parametrize("conversion", SALESFORCE, ids=lambda conversion: conversion.record_type)
def test_an_object_that_shows_everything_is_spoken_for_completely(conversion: Any) -> None:
    names = {name.partition(".")[0] + ("Id" if "." in name else "") for name in conversion.vendor_fields}
    body = {"name": conversion.record_type, "fields": [field(name, name.removesuffix("Id")) for name in {*names, "Id", "SystemModstamp"}]}
    selection = selected(conversion, Description.read(body, at=NOON), without_parents=lambda: False)
    assert (selection.coverage, selection.missing) == (None, ())
