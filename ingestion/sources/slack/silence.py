"""What a user object leaves out although it is not empty. The same for one that was told and one that was read, or the two would differ."""

from collections.abc import Mapping
from typing import Any, Final

from ingestion.sources.slack.belonging import IS_EXTERNAL

_GUEST: Final = frozenset({"is_restricted", "is_ultra_restricted"})
_WORKSPACES: Final = frozenset({"team_id", "enterprise_user.teams"})
_OF_NO_WORKSPACE: Final = ("is_bot", "deleted", *sorted(_GUEST), IS_EXTERNAL)
"""Flags of whoever is a full member of none."""


def silent_in_person(person: Mapping[str, Any]) -> frozenset[str]:
    """The vendor fields of a person that are not shown to everybody: that one is not there does not say that it is empty.

    Without the right scope no address is shown: taken for empty, it would take the person's rights away. Of the deactivated many flags are
    not shown: a guest without them, or somebody of whom it is not said where they are, would pass for a full member, and be given rights;
    who is deactivated, a bot, a guest or external has none anyhow.
    """
    is_bot = person.get("is_bot") is True
    hidden = {"locale"} if person.get("locale") is None else set()
    if not is_bot and not _has_address(person.get("profile")):
        hidden.add("profile.email")
    if person.get("is_restricted") is None:
        hidden |= _GUEST
    if person.get(IS_EXTERNAL) is None:
        hidden.add(IS_EXTERNAL)
    if hidden & {*_GUEST, IS_EXTERNAL} and not any(person.get(flag) is True for flag in _OF_NO_WORKSPACE):
        hidden |= _WORKSPACES
    return frozenset(hidden)


def _has_address(profile: object) -> bool:
    address = profile.get("email") if isinstance(profile, Mapping) else None
    return isinstance(address, str) and address != ""
