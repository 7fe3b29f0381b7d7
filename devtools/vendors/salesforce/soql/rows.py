"""Records as JSON has them: ``attributes`` first, then what was selected, parents as objects of their own.

Datetimes have the form ``2026-01-02T03:04:05.000+0000``, numbers are numbers, an empty value and a missing parent are null.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from devtools.vendors.salesforce.fields import TEXTS, Field
from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.objects import Objects, ObjectType
from devtools.vendors.salesforce.soql.paths import resolve
from devtools.vendors.salesforce.soql.tree import Path, SoqlError
from devtools.vendors.salesforce.store import Record, Store

Render = Callable[[Record], dict[str, Any]]

_ADDRESS_PARTS: Final = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")


def renderer(paths: Sequence[Path], known: ObjectType, objects: Objects, store: Store, *, version: str) -> Render:
    """What makes JSON of a record.

    Raises:
        SoqlError: INVALID_FIELD, or MALFORMED_QUERY for a field that was selected twice.
    """
    own: list[Field] = []
    parents: dict[str, tuple[Field, list[Path]]] = {}
    order: list[Field | str] = []
    for path in paths:
        target = resolve(path, known, objects, store)
        if target.is_own:
            if target.field in own:
                raise SoqlError("MALFORMED_QUERY", f"duplicate field selected: {target.field.name}")
            own.append(target.field)
            order.append(target.field)
            continue
        name = str(target.references[0].relationship_name)
        if name not in parents:
            parents[name] = (target.references[0], [])
            order.append(name)
        parents[name][1].append(path[1:])
    inner = {
        name: (reference.name, renderer(rest, objects[str(reference.reference_to)], objects, store, version=version))
        for name, (reference, rest) in parents.items()
    }
    return _Renderer(known.name, order, inner, store, f"/services/data/v{version}/sobjects/{known.name}/")


class _Renderer:
    def __init__(
        self, name: str, order: Sequence[Field | str], parents: Mapping[str, tuple[str, Render]], store: Store, address: str
    ) -> None:
        self._name = name
        self._order = order
        self._parents = parents
        self._store = store
        self._address = address

    def __call__(self, record: Record) -> dict[str, Any]:
        row: dict[str, Any] = {"attributes": {"type": self._name, "url": f"{self._address}{record.id}"}}
        get = record.fields.get
        for item in self._order:
            if isinstance(item, str):
                reference, render = self._parents[item]
                parent = self._store.get(str(get(reference)))
                row[item] = render(parent) if parent else None
            elif item.type in TEXTS:  # most fields of most rows: nothing else is called for them
                row[item.name] = get(item.name) or None
            else:
                row[item.name] = value_of(record, item)
        return row


def value_of(record: Record, field: Field) -> Any:
    """One field's value as JSON has it."""
    if field.type == "address":
        return _address(record, field.name.removesuffix("Address"))
    return _written(record.fields.get(field.name), field.type)


@lru_cache(maxsize=4096)  # rows of one page share many
def time_text(moment: datetime) -> str:
    """``2026-01-02T03:04:05.000+0000``"""
    return f"{moment.astimezone(UTC).isoformat()[:19]}.000+0000"


def _written(value: Value, kind: str) -> Any:
    match value:
        case datetime():
            return time_text(value)
        case date():
            return value.isoformat()
        case Decimal() | int() | float() if not isinstance(value, bool):
            return int(value) if kind == "int" else float(value)
        case "":
            return None
        case _:
            return value


def _address(record: Record, kind: str) -> dict[str, Any] | None:
    parts = {part: _written(record.fields.get(f"{kind}{part}"), "") for part in _ADDRESS_PARTS}
    if not any(parts.values()):
        return None
    return {f"{part[0].lower()}{part[1:]}": value for part, value in parts.items()}
