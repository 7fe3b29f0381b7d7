"""Where a secret is put: the call that Key Vault gets, and the setting it is where there is no vault."""

import json

import httpx2
import pytest
from pydantic import SecretStr

from ops.vault import KeyVaultKeeper, SettingKeeper
from shared.errors import ConfigurationError
from shared.http.client import http_client

SECRET = SecretStr("-----BEGIN PRIVATE KEY-----\nabc\n")


async def token() -> str:
    return "of-the-operator"


def keeper(status: int, calls: list[httpx2.Request]) -> KeyVaultKeeper:
    def answer(request: httpx2.Request) -> httpx2.Response:
        calls.append(request)
        return httpx2.Response(status, json={})

    client = http_client(transport=httpx2.MockTransport(answer))
    return KeyVaultKeeper(lambda: client, vault_uri="https://acme.vault.azure.net/", token=token)


async def test_a_secret_is_put_under_its_name() -> None:
    calls: list[httpx2.Request] = []

    await keeper(200, calls).keep("salesforce-00D000000000001EAA", SECRET)

    [call] = calls
    assert (call.method, str(call.url)) == ("PUT", "https://acme.vault.azure.net/secrets/salesforce-00D000000000001EAA?api-version=7.4")
    assert call.headers["authorization"] == "Bearer of-the-operator"
    assert json.loads(call.content) == {"value": SECRET.get_secret_value()}


async def test_an_operator_without_the_right_is_told_so_and_nothing_of_the_secret() -> None:
    with pytest.raises(ConfigurationError) as refused:
        await keeper(403, []).keep("name", SECRET)

    assert "store a secret in Key Vault" in str(refused.value)
    assert "PRIVATE KEY" not in str(refused.value)


async def test_it_says_where_the_secret_is() -> None:
    vault, settings = keeper(200, []), SettingKeeper()

    assert (vault.takes, vault.tells("a-b")) == (True, "the secret a-b of https://acme.vault.azure.net")
    assert (settings.takes, settings.tells("a-b")) == (False, "the setting SECRET_A_B")
