"""Secrets in Key Vault, over real connections: what is asked, how often, and what becomes of every answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from pydantic import SecretStr

from devtools.fakes.clock import Clock
from devtools.fakes.connections import InMemorySecrets
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError, RateLimited
from shared.http.client import http_client
from shared.storage.key_vault import KeyVaultSecrets
from shared.storage.setting_secrets import SecretsInTurn, SettingSecrets

pytestmark = pytest.mark.integration

KEY = "-----BEGIN PRIVATE KEY-----\ns3cr3t\n"
DISABLED = {"error": {"code": "Forbidden", "message": "s3cr3t", "innererror": {"code": "SecretDisabled"}}}
ABSENT = {"error": {"code": "SecretNotFound", "message": "A secret with (name/id) s3cr3t was not found in this key vault."}}


@dataclass
class Vault:
    """Answers as Key Vault does ("Get Secret", API version 7.4)."""

    secrets: dict[str, object] = field(default_factory=dict)
    refuses: tuple[int, dict[str, str]] | None = None
    asked: list[str] = field(default_factory=list)
    uri: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        if self.refuses is not None:
            return web.json_response({"error": {"message": "s3cr3t"}}, status=self.refuses[0], headers=self.refuses[1])
        if request.headers.get("authorization") != "Bearer the-token":
            return web.json_response({"error": {"code": "Unauthorized"}}, status=401)
        name = request.match_info["name"]
        match self.secrets.get(name):
            case None:
                return web.json_response(ABSENT, status=404)
            case "disabled":
                return web.json_response(DISABLED, status=403)
            case value:
                return web.json_response({"value": value, "id": f"{self.uri}/secrets/{name}/1", "attributes": {"enabled": True}})

    async def listed(self, request: web.Request) -> web.Response:
        """ "Get Secrets": names, and no values."""
        self.asked.append(str(request.rel_url))
        if self.refuses is not None:
            return web.json_response({"error": {"message": "s3cr3t"}}, status=self.refuses[0], headers=self.refuses[1])
        return web.json_response({"value": [{"id": f"{self.uri}/secrets/{name}"} for name in self.secrets], "nextLink": None})


@asynccontextmanager
async def running(vault: Vault) -> AsyncIterator[Vault]:
    app = web.Application()
    app.router.add_get("/secrets/{name}", vault.answer)
    app.router.add_get("/secrets", vault.listed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    vault.uri = f"http://{host}:{port}"
    try:
        yield vault
    finally:
        await runner.cleanup()


@pytest.fixture
async def vault() -> AsyncIterator[Vault]:
    async with running(Vault({"acme-key": KEY})) as started:
        yield started


async def the_token() -> str:
    return "the-token"


@asynccontextmanager
async def secrets_in(vault: Vault, clock: Clock | None = None, *, ending: str = "/") -> AsyncIterator[KeyVaultSecrets]:
    async with http_client() as client:
        yield KeyVaultSecrets(vault.uri + ending, http=lambda: client, token=the_token, now=clock or Clock())


@pytest.mark.parametrize("ending", ["", "/"])
async def test_a_secret_is_read_by_its_name(vault: Vault, ending: str) -> None:
    async with secrets_in(vault, ending=ending) as secrets:
        secret = await secrets.read("acme-key")

    assert secret.get_secret_value() == KEY
    assert "s3cr3t" not in repr(secret)
    assert vault.asked == ["/secrets/acme-key?api-version=7.4"]


async def test_a_rotated_secret_is_noticed_after_five_minutes(vault: Vault) -> None:
    clock = Clock()
    async with secrets_in(vault, clock) as secrets:
        await secrets.read("acme-key")
        vault.secrets["acme-key"] = "rotated"

        clock.advance(seconds=299)
        assert (await secrets.read("acme-key")).get_secret_value() == KEY
        assert len(vault.asked) == 1

        clock.advance(seconds=1)
        assert (await secrets.read("acme-key")).get_secret_value() == "rotated"


async def test_a_secret_that_was_refused_is_asked_for_anew_but_not_more_often_than_twice_a_minute(vault: Vault) -> None:
    clock = Clock()
    async with secrets_in(vault, clock) as secrets:
        await secrets.read("acme-key")
        vault.secrets["acme-key"] = "rotated"

        clock.advance(seconds=29)
        assert (await secrets.read("acme-key", anew=True)).get_secret_value() == KEY
        clock.advance(seconds=1)
        several = await asyncio.gather(*(secrets.read("acme-key", anew=True) for _ in range(5)))
        assert {secret.get_secret_value() for secret in several} == {"rotated"}
        assert (await secrets.read("acme-key")).get_secret_value() == "rotated", "everybody has what was read anew"
        assert len(vault.asked) == 2


async def test_both_places_are_asked_anew(vault: Vault) -> None:
    clock = Clock()
    async with secrets_in(vault, clock) as secrets:
        both = SecretsInTurn(InMemorySecrets(), secrets)
        await both.read("acme-key")
        vault.secrets["acme-key"] = "rotated"
        clock.advance(seconds=30)

        assert (await both.read("acme-key", anew=True)).get_secret_value() == "rotated"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("nobody", None, "there is none"),
        ("off", "disabled", "may not be read, or is disabled"),
        ("empty", "", "holds no text"),
        ("odd", {"s3cr3t": 1}, "holds no text"),
    ],
)
async def test_a_secret_that_cannot_be_had_is_named_for_a_person(vault: Vault, name: str, value: object, why: str) -> None:
    vault.secrets[name] = value
    async with secrets_in(vault) as secrets:
        with pytest.raises(ConfigurationError, match=f"the secret {name} from Key Vault: .*{why}") as raised:
            await secrets.read(name)

    assert "s3cr3t" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("name", ["", "../keys/acme", "a/b", "acme?x=", "acme_key", "ä", "a" * 128, "a\n"])
async def test_what_is_no_name_of_a_secret_does_not_get_into_an_address(vault: Vault, name: str) -> None:
    async with secrets_in(vault) as secrets:
        with pytest.raises(ConfigurationError, match="letters, digits and hyphens"):
            await secrets.read(name)

    assert vault.asked == []


@pytest.mark.parametrize(
    ("refuses", "expected"),
    [
        ((401, {}), ConfigurationError),
        ((429, {"retry-after": "7"}), RateLimited),
        ((500, {}), DependencyUnavailable),
        ((503, {"retry-after": "7"}), RateLimited),
    ],
)
async def test_what_the_vault_refuses_is_decided_by_its_status(
    vault: Vault, refuses: tuple[int, dict[str, str]], expected: type[PipelineError]
) -> None:
    vault.refuses = refuses
    async with secrets_in(vault) as secrets:
        with pytest.raises(expected, match="the secret acme-key") as raised:
            await secrets.read("acme-key")
        assert "s3cr3t" not in str(raised.value)

        vault.refuses = None
        assert (await secrets.read("acme-key")).get_secret_value() == KEY  # a refusal is not remembered


async def test_a_vault_that_is_away_is_no_missing_secret(vault: Vault) -> None:
    async with secrets_in(Vault(uri="http://127.0.0.1:9")) as secrets:
        with pytest.raises(DependencyUnavailable):
            await SecretsInTurn(secrets, InMemorySecrets({"acme-key": "of long ago"})).read("acme-key")


async def test_the_vault_goes_before_the_settings(vault: Vault) -> None:
    settings = SettingSecrets({"SECRET_ACME_KEY": SecretStr("in the settings"), "SECRET_OTHER": SecretStr("only there")})
    async with secrets_in(vault) as secrets:
        both = SecretsInTurn(secrets, settings)

        assert (await both.read("acme-key")).get_secret_value() == KEY
        assert (await both.read("other")).get_secret_value() == "only there"
        with pytest.raises(ConfigurationError, match="the secret nobody from Key Vault: there is none"):
            await both.read("nobody")


async def test_a_vault_that_answers_is_well_and_no_secret_is_asked_for(vault: Vault) -> None:
    async with secrets_in(vault) as secrets:
        await secrets.check()

    assert vault.asked == ["/secrets?api-version=7.4&maxresults=1"]


@pytest.mark.parametrize(
    ("status", "error"), [(401, ConfigurationError), (403, ConfigurationError), (503, DependencyUnavailable)], ids=["token", "role", "away"]
)
async def test_a_vault_that_lets_nobody_look_says_which_answer_it_gave(vault: Vault, status: int, error: type[PipelineError]) -> None:
    vault.refuses = (status, {})
    async with secrets_in(vault) as secrets:
        with pytest.raises(error, match=f"look into Key Vault: answered {status}") as refused:
            await secrets.check()

    assert "s3cr3t" not in str(refused.value)
