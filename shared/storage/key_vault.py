"""Secrets in Azure Key Vault, read with the deployment's identity over plain HTTP: one call needs no SDK.

The call is "Get Secret" of the Key Vault REST API, version 7.4. A name of ours is a name there: letters, digits and hyphens.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import httpx2
from pydantic import SecretStr
from typing_extensions import override

from shared.connections.secrets import Secrets
from shared.errors import ConfigurationError
from shared.http.client import answer_of, object_of, response_to
from shared.http.statuses import error_of

TOKEN_SCOPE: Final = "https://vault.azure.net/.default"  # noqa: S105 - an address
API_VERSION: Final = "7.4"
REMEMBERED: Final = timedelta(minutes=5)
"""A rotated secret is noticed within this time. Key Vault throttles at some thousand calls in ten seconds, and asks to be spared."""
REMEMBERED_ANEW: Final = timedelta(seconds=30)
"""So long even where what was read is refused."""

NAME: Final = re.compile(r"[0-9a-zA-Z-]{1,127}")
"""What a secret may be called ("About Azure Key Vault keys, secrets and certificates"). Nothing else gets into the address."""

REFUSALS: Final = {403: "it may not be read, or is disabled", 404: "there is none"}


class KeyVaultSecrets(Secrets):
    """The port over one vault."""

    def __init__(
        self, vault_uri: str, *, http: Callable[[], httpx2.AsyncClient], token: Callable[[], Awaitable[str]], now: Callable[[], datetime]
    ) -> None:
        self._vault_uri = vault_uri.rstrip("/")
        self._http = http
        self._token = token
        self._now = now
        self._remembered: dict[str, tuple[datetime, SecretStr]] = {}
        self._refused: dict[str, asyncio.Lock] = {}

    @override
    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        if not NAME.fullmatch(name):
            raise ConfigurationError("a secret's name holds something else than letters, digits and hyphens")
        if not anew:
            return await self._read(name, REMEMBERED)
        async with self._refused.setdefault(name, asyncio.Lock()):  # all who are refused at once wait here for one of them
            return await self._read(name, REMEMBERED_ANEW)

    async def check(self) -> None:
        """See that the vault answers, and lets us look which secrets it has ("Get Secrets", of one, which gives no value).

        Raises:
            PipelineError: it does not, and why.
        """
        what, http = "look into Key Vault", self._http()
        headers = {"authorization": f"Bearer {await self._token()}"}
        params = {"api-version": API_VERSION, "maxresults": "1"}
        try:
            request = http.build_request("GET", f"{self._vault_uri}/secrets", params=params, headers=headers)
        except httpx2.InvalidURL as error:
            raise ConfigurationError(f"{what}: the vault's address is none") from error
        await answer_of(http, request, what=what)

    async def _read(self, name: str, kept: timedelta) -> SecretStr:
        now = self._now()
        remembered = self._remembered.get(name)
        if remembered is not None and now - remembered[0] < kept:
            return remembered[1]
        secret = await self._asked(name)
        self._remembered[name] = (now, secret)
        return secret

    async def _asked(self, name: str) -> SecretStr:
        what, http = f"read the secret {name} from Key Vault", self._http()
        headers = {"authorization": f"Bearer {await self._token()}"}
        try:
            request = http.build_request("GET", f"{self._vault_uri}/secrets/{name}", params={"api-version": API_VERSION}, headers=headers)
        except httpx2.InvalidURL as error:
            raise ConfigurationError(f"{what}: the vault's address is none") from error
        response = await response_to(http, request, what=what)
        if response.status_code in REFUSALS:
            raise ConfigurationError(f"{what}: {REFUSALS[response.status_code]}")
        refusal = error_of(response.status_code, response.headers, what)
        if refusal is not None:
            raise refusal
        value = object_of(response, what=what).get("value")
        if not isinstance(value, str) or not value:
            raise ConfigurationError(f"{what}: it holds no text")
        return SecretStr(value)
