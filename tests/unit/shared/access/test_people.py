"""Which principals a person's shard stands for."""

from typing import Any

import pytest

from devtools.fakes.samples import ORGANIZATION, sample_record, sample_shard
from shared.access.directory import principals_of_person
from shared.shards.model import Shard


def person(email: Any = "jane@acme.example", **changes: Any) -> Shard:
    record = sample_record("005000000000001AAA", record_type="User")
    data = {"name": "Jane", "email": email, "isActive": True, **changes.pop("data", {})}
    said = {"shard_type_id": "c_person", "structured_data": data, "external_relationships": (record,), **changes}
    return sample_shard("acme").model_copy(update=said)


def test_a_person_stands_for_each_of_their_records() -> None:
    records = (sample_record("005A", record_type="User"), sample_record("77", system="hubspot", scope="portal-1", record_type="owner"))

    found = principals_of_person(person(external_relationships=records), "jane@acme.example")

    assert found == {f"group:salesforce:{ORGANIZATION}/005A", "group:hubspot:portal-1/77"}


def test_a_person_stands_for_each_workspace_they_are_a_full_member_of() -> None:
    record = sample_record("U1", record_type="User", system="slack", scope="E1")

    found = principals_of_person(person(external_relationships=(record,), data={"workspaces": '["T1", "T2"]'}), "jane@acme.example")

    assert found == {"group:slack:E1/U1", "group:slack:E1/T1", "group:slack:E1/T2"}


@pytest.mark.parametrize("workspaces", [None, "[]", "s3cr3t", 7, "{}"])
def test_whoever_is_a_full_member_of_none_stands_for_themselves_alone(workspaces: Any) -> None:
    found = principals_of_person(person(data={"workspaces": workspaces}), "jane@acme.example")

    assert found == {f"group:salesforce:{ORGANIZATION}/005000000000001AAA"}


@pytest.mark.parametrize("theirs", ["Jane@Acme.Example", " jane@acme.example "])
def test_case_does_not_matter_in_an_address(theirs: str) -> None:
    assert principals_of_person(person(theirs), "jane@acme.example")


@pytest.mark.parametrize(
    "other",
    [
        person("john@acme.example"),
        person("\N{KELVIN SIGN}ane@acme.example"),
        person(None),
        person(7),
        person(""),
        person("no address"),
        person(status="deleted"),
        person(status="draft"),
        person(status="archived"),
        person(data={"isActive": False}),
        person(data={"isActive": False, "workspaces": '["T1"]'}),
        person(external_relationships=()),
    ],
    ids=lambda shard: f"{shard.structured_data['email']}, {shard.status}",
)
def test_nobody_else_and_nobody_who_is_gone(other: Shard) -> None:
    assert principals_of_person(other, "jane@acme.example") == frozenset()
    assert principals_of_person(other, "kane@acme.example") == frozenset()


def test_what_is_no_address_is_nobodys() -> None:
    assert principals_of_person(person("tenant"), "tenant") == frozenset()
