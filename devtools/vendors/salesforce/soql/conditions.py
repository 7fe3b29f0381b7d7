"""Conditions as functions of a record, and the bounds they set to what has to be looked at.

As the vendor compares: texts without regard to case, ids with it and in either length; empty values are smaller than none and larger than
none, differ from everything that is not empty, and a missing parent's fields are empty.
"""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from devtools.vendors.salesforce.fields import IDS, NUMBERS, TEXTS, Field
from devtools.vendors.salesforce.ids import long_id
from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.soql.paths import Read, Resolved
from devtools.vendors.salesforce.soql.tree import Among, Chain, Comparison, Condition, Literal, Not, Path, SoqlError
from devtools.vendors.salesforce.store import Record

Test = Callable[[Record], bool]
Bounds = tuple[Any, Any]
"""The smallest and the largest value that can satisfy a condition; None is no bound."""


def compiled(condition: Condition, resolve: Callable[[Path], Resolved]) -> Test:
    """The condition as a function.

    Raises:
        SoqlError: INVALID_FIELD and the like: an unknown field, or one that cannot be compared with the value.
    """
    match condition:
        case Chain(word, parts):
            tests = [compiled(part, resolve) for part in parts]
            return (lambda record: all(test(record) for test in tests)) if word == "AND" else lambda record: any(t(record) for t in tests)
        case Not(part):
            inside = compiled(part, resolve)
            return lambda record: not inside(record)
        case Among(path, values, negated):
            target = _filterable(resolve(path))
            wanted = {comparable(target.field, value) for value in values}
            return _among(target, wanted, negated=negated)
        case Comparison(path, "LIKE", value):
            target = _filterable(resolve(path))
            if target.field.type not in TEXTS or not isinstance(value, str):
                raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"field '{target.field.name}' cannot be compared with LIKE")
            pattern, read = _pattern(value), target.read
            return lambda record: bool(pattern.fullmatch(str(read(record) or "")))
        case Comparison(path, operator, value):
            target = _filterable(resolve(path))
            return _compared(_normal(target), operator, comparable(target.field, value))


def bounds(condition: Condition | None, name: str, field: Field) -> Bounds:
    """Between which values of its own field whatever satisfies the condition lies; both may be None."""
    match condition:
        case Comparison((own,), operator, value) if own.lower() == name.lower() and value is not None:
            wanted = comparable(field, value)
            return {"=": (wanted, wanted), ">": (wanted, None), ">=": (wanted, None), "<": (None, wanted), "<=": (None, wanted)}.get(
                operator, (None, None)
            )
        case Among((own,), values, False) if own.lower() == name.lower() and None not in values:
            found = [comparable(field, value) for value in values]
            return min(found), max(found)
        case Chain(word, parts):
            each = [bounds(part, name, field) for part in parts]
            first, last = [low for low, _ in each], [high for _, high in each]
            if word == "OR":
                return (None if None in first else min(first)), (None if None in last else max(last))
            return max((low for low in first if low is not None), default=None), min(
                (high for high in last if high is not None), default=None
            )
        case _:
            return None, None


def named_ids(condition: Condition | None, field: Field) -> set[str] | None:
    """The ids among which is every record that satisfies the condition; None, where it names none."""
    match condition:
        case Comparison((own,), "=", str(value)) if own.lower() == "id":
            return {_id(field, value)}
        case Among((own,), values, False) if own.lower() == "id":
            return {_id(field, value) for value in values if isinstance(value, str)}
        case Chain(word, parts):
            each = [named_ids(part, field) for part in parts]
            known = [ids for ids in each if ids is not None]
            if word == "AND":
                return set.intersection(*known) if known else None
            return set().union(*known) if len(known) == len(each) else None
        case _:
            return None


def comparable(field: Field, value: Literal) -> Any:
    """The value as values of the field are compared.

    Raises:
        SoqlError: it is of another type.
    """
    if isinstance(value, str) and field.type in IDS:
        return _id(field, value)
    if isinstance(value, str) and field.type in TEXTS:
        return value.casefold()
    if value is None or _fits(field.type, value):
        return value
    quotes = "should be" if field.type in TEXTS | IDS else "should not be"
    said = f"value of filter criterion for field '{field.name}' must be of type {field.type} and {quotes} enclosed in quotes"
    raise SoqlError("INVALID_FIELD", said)


def _fits(kind: str, value: Literal) -> bool:
    match value:
        case bool():
            return kind == "boolean"
        case Decimal():
            return kind in NUMBERS
        case datetime():
            return kind == "datetime"
        case date():
            return kind == "date"
        case _:
            return False


def _filterable(target: Resolved) -> Resolved:
    if not target.field.filterable:
        raise SoqlError("INVALID_FIELD", f"field '{target.field.name}' can not be filtered in a query call")
    return target


def _normal(target: Resolved) -> Read:
    """How the field's values are read to be compared."""
    read = target.read
    if target.field.type in TEXTS:

        def folded(record: Record) -> Value:
            value = read(record)
            return None if value is None or value == "" else str(value).casefold()

        return folded
    return read


def _compared(read: Read, operator: str, wanted: Any) -> Test:
    match operator:
        case "=":
            return lambda record: read(record) == wanted
        case "!=":
            return lambda record: read(record) != wanted
        case "<":
            return lambda record: (value := read(record)) is not None and wanted is not None and bool(value < wanted)
        case "<=":
            return lambda record: (value := read(record)) is not None and wanted is not None and bool(value <= wanted)
        case ">":
            return lambda record: (value := read(record)) is not None and wanted is not None and bool(value > wanted)
        case _:
            return lambda record: (value := read(record)) is not None and wanted is not None and bool(value >= wanted)


def _among(target: Resolved, wanted: Collection[Any], *, negated: bool) -> Test:
    read = _normal(target)
    return lambda record: (read(record) in wanted) != negated


def _id(field: Field, text: str) -> str:
    if len(text) not in {15, 18} or not (text.isascii() and text.isalnum()):
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text} ({field.name})")
    return text if len(text) == 18 else long_id(text)


def _pattern(text: str) -> re.Pattern[str]:
    """``%`` stands for anything, ``_`` for one character, both for themselves after a backslash."""
    parts = re.findall(r"\\[_%]|.", text, re.DOTALL)
    written = ({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile("".join(written), re.IGNORECASE | re.DOTALL)
