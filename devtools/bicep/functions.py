"""The functions our templates call. Another one is refused, until somebody writes down here what it does.

``uniqueString`` and ``guid`` are not Azure's own: as long, of the same letters, and as different for different arguments.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from devtools.bicep.values import Place, Runtime, is_runtime

Function = Callable[..., Any]


def unique_string(*parts: str) -> str:
    """13 lower-case letters and digits."""
    return base64.b32encode(hashlib.sha256("\0".join(parts).encode()).digest()).decode().lower()[:13]


def _guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\0".join(parts)))


def _union(first: Any, *others: Any) -> Any:
    """Objects are merged all the way down, the later one counts; of arrays every element once."""
    merged = first
    for other in others:
        if isinstance(merged, Mapping) and isinstance(other, Mapping):
            both = {
                name: _union(merged[name], value) if name in merged and isinstance(value, Mapping | list) else value
                for name, value in other.items()
            }
            merged = {**merged, **both}
        elif isinstance(merged, list) and isinstance(other, list):
            merged = [*merged, *(element for element in other if element not in merged)]
        else:
            merged = other
    return merged


def _concat(*parts: Any) -> Any:
    if all(isinstance(part, list) for part in parts):
        return [element for part in parts for element in part]
    return "".join(parts)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _known(name: str, value: Any) -> Any:
    if is_runtime(value):
        raise ValueError(f"{name} looks into a value that only the running deployment knows")
    return value


def functions_of(place: Place) -> dict[str, Function]:
    """Name → function, at a place of deployment."""
    return {
        "resourceGroup": lambda: {"id": place.resource_group_id, "location": place.location, "name": place.resource_group},
        "tenant": lambda: {"tenantId": place.tenant},
        "environment": lambda: ENVIRONMENT,
        "subscriptionResourceId": lambda kind, name: f"/subscriptions/{place.subscription}/providers/{kind}/{name}",
        "resourceId": lambda kind, name: f"{place.resource_group_id}/providers/{kind}/{name}",
        "uniqueString": unique_string,
        "guid": _guid,
        "union": _union,
        "concat": _concat,
        "string": _string,
        "take": lambda value, count: value[:count],
        "replace": lambda value, old, new: value.replace(old, new),
        "split": lambda value, sign: value.split(sign),
        "toLower": lambda value: value.lower(),
        "length": lambda value: len(_known("length", value)),
        "empty": lambda value: not _known("empty", value),
        "contains": lambda whole, part: part in _known("contains", whole),
    }


ENVIRONMENT: Final = {
    "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
    "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"},
}
"""The public cloud, as far as it is asked for."""


def called(function: Function, arguments: list[Any]) -> Any:
    """The result, marked as known only at run time where an argument is.

    Raises:
        ValueError, TypeError, AttributeError: the arguments do not fit.
    """
    result = function(*arguments)
    if not any(is_runtime(argument) for argument in arguments):
        return result
    if isinstance(result, str):
        return Runtime(result)
    if isinstance(result, list):
        return [Runtime(part) if isinstance(part, str) else part for part in result]
    return result
