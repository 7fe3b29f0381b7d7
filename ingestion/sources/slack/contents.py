"""What an event says of its record: vendor fields and their values, by the names a conversion has for them (``topic.value``).

Slack has no one form for this: ``channel`` is an object in some events and an id in others, or is called ``channel_id``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import JsonValue

Inner = Mapping[str, Any]
"""The event itself, as it came."""
Fields = Mapping[str, JsonValue]
Content = Callable[[Inner], Fields]

_CHANNEL: Final = re.compile(r"[CG][0-9A-Za-z_-]{1,63}")
_PERSON: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_DIRECT_TYPES: Final = ("im", "mpim", "app_home")
_PRIVATE_TYPES: Final = ("group", "G")
_TEXTS, _NUMBERS = dict.fromkeys(("name", "creator", "context_team_id"), str), {"created": int}
_FLAGS: Final = dict.fromkeys(("is_private", "is_archived", "is_ext_shared"), bool)
_OF_A_NEW_ONE: Final[Mapping[str, type]] = {**_TEXTS, **_NUMBERS, **_FLAGS}


class Unexpected(Exception):
    """The event is not of the form that events of its name have."""


def is_direct(event: Inner) -> bool:
    """Whether it is of a conversation between persons, and of no channel."""
    channel, said = _named_channel(event), _object(event)
    by_id = isinstance(channel, str) and channel.startswith("D")
    return by_id or event.get("channel_type") in _DIRECT_TYPES or any(said.get(flag) is True for flag in ("is_im", "is_mpim"))


def is_private(event: Inner) -> bool:
    """Whether it says that it is of a private channel: ``group_…``, or by its ``channel_type``."""
    names = (event.get("type"), event.get("subtype"))
    by_name = any(isinstance(name, str) and name.startswith("group_") for name in names)
    return by_name or event.get("channel_type") in _PRIVATE_TYPES


def channel_id(event: Inner) -> str:
    """The channel it is of. Raises: Unexpected, as all below."""
    return _channel(_named_channel(event))


def new_id(event: Inner) -> str:
    """The id a channel has from now on."""
    return _channel(event.get("new_channel_id"))


def person_id(event: Inner) -> str:
    """The user it is of; ``user`` is an object in some events."""
    said = event.get("user")
    named = said.get("id") if isinstance(said, Mapping) else said
    if not isinstance(named, str) or not _PERSON.fullmatch(named):
        raise Unexpected("no user's id")
    return named


def person(event: Inner) -> dict[str, JsonValue]:
    """The user object."""
    said = event.get("user")
    if not isinstance(said, dict) or not isinstance(said.get("profile"), dict):
        raise Unexpected("no user with a profile")
    return said


def created(event: Inner) -> Fields:
    """What is said of a new channel: those of the fields that are there."""
    said = _object(event)
    found = {name: said[name] for name in _OF_A_NEW_ONE if said.get(name) is not None}
    if "name" not in found or any(type(value) is not _OF_A_NEW_ONE[name] for name, value in found.items()):
        raise Unexpected("not a channel")
    return found


def named(event: Inner) -> Fields:
    """The channel's name: of the object, or of the message that tells of it."""
    return {"name": _text(_object(event) or event, "name")}


def topic(event: Inner) -> Fields:
    return {"topic.value": _text(event, "topic")}


def purpose(event: Inner) -> Fields:
    return {"purpose.value": _text(event, "purpose")}


def previous_id(event: Inner) -> Fields:
    """The id that the channel had until now."""
    return {"previous_id": _channel(event.get("old_channel_id"))}


def still_shared(event: Inner) -> Fields:
    """Whether anybody outside is left, where it says so."""
    said = event.get("is_ext_shared")
    return {"is_ext_shared": said} if isinstance(said, bool) else {}


def joined(event: Inner) -> Fields:
    return {f"members.{person_id(event)}": True}


def left(event: Inner) -> Fields:
    return {f"members.{person_id(event)}": False}


def says(flag: str) -> Content:
    """That it happened is all there is to say."""
    return lambda event: {flag: True}


def denies(flag: str) -> Content:
    """The same, and the flag is false from then on."""
    return lambda event: {flag: False}


def _named_channel(event: Inner) -> Any:
    said = event.get("channel", event.get("channel_id"))
    return said.get("id") if isinstance(said, Mapping) else said


def _object(event: Inner) -> Mapping[str, Any]:
    said = event.get("channel")
    return said if isinstance(said, Mapping) else {}


def _channel(said: Any) -> str:
    if not isinstance(said, str) or not _CHANNEL.fullmatch(said):
        raise Unexpected("no channel's id")
    return said


def _text(said: Mapping[str, Any], name: str) -> str:
    text = said.get(name)
    if not isinstance(text, str):
        raise Unexpected(f"no {name}")
    return text
