"""Partition keys: what a container's definition says, what an item holds there, and what a header carries."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from devtools.emulators.cosmos.epk import KeyKind, effective_key
from devtools.emulators.cosmos.refusals import KEY_MISMATCH, RefusedError
from devtools.emulators.cosmos.values import UNDEFINED, Document, Value

WHOLE: Final = ("", "FF")
PART: Final = re.compile(r"/(?:\"([^\"]+)\"|'([^']+)'|([^/]+))")


@dataclass(frozen=True, slots=True)
class KeyDefinition:
    """Where a container's items keep their key. One path hashes as `Hash`, two or three as `MultiHash`."""

    kind: KeyKind
    paths: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, wire: Any) -> "KeyDefinition":
        """The definition in a container document; 400 when it is missing, of version 1, or of another shape."""
        paths = wire.get("paths") if isinstance(wire, dict) else None
        if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
            raise RefusedError(400, "The partition key definition is missing or has no paths.")
        kind = wire.get("kind", "Hash")
        if wire.get("version") != 2:
            raise RefusedError(400, "This stand-in hashes partition keys of version 2 only.")
        if (kind, len(paths)) not in (("Hash", 1), ("MultiHash", 1), ("MultiHash", 2), ("MultiHash", 3)):
            raise RefusedError(400, "A partition key has one path of kind Hash or up to three of kind MultiHash.")
        return cls(kind, tuple(map(path_parts, paths)))

    def values_of(self, document: Document) -> tuple[Value, ...]:
        """The key values `document` holds, UNDEFINED where it holds none."""
        return tuple(value_at(document, path) for path in self.paths)

    def effective(self, values: tuple[Value, ...]) -> str:
        """The effective key of all or the first few values; 400 when one cannot be part of a key."""
        try:
            return effective_key(values, self.kind)
        except (TypeError, OverflowError, UnicodeEncodeError) as error:
            raise RefusedError(400, f"The partition key is invalid: {error}") from None

    def point(self, header: str | None) -> str:
        """The effective key of a point operation, whose header must name every part."""
        if header is None:
            raise RefusedError(400, "PartitionKey value must be supplied for this operation.")
        values = header_values(header)
        if len(values) != len(self.paths):
            raise RefusedError(
                400,
                f"The key has {len(values)} of the {len(self.paths)} parts the container defines.",
                substatus=KEY_MISMATCH,
            )
        return self.effective(values)

    def scope(self, header: str) -> tuple[str, str]:
        """The half-open range of effective keys for a full key or the first parts of one."""
        values = header_values(header)
        if not values or len(values) > len(self.paths):
            raise RefusedError(400, "The partition key does not fit the container's definition.", substatus=KEY_MISMATCH)
        low = self.effective(values)
        return low, low + "FF"


def header_values(header: str) -> tuple[Value, ...]:
    """The values of `x-ms-documentdb-partitionkey`, a JSON array in which `{}` stands for undefined."""
    try:
        values = json.loads(header)
    except ValueError:
        values = None
    if not isinstance(values, list):
        raise RefusedError(400, "The partition key header is not a JSON array.")
    return tuple(UNDEFINED if value == {} else value for value in values)


def path_parts(path: str) -> tuple[str, ...]:
    """`/address/zip` or `/"a b"/'c'` in parts; 400 when it is no path."""
    if not path or "".join(match.group(0) for match in PART.finditer(path)) != path:
        raise RefusedError(400, f"The path '{path}' is not valid.")
    return tuple(next(group for group in match.groups() if group is not None) for match in PART.finditer(path))


def value_at(document: Document, path: tuple[str, ...]) -> Value:
    """The value at the end of `path`, through objects only."""
    value: Value = document
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return UNDEFINED
        value = value[name]
    return value
