"""Salesforce record ids: 15 characters that mind upper and lower case, or 18 that do not.

The last three of the 18 say which of the first 15 are capitals, five per character, the first of each five being the lowest bit.
So two ids that differ only in case stay different for software that ignores it. Source: Salesforce help, "How to convert 15 digit
IDs to 18 digit case-insensitive IDs". The first three characters name the kind of thing.
"""

from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "Lead": "00Q",
    "User": "005",
    "Organization": "00D",
    "OutboundMessageAction": "04k",
    "Notification": "04l",
}

_CHECK_CHARACTERS = ascii_uppercase + "012345"
_BASE_62 = digits + ascii_letters
_IN_ASCII_ORDER = digits + ascii_uppercase + ascii_lowercase


def long_id(short: str) -> str:
    """The 18-character form of a 15-character id. Raises ValueError for anything that is not 15 ASCII letters and digits."""
    if len(short) != 15 or not (short.isascii() and short.isalnum()):
        raise ValueError(f"not a 15-character Salesforce id: {short!r}")
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    capitals = (sum(character.isupper() << position for position, character in enumerate(chunk)) for chunk in chunks)
    return short + "".join(_CHECK_CHARACTERS[bits] for bits in capitals)


def short_id(long: str) -> str:
    """The 15-character form of an 18-character id. Raises ValueError when the last three characters do not fit the rest."""
    short = long[:15]
    if long_id(short) != long:
        raise ValueError(f"not an 18-character Salesforce id, or its check characters are wrong: {long!r}")
    return short


def random_id(kind: str, rng: Random) -> str:
    """A new 18-character id of one of ``PREFIXES``, e.g. ``006Kd00000pA3xQIAS``: prefix, instance, zeros, six random characters."""
    return random_id_of(PREFIXES[kind], rng)


def random_id_of(prefix: str, rng: Random) -> str:
    """A new 18-character id with these first three characters."""
    instance = "".join(rng.choices(_BASE_62, k=2))
    number = "".join(rng.choices(_BASE_62, k=6))
    return long_id(f"{prefix}{instance}0000{number}")


def numbered_id(prefix: str, number: int, *, instance: str = "Zz") -> str:
    """The 18-character id of a number below 62 to the sixth: a higher number sorts behind a lower one, as a later record's id does.

    ``instance``: two characters, so that two organizations need not have the same ids.
    """
    written = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        written = _IN_ASCII_ORDER[digit] + written
    return long_id(f"{prefix}{instance}0000{written}")
