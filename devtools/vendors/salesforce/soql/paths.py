"""From the names in a query to the values of a record: its own fields, and those of the records it refers to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from devtools.vendors.salesforce.fields import Field
from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.objects import Objects, ObjectType
from devtools.vendors.salesforce.soql.tree import Path, SoqlError
from devtools.vendors.salesforce.store import Record, Store

_MOST_PARENTS: Final = 5

Read = Callable[[Record], Value]


@dataclass(frozen=True)
class Resolved:
    """A path that leads to a field. ``references`` lead there; ``read`` gives a record's value, None where a parent is missing."""

    references: tuple[Field, ...]
    field: Field
    read: Read

    @property
    def is_own(self) -> bool:
        """Not a parent's."""
        return not self.references


def object_type(objects: Objects, name: str) -> ObjectType:
    """Raises SoqlError INVALID_TYPE: there is none, or it is hidden."""
    found = objects.seen(name)
    if found is None:
        raise SoqlError(
            "INVALID_TYPE",
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after "
            "the entity name. Please reference your WSDL or the describe call for the appropriate names.",
        )
    return found


def resolve(path: Path, known: ObjectType, objects: Objects, store: Store) -> Resolved:
    """Raises SoqlError INVALID_FIELD: no such field or relationship, or it is hidden."""
    references = []
    at = known
    if len(path) - 1 > _MOST_PARENTS:
        raise SoqlError("INVALID_FIELD", f"the relationship path of '{'.'.join(path)}' is longer than {_MOST_PARENTS} parents")
    for name in path[:-1]:
        reference = at.reference_named(name)
        parent = objects.seen(reference.reference_to) if reference and reference.reference_to else None
        if reference is None or parent is None:
            raise SoqlError("INVALID_FIELD", f"Didn't understand relationship '{name}' in field path. {_ADVICE}")
        references.append(reference)
        at = parent
    field = at.field_named(path[-1])
    if field is None:
        raise SoqlError("INVALID_FIELD", f"No such column '{path[-1]}' on entity '{at.name}'. {_ADVICE}")
    return Resolved(tuple(references), field, _reader(tuple(reference.name for reference in references), field.name, store))


_ADVICE: Final = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
    "Please reference your WSDL or the describe call for the appropriate names."
)


def _reader(references: tuple[str, ...], name: str, store: Store) -> Read:
    if not references:
        return lambda record: record.fields.get(name)

    def over_parents(record: Record) -> Value:
        at: Record | None = record
        for reference in references:
            parent_id = at.fields.get(reference) if at else None
            at = store.get(str(parent_id)) if parent_id else None
        return at.fields.get(name) if at else None

    return over_parents
