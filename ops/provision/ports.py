"""What ``provision`` needs of a deployment, and where it gets it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx2

from shared.settings import Settings
from shared.shard_types.ensure import ShardTypeStore
from shared.storage.identity import identity_token
from shared.storage.shard_type_store import CosmosShardTypes
from shared.topology import Space

if TYPE_CHECKING:
    from shared.hosting.services import Services


TOKEN_SECONDS: Final = 120.0
"""So long a token is used again. The Azure CLI, which starts a program for every token, hands out none that ends within five minutes."""


@dataclass(frozen=True)
class ProvisionPorts:
    """Handed to the command."""

    settings: Settings
    space: Space
    http: httpx2.AsyncClient
    token: Callable[[str], Awaitable[str]]
    """For a scope."""
    shard_types: ShardTypeStore
    wait: Callable[[float], Awaitable[None]]
    """So many seconds."""


def provision_ports_of(services: "Services") -> ProvisionPorts:
    """Those of a deployment. Nothing is connected to before it is used."""
    return ProvisionPorts(
        settings=services.settings,
        space=services.space,
        http=services.http,
        token=remembered(lambda scope: identity_token(services.credential, scope)),
        shard_types=CosmosShardTypes(services.account),
        wait=asyncio.sleep,
    )


def remembered(ask: Callable[[str], Awaitable[str]], now: Callable[[], float] = time.monotonic) -> Callable[[str], Awaitable[str]]:
    """A token for each scope, asked for again after ``TOKEN_SECONDS``."""
    known: dict[str, tuple[float, str]] = {}

    async def token(scope: str) -> str:
        if scope not in known or now() - known[scope][0] > TOKEN_SECONDS:
            known[scope] = now(), await ask(scope)
        return known[scope][1]

    return token
