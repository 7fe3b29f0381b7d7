"""What exporting and erasing a tenant need of a deployment."""

import asyncio
from collections.abc import AsyncIterator, Callable
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
            now=now,
            wait=asyncio.sleep,
        )
    finally:
        await blobs.close()


def _secrets(services: "Services") -> TenantSecrets:
    vault_uri = services.settings.key_vault_uri
    if vault_uri is None:
        return SettingSecretsLeft()
    return KeyVaultTenantSecrets(lambda: services.http, vault_uri=vault_uri, token=lambda: identity_token(services.credential, TOKEN_SCOPE))
