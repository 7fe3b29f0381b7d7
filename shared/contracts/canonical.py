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
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)
"""What goes round in a circle is found out before, by ``_whole``."""


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
    """
    return _written(value).encode()


def digest(*parts: Any) -> str:
    """32 hexadecimal characters over the parts. Injective before hashing: the parts are hashed as one JSON array."""
    written = ",".join(
        [_names(part) if type(part) is tuple and _NAMES.issuperset(map(type, part)) else _written(part) for part in parts],
    )
    return hashlib.sha256(f"[{written}]".encode()).hexdigest()[:32]


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...]) -> str:
    """What a row speaks for is the same for every row of an object: its canonical form is made once."""
    return _written(names)


def _written(value: Any) -> str:
    return _ENCODER.encode(value if type(value) in _PLAIN else _whole(value))


def _whole(value: Any) -> Any:
    """The value, with whole numbers as such: copied only as far as there is one to be changed.

    Of the records of a back-fill most values are plain: they are told by their type, which is quickest, and without a call of their own.
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        whole = value
        for key, item in value.items():
            if type(item) not in _PLAIN and (changed := _whole(item)) is not item:
                whole = dict(value) if whole is value else whole
                whole[key] = changed
        return whole
    if isinstance(value, list | tuple):
        return [item if type(item) in _PLAIN else _whole(item) for item in value]
    return value
