"""The invented Google Workspace of a run: the process that is it, the key that lets the app in, and the connection of its tenant."""

import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from devtools.local.organization import POLL_SECONDS
from devtools.local.parts import GDRIVE
from devtools.local.run import GDRIVE_SECRET_NAME, Run
from devtools.vendors.gdrive.company import NAMES
from ingestion.sources.gdrive.logs import DRIVES, GROUPS
from shared.connections.connection import Connection, Credential, connection_id
from shared.settings import secret_variable
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount
from shared.streams.defaults import user_stream

PEOPLE: Final = 3
"""The first of them is the administrator; the last is in no group."""
FILES: Final = 8
"""Beside the folders, the shortcut and the one file that ``devtools/vendors/gdrive/company.py`` always has."""
BITS: Final = 2048
EXPONENT: Final = 65537
_PLACES: Final = ("lantern", "harbour", "granite", "willow", "copper", "meadow", "orchard", "juniper")


def new_domain(rng: Random) -> str:
    """Nobody's, and no earlier run's."""
    return f"{rng.choice(_PLACES)}-{rng.getrandbits(16):04x}.example"


def people_of(run: Run) -> tuple[str, ...]:
    """The addresses of those who work there, as whom the app reads."""
    return tuple(f"{name}@{run.domain}" for name in NAMES[:PEOPLE])


@dataclass(frozen=True)
class Workspace:
    """How the pretend Google Drive of a run is started, and the secret by which the app may ask it. Its files are in its memory alone: the
    same ones whenever it is started."""

    arguments: tuple[str, ...]
    settings: dict[str, str]
    """The app's, beside those of every run."""

    @classmethod
    def of(cls, run: Run, folder: Path, *, files: int = FILES) -> "Workspace":
        """With a new key for its service account, whose file only the owner of the run's folder may read."""
        key = generate_private_key(EXPONENT, BITS)
        name = secrets.token_hex(20)
        here = folder / "data" / GDRIVE
        here.mkdir(parents=True, exist_ok=True)
        public = here / "public.pem"
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        said = {
            "type": "service_account",
            "private_key_id": name,
            "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"),
            "client_email": run.service_account,
            "token_uri": f"{run.gdrive}/token",
        }
        text = json.dumps(said)
        file = here / "key.json"
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        who = ("--domain", run.domain, "--seed", str(zlib.crc32(run.domain.encode())), "--users", str(PEOPLE), "--files", str(files))
        signs = ("--account", run.service_account, "--public-key", str(public), "--key-id", name)
        return cls((*who, *signs), {secret_variable(GDRIVE_SECRET_NAME): text})


async def connect(run: Run, account: CosmosAccount, *, due_at: datetime | None = None) -> None:
    """Let the run's Workspace be connected by the run's tenant; it is polled from ``due_at`` on, if ever."""
    credential = Credential(kind="service-account", base_url=run.gdrive, client_id=run.service_account, secret_name=GDRIVE_SECRET_NAME)
    connection = Connection(
        id=connection_id("gdrive", run.domain),
        tenant_id=run.tenant_id,
        source="gdrive",
        account=run.domain,
        credential=credential,
        streams=(DRIVES, *map(user_stream, people_of(run)), GROUPS),
        users=people_of(run),
        poll_seconds=POLL_SECONDS,
        created_at=datetime.now(UTC),
        next_due_at=due_at,
    )
    await CosmosConnections(account).add(connection)
