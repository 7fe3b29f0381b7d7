"""What the app logs in with is replaced while it goes on logging in: the new secret is tried first, and no worker is ever refused."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr
from typing_extensions import override

from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import sample_connection
from ingestion.sources.gdrive.tokens import Tokens
from ingestion.sources.salesforce.account import Account
from ingestion.sources.salesforce.session import Session
from ingestion.sources.slack.budget import Budget
from ingestion.sources.slack.client import SlackClient
from ingestion.sources.source import Poller, StreamCheck
from ops.ports import KnownSecrets
from ops.slack_account import SCOPES
from ops.vault import KeyVaultKeeper
from shared.connections.connection import Connection, Credential
from shared.connections.secrets import Secrets
from shared.http.client import http_client
from shared.storage.key_vault import KeyVaultSecrets
from tests.unit.ops.deployment import Deployment, PretendPoller, Said

OLD, NEW, STOLEN = (generate_private_key(65537, 2048) for _ in range(3))
VAULT, EMAIL, ADA = "https://acme.vault.azure.net", "reader@acme.iam.gserviceaccount.com", "ada@acme.example"
ORGANIZATION, TEAM, APP = "00D000000000062EAA", "T0ACME", "A0SHARDLINE"


def pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def key_file(key: RSAPrivateKey, email: str = EMAIL) -> str:
    said = {"type": "service_account", "private_key_id": "1", "private_key": pem(key), "client_email": email, "client_id": "104857600000"}
    return json.dumps(said, separators=(",", ":"))


def both(secret: str, token: str) -> str:
    return json.dumps({"client_secret": secret, "refresh_token": token}, separators=(",", ":"))


class Vendor(PretendPoller):
    """Lets in whoever has one of the accepted secrets; a worker that logs in there, and the operator's check, which logs in, too."""

    def __init__(self, world: "World", connection: Connection) -> None:
        super().__init__()
        self.source, self.world, self.connection = connection.source, world, connection
        self.accepted: set[str] = set()

    def made(self, *, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
        made = Vendor(self.world, self.connection)
        made.accepted, made.secrets = self.accepted, KnownSecrets(known, self.world.secrets())
        return {self.source: made}

    secrets: Secrets

    @override
    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        await self.worker(connection, self.secrets)()
        return [StreamCheck("everything", is_readable=True, record_count=None, detail="")]

    def worker(self, connection: Connection, secrets: Secrets) -> Callable[[], Awaitable[object]]:
        """A worker process: each call of it has to log in, for what it got is not accepted any more."""
        world, http = self.world, self.world.http
        last: list[Any] = [None]
        match connection.source:
            case "salesforce":
                session = Session(
                    connection, Account(connection, world.deployment.states, world.clock), http=http, secrets=secrets, now=world.clock
                )

                async def log_in() -> object:
                    last[0] = await session.token(instead_of=last[0])
                    return last[0]
            case "gdrive":
                tokens = Tokens(connection, http=http, secrets=secrets, now=world.clock)

                async def log_in() -> object:
                    last[0] = await tokens.token(ADA, instead_of=last[0])
                    return last[0]
            case _:
                budget = Budget(connection, world.deployment.states, world.clock, world.waits)
                options: dict[str, Any] = {"http": http, "secrets": secrets, "metrics": InMemoryMetrics(), "now": world.clock}
                client = SlackClient(connection, budget, api_base_url="https://login.example.com", **options)

                async def log_in() -> object:
                    return await client.ask("users.list", {}, is_live=True)

        return log_in

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Of the address where one logs in."""
        form = {name: value for name, [value] in parse_qs(request.content.decode()).items()}
        is_let_in = self._lets_in(form, request.headers.get("authorization", "").removeprefix("Bearer "))
        match self.connection.source, is_let_in:
            case "slack", True:
                said = {"ok": True, "team_id": TEAM, "user_id": "U0BOT", "bot_id": "B0BOT", "app_id": APP}
                return httpx2.Response(200, json=said, headers={"x-oauth-scopes": ",".join(SCOPES)})
            case "slack", False:
                return httpx2.Response(200, json={"ok": False, "error": "invalid_auth"})
            case _, False:
                return httpx2.Response(400, json={"error": "invalid_grant", "error_description": "no"})
            case _:
                self.world.grants += 1
                token = {"access_token": f"token-{self.world.grants}", "instance_url": "https://eu1.example.com/", "expires_in": 3600}
                return httpx2.Response(200, json={**token, "id": f"https://login.example.com/id/{ORGANIZATION}/005000000000001"})

    def _lets_in(self, form: Mapping[str, str], bearer: str) -> bool:
        if "assertion" in form:
            return any(_signed(form["assertion"], secret) for secret in self.accepted)
        if "refresh_token" in form:
            return both(form["client_secret"], form["refresh_token"]) in self.accepted
        return (form.get("client_secret") or bearer) in self.accepted


def _signed(assertion: str, secret: str) -> bool:
    text = json.loads(secret)["private_key"] if secret.startswith("{") else secret
    public = next(key for key in (OLD, NEW, STOLEN) if pem(key) == text).public_key()
    try:
        jwt.decode(
            assertion, public, ["RS256"], options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        )
    except jwt.InvalidSignatureError:
        return False
    return True


class World:
    """A deployment with a Key Vault, one connection, and its vendor."""

    def __init__(self, folder: Path, connection: Connection, old: str) -> None:
        self.folder, self.deployment, self.grants = folder, Deployment(), 0
        self.clock = self.deployment.clock
        assert connection.credential is not None
        self.connection, self.vault = connection, {connection.credential.secret_name: old}
        self.vendor = Vendor(self, connection)
        self.vendor.accepted.add(old)
        self.http = http_client(transport=httpx2.MockTransport(self._answer))
        keeper = KeyVaultKeeper(lambda: self.http, vault_uri=VAULT, token=self._token)
        self.deployment.ports = replace(
            self.deployment.ports, keeper=keeper, pollers=self.vendor.made, http=lambda: self.http, secrets=self.secrets
        )

    async def waits(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    def secrets(self) -> Secrets:
        return KeyVaultSecrets(VAULT, http=lambda: self.http, token=self._token, now=self.clock)

    def worker(self) -> Callable[[], Awaitable[object]]:
        return self.vendor.worker(self.connection, self.secrets())

    def file(self, text: str, name: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    async def rotates(self, *words: str) -> Said:
        return await self.deployment.run("connections", "rotate", self.connection.id, *words)

    async def _token(self) -> str:
        return "of-an-identity"

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host != "acme.vault.azure.net":
            return self.vendor.answer(request)
        name = request.url.path.rpartition("/")[2]
        if request.method == "PUT":
            self.vault[name] = json.loads(request.content)["value"]
        return httpx2.Response(200, json={"value": self.vault[name]}) if name in self.vault else httpx2.Response(404, json={})


def connection(source: str, account: str, credential: Credential) -> Connection:
    made = sample_connection("acme", account).model_copy(update={"credential": credential})
    return made.model_copy(update={"id": f"{source}:{account}", "source": source, "users": (ADA,) if source == "gdrive" else ()})


def _credential(kind: Any, client_id: str, **more: Any) -> Credential:
    return Credential(kind=kind, base_url="https://login.example.com", client_id=client_id, secret_name="acme", **more)


LOGINS: Mapping[str, tuple[Connection, str, str, str, Mapping[str, tuple[str, str]]]] = {
    # kind → connection, old secret, new one, one that is not accepted, and the files of both new ones by option
    "jwt-bearer": (
        connection("salesforce", ORGANIZATION, _credential("jwt-bearer", "app", subject="sync@acme.example")),
        *(pem(OLD), pem(NEW), pem(STOLEN)),
        {"--private-key-file": (pem(NEW), pem(STOLEN))},
    ),
    "client-credentials": (
        connection("salesforce", ORGANIZATION, _credential("client-credentials", "app")),
        *("old-secret", "new-secret", "no-secret"),
        {"--client-secret-file": ("new-secret", "no-secret")},
    ),
    "service-account": (
        connection("gdrive", "acme.example", _credential("service-account", EMAIL)),
        *(key_file(OLD), key_file(NEW), key_file(STOLEN)),
        {"--key-file": (key_file(NEW), key_file(STOLEN))},
    ),
    "refresh-token": (
        connection("gdrive", ADA, _credential("refresh-token", "app")),
        *(both("old", "1//old"), both("old", "1//new"), both("old", "1//no")),
        {"--refresh-token-file": ("1//new", "1//no")},
    ),
    "bot-token": (
        connection("slack", TEAM, _credential("bot-token", APP)),
        *("xoxb-old-111111111", "xoxb-new-111111111", "xoxb-none-11111111"),
        {"--token-file": ("xoxb-new-111111111", "xoxb-none-11111111")},
    ),
}


@pytest.fixture(params=LOGINS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    connected, old, *_ = LOGINS[request.param]
    made = World(tmp_path, connected, old)
    await made.deployment.connections.add(connected)
    return made


def files(world: World, *, is_good: bool = True) -> list[str]:
    assert world.connection.credential is not None
    options = LOGINS[world.connection.credential.kind][4]
    return [word for option, (good, bad) in options.items() for word in (option, world.file(good if is_good else bad, option))]


async def test_no_worker_is_refused_while_the_secret_is_replaced(world: World) -> None:
    assert world.connection.credential is not None
    _, old, new, _, _ = LOGINS[world.connection.credential.kind]
    busy, idle = world.worker(), world.worker()
    await busy()
    await idle()

    world.vendor.accepted.add(new)
    said = await world.rotates(*files(world))
    await busy()
    world.clock.advance(seconds=31)
    await busy()
    world.vendor.accepted.remove(old)

    assert (said.code, world.vault) == (0, {"acme": new})
    await busy()
    await idle()
    await world.worker()()


async def test_a_new_secret_that_does_not_work_changes_nothing(world: World) -> None:
    before = dict(world.vault)

    said = await world.rotates(*files(world, is_good=False))

    assert (said.code, world.vault) == (1, before)
    assert "nothing was changed" in said.errors or "Slack" in said.errors
    await world.worker()()


async def test_a_dry_run_tries_the_new_one_and_stores_nothing(world: World) -> None:
    assert world.connection.credential is not None
    _, old, new, _, _ = LOGINS[world.connection.credential.kind]
    world.vendor.accepted.add(new)

    said = await world.rotates(*files(world), "--dry-run", "--json")

    assert (said.code, said.document["stored"], said.document["readable"]) == (0, False, ["everything"])
    assert world.vault == {"acme": old}


async def test_nothing_secret_is_printed(world: World) -> None:
    assert world.connection.credential is not None
    _, old, new, _, _ = LOGINS[world.connection.credential.kind]
    world.vendor.accepted.add(new)

    for words in (files(world), files(world, is_good=False)):
        said = await world.rotates(*words)
        shown = said.out + said.errors
        assert [word for word in (old, new, "PRIVATE KEY", "1//new", "new-secret", "xoxb-n") if word in shown] == []


async def test_what_the_app_had_paused_goes_on(world: World) -> None:
    assert world.connection.credential is not None
    world.vendor.accepted.add(LOGINS[world.connection.credential.kind][2])
    [stored] = await world.deployment.connections.of_tenant("acme")
    await world.deployment.connections.replace(stored.model_copy(update={"status": "paused", "paused_by": "app", "paused_reason": "no"}))

    assert (await world.rotates(*files(world))).code == 0

    [stored] = await world.deployment.connections.of_tenant("acme")
    assert (stored.status, stored.paused_by, stored.next_due_at) == ("active", None, world.clock())


async def test_another_apps_secret_gets_a_name_of_its_own_so_that_both_change_at_once(tmp_path: Path) -> None:
    connected, old, new, _, _ = LOGINS["client-credentials"]
    world = World(tmp_path, connected, old)
    await world.deployment.connections.add(connected)
    world.vendor.accepted.add(new)

    said = await world.rotates(*files(world), "--client-id", "another-app")

    assert (said.code, f"at last delete the secret acme of {VAULT}," in said.out) == (0, True)
    [stored] = await world.deployment.connections.of_tenant("acme")
    assert stored.credential is not None
    assert stored.credential.client_id == "another-app"
    assert world.vault == {"acme": old, stored.credential.secret_name: new}


async def test_a_secret_with_which_nothing_can_be_read_is_refused_though_nothing_could_be_before(tmp_path: Path) -> None:
    connected, old, new, _, _ = LOGINS["client-credentials"]
    world = World(tmp_path, connected, old)
    await world.deployment.connections.add(connected)
    poller = PretendPoller()
    poller.checks = [StreamCheck("Account", is_readable=False, record_count=None, detail="another person's")]
    world.deployment.ports = replace(world.deployment.ports, pollers=lambda **_: {"salesforce": poller})

    said = await world.rotates("--client-secret-file", world.file(new, "secret"))

    assert (said.code, "nothing can be read with it" in said.errors, world.vault) == (1, True, {"acme": old})


@pytest.mark.parametrize("stored", ["5", "[1]", "no JSON"])
async def test_a_stored_consent_that_is_none_is_told_in_words(tmp_path: Path, stored: str) -> None:
    connected = LOGINS["refresh-token"][0]
    world = World(tmp_path, connected, stored)
    await world.deployment.connections.add(connected)

    said = await world.rotates("--refresh-token-file", world.file("1//new", "token"))

    assert (said.code, "the other half of it cannot be read" in said.errors) == (2, True)


async def test_another_service_accounts_key_is_refused(tmp_path: Path) -> None:
    connected, old, *_ = LOGINS["service-account"]
    world = World(tmp_path, connected, old)
    await world.deployment.connections.add(connected)

    said = await world.rotates("--key-file", world.file(key_file(NEW, "other@acme.iam.gserviceaccount.com"), "key"))

    assert (said.code, "another service account's" in said.errors, world.vault) == (1, True, {"acme": old})
