"""``connections add gdrive`` against a pretend Google over loopback: once as a process of its own over the stand-ins, else in this one."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.fakes.connections import InMemorySecrets
from devtools.fakes.metrics import InMemoryMetrics
from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.api.sessions import OAuthClient, ServiceAccount
from devtools.vendors.gdrive.drive import PretendDrive
from ingestion.sources.gdrive.poller import GDrivePoller
from ingestion.sources.gdrive.tokens import DIRECTORY_SCOPE, DRIVE_SCOPE
from ingestion.sources.source import Poller
from ops.ports import KnownSecrets
from shared.http.client import http_client
from tests.integration.ops.test_command_line import ops, settings_file
from tests.unit.ops.deployment import Deployment, Said

pytestmark = pytest.mark.integration

ROBOT = "reader@project.iam.gserviceaccount.com"
NUMBER = "104857600000000000001"
CLIENT = OAuthClient("the-client", "the-clients-secret")
KEY: RSAPrivateKey = generate_private_key(65537, 2048)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Workspace:
    """A pretend Google, and an operator's files and settings."""

    google: PretendGoogle
    account: ServiceAccount
    folder: Path
    domain: str
    deployment: Deployment

    @property
    def ada(self) -> str:
        return f"ada@{self.domain}"

    def key_file(self) -> str:
        pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        said = {"type": "service_account", "client_email": ROBOT, "client_id": NUMBER, "private_key_id": "k1", "private_key": pem}
        return self.file("key.json", json.dumps(said, indent=2))

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def words(self, *words: str, tenant_id: str = "acme") -> list[str]:
        said = ("--tenant", tenant_id, "--user", self.ada, "--base-url", self.google.url)
        return ["connections", "add", "gdrive", *said, *words]

    async def add(self, *words: str) -> Said:
        return await self.deployment.run(*self.words(*words))


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    domain = f"d{uuid4().hex[:8]}.example"
    drive = PretendDrive(domain, Random(7), now)
    drive.create_user(f"ada@{domain}", is_admin=True)
    drive.create_user(f"ben@{domain}")
    account = ServiceAccount(ROBOT, {"k1": KEY.public_key()}, {DRIVE_SCOPE})
    deployment = Deployment()
    async with (
        PretendGoogle(drive, now=now, accounts=[account], clients=[CLIENT]) as google,
        http_client(transport=httpx2.AsyncHTTPTransport(verify=False)) as http,  # nothing here is TLS
    ):

        def pollers(*, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
            secrets = KnownSecrets(known, InMemorySecrets())
            made = partial(GDrivePoller, http=http, secrets=secrets, states=deployment.states, metrics=InMemoryMetrics(), now=now)
            return {"gdrive": made(api_base_url=google.url, directory_base_url=google.url)}

        deployment.ports = replace(deployment.ports, pollers=pollers)
        yield Workspace(google, account, tmp_path, domain, deployment)


async def test_the_whole_command_line_connects_a_workspace(workspace: Workspace, cosmos: Cosmos, broker: Broker, tenant_id: str) -> None:
    urls = {"GDRIVE_API_BASE_URL": workspace.google.url, "GDRIVE_DIRECTORY_BASE_URL": workspace.google.url}
    settings = settings_file(workspace.folder, broker.connection_string, cosmos.connection_string, urls)
    words = workspace.words("--domain", workspace.domain, "--key-file", workspace.key_file(), "--json", tenant_id=tenant_id)

    said = await ops(*words, "--settings", str(settings))

    assert (said.code, said.errors) == (0, ""), said.out
    assert [(check["stream"], check["isReadable"]) for check in said.document["checks"]] == [
        ("drives", True),
        (f"user:{workspace.ada}", True),
    ]
    assert said.document["next"][0].startswith("put the text of the key file into the setting SECRET_GDRIVE_")


async def test_a_workspace_is_connected_and_looked_at_before_its_secret_is_anywhere(workspace: Workspace) -> None:
    said = await workspace.add("--domain", workspace.domain, "--key-file", workspace.key_file(), "--json")

    assert (said.code, said.errors) == (0, ""), said.out
    assert [(check["stream"], check["isReadable"]) for check in said.document["checks"]] == [
        ("drives", True),
        (f"user:{workspace.ada}", True),
    ]
    assert (said.document["clientId"], said.document["stored"], said.document["failure"]) == (NUMBER, True, None)
    assert workspace.google.ledger.count("token") == 1


async def test_what_is_not_delegated_is_named_with_whom_to_delegate_it_to(workspace: Workspace) -> None:
    key = workspace.key_file()
    without_groups = await workspace.add("--domain", workspace.domain, "--key-file", key, "--groups")
    workspace.account.scopes = set()
    without_all = await workspace.add("--domain", workspace.domain, "--key-file", key)

    for said in (without_groups, without_all):
        assert (said.code, said.errors) == (1, "")
        assert f"client ID {NUMBER}, scopes {DRIVE_SCOPE},{DIRECTORY_SCOPE}" in said.out
    assert "groups: the groups cannot be read" in " ".join(without_groups.out.split())
    assert "logging in failed: the service account may not act as people of the domain" in without_all.out


async def test_somebody_whom_nobody_can_act_as_is_named(workspace: Workspace) -> None:
    said = await workspace.add(
        "--domain", workspace.domain, "--key-file", workspace.key_file(), "--user", f"gone@{workspace.domain}", "--json"
    )

    assert said.code == 1
    assert [check["stream"] for check in said.document["checks"] if not check["isReadable"]] == [f"user:gone@{workspace.domain}"]


async def test_one_persons_drive_is_connected_and_another_persons_token_is_refused(workspace: Workspace) -> None:
    secret = workspace.file("client", json.dumps({"installed": {"client_id": CLIENT.client_id, "client_secret": CLIENT.client_secret}}))

    async def add(consents: str) -> Said:
        token = workspace.google.sessions.consent(consents, client_id=CLIENT.client_id, scopes=(DRIVE_SCOPE,))
        return await workspace.add("--client-secret-file", secret, "--refresh-token-file", workspace.file("token", token), "--json")

    own, others = await add(workspace.ada), await add(f"ben@{workspace.domain}")

    assert (own.code, own.document["id"]) == (0, f"gdrive:{workspace.ada}")
    assert others.code == 1
    assert "another person's Drive" in others.document["failure"]
