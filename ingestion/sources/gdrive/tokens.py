"""Access tokens, one for each person and scope: by a service account that acts as people of its domain, or by what a person consented to.

"Using OAuth 2.0 for Server to Server Applications" and "… for Web Server Applications", Google Identity. A token is kept by the worker that
got it until shortly before it ends. The secret is read for each: so a new key counts at the next one.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import httpx2
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from ingestion.sources.gdrive.answers import UserRefused, login_fault
from shared.connections.connection import Connection, Credential
from shared.connections.secrets import Secrets
from shared.errors import ConfigurationError, DependencyUnavailable
from shared.http.client import object_of, response_to

DRIVE_SCOPE: Final = "https://www.googleapis.com/auth/drive.readonly"
"""Less would do but for ``drives.list``, which ``drive.metadata.readonly`` does not open."""
DIRECTORY_SCOPE: Final = "https://www.googleapis.com/auth/admin.directory.group.readonly"
GRANT_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIVES: Final = timedelta(hours=1)
"""The longest there is."""
EARLY: Final = timedelta(minutes=2)
"""So long before its end a token is not used any more."""
SHORTEST_LIFE_SECONDS: Final = 300


@dataclass(frozen=True)
class _Token:
    value: str
    until: datetime


class Tokens:
    """One worker's tokens of one connection."""

    def __init__(self, connection: Connection, *, http: httpx2.AsyncClient, secrets: Secrets, now: Callable[[], datetime]) -> None:
        if connection.credential is None or connection.credential.kind not in ("service-account", "refresh-token"):
            raise ConfigurationError("the connection has no credential of Google's: connect it again with one")
        self._credential: Credential = connection.credential
        self._http = http
        self._secrets = secrets
        self._now = now
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._parsed: tuple[str, RSAPrivateKey] | None = None

    async def token(self, user: str, scope: str = DRIVE_SCOPE, *, instead_of: str | None = None) -> str:
        """A token to act as somebody; another one than the one the vendor has refused.

        Raises:
            ConfigurationError: the vendor does not let us in: the text says what to do.
            UserRefused: not as this person.
            TransientError: not now.
        """
        key = (user, scope)
        async with self._locks.setdefault(key, asyncio.Lock()):  # the tasks of this worker wait here for one of them
            known = self._tokens.get(key)
            if known is None or known.value == instead_of or self._now() >= known.until:
                self._tokens.pop(key, None)
                known = self._tokens[key] = await self._granted_anew(user, scope)
            return known.value

    async def _granted_anew(self, user: str, scope: str) -> _Token:
        secret = await self._secrets.read(self._credential.secret_name)
        try:
            return await self._granted(secret, user, scope)
        except (ConfigurationError, UserRefused):
            again = await self._secrets.read(self._credential.secret_name, anew=True)
            if again.get_secret_value() == secret.get_secret_value():
                raise
        return await self._granted(again, user, scope)  # it was replaced just now

    async def _granted(self, secret: SecretStr, user: str, scope: str) -> _Token:
        credential, asked_at = self._credential, self._now()
        url = f"{credential.base_url.rstrip('/')}/token"
        form = self._consented(secret) if credential.kind == "refresh-token" else self._asserted(secret, user, scope, url)
        try:
            request = self._http.build_request("POST", url, data=form)
        except httpx2.InvalidURL as error:
            raise ConfigurationError("the credential's base_url is no address") from error
        response = await response_to(self._http, request, what="log in")
        fault = login_fault(response, kind=credential.kind)
        if fault is not None:
            raise fault
        body = object_of(response, what="log in")
        value, lives = body.get("access_token"), body.get("expires_in")
        if not (isinstance(value, str) and value and value.isascii() and value.isprintable()):
            raise DependencyUnavailable("log in: the answer holds no token")
        seconds = lives if isinstance(lives, int) and not isinstance(lives, bool) else SHORTEST_LIFE_SECONDS
        return _Token(value, asked_at + timedelta(seconds=max(seconds, 0)) - EARLY)

    def _consented(self, secret: SecretStr) -> dict[str, str]:
        held = _object_in(secret)
        client_secret, refresh_token = held.get("client_secret"), held.get("refresh_token")
        if not isinstance(client_secret, str) or not isinstance(refresh_token, str):
            raise ConfigurationError(f"the secret {self._credential.secret_name} does not hold client_secret and refresh_token as JSON")
        return {
            "grant_type": "refresh_token",
            "client_id": self._credential.client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        }

    def _asserted(self, secret: SecretStr, user: str, scope: str, url: str) -> dict[str, str]:
        now, held = self._now(), _object_in(secret)
        if held and held.get("client_email") not in (None, self._credential.client_id):
            raise ConfigurationError(f"the secret {self._credential.secret_name} is the key of another service account: compare the two")
        claims = {
            "iss": self._credential.client_id,
            "sub": user,
            "scope": scope,
            "aud": self._credential.audience or url,
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIVES).timestamp()),
        }
        key_id = held.get("private_key_id")
        named = {"kid": key_id} if isinstance(key_id, str) else None
        key = self._key(str(held.get("private_key")) if held else secret.get_secret_value())
        return {"grant_type": GRANT_JWT, "assertion": jwt.encode(claims, key, algorithm="RS256", headers=named)}

    def _key(self, pem: str) -> RSAPrivateKey:
        if self._parsed is not None and self._parsed[0] == pem:
            return self._parsed[1]  # to read one takes a tenth of a second, in which nothing else runs
        key = _loaded(pem)
        if key is None:
            name = self._credential.secret_name
            raise ConfigurationError(f"the secret {name} is neither the key file of a service account nor a private RSA key in PEM")
        self._parsed = pem, key
        return key


@lru_cache(maxsize=8)
def _loaded(pem: str) -> RSAPrivateKey | None:
    """The key; None where it is none. To check one takes 50 ms, and each person's token wants it."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def _object_in(secret: SecretStr) -> dict[str, Any]:
    """What a secret holds as JSON; nothing, where it is something else."""
    try:
        held = json.loads(secret.get_secret_value())
    except (ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}
