"""Fields of the records that a record refers to, and what is known of them when only the reference is told."""

from typing import Any

import pytest

from shared.contracts.ingestion import Coverage
from shared.conversions.conversion import Conversion
from shared.conversions.registry import CONVERSIONS
from shared.conversions.salesforce import ACCOUNT, CONTACT, LEAD, OPPORTUNITY, USER
from shared.errors import UnmappableRecord

VERA, SIGNE = "0055g00000HjKlmAAF", "0055g00000HjKlnAAF"


def owned(owner: str | None, name: str | None) -> dict[str, Any]:
    return {"OwnerId": owner, "Owner": None if name is None else {"attributes": {"type": "User"}, "Name": name}}


def test_a_name_is_read_from_the_record_referred_to() -> None:
    read = OPPORTUNITY.read(owned(VERA, "Vera Nyberg"), ("OwnerId", "Owner.Name"))

    assert read == {"ownerId": VERA, "ownerName": "Vera Nyberg"}


@pytest.mark.parametrize("record", [{}, {"Owner": None}, {"Owner": {}}, {"Owner": {"Name": None}}], ids=str)
def test_where_nothing_is_referred_to_the_name_is_none(record: dict[str, Any]) -> None:
    assert OPPORTUNITY.read(record, ("Owner.Name",)) == {"ownerName": None}
    assert OPPORTUNITY.read(record, "complete")["ownerName"] is None


def test_a_name_that_is_not_spoken_for_is_not_read() -> None:
    assert OPPORTUNITY.read(owned(VERA, "Vera Nyberg"), ("OwnerId",)) == {"ownerId": VERA}


@pytest.mark.parametrize("owner", ["s3cr3t", ["s3cr3t"], 7])
def test_what_should_be_a_record_and_is_none_is_refused_by_the_name_of_the_field(owner: object) -> None:
    with pytest.raises(UnmappableRecord, match=r"^salesforce Opportunity: Owner\.Name is not a text$"):
        OPPORTUNITY.read({"Owner": owner}, ("Owner.Name",))


KNOWN = {"ownerId": VERA, "ownerName": "Vera Nyberg", "accountId": "001", "accountName": "Northwind"}
CHANGES: dict[str, tuple[dict[str, Any], Coverage, tuple[str | None, str | None]]] = {
    "another owner, and no name": ({"OwnerId": SIGNE}, ("OwnerId",), (SIGNE, None)),
    "another owner, and the name": (owned(SIGNE, "Signe Hallam"), ("OwnerId", "Owner.Name"), (SIGNE, "Signe Hallam")),
    "the same owner": ({"OwnerId": VERA}, ("OwnerId",), (VERA, "Vera Nyberg")),
    "the same owner, in the short form": ({"OwnerId": VERA[:15]}, ("OwnerId",), (VERA, "Vera Nyberg")),
    "no owner": ({}, ("OwnerId",), (None, None)),
    "something else": ({"Amount": 1}, ("Amount",), (VERA, "Vera Nyberg")),
}


@pytest.mark.parametrize(("record", "coverage", "owner"), CHANGES.values(), ids=list(CHANGES))
def test_a_name_goes_with_the_id_it_belongs_to(record: dict[str, Any], coverage: Coverage, owner: tuple[str | None, str | None]) -> None:
    merged = OPPORTUNITY.merge(KNOWN, OPPORTUNITY.read(record, coverage))

    assert (merged["ownerId"], merged["ownerName"]) == owner
    assert merged["accountName"] == "Northwind"


def test_a_name_that_was_never_known_is_not_made_up() -> None:
    assert "ownerName" not in OPPORTUNITY.merge({"ownerId": VERA}, {"ownerId": SIGNE})


OF_THE_RECORD_ITSELF = {
    "Channel": frozenset({"topic", "description", "purpose"}),
    "User": frozenset({"firstName", "lastName", "email", "alias", "title", "phone", "photoUrl"}),
}
OF_NOBODY_IN_PARTICULAR = {"File": frozenset({"lastModifiedByName", "lastModifiedByEmail"})}
"""Whose id no row holds: it says who it was, and nothing hangs on it."""


@pytest.mark.parametrize("table", CONVERSIONS, ids=lambda table: table.record_type)
def test_what_belongs_to_an_id_is_a_row_beside_it(table: Conversion) -> None:
    assert set(table.belongs) | set(table.belongs.values()) <= set(table.fields)
    dotted = {name for name, kind in table.fields.items() if "." in kind.field and not kind.kind.startswith("identifier")}
    own = OF_THE_RECORD_ITSELF.get(table.record_type, frozenset()) if table.source == "slack" else frozenset()
    assert dotted - own - OF_NOBODY_IN_PARTICULAR.get(table.record_type, frozenset()) == set(table.belongs)


def test_a_table_says_every_field_it_reads() -> None:
    assert {"Name", "OwnerId", "Owner.Name", "Parent.Name", "IsDeleted", "MasterRecordId"} <= ACCOUNT.vendor_fields
    assert {"Account.Name", "ReportsTo.Name", "MasterRecordId"} <= CONTACT.vendor_fields
    assert "MasterRecordId" not in OPPORTUNITY.vendor_fields
    assert len(OPPORTUNITY.vendor_fields) == len(OPPORTUNITY.fields) + 1


@pytest.mark.parametrize("table", CONVERSIONS, ids=lambda table: table.record_type)
def test_a_record_that_says_no_field_of_a_table_says_nothing(table: Conversion) -> None:
    assert table.read({}, tuple(table.vendor_fields)) == dict.fromkeys(table.fields)


@pytest.mark.parametrize("table", [ACCOUNT, CONTACT, LEAD, OPPORTUNITY], ids=lambda table: table.record_type)
def test_what_somebody_owns_is_read_by_the_owner(table: Conversion) -> None:
    assert (table.readers, table.owner_field, table.owner_prefix) == ("owner", "ownerId", "005")
    assert table.owner_field in table.fields


def test_a_user_is_read_by_themselves_and_cannot_be_deleted() -> None:
    assert (USER.readers, USER.deleted_flag, USER.merged_into) == ("self", None, None)
