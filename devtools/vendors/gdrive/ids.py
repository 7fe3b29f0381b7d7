"""Ids as Drive has them: opaque, of the shapes that people see."""

import string
from random import Random
from typing import Final

_CHARACTERS: Final = string.ascii_letters + string.digits + "-_"
_ROOT: Final = "Uk9PVA"
"""``ROOT`` in base64: how ids of root folders end."""


def file_id(rng: Random) -> str:
    return "1" + "".join(rng.choices(_CHARACTERS, k=32))


def numbered_file_id(prefix: str, number: int) -> str:
    """Of many that are made at once. ``prefix`` has 24 characters."""
    return f"{prefix}{number:09d}"


def root_id(rng: Random) -> str:
    """Of a root folder: a person's My Drive, or a shared drive, whose id it is, too."""
    return "0A" + "".join(rng.choices(_CHARACTERS, k=11)) + _ROOT


def permission_id(rng: Random) -> str:
    """Of a person or a group, wherever something is shared with them."""
    return "".join(rng.choices(string.digits, k=20))


def domain_permission_id(domain: str) -> str:
    return f"{Random(domain).randrange(10**19, 10**20)}k"
