"""Which fields of an object can be read, by the vendor's own description, and which children go with a deleted record.

A field that the connection's user may not see is not described, and a query that names it is refused as a whole. So what is read is what
the conversion wants and the description has; the description is read anew after an hour, and as soon as the vendor refuses a field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ingestion.sources.salesforce.answers import objects_in
from shared.conversions.conversion import Conversion
from shared.errors import DependencyUnavailable

DESCRIBED_FOR: Final = timedelta(hours=1)
ALWAYS: Final = ("Id", "SystemModstamp")


@dataclass(frozen=True)
class Child:
    """Records of another object that are deleted with their parent."""

    object_name: str
    field: str
    """Holds the parent's id."""


@dataclass(frozen=True)
class Description:
    """What can be read of one object."""

    object_name: str
    fields: frozenset[str]
    relationships: frozenset[str]
    """By these names a field of the parent can be read: ``Owner`` of ``Owner.Name``."""
    children: tuple[Child, ...]
    is_replicateable: bool
    """Whether the vendor tells what was updated and deleted."""
    described_at: datetime

    @classmethod
    def read(cls, body: Mapping[str, Any], *, at: datetime) -> "Description":
        """From the answer of ``describe``.

        Raises:
            DependencyUnavailable: it describes nothing.
        """
        fields, children = objects_in(body.get("fields")), objects_in(body.get("childRelationships"))
        if not isinstance(body.get("name"), str) or not set(ALWAYS) <= {field.get("name") for field in fields}:
            raise DependencyUnavailable("Salesforce describe: the answer describes no object that has versions")
        return cls(
            object_name=str(body.get("name")),
            fields=frozenset(str(field.get("name")) for field in fields),
            relationships=frozenset(str(field["relationshipName"]) for field in fields if field.get("relationshipName")),
            children=tuple(
                Child(str(child.get("childSObject")), str(child.get("field")))
                for child in children
                if child.get("cascadeDelete") and not child.get("deprecatedAndHidden")
            ),
            is_replicateable=bool(body.get("replicateable")),
            described_at=at,
        )

    def is_old(self, now: datetime) -> bool:
        """Whether it is read anew."""
        return now - self.described_at >= DESCRIBED_FOR

    def has(self, field: str) -> bool:
        """Whether a field, or a parent's, can be read."""
        parent, _, of_parent = field.rpartition(".")
        return parent in self.relationships if of_parent and parent else field in self.fields


@dataclass(frozen=True)
class Selection:
    """What is asked of an object."""

    object_name: str
    fields: tuple[str, ...]
    coverage: tuple[str, ...] | None
    """The vendor's fields that the rows speak for; None: all that the conversion reads."""
    missing: tuple[str, ...]
    """Fields that the conversion reads and the vendor does not have, or does not show."""


def selected(conversion: Conversion, description: Description, *, without_parents: Callable[[], bool]) -> Selection:
    """The fields a conversion reads, as far as the description has them.

    Args:
        without_parents: whether fields of parents are left out: they are refused although the relationship is described.
    """
    wanted = conversion.vendor_fields
    readable = {field for field in wanted if description.has(field) and not ("." in field and without_parents())}
    missing = tuple(sorted(wanted - readable))
    always = [field for field in (*ALWAYS, "IsDeleted", "MasterRecordId") if field in description.fields]
    return Selection(
        object_name=description.object_name,
        fields=(*always, *sorted(readable - set(always))),
        coverage=tuple(sorted(readable)) if missing else None,
        missing=missing,
    )
