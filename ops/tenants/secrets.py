"""A connection's secrets in Key Vault, removed over plain HTTP: "Delete Secret", "Get Secret Versions" and "Purge Deleted Secret" of the
Key Vault REST API, version 7.4. A secret's value is never asked for.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import httpx2
from typing_extensions import override

from shared.errors import ConfigurationError
from shared.http.client import object_of, response_to
from shared.http.statuses import error_of
from shared.settings import secret_variable
from shared.storage.key_vault import API_VERSION, NAME

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409


class TenantSecrets(Protocol):
    """Where connections' secrets are kept."""

    is_reached: bool
    """Whether they can be removed from here."""

    def tells(self, name: str) -> str:
        """Where the secret of this name is, in words."""

    async def is_there(self, name: str) -> bool:
        """Whether there is one.

        Raises:
            PipelineError: it cannot be said now.
        """

    async def remove(self, name: str) -> bool:
        """Remove it with all its versions. Returns whether it was there.

        Raises:
            PipelineError: it cannot be removed.
        """

    async def purge(self, name: str) -> bool:
        """Let nothing be left of a removed one. Returns whether there was something left.

        Raises:
            PipelineError: it may not be purged, or not yet.
        """


class SettingSecretsLeft(TenantSecrets):
    """No vault: they are settings of the app, which only whoever deploys it can remove."""

    is_reached = False

    @override
    def tells(self, name: str) -> str:
        return f"the setting {secret_variable(name)}"

    @override
    async def is_there(self, name: str) -> bool:
        return False

    @override
    async def remove(self, name: str) -> bool:
        return False

    @override
    async def purge(self, name: str) -> bool:
        return False


class KeyVaultTenantSecrets(TenantSecrets):
    """A vault. Whoever calls needs the role Key Vault Secrets Officer; to purge, the right to purge, which an administrator has."""

    is_reached = True

    def __init__(self, http: Callable[[], httpx2.AsyncClient], *, vault_uri: str, token: Callable[[], Awaitable[str]]) -> None:
        self._http = http
        self._vault_uri = vault_uri.rstrip("/")
        self._token = token

    @override
    def tells(self, name: str) -> str:
        return f"the secret {name} of {self._vault_uri}"

    @override
    async def is_there(self, name: str) -> bool:
        response = await self._asked("GET", f"secrets/{name}/versions", name, "look for a secret")
        return response is not None and bool(object_of(response, what="look for a secret in Key Vault").get("value"))

    @override
    async def remove(self, name: str) -> bool:
        return await self._asked("DELETE", f"secrets/{name}", name, "remove a secret") is not None

    @override
    async def purge(self, name: str) -> bool:
        return await self._asked("DELETE", f"deletedsecrets/{name}", name, "purge a secret") is not None

    async def _asked(self, method: str, path: str, name: str, what: str) -> httpx2.Response | None:
        """The answer; None where there is no such secret."""
        if not NAME.fullmatch(name):  # none of Key Vault's, and nothing to put into an address
            return None
        client, what = self._http(), f"{what} in Key Vault"
        headers = {"authorization": f"Bearer {await self._token()}"}
        url = f"{self._vault_uri}/{path}"
        response = await response_to(
            client, client.build_request(method, url, params={"api-version": API_VERSION}, headers=headers), what=what
        )
        if response.status_code == NOT_FOUND:
            return None
        if response.status_code == FORBIDDEN:
            raise ConfigurationError(f"{what}: your identity has no right to (Key Vault Secrets Officer; to purge: Purge Operator)")
        refusal = error_of(response.status_code, response.headers, what)
        if refusal is not None:
            raise refusal
        return response
