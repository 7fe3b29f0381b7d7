"""The partial update of an item: operations on a copy, all or none.

`add` inserts into an array, `set` and `replace` overwrite in it; `incr` makes the number it does not find; `move` is remove and add
(Azure documentation, partial document update). The key, the id and system properties cannot be touched.
"""

import copy
from collections.abc import Sequence
from typing import Any, Final

from devtools.emulators.cosmos.documents import SYSTEM_PROPERTIES
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.values import Document, Value, is_number

OPERATIONS_LIMIT: Final = 10  # Azure documentation, partial document update, supported limits
APPEND: Final = "-"

Path = tuple[str, ...]


def operations_of(body: Any) -> list[Any]:
    """The operations in a patch; 400 when there are none or too many."""
    operations = body.get("operations") if isinstance(body, dict) else None
    if not isinstance(operations, list) or not operations:
        raise RefusedError(400, "A patch needs at least one operation.")
    if len(operations) > OPERATIONS_LIMIT:
        raise RefusedError(400, f"A patch has at most {OPERATIONS_LIMIT} operations, this one has {len(operations)}.")
    return operations


def patched(document: Document, operations: Sequence[Any], key_paths: Sequence[Path]) -> Document:
    """A changed copy of `document`. Raises RefusedError 400 when an operation cannot be done."""
    result = copy.deepcopy(document)
    for number, operation in enumerate(operations, start=1):
        try:
            _apply(result, operation, key_paths)
        except RefusedError as error:
            raise RefusedError(400, f"For operation ({number}): {error.message}") from None
    return result


def _apply(document: Document, operation: Any, key_paths: Sequence[Path]) -> None:
    if not isinstance(operation, dict):
        raise RefusedError(400, "an operation is an object.")
    name = operation.get("op")
    path = _pointer(operation.get("path"), key_paths)
    if name in ("add", "set", "replace", "incr") and "value" not in operation:
        raise RefusedError(400, f"'{name}' needs a value.")
    match name:
        case "add":
            _add(document, path, copy.deepcopy(operation["value"]))
        case "set":
            _set(document, path, copy.deepcopy(operation["value"]))
        case "replace":
            _existing(document, path)
            _set(document, path, copy.deepcopy(operation["value"]))
        case "remove":
            _remove(document, path)
        case "incr":
            _increment(document, path, operation["value"])
        case "move":
            source = _pointer(operation.get("from"), key_paths)
            if path[: len(source)] == source:
                raise RefusedError(400, "a value cannot be moved into itself.")
            _add(document, path, _remove(document, source))
        case _:
            raise RefusedError(400, f"unknown operation '{name}'.")


def _pointer(text: Any, key_paths: Sequence[Path]) -> Path:
    if not isinstance(text, str) or not text.startswith("/") or text == "/":
        raise RefusedError(400, f"the path {text!r} is not valid.")
    path = tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))
    if path[0] == "id" or path[0] in SYSTEM_PROPERTIES:
        raise RefusedError(400, f"'{path[0]}' cannot be patched.")
    if any(path[: len(key)] == key[: len(path)] for key in key_paths):
        raise RefusedError(400, f"'{text}' is part of the partition key and cannot be patched.")
    return path


def _parent(document: Document, path: Path) -> Any:
    value: Value = document
    for part in path[:-1]:
        value = value.get(part) if isinstance(value, dict) else value[_index(part, value)] if isinstance(value, list) else None
        if not isinstance(value, dict | list):
            raise RefusedError(400, f"the path '/{'/'.join(path)}' has no parent.")
    return value


def _index(part: str, array: list[Any], *, end: int = 0) -> int:
    """A position in `array`; `end` 1 allows the one behind the last."""
    if not part.isascii() or not part.isdigit() or int(part) >= len(array) + end:
        raise RefusedError(400, f"'{part}' is no position in an array of {len(array)}.")
    return int(part)


def _add(document: Document, path: Path, value: Value) -> None:
    parent, last = _parent(document, path), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif last == APPEND:
        parent.append(value)
    else:
        parent.insert(_index(last, parent, end=1), value)


def _set(document: Document, path: Path, value: Value) -> None:
    parent, last = _parent(document, path), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    else:
        parent[_index(last, parent)] = value


def _existing(document: Document, path: Path) -> Value:
    parent, last = _parent(document, path), path[-1]
    if isinstance(parent, list):
        return parent[_index(last, parent)]
    if last not in parent:
        raise RefusedError(400, f"there is nothing at '/{'/'.join(path)}'.")
    return parent[last]


def _remove(document: Document, path: Path) -> Value:
    _existing(document, path)
    parent, last = _parent(document, path), path[-1]
    return parent.pop(_index(last, parent) if isinstance(parent, list) else last)


def _increment(document: Document, path: Path, value: Value) -> None:
    if not is_number(value):
        raise RefusedError(400, "'incr' needs a number.")
    parent, last = _parent(document, path), path[-1]
    if isinstance(parent, dict) and last not in parent:
        parent[last] = value
        return
    before = _existing(document, path)
    if not is_number(before):
        raise RefusedError(400, f"'/{'/'.join(path)}' is not a number.")
    _set(document, path, before + value)
