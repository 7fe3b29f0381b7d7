"""Ids and tokens as Slack has them: a letter that says of what, then capitals and digits."""

import string
from random import Random
from typing import Final

_CHARACTERS: Final = string.ascii_uppercase + string.digits
_SECRET: Final = string.ascii_letters + string.digits

ENTERPRISE: Final = "E"
WORKSPACE: Final = "T"
PERSON: Final = "U"
GRID_PERSON: Final = "W"
CHANNEL: Final = "C"
OLD_PRIVATE: Final = "G"
DIRECT: Final = "D"
BOT: Final = "B"
APP: Final = "A"
GROUP_OF_PEOPLE: Final = "S"
EVENT: Final = "Ev"


def random_id(prefix: str, rng: Random) -> str:
    """``C`` and ten more; of an event ``Ev`` and ten more."""
    return prefix + "0" + "".join(rng.choices(_CHARACTERS, k=9))


def numbered_id(prefix: str, run: str, number: int) -> str:
    """Of many that are made at once. ``run`` has four characters."""
    return f"{prefix}0{run}{number:05X}"


def run_of(rng: Random) -> str:
    """What the ids of one population have in common."""
    return "".join(rng.choices(_CHARACTERS, k=4))


def secret(rng: Random, length: int = 24) -> str:
    """Of a token, a code or a signing secret: pretend ones, so a seeded generator is enough."""
    return "".join(rng.choices(_SECRET, k=length))


def token(kind: str, rng: Random) -> str:
    """``kind`` is ``xoxb``, ``xapp``, ``xoxe.xoxb`` …"""
    return f"{kind}-{rng.randrange(10**11, 10**12)}-{rng.randrange(10**11, 10**12)}-{secret(rng)}"
