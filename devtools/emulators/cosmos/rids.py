"""Resource ids: four bytes for a database, four more for a container, eight more for an item, in base64 with `-` for `/`.

The client addresses an item by them when it is given a whole document instead of an id, and guards every call with the container's.
"""

import base64
import binascii
import struct

CONTAINER_BIT = 0x80000000


def database_rid(number: int) -> str:
    """The rid of the account's database with this number."""
    return _text(struct.pack("<I", number))


def container_rid(database: str, number: int) -> str:
    """The rid of the database's container with this number."""
    return _text(_bytes(database) + struct.pack(">I", CONTAINER_BIT | number))


def item_rid(container: str, number: int) -> str:
    """The rid of the container's item with this number."""
    return _text(_bytes(container) + struct.pack("<Q", number))


def item_number(rid: str) -> int | None:
    """The number inside an item's rid, or None when `rid` is none."""
    raw = decoded(rid)
    return struct.unpack("<Q", raw[8:])[0] if raw is not None and len(raw) == 16 else None


def container_number(rid: str) -> int:
    """The number inside a container's rid."""
    number: int = struct.unpack(">I", _bytes(rid)[4:])[0]
    return number & ~CONTAINER_BIT


def database_number(rid: str) -> int:
    """The number inside a database's rid."""
    number: int = struct.unpack("<I", _bytes(rid))[0]
    return number


def decoded(text: str) -> bytes | None:
    """The bytes of a rid, or None when `text` is not base64."""
    try:
        return _bytes(text)
    except (binascii.Error, ValueError):
        return None


def _bytes(rid: str) -> bytes:
    return base64.b64decode(rid.replace("-", "/"), validate=True)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode().replace("/", "-")
