"""Somebody who types ``ops provision``, with a pretend Azure Resource Manager behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import jwt

from devtools.emulators.resource_manager.server import PretendResourceManager
from ops.options import parsed
from ops.provision.command import provision
from ops.provision.ports import ProvisionPorts
from shared.errors import ConfigurationError, PipelineError
from shared.settings import Settings

SUBSCRIPTION: Final = "00000000-0000-0000-0000-0000000000aa"
ENVIRON: Final = {
    "SERVICE_BUS__fullyQualifiedNamespace": "acme-bus.servicebus.windows.net",
    "COSMOS__accountEndpoint": "https://acme-cosmos.documents.azure.com:443/",
    "BLOB__blobServiceUri": "https://acmeblobs.blob.core.windows.net",
    "EMBEDDING_AZURE_OPENAI_ENDPOINT": "https://acme.openai.azure.com",
    "AUTH_ISSUER": "https://issuer.example",
    "AUTH_AUDIENCE": "api://shardline",
    "AUTH_JWKS_URL": "https://issuer.example/keys",
}


class ShardTypes:
    """Where definitions are stored; ``refusals``: so many times it is not there yet."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self.refusals = 0
        self.refusal: PipelineError = ConfigurationError("read a shard type: answered 404")

    async def read(self, shard_type_id: str) -> dict[str, Any] | None:
        if self.refusals:
            self.refusals -= 1
            raise self.refusal
        return self.stored.get(shard_type_id)

    async def write(self, document: dict[str, Any]) -> None:
        self.stored[document["id"]] = document


@dataclass
class Operator:
    """Somebody who types ``ops provision``."""

    azure: PretendResourceManager
    http: httpx2.AsyncClient
    shard_types: ShardTypes = field(default_factory=ShardTypes)
    waits: list[float] = field(default_factory=list)
    audience: str = "https://management.azure.com"

    async def types(self, *words: str, ask: Callable[[str], str] | None = None) -> int:
        """Type it, with these words besides."""
        given = ["provision", "--subscription", SUBSCRIPTION, "--resource-group", "acme", "--arm-url", self.azure.url, *words]
        return await provision(parsed(given), self.ports(), ask=ask)

    def ports(self) -> ProvisionPorts:
        settings = Settings.from_environ(ENVIRON)
        space = settings.embedding.space
        assert space is not None
        return ProvisionPorts(settings, space, self.http, self._token, self.shard_types, self._wait)

    async def _token(self, scope: str) -> str:
        assert scope == "https://management.azure.com/.default"
        return jwt.encode({"aud": self.audience}, "a key that nobody looks at, and long enough", "HS256")

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
