"""What ``provision`` needs of a deployment, and where it gets it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from shared.settings import Settings
from shared.shard_types.ensure import ShardTypeStore
from shared.storage.identity import identity_token
from shared.storage.shard_type_store import CosmosShardTypes
from shared.topology import Space

if TYPE_CHECKING:
    from shared.hosting.services import Services


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
        token=lambda scope: identity_token(services.credential, scope),
        shard_types=CosmosShardTypes(services.account),
        wait=asyncio.sleep,
    )
