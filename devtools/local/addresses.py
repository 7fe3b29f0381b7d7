"""Where a local run listens, and whether these ports are free."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from devtools.local.ports import is_free

TLS_PORT: Final = 5671


@dataclass(frozen=True)
class Addresses:
    """The ports of one run, all on 127.0.0.1."""

    service_bus: int = 5672
    cosmos: int = 8081
    blob: int = 10000
    host: int = 7071
    issuer: int = 7080
    salesforce: int = 7090
    gdrive: int = 7091
    slack: int = 7092

    @classmethod
    def shifted(cls, offset: int) -> "Addresses":
        """The same ports, moved: so that two runs live side by side."""
        return cls(**{name: port + offset for name, port in asdict(cls()).items()})

    @property
    def secured_bus(self) -> tuple[str, int]:
        """Where Service Bus listens in a run with identities: always on AMQP's own port for TLS, so each run has an address of its own."""
        offset = self.service_bus - Addresses.service_bus
        return (f"127.1.{offset >> 8}.{offset & 255}" if offset else "127.0.0.1"), TLS_PORT

    @property
    def named(self) -> dict[str, int]:
        """Who listens where."""
        return {
            "the Service Bus stand-in": self.service_bus,
            "the Cosmos DB stand-in": self.cosmos,
            "Azurite": self.blob,
            "the pretend Salesforce": self.salesforce,
            "the pretend Google Drive": self.gdrive,
            "the pretend Slack": self.slack,
            **self.ours,
        }

    @property
    def ours(self) -> dict[str, int]:
        """What is ours even where the stores are Microsoft's emulators."""
        return {"the function host": self.host, "the token issuer": self.issuer}

    def in_use(self, named: Mapping[str, int] | None = None, *, secured: bool = False) -> str | None:
        """One line saying what to do when a port is taken, of all or of these; None when they are free. ``secured``: with identities."""
        for who, port in (self.named if named is None else named).items():
            address = self.secured_bus if secured and port == self.service_bus else ("127.0.0.1", port)
            if not is_free(address[1], host=address[0]):
                advice = "python -m devtools down ends a run of ours; stop what else listens there, or run scripts/up --port-offset 100"
                return f"port {address[1]}, wanted by {who}, is in use: {advice}"
        return None
