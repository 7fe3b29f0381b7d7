"""``connections add gdrive`` with files to name, over a deployment and a Drive that pretend."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr
from typing_extensions import override

from ingestion.sources.source import Poller, StreamCheck
from shared.connections.connection import Connection
from shared.contracts.sync import SyncRequested
from shared.errors import PipelineError
from shared.streams.defaults import streams_of
from tests.unit.ops.deployment import Deployment, PretendPoller, Said

PEM = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
CURVE = generate_curve_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
KEY = {
    "type": "service_account",
    "project_id": "shardline-reads",
    "private_key_id": "0123abcd",
    "private_key": PEM,
    "client_email": "reader@shardline-reads.iam.gserviceaccount.com",
    "client_id": "104857600000000000001",
}
CLIENT = {"installed": {"client_id": "app.example", "client_secret": "s3cret"}}
GIVEN = "1//t0ken"
ACME = "gdrive:acme.example"
ADA, BEN = "ada@acme.example", "ben@acme.example"
SECRET_NAME = "gdrive-acme-example-"


class Drive(PretendPoller):
    """Says of streams what it is told, and keeps whom it was asked about and with which secrets."""

    source = "gdrive"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Connection] = []
        self.known: dict[str, str] = {}
        self.error: PipelineError | None = None

    def made(self, *, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
        self.known = {name: secret.get_secret_value() for name, secret in known.items()}
        return {"gdrive": self}

    @override
    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        self.asked.append(connection)
        if self.error is not None:
            raise self.error
        return [StreamCheck(stream, is_readable=True, record_count=None, detail="") for stream in streams_of(connection)]


class Desk:
    """A deployment, the pretend Drive of its operators, and files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.deployment, self.drive = folder, Deployment(), Drive()
        self.deployment.ports = replace(self.deployment.ports, pollers=self.drive.made)

    def file(self, content: object, name: str = "file") -> str:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return str(path)

    def words(self, *more: str, domain: str = "acme.example", users: Sequence[str] = (ADA,), key: object = KEY) -> list[str]:
        said = [word for user in users for word in ("--user", user)]
        with_key = [] if key is None else ["--key-file", self.file(key, "key.json")]
        return ["connections", "add", "gdrive", "--tenant", "acme", "--domain", domain, *with_key, *said, *more]

    async def add(self, *more: str, **said: Any) -> Said:
        return await self.deployment.run(*self.words(*more, **said))

    async def personal(self, *more: str, client: object = CLIENT, token: object = GIVEN) -> Said:
        files = ("--client-secret-file", self.file(client, "client"), "--refresh-token-file", self.file(token, "token"))
        return await self.deployment.run("connections", "add", "gdrive", "--tenant", "acme", "--user", ADA, *files, *more)

    async def stored(self) -> Connection:
        [connection] = await self.deployment.connections.of_tenant("acme")
        return connection

    def compared(self) -> list[tuple[str, str]]:
        requests = [SyncRequested.decode(envelope.body) for envelope in self.deployment.transport.waiting]
        return [(request.stream, str(request.requested_at - self.deployment.clock())) for request in requests if request.kind == "compare"]
