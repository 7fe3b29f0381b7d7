"""What the tests of the stand-in with identities share: a certificate, an issuer's keys, and credentials of the tests' own."""

import asyncio
import random
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.servicebus.aio import ServiceBusClient
from typing_extensions import override

from devtools.certificate import public_certificate, trusting
from devtools.emulators.servicebus.broker import Broker
from devtools.issuer.addresses import CLIENT_ID
from devtools.issuer.identities import identity_token

RESOURCE = "https://servicebus.azure.net/"
HOUR_SECONDS = 3_600


def own_address() -> str:
    """An address of loopback that no other test has: a client takes an identity to port 5671, whatever it is told."""
    if sys.platform != "linux":
        return "127.0.0.1"
    return f"127.{random.randint(2, 200)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


@dataclass
class Identity(AsyncTokenCredential):
    """Shows a new token of ``made`` whenever it is asked, and remembers how often and what for. Serves synchronous clients, too."""

    made: Callable[[], str]
    seconds: int = HOUR_SECONDS
    scopes: list[str] = field(default_factory=list)

    @override
    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken(self.made(), int(time.time()) + self.seconds)

    @override
    async def close(self) -> None:
        """Nothing is open."""

    @override
    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class SynchronousIdentity:
    """The same for the synchronous client."""

    identity: Identity

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return asyncio.run(self.identity.get_token(*scopes))


@dataclass(frozen=True)
class Place:
    """A stand-in for identities: its broker, the folders of its certificate and of the issuer's keys, and where it listens."""

    broker: Broker
    folder: Path
    host: str

    @property
    def keys(self) -> Path:
        return self.folder / "issuer"

    @property
    def trust(self) -> ssl.SSLContext:
        return trusting(public_certificate(self.folder))

    def token(self, **said: Any) -> str:
        """As Entra makes one for the app, but for what is said otherwise."""
        made: dict[str, Any] = {"client_id": CLIENT_ID, "resource": RESOURCE, **said}
        return identity_token(made.pop("folder", self.keys), **made)

    def identity(self, *, good_for_seconds: int = HOUR_SECONDS, **said: Any) -> Identity:
        return Identity(lambda: self.token(**said), good_for_seconds)

    @property
    def trusted(self) -> dict[str, Any]:
        """What a client needs to trust it."""
        return {"ssl_context": self.trust, "retry_total": 0}

    def client(self, identity: AsyncTokenCredential) -> ServiceBusClient:
        return ServiceBusClient(self.host, identity, **self.trusted)
