"""Azurite, Microsoft's own Blob Storage stand-in, as a child process on loopback. ``scripts/setup`` installs it through npm.

Started with two switches that are easily forgotten: ``--skipApiVersionCheck``, because the SDK speaks a newer version of the API than
Azurite knows, and ``--disableTelemetry``, because a local run talks to nobody but itself.

With a certificate it speaks TLS and takes the tokens of identities. It looks at their audience, their issuer's name and their times, and at
neither their signature nor who has them; and who has the account's key comes in as before.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devtools.local.child import Child

ROOT: Final = Path(__file__).resolve().parents[1]
SCRIPT: Final = Path("node_modules") / "azurite" / "dist" / "src" / "blob" / "main.js"
HOST: Final = "127.0.0.1"
READY: Final = "Azurite Blob service successfully listens on"
"""What the line says, before the address, once it can be used."""

ACCOUNT: Final = "devstoreaccount1"
KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The one account everybody's Azurite has; not a secret (Azure documentation, "Use the Azurite emulator")."""


class AzuriteMissing(Exception):
    """Node.js or Azurite is not installed; the text is one line that says what to do."""


@dataclass(frozen=True)
class Azurite:
    """A running one."""

    port: int
    child: Child

    @property
    def connection_string(self) -> str:
        """For the SDK."""
        return connection_string(self.port)


def connection_string(port: int) -> str:
    """The connection string of an Azurite on this port."""
    endpoint = f"http://{HOST}:{port}/{ACCOUNT}"
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"


def service_uri(port: int) -> str:
    """Where an identity finds the account of an Azurite on this port."""
    return f"https://{HOST}:{port}/{ACCOUNT}"


def command(port: int, data: Path | None, *, root: Path = ROOT, certificate: Path | None = None) -> list[str]:
    """The command line. ``port`` 0 takes a free one; without ``data`` nothing outlives the process. ``certificate`` is a file of a key and
    a certificate, for TLS and identities.

    Raises:
        AzuriteMissing: Node.js or Azurite is not there.
    """
    node = shutil.which("node")
    if node is None:
        raise AzuriteMissing("Node.js is missing: install Node.js 20 or newer, then run scripts/setup")
    if not (root / SCRIPT).is_file():
        raise AzuriteMissing("Azurite is not installed: run scripts/setup")
    kept = ["--inMemoryPersistence"] if data is None else ["--location", str(data)]
    secured = [] if certificate is None else ["--oauth", "basic", "--cert", str(certificate), "--key", str(certificate)]
    return [
        *(node, str(root / SCRIPT), "--blobHost", HOST, "--blobPort", str(port)),
        *("--skipApiVersionCheck", "--disableTelemetry", "--silent", *kept, *secured),
    ]


@asynccontextmanager
async def running_azurite(
    *, port: int = 0, data: Path | None = None, log: Path | None = None, certificate: Path | None = None
) -> AsyncIterator[Azurite]:
    """An Azurite that listens while the block runs; with ``certificate``, see ``command``.

    Raises:
        AzuriteMissing: see there.
        ChildFailed: it ended, or did not become ready; a port in use is among the reasons.
    """
    arguments = command(port, data, certificate=certificate)
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        child = await Child.start("Azurite", arguments, ready=READY, log=log or Path(folder) / "azurite.log")
        try:
            yield Azurite(int(child.ready_line.rsplit(":", 1)[1]), child)
        finally:
            await child.stop()
