"""How each part of a run is started: its command line, and the text of the line that says it is ready."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from devtools import azurite
from devtools.faults.plan import Plan
from devtools.host.isolation import brings_packages, isolated
from devtools.issuer.addresses import CLIENT_ID, OPERATOR_ID
from devtools.issuer.identities import principal_of
from devtools.local.addresses import Addresses
from devtools.local.ports import free_ports
from devtools.local.secured import Secured

BLOB_PROXY: Final = "blob"
"""Stands before Azurite where a fault plan is about blobs: Azurite is Microsoft's own and cannot be asked to fail."""
HOST: Final = "host"
"""What a fault plan calls the hosts, however many there are."""
SALESFORCE: Final = "salesforce"
"""The organization that can be asked. Its records are in its memory alone."""
GDRIVE: Final = "gdrive"
"""The Google Workspace. Its files are in its memory alone."""
SLACK: Final = "slack"
"""The workspace in Slack. Its channels are in its memory alone."""


def issuer_folder(folder: Path) -> Path:
    """Where a run's issuer keeps its signing keys."""
    return folder / "data" / "issuer"


@dataclass(frozen=True)
class Parts:
    """The command lines of one run.

    With ``faults`` every stand-in that the plan names is given it. The plan may name others, too, which are no parts of a run.

    Raises:
        PlanInvalid: the plan cannot be read, or is none.
    """

    addresses: Addresses
    folder: Path
    queues: Path
    faults: Path | None = None
    salesforce: tuple[str, ...] | None = None
    """The arguments of the pretend Salesforce, which is a part of a run where there are any."""
    gdrive: tuple[str, ...] | None = None
    """Those of the pretend Google Drive, likewise."""
    slack: tuple[str, ...] | None = None
    """Those of the pretend Slack."""
    spare_ports: Callable[[int], list[int]] = free_ports
    """So many ports that nobody else takes: Azurite's, where the proxy has the one of the run."""
    secured: Secured | None = None
    """How identities are let in; None where keys are."""
    _named: frozenset[str] = field(init=False, default=frozenset())
    _azurite_port: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.faults is not None:
            object.__setattr__(self, "_named", frozenset(fault.at for fault in Plan.read(self.faults).faults))
        object.__setattr__(self, "_azurite_port", self.spare_ports(1)[0] if self.has_blob_proxy else self.addresses.blob)

    @property
    def has_blob_proxy(self) -> bool:
        """Whether calls of blobs go through it."""
        return BLOB_PROXY in self._named

    @property
    def stores(self) -> tuple[str, ...]:
        """Everything but the hosts."""
        vendors = {SALESFORCE: self.salesforce, GDRIVE: self.gdrive, SLACK: self.slack}
        there = {**{name: arguments is not None for name, arguments in vendors.items()}, BLOB_PROXY: self.has_blob_proxy}
        return ("service-bus", "cosmos", "azurite", "issuer", *(name for name, is_there in there.items() if is_there))

    def store(self, name: str) -> tuple[list[str], str]:
        """One of ``stores``.

        Raises:
            AzuriteMissing: it is Azurite, and that is not installed.
        """
        ports, data = self.addresses, self.folder / "data"
        match name:
            case "service-bus":
                host, port = ("127.0.0.1", ports.service_bus) if self.secured is None else ports.secured_bus
                where = ["--config", str(self.queues), "--port", str(port), "--data", str(data / name), *self._let_in("--host", host)]
                return self._module("emulators.servicebus", *where, at=name), "service bus: ready"
            case "cosmos":
                where = ["--port", str(ports.cosmos), "--data", str(data / name), *self._let_in()]
                return self._module("emulators.cosmos", *where, at=name), "cosmos: ready"
            case "issuer":
                where = ["--port", str(ports.issuer), "--data", str(issuer_folder(self.folder))]
                return self._module("issuer", *where, at=name), "issuer: ready"
            case "salesforce" | "gdrive" | "slack":
                return self._vendor(name), f"{name}: ready"
            case "azurite":
                certificate = None if self.secured is None else self.secured.key_and_certificate
                return azurite.command(self._azurite_port, data / name, certificate=certificate), azurite.READY
            case "blob":
                secured = [] if self.secured is None else ["--certificate", str(self.secured.certificate_folder)]
                where = ["--port", str(ports.blob), "--target", str(self._azurite_port), *secured]
                return self._module("emulators.blob", *where, at=name), "blob: ready"
            case _:
                raise ValueError(f"{name} is no part of a run")

    def host(self, port: int, app: Path) -> tuple[list[str], str]:
        """A function host over this app; over one that brings its packages, with these and with nothing else that is installed here."""
        where = ["--app", str(app), "--port", str(port), "--state", str(self.folder / "data" / HOST)]
        if brings_packages(app):
            return isolated(app, *where, *self._faults(HOST)), "host: ready"
        return self._module("host", *where, at=HOST), "host: ready"

    def _let_in(self, *arguments: str) -> list[str]:
        """With identities: who may come in, and these arguments."""
        if self.secured is None:
            return []
        principals = (argument for client in (CLIENT_ID, OPERATOR_ID) for argument in ("--principal", principal_of(client)))
        checked = ("--issuer", str(self.secured.issuer_folder), "--certificate", str(self.secured.certificate_folder))
        return ["--aad", *arguments, *checked, *principals]

    def _vendor(self, name: str) -> list[str]:
        if name == SALESFORCE:
            return self._module("vendors.salesforce.api", "--port", str(self.addresses.salesforce), *(self.salesforce or ()), at=name)
        if name == SLACK:
            return self._module("vendors.slack", "--port", str(self.addresses.slack), *(self.slack or ()), at=name)
        return self._module("vendors.gdrive", "--port", str(self.addresses.gdrive), *(self.gdrive or ()), at=name)

    def _module(self, name: str, *arguments: str, at: str) -> list[str]:
        return [sys.executable, "-m", f"devtools.{name}", *arguments, *self._faults(at)]

    def _faults(self, at: str) -> list[str]:
        return ["--faults", str(self.faults)] if at in self._named else []
