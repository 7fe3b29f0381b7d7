"""One byte form for a JSON value, and hashes over it.

Ids, fingerprints and conversion versions are hashes of this form, so it may never change: keys sorted, no white space, UTF-8, and a
number that is whole written without a fraction (a store may give ``100000.0`` back as ``100000``).
"""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
    """
    return json.dumps(_whole(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(*parts: Any) -> str:
    """32 hexadecimal characters over the parts. Injective before hashing: the parts are hashed as one JSON array."""
    return hashlib.sha256(canonical_json(list(parts))).hexdigest()[:32]


def _whole(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list() | tuple():
            return [_whole(item) for item in value]
        case _:
            return value
