"""One byte form for a JSON value, and hashes over it.

Ids, fingerprints and conversion versions are hashes of this form, so it may never change: keys sorted, no white space, UTF-8, and a
number that is whole written without a fraction (a store may give ``100000.0`` back as ``100000``).
"""

import hashlib
import json
from functools import lru_cache
from typing import Any, Final

_PLAIN: Final = frozenset({str, int, bool, type(None)})
_NAMES: Final = frozenset({str})
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
    """
    return _ENCODER.encode(_whole(value)).encode()


def digest(*parts: Any) -> str:
    """32 hexadecimal characters over the parts. Injective before hashing: the parts are hashed as one JSON array."""
    written = b",".join(
        _names(part) if type(part) is tuple and _NAMES.issuperset(map(type, part)) else canonical_json(part) for part in parts
    )
    return hashlib.sha256(b"[" + written + b"]").hexdigest()[:32]


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> bytes:
    """What a row speaks for is the same for every row of an object: its canonical bytes are made once."""
    return canonical_json(names)


def _whole(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    # Of the records of a back-fill most values are plain: they are told by their type, which is quickest, and without a call of their own.
    if isinstance(value, dict):
        return {key: item if type(item) in _PLAIN else _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [item if type(item) in _PLAIN else _whole(item) for item in value]
    return value
