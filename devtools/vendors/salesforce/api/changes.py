"""One record: read, created, changed and deleted, as a client or a test in another process does it.

Lacks: upserts by external id, required fields besides names, validation rules, blobs.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from devtools.vendors.salesforce.api import refusals
from devtools.vendors.salesforce.api.misbehaviour import Answer
from devtools.vendors.salesforce.fields import IDS, NUMBERS, Field
from devtools.vendors.salesforce.ids import long_id
from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.objects import ObjectType
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.soql.paths import resolve
from devtools.vendors.salesforce.soql.rows import renderer
from devtools.vendors.salesforce.soql.tree import Path, SoqlError

_REQUIRED: Final = {"Contact": "LastName", "Lead": "LastName"}


def read(org: PretendOrg, known: ObjectType, record_id: str, fields: str | None, version: str) -> Answer:
    """Its fields, or those that were asked for.

    Raises:
        Refused: 404 or 400.
    """
    record = found(org, known, record_id)
    paths: list[Path] = [tuple(name.split(".")) for name in fields.split(",")] if fields else [(one.name,) for one in known.seen_fields]
    try:
        return Answer(renderer(paths, known, org.objects, org.store, version=version)(record))
    except SoqlError as error:
        raise refusals.of_soql(error) from error


def create(org: PretendOrg, known: ObjectType, said: Mapping[str, Any]) -> Answer:
    """A new record with these fields, and no others.

    Raises:
        Refused: 400.
    """
    given = values_of(org, known, said)
    required = _REQUIRED.get(known.name, "Name")
    if not given.get(required):
        raise refusals.refused(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{required}]")
    blank: dict[str, Value] = {
        one.name: False if one.type == "boolean" else None
        for one in known.fields.values()
        if one.updateable and not one.custom and one.type != "address" and one.name not in {"OwnerId", "MasterRecordId"}
    }
    return Answer({"id": org.create(known.name, at=None, **{**blank, **given}).id, "success": True, "errors": []}, 201)


def change(org: PretendOrg, known: ObjectType, record_id: str, said: Mapping[str, Any]) -> Answer:
    """Raises Refused: 404 or 400."""
    org.edit(found(org, known, record_id).id, at=None, **values_of(org, known, said))
    return Answer(None, 204)


def delete(org: PretendOrg, known: ObjectType, record_id: str) -> Answer:
    """Raises Refused: 404."""
    org.delete(found(org, known, record_id).id)
    return Answer(None, 204)


def found(org: PretendOrg, known: ObjectType, record_id: str) -> Record:
    """Raises Refused: 404, it was never there, or is deleted."""
    try:
        row = org.row(record_id if len(record_id) == 18 else long_id(record_id))
    except ValueError as error:
        raise refusals.refused(400, "MALFORMED_ID", f"bad id {record_id}") from error
    if row is None or row.object_name != known.name:
        raise refusals.not_found()
    if row.is_deleted:
        raise refusals.entity_is_deleted()
    return row


def values_of(org: PretendOrg, known: ObjectType, said: Mapping[str, Any], *, of_a_user: bool = True) -> dict[str, Value]:
    """What a JSON object gives for an object's fields; a user cannot write formulas and what the vendor keeps.

    Raises:
        Refused: 400, a field that is not there or not to be written, or a value of another type.
    """
    values = {}
    for name, value in said.items():
        if name == "attributes":
            continue
        try:
            field = resolve((name,), known, org.objects, org.store).field
        except SoqlError as error:
            said_so = f"No such column '{name}' on sobject of type {known.name}"
            raise refusals.refused(400, "INVALID_FIELD", said_so) from error
        if (of_a_user and not field.updateable) or field.type == "address":
            raise refusals.refused(400, "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {field.name}")
        values[field.name] = _value(field, value)
    return values


def _value(field: Field, value: Any) -> Value:
    if value is None:
        return None
    if isinstance(value, str) and field.type not in NUMBERS | {"boolean"}:
        try:
            return _of_text(field.type, value)
        except ValueError:
            pass
    elif isinstance(value, bool) and field.type == "boolean":
        return value
    elif isinstance(value, int | float) and not isinstance(value, bool) and field.type in NUMBERS:
        return Decimal(str(value))
    raise refusals.refused(400, "JSON_PARSER_ERROR", f"Cannot deserialize a value for the field {field.name} of type {field.type}")


def _of_text(kind: str, text: str) -> Value:
    if kind in IDS:
        return text if len(text) == 18 else long_id(text)
    if kind == "date":
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if kind == "datetime" else text
