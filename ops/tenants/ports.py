"""What exporting and erasing a tenant need of a deployment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from azure.servicebus.aio import ServiceBusClient

from ops.parking import Parking, ServiceBusParking
from ops.tenants.blobs import StoredTenantBlobs, TenantBlobs
from ops.tenants.items import CosmosTenantItems, TenantItems
from ops.tenants.messages import ServiceBusMessages, TenantMessages
from ops.tenants.patience import Wait
from ops.tenants.secrets import KeyVaultTenantSecrets, SettingSecretsLeft, TenantSecrets
from shared.contracts.claim import ClaimStore
from shared.settings import ServiceConnection, Settings
from shared.storage.blobs import Blobs
from shared.storage.identity import identity_token
from shared.storage.key_vault import TOKEN_SCOPE

if TYPE_CHECKING:
    from shared.hosting.services import Services


@dataclass(frozen=True)
class TenantPorts:
    """Every place where a tenant's data can be."""

    items: TenantItems
    blobs: TenantBlobs
    messages: TenantMessages
    parking: Parking
    claims: ClaimStore
    secrets: TenantSecrets
    stores: Mapping[str, str]
    """Which deployment it is: the address of each store, as it is written into a proof."""
    now: Callable[[], datetime]
    wait: Wait


@asynccontextmanager
async def tenant_ports_of(
    services: "Services", *, bus: Callable[[], ServiceBusClient], now: Callable[[], datetime]
) -> AsyncIterator[TenantPorts]:
    """Those of a deployment, while the block goes on. Nothing is connected to before it is used."""
    blobs: Blobs = services.blobs
    try:
        yield TenantPorts(
            items=CosmosTenantItems(services.account, wait=asyncio.sleep),
            blobs=StoredTenantBlobs(blobs, wait=asyncio.sleep),
            messages=ServiceBusMessages(bus),
            parking=ServiceBusParking(bus, transport=services.transport),
            claims=services.claims,
            secrets=_secrets(services),
            stores=stores_of(services.settings),
            now=now,
            wait=asyncio.sleep,
        )
    finally:
        await blobs.close()


def stores_of(settings: Settings) -> dict[str, str]:
    """The address of each store, and no key."""
    vault = {} if settings.key_vault_uri is None else {"vault": settings.key_vault_uri}
    return {
        "serviceBus": _address(settings.service_bus, "Endpoint"),
        "cosmos": _address(settings.cosmos, "AccountEndpoint"),
        "database": settings.cosmos_database,
        "blobs": _address(settings.blob, "BlobEndpoint", "AccountName"),
        **vault,
    }


def _address(connection: ServiceConnection, *parts: str) -> str:
    """``parts``: of a connection string, which of them say where it leads."""
    if connection.connection_string is None:
        return str(connection.address)
    pieces = [piece.partition("=") for piece in connection.connection_string.get_secret_value().split(";")]
    return next((value for part in parts for name, _, value in pieces if name == part), "by a connection string")


def _secrets(services: "Services") -> TenantSecrets:
    vault_uri = services.settings.key_vault_uri
    if vault_uri is None:
        return SettingSecretsLeft()
    return KeyVaultTenantSecrets(lambda: services.http, vault_uri=vault_uri, token=lambda: identity_token(services.credential, TOKEN_SCOPE))
