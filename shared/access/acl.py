"""Who may see a shard: principals and access lists.

Principals are canonical: ``user:<verified e-mail>``, ``group:<source>:<id>``, ``domain:<domain>``, ``tenant``, ``admins``. Lists hold them
by reference; a directory expands the caller's token, never the list.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Final, Literal, NewType

from pydantic import AfterValidator

from shared.contracts.message import Wire

Principal = NewType("Principal", str)

TENANT: Final = Principal("tenant")
ADMINS: Final = Principal("admins")

_LEGAL = re.compile(r"tenant|admins|user:[^\s:@A-Z]+@[^\s:@A-Z]+|group:[a-z][a-z0-9_-]*:\S+|domain:[^\s:@A-Z]+")


def user(email: str) -> Principal:
    """A person, by an address the source has verified. Case does not matter in an address.

    Raises:
        ValueError: when it is not an address.
    """
    return _checked(f"user:{without_capitals(email.strip())}")


def group(source: str, group_id: str) -> Principal:
    """A set of people the source keeps: a channel's members, a Drive group.

    Raises:
        ValueError: when either part is empty or malformed.
    """
    if ":" in source:  # or two groups could be written alike
        raise ValueError("not a principal")
    return _checked(f"group:{source}:{group_id}")


def person(source: str, scope: str, person_id: str) -> Principal:
    """One user of a source, by reference: the directory says who that is today.

    Raises:
        ValueError: when a part is empty or malformed.
    """
    return group(source, f"{scope}/{person_id}")


def domain(name: str) -> Principal:
    """Everybody of a mail domain.

    Raises:
        ValueError: when it is not a domain's name.
    """
    return _checked(f"domain:{without_capitals(name.strip())}")


def without_capitals(text: str) -> str:
    """Without capitals. Never what folds into other letters: ``straße`` is not ``strasse``, and the sign for kelvin is no k."""
    return "".join(letter.lower() if letter.isascii() or not letter.lower().isascii() else letter for letter in text)


def _checked(text: str) -> Principal:
    if not _LEGAL.fullmatch(text) or (text.startswith(("user:", "domain:")) and text != without_capitals(text)):
        raise ValueError("not a principal")
    return Principal(text)


class AclEntry(Wire):
    """One permission of one principal."""

    subject: Annotated[Principal, AfterValidator(_checked)]
    permission_level: Literal["read", "write", "delete", "admin"] = "read"


Acl = tuple[AclEntry, ...]

ADMINS_ONLY: Final[Acl] = (AclEntry(subject=ADMINS),)
"""The list of a record whose readers are unknown. Never "everyone", and never lost: it is counted and a gap says so."""


def readers(principals: Iterable[Principal]) -> Acl:
    """A list of readers in one order, each once.

    Raises:
        ValueError: when there are none: an empty list would hide the record from everybody, silently.
    """
    found = sorted(set(principals))
    if not found:
        raise ValueError("a record without readers is for admins, on purpose")
    return tuple(AclEntry(subject=principal) for principal in found)


def may_read(acl: Acl, caller: Iterable[Principal]) -> bool:
    """Whether any of the caller's principals is on the list."""
    return not {entry.subject for entry in acl}.isdisjoint(caller)
