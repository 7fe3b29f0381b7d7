"""App settings as the host sees them: ``local.settings.json``, ``%NAME%``, connections, and functions turned off.

Surprising: the host resolves ``%NAME%``, never Python code; and an unresolved name puts that one function in error while the app stays
up. Names are compared exactly, as on Linux; the real host's configuration ignores case, so exactness is the stricter choice.
"""

import json
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from devtools.host.identities import Connection, Identity

_PERCENT_NAME = re.compile(r"%([^%]*)%")


class SettingMissing(Exception):
    """A function names a setting that is not there, or one that this host cannot imitate."""


def read_local_settings(path: Path) -> dict[str, str]:
    """Read ``Values`` of a ``local.settings.json``; nulls are left out.

    Raises:
        ValueError: the file is not what Core Tools would accept.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    try:
        values: dict[str, Any] = dict(document.get("Values", {}))
        is_encrypted = bool(document.get("IsEncrypted"))
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"{path} must be an object with an object Values") from None
    if is_encrypted:
        raise ValueError(f"{path} is encrypted, which this host cannot read: set IsEncrypted to false")
    nested = [name for name, value in values.items() if isinstance(value, dict | list)]
    if nested:
        raise ValueError(f"{path}: Values.{nested[0]} must be text")
    return {name: str(value) for name, value in values.items() if value is not None}


def add_to_environment(values: Mapping[str, str], environ: MutableMapping[str, str]) -> None:
    """Put the values into the environment; a variable that already exists wins."""
    for name, value in values.items():
        environ.setdefault(name, value)


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Replace every ``%NAME%``.

    Raises:
        SettingMissing: a name has no setting.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise SettingMissing(f"%{match[1]}% does not resolve: there is no setting {match[1]}")
        return settings[match[1]]

    return _PERCENT_NAME.sub(value, text)


def connection(name: str, settings: Mapping[str, str], *, address: str = "fullyQualifiedNamespace") -> Connection:
    """What is behind a trigger's ``connection``: setting ``X``, or ``AzureWebJobsX``; or the identity that ``X__<address>`` is for.

    Raises:
        SettingMissing: there is none of these, or the identity is of a kind that this host does not have.
    """
    candidates = (name, f"AzureWebJobs{name}")
    for candidate in candidates:
        if settings.get(candidate):
            return settings[candidate]
    for candidate in candidates:
        if settings.get(f"{candidate}__{address}"):
            return _identity(candidate, settings[f"{candidate}__{address}"], settings)
    raise SettingMissing(f"there is no setting {name}, AzureWebJobs{name} or {name}__{address}")


def _identity(section: str, address: str, settings: Mapping[str, str]) -> Identity:
    kind, client_id = settings.get(f"{section}__credential") or "", settings.get(f"{section}__clientId") or None
    if kind.lower() not in {"", "managedidentity"}:
        raise SettingMissing(f"{section}__credential is {kind!r}; this host has managedidentity alone")
    if client_id and not kind:
        raise SettingMissing(f"{section}__clientId names an identity only where {section}__credential is managedidentity")
    return Identity(address, is_managed=bool(kind), client_id=client_id)


def is_disabled(function: str, settings: Mapping[str, str]) -> bool:
    """Whether ``AzureWebJobs.<name>.Disabled`` (or with underscores, for Linux) turns the function off."""
    values = (settings.get(f"AzureWebJobs.{function}.Disabled"), settings.get(f"AzureWebJobs_{function}_Disabled"))
    return any(value is not None and value.strip().lower() in {"1", "true"} for value in values)
