"""Logging in at Salesforce: one worker does it, the others wait for what it got.

Two ways, both without a person: a signed assertion (OAuth 2.0 JWT Bearer Flow) and the app's own secret (Client Credentials Flow). Neither
gives a refresh token nor says when the session ends: it is used until the vendor refuses it. "OAuth Authorization Flows", Salesforce Help.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import httpx2
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from ingestion.sources.salesforce.account import Account, AccountMemory, Token, TokenCipher
from ingestion.sources.salesforce.answers import login_fault
from shared.connections.connection import Connection, Credential
from shared.connections.secrets import Secrets
from shared.conversions.identifiers import salesforce_id
from shared.errors import ConfigurationError, DependencyUnavailable
from shared.http.client import object_of, response_to

ASSERTION_LIVES: Final = timedelta(minutes=3)
"""The longest there is."""
LOGIN_TAKES: Final = timedelta(seconds=30)
"""Whoever logs in is believed to be alive for so long."""
LOOKS: Final = 40
LOOKS_AGAIN_SECONDS: Final = 0.5
GRANT_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Session:
    """One worker's use of a connection's session."""

    def __init__(
        self,
        connection: Connection,
        account: Account,
        *,
        http: httpx2.AsyncClient,
        secrets: Secrets,
        now: Callable[[], datetime],
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if connection.credential is None:
            raise ConfigurationError("the connection has no credential: connect it again with one")
        self._credential: Credential = connection.credential
        self._connection = connection
        self._account = account
        self._http = http
        self._secrets = secrets
        self._now = now
        self._wait = wait
        self._token: Token | None = None
        self._logging_in = asyncio.Lock()

    async def token(self, *, instead_of: Token | None = None) -> Token:
        """A session; another one than the one the vendor has refused.

        Raises:
            ConfigurationError: the vendor does not let us in: the text says what to do.
            TransientError: not now.
        """
        if self._token is not None and self._token != instead_of:
            return self._token
        async with self._logging_in:  # the tasks of this worker wait here for one of them
            if self._token is None or self._token == instead_of:
                self._token = None  # a refused one is not tried again, should there be no other now
                self._token = await self._shared(instead_of)
            return self._token

    async def _shared(self, refused: Token | None) -> Token:
        """What another worker got, or else what we get; one at a time."""
        secret = await self._secrets.read(self._credential.secret_name)
        cipher = TokenCipher(secret.get_secret_value(), self._connection.id)
        for _ in range(LOOKS):
            memory = await self._account.look()
            known = cipher.opened(memory.token)
            if known is not None and known != refused:
                return known
            if await self._account.change(partial(self._claimed, seen=memory.token)):
                return await self._log_in(secret)
            if self._account.memory.token == memory.token:
                await self._wait(LOOKS_AGAIN_SECONDS)
        raise DependencyUnavailable("log in: another worker is at it and does not come to an end")

    def _claimed(self, memory: AccountMemory, *, seen: str | None) -> AccountMemory | None:
        """The login is ours; None when it is another worker's, or when there is another session than the one that was seen."""
        now = self._now()
        if memory.token != seen or (memory.login_until is not None and now < memory.login_until):
            return None
        return memory.model_copy(update={"login_until": now + LOGIN_TAKES, "token": None})

    async def _log_in(self, secret: SecretStr) -> Token:
        try:
            secret, token = await self._granted_anew(secret)
        except BaseException:  # a cancellation, too, must not leave the others waiting
            await self._account.change(lambda memory: memory.model_copy(update={"login_until": None}))
            raise
        sealed = TokenCipher(secret.get_secret_value(), self._connection.id).sealed(token, at=self._now())
        await self._account.change(lambda memory: memory.model_copy(update={"login_until": None, "token": sealed}))
        return token

    async def _granted_anew(self, secret: SecretStr) -> tuple[SecretStr, Token]:
        """A session, and the secret it was given for: the one that is stored now, where the one that was known is refused."""
        try:
            return secret, await self._granted(secret)
        except ConfigurationError:
            again = await self._secrets.read(self._credential.secret_name, anew=True)
            if again.get_secret_value() == secret.get_secret_value():
                raise
        return again, await self._granted(again)  # it was replaced just now

    async def _granted(self, secret: SecretStr) -> Token:
        credential = self._credential
        try:
            request = self._http.build_request("POST", f"{credential.base_url.rstrip('/')}/services/oauth2/token", data=self._form(secret))
        except httpx2.InvalidURL as error:
            raise ConfigurationError("the credential's base_url is no address") from error
        response = await response_to(self._http, request, what="log in")
        fault = login_fault(response)
        if fault is not None:
            raise fault
        body = object_of(response, what="log in")
        value, instance_url = body.get("access_token"), body.get("instance_url")
        if not (isinstance(value, str) and isinstance(instance_url, str) and value and value.isascii() and value.isprintable()):
            raise DependencyUnavailable("log in: the answer holds no session")
        if _organization_in(body.get("id")) != self._connection.account:
            # Or another organization's records would be taken for this tenant's.
            raise ConfigurationError("the credential opens another organization than the one that is connected: compare the two")
        if not _may_hold_a_token(instance_url, credential.base_url):
            raise DependencyUnavailable("log in: the organization's address is none a session may be sent to")
        return Token(value, instance_url.rstrip("/"))

    def _form(self, secret: SecretStr) -> dict[str, str]:
        credential = self._credential
        if credential.kind == "client-credentials":
            return {
                "grant_type": "client_credentials",
                "client_id": credential.client_id,
                "client_secret": secret.get_secret_value(),
            }
        claims = {
            "iss": credential.client_id,
            "sub": credential.subject or "",
            "aud": credential.audience or credential.base_url.rstrip("/"),
            "exp": int((self._now() + ASSERTION_LIVES).timestamp()),
        }
        return {"grant_type": GRANT_JWT, "assertion": jwt.encode(claims, self._key(secret), algorithm="RS256")}

    def _key(self, secret: SecretStr) -> RSAPrivateKey:
        try:
            key = load_pem_private_key(secret.get_secret_value().encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise ConfigurationError(f"the secret {self._credential.secret_name} is no private RSA key in PEM without a password")
        return key


def _may_hold_a_token(address: str, base_url: str) -> bool:
    """Whether it is a plain origin, and as safe on the way as the address we log in at: the session is sent there with every call."""
    try:
        parts, known = urlsplit(address), urlsplit(base_url)
        is_plain = bool(parts.hostname) and parts.username is None and not (parts.path.strip("/") or parts.query or parts.fragment)
    except ValueError:
        return False
    return is_plain and (parts.scheme == "https" or parts.scheme == known.scheme == "http")


def _organization_in(identity: object) -> str | None:
    """Whose session it is, from the identity URL of an answer, ``https://…/id/<organization>/<user>``; None where it says nothing."""
    path = identity.split("/") if isinstance(identity, str) else []
    try:
        return salesforce_id(path[path.index("id") + 1])
    except (ValueError, IndexError):
        return None
