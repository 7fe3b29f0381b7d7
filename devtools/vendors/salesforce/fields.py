"""What describe says about fields, and the values of one record.

A field is written in one word, so that the standard ones fit a table: ``Name:string:255``, ``Amount:currency``, ``ParentId>Account`` refers
to an account, ``AccountId>>Account`` refers to one and is deleted with it. Lacks: picklist values, record types, precision and scale,
polymorphic references (an owner is a user here), help texts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Self

from typing_extensions import override

from devtools.vendors.salesforce.implications import Value

SOAP_TYPES: Final = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "string": "xsd:string",
    "picklist": "xsd:string",
    "textarea": "xsd:string",
    "email": "xsd:string",
    "phone": "xsd:string",
    "url": "xsd:string",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
"""Every type of field there is here, and what SOAP calls it."""

NUMBERS: Final = frozenset({"int", "double", "currency", "percent"})
TEXTS: Final = frozenset({"string", "picklist", "textarea", "email", "phone", "url"})
IDS: Final = frozenset({"id", "reference"})
_LENGTHS: Final = {"id": 18, "reference": 18, "string": 255, "picklist": 255, "textarea": 32_000, "email": 80, "phone": 40, "url": 255}
_LONG_TEXT: Final = 255
"""A longer text area can be selected, but neither filtered nor sorted by."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object. ``calculated``: a formula. ``cascade_delete``: a reference whose record goes with the one it refers to."""

    name: str
    type: str = "string"
    length: int = 0
    reference_to: str | None = None
    relationship_name: str | None = None
    cascade_delete: bool = False
    calculated: bool = False
    nillable: bool = True
    updateable: bool = True

    @classmethod
    def of(cls, written: str, *, calculated: bool = False) -> Self:
        """The field of a word: ``Name:string:255``, ``ParentId>Account``, ``AccountId>>Account``.

        Raises:
            ValueError: there is no such type.
        """
        name, separator, target = written.partition(">")
        if separator:
            relationship = f"{name[:-3]}__r" if name.endswith("__c") else name.removesuffix("Id")
            return cls(name, "reference", 18, target.removeprefix(">"), relationship, cascade_delete=target.startswith(">"))
        name, _, rest = written.partition(":")
        kind, _, length = rest.partition(":")
        if kind and kind not in SOAP_TYPES:
            raise ValueError(f"{written}: there is no type {kind}")
        kind = kind or "string"
        return cls(name, kind, int(length or _LENGTHS.get(kind, 0)), calculated=calculated, updateable=not calculated)

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        """Whether WHERE and ORDER BY may name it."""
        return self.type != "address" and not (self.type == "textarea" and self.length > _LONG_TEXT)

    def described(self) -> dict[str, Any]:
        """As describe says it."""
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c"),
            "type": self.type,
            "soapType": SOAP_TYPES[self.type],
            "length": self.length,
            "custom": self.custom,
            "calculated": self.calculated,
            "nillable": self.nillable,
            "createable": self.updateable,
            "updateable": self.updateable,
            "filterable": self.filterable,
            "sortable": self.filterable,
            "groupable": self.filterable,
            "compoundFieldName": None,
            "referenceTo": [self.reference_to] if self.reference_to else [],
            "relationshipName": self.relationship_name,
            "cascadeDelete": False,
            "deprecatedAndHidden": False,
            "picklistValues": [],
        }


def type_of(value: Value) -> str:
    """Of a custom field that nobody has defined before a value was saved in it."""
    match value:
        case bool():
            return "boolean"
        case datetime():
            return "datetime"
        case date():
            return "date"
        case int() | float() | Decimal():
            return "double"
        case _:
            return "string"


class Fields(Mapping[str, Value]):
    """The values of one record. Records with the same fields share their names, so a hundred thousand of them stay small."""

    __slots__ = ("_index", "_values")
    _indexes: dict[tuple[str, ...], dict[str, int]] = {}  # noqa: RUF012 - shared by all on purpose

    def __init__(self, values: Mapping[str, Value]) -> None:
        names = tuple(values)
        index = self._indexes.get(names)
        if index is None:
            index = self._indexes[names] = {name: position for position, name in enumerate(names)}
        self._index = index
        self._values = tuple(values.values())

    @override
    def __getitem__(self, name: str) -> Value:
        return self._values[self._index[name]]

    @override
    def get(self, name: str, default: Any = None) -> Any:
        position = self._index.get(name)
        return default if position is None else self._values[position]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    @override
    def __len__(self) -> int:
        return len(self._index)

    @override
    def __repr__(self) -> str:
        return repr(dict(self))
