"""Where a deployment's resources are: names from the command line, or else from the addresses that the settings hold."""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ops.refusals import Misused
from shared.settings import ServiceConnection, Settings

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP: Final = re.compile(r"[\w().-]{0,89}[\w()-]")
_NAMES: Final = {
    "service_bus": re.compile(r"[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]"),
    "cosmos_account": re.compile(r"[a-z0-9][a-z0-9-]{1,42}[a-z0-9]"),
    "cosmos_database": re.compile(r"[^/\\#?]{1,255}"),
    "storage_account": re.compile(r"[a-z0-9]{3,24}"),
}
"""What Azure lets them be called ("Naming rules and restrictions for Azure resources")."""


@dataclass(frozen=True)
class Places:
    """Paths of what holds them, below Azure Resource Manager's address."""

    group: str
    service_bus: str
    cosmos_account: str
    database: str
    storage_account: str

    @property
    def queues(self) -> str:
        return f"{self.group}/providers/Microsoft.ServiceBus/namespaces/{self.service_bus}/queues"

    @property
    def databases(self) -> str:
        return f"{self.group}/providers/Microsoft.DocumentDB/databaseAccounts/{self.cosmos_account}/sqlDatabases"

    @property
    def containers(self) -> str:
        return f"{self.databases}/{self.database}/containers"

    @property
    def blob_containers(self) -> str:
        return f"{self.group}/providers/Microsoft.Storage/storageAccounts/{self.storage_account}/blobServices/default/containers"


def places_of(options: argparse.Namespace, settings: Settings) -> Places:
    """Where they are.

    Raises:
        Misused: naming every option that is missing or cannot be a name.
    """
    named = {
        "service_bus": options.service_bus or _host(settings.service_bus),
        "cosmos_account": options.cosmos_account or _host(settings.cosmos),
        "cosmos_database": options.cosmos_database or settings.cosmos_database,
        "storage_account": options.storage_account or _host(settings.blob),
    }
    given = {"subscription": options.subscription, "resource_group": options.resource_group, **named}
    rules: dict[str, Callable[[str], object]] = {"subscription": _GUID.fullmatch, "resource_group": _GROUP.fullmatch}
    rules |= {name: rule.fullmatch for name, rule in _NAMES.items()}
    missing = [_option(name) for name, value in given.items() if not value]
    wrong = [f"{_option(name)}: {value!r} cannot be one" for name, value in given.items() if value and not rules[name](value)]
    if missing or wrong:
        raise Misused("; ".join([*([f"missing: {', '.join(missing)}"] if missing else []), *wrong]))
    group = f"/subscriptions/{options.subscription}/resourceGroups/{options.resource_group}"
    found = {name: str(value) for name, value in named.items()}
    return Places(group, found["service_bus"], found["cosmos_account"], found["cosmos_database"], found["storage_account"])


def _host(connection: ServiceConnection) -> str | None:
    """The first part of the address's host is the resource's name. A connection string names none."""
    if connection.address is None:
        return None
    host = urlsplit(connection.address if "//" in connection.address else f"//{connection.address}").hostname
    return None if host is None or "." not in host else host.partition(".")[0]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
