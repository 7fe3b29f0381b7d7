"""The few values of ``host.json`` this host obeys; everything else in the file is left to Azure.

Every value can be overridden by an app setting, ``AzureFunctionsJobHost__functionTimeout`` or
``AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls``, as in Azure (documentation, "host.json reference: override host.json
values"). Defaults and names: that page, and "Azure Service Bus bindings: host.json settings".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.host.refusal import AppRefused

_OVERRIDE = "azurefunctionsjobhost__"
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")


@dataclass(frozen=True)
class ServiceBusLimits:
    """``max_concurrent_calls`` is per function; in Azure the default is 16 for each core, here 16."""

    max_concurrent_calls: int = 16
    prefetch_count: int = 0
    max_renewal_seconds: float = 300.0


@dataclass(frozen=True)
class HostJson:
    """``function_timeout_seconds`` is None where there is no limit (``"-1"``); the default is that of every plan but Consumption."""

    route_prefix: str = "api"
    function_timeout_seconds: float | None = 1800.0
    service_bus: ServiceBusLimits = ServiceBusLimits()


def seconds(time_span: str) -> float:
    """Read ``[days.]hh:mm:ss``.

    Raises:
        ValueError: it is something else.
    """
    match = _TIME_SPAN.fullmatch(time_span)
    if not match:
        raise ValueError(f"{time_span!r} is not a time span like 00:05:00")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)


def read_host_json(path: Path, settings: Mapping[str, str] | None = None) -> HostJson:
    """Read the file, and what the settings say instead.

    Raises:
        AppRefused: it is missing, is not JSON, or holds a value the real host would stop at.
    """
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document.get("version") != "2.0":
            raise AppRefused("host", 'host.json must say "version": "2.0"')
        for name, value in (settings or {}).items():
            if name.lower().startswith(_OVERRIDE):
                _override(document, name[len(_OVERRIDE) :].split("__"), value)
        extensions = document.get("extensions", {})
        bus = extensions.get("serviceBus", {})
        if str(bus.get("autoCompleteMessages", True)).lower() != "true":
            raise AppRefused("policy", "autoCompleteMessages=false is not imitated: nothing would ever complete a message")
        limits = ServiceBusLimits(
            max_concurrent_calls=int(bus.get("maxConcurrentCalls", 16)),
            prefetch_count=int(bus.get("prefetchCount", 0)),
            max_renewal_seconds=seconds(bus.get("maxAutoLockRenewalDuration", "00:05:00")),
        )
        prefix = str(extensions.get("http", {}).get("routePrefix", "api")).strip("/")
        timeout = str(document.get("functionTimeout", "00:30:00"))
        return HostJson(prefix, None if timeout == "-1" else seconds(timeout), limits)
    except FileNotFoundError:
        raise AppRefused("host", f"there is no {path.name} in {path.parent}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise AppRefused("host", f"{path.name} cannot be read: {error}") from error


def _override(section: dict[str, Any], path: list[str], value: str) -> None:
    """Put the text where the path leads, whatever the case of its names."""
    name = next((known for known in section if known.lower() == path[0].lower()), path[0])
    if path[1:]:
        _override(section.setdefault(name, {}), path[1:], value)
    else:
        section[name] = value
