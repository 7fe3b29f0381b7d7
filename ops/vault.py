"""Where ``connections add`` puts a secret: into the deployment's Key Vault. Where there is none an operator makes a setting of it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import httpx2
from pydantic import SecretStr
from typing_extensions import override

from shared.http.client import answer_of
from shared.settings import secret_variable
from shared.storage.key_vault import API_VERSION


class Keeper(Protocol):
    """Keeps secrets for the app to read."""

    takes: bool
    """Whether it stores what it is given."""

    def tells(self, name: str) -> str:
        """Where the secret of this name is, or has to be put, in words."""

    async def keep(self, name: str, secret: SecretStr) -> None:
        """Store it, over what was there.

        Raises:
            PipelineError: it could not be stored.
        """


class KeyVaultKeeper(Keeper):
    """A vault. The identity of whoever calls needs the role Key Vault Secrets Officer."""

    takes = True

    def __init__(self, http: Callable[[], httpx2.AsyncClient], *, vault_uri: str, token: Callable[[], Awaitable[str]]) -> None:
        self._http = http
        self._vault_uri = vault_uri.rstrip("/")
        self._token = token

    @override
    def tells(self, name: str) -> str:
        return f"the secret {name} of {self._vault_uri}"

    @override
    async def keep(self, name: str, secret: SecretStr) -> None:
        client = self._http()
        request = client.build_request(
            "PUT",
            f"{self._vault_uri}/secrets/{name}",
            params={"api-version": API_VERSION},
            headers={"authorization": f"Bearer {await self._token()}"},
            json={"value": secret.get_secret_value()},
        )
        await answer_of(client, request, what="store a secret in Key Vault")


class SettingKeeper(Keeper):
    """No vault: secrets are settings of the app, which only whoever deploys it can set."""

    takes = False

    @override
    def tells(self, name: str) -> str:
        return f"the setting {secret_variable(name)}"

    @override
    async def keep(self, name: str, secret: SecretStr) -> None:
        return None
