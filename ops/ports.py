"""What the commands need of a deployment, and where they get it: the app's own composition root."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import httpx2
from azure.servicebus.aio import ServiceBusClient
from pydantic import SecretStr
from typing_extensions import override

from ingestion.sources.polled import pollers
from ingestion.sources.source import Poller
from ops.everyone import all_connections
from ops.linkable import CosmosLinkableShards, LinkableShards
from ops.migrations.migration import MigrationPorts
from ops.migrations.ports import migration_ports_of
from ops.parking import Parking, ServiceBusParking
from ops.provision.ports import ProvisionPorts, provision_ports_of
from ops.tenants.ports import TenantPorts, tenant_ports_of
from ops.vault import Keeper, KeyVaultKeeper, SettingKeeper
from ops.watching import LOOK_SECONDS
from shared.connections.connection import Connection, Connections
from shared.connections.secrets import Secrets
from shared.contracts.claim import ClaimStore
from shared.gaps.gap import Gaps
from shared.linking.anchor import AnchorRows
from shared.linking.policy import LinkingPolicies
from shared.messaging.envelope import Transport
from shared.messaging.publisher import Publisher
from shared.messaging.service_bus import RETRY_OPTIONS
from shared.shards.record_index import RecordIndex
from shared.storage.identity import identity_token
from shared.storage.key_vault import TOKEN_SCOPE
from shared.streams.state import StreamStates

if TYPE_CHECKING:
    from shared.hosting.services import Services


class Pollers(Protocol):
    """Makes the pollers, by source."""

    def __call__(self, *, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
        """``known``: secrets by name that may not be stored yet."""


class KnownSecrets(Secrets):
    """Secrets that are at hand, before those that are stored."""

    def __init__(self, known: Mapping[str, SecretStr], stored: Secrets) -> None:
        self._known = known
        self._stored = stored

    @override
    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        return self._known[name] if name in self._known else await self._stored.read(name, anew=anew)


@dataclass(frozen=True)
class Ports:
    """Handed to every command."""

    connections: Connections
    """Nothing is remembered: an operator sees what is stored."""
    everyone: Callable[[], Awaitable[list[Connection]]]
    states: StreamStates
    gaps: Gaps
    publisher: Publisher
    transport: Transport
    claims: ClaimStore
    parking: Parking
    keeper: Keeper
    pollers: Pollers
    index: Callable[[], RecordIndex]
    secrets: Callable[[], Secrets]
    policies: LinkingPolicies
    anchor_rows: Callable[[], AnchorRows]
    linkable: Callable[[], LinkableShards]
    migrations: Callable[[], MigrationPorts]
    tenants: Callable[[], AbstractAsyncContextManager[TenantPorts]]
    provision: Callable[[], ProvisionPorts]
    http: Callable[[], httpx2.AsyncClient]
    """To ask a vendor whose a credential is, before there is a connection."""
    now: Callable[[], datetime]
    pause: Callable[[], Awaitable[None]]
    """Between two looks at what is watched."""


def ports_of(services: "Services", *, now: Callable[[], datetime]) -> Ports:
    """The ports of a deployment. Nothing is connected to before it is used."""
    return Ports(
        connections=services.connection_store,
        everyone=lambda: all_connections(services.account),
        states=services.states,
        gaps=services.gaps,
        publisher=services.publisher,
        transport=services.transport,
        claims=services.claims,
        parking=ServiceBusParking(lambda: _service_bus(services), transport=services.transport),
        keeper=_keeper(services),
        pollers=partial(_pollers, services, now=now),
        index=lambda: services.record_index,
        secrets=lambda: services.secrets,
        policies=services.linking_policy_store,
        anchor_rows=lambda: services.anchor_rows,
        linkable=lambda: CosmosLinkableShards(services.account),
        migrations=lambda: migration_ports_of(services, now=now),
        tenants=lambda: tenant_ports_of(services, bus=lambda: _service_bus(services), now=now),
        provision=lambda: provision_ports_of(services),
        http=lambda: services.http,
        now=now,
        pause=partial(asyncio.sleep, LOOK_SECONDS),
    )


@asynccontextmanager
async def closing(services: "Services") -> AsyncIterator[None]:
    """Let go of every connection at the end."""
    try:
        yield
    finally:
        for name in ("transport", "account", "claims", "anchor_snapshots", "http", "credential"):
            made = vars(services).get(name)  # a cached property that was asked for
            close = getattr(made, "aclose", None) or getattr(made, "close", None)
            if close is not None:
                await close()


def _service_bus(services: "Services") -> ServiceBusClient:
    """A client of an operator's own: one command is one connection."""
    connection = services.settings.service_bus
    options: dict[str, Any] = {**RETRY_OPTIONS, "ssl_context": services.tls}
    if connection.connection_string is not None:
        return ServiceBusClient.from_connection_string(connection.connection_string.get_secret_value(), **options)
    return ServiceBusClient(str(connection.address), services.credential, **options)


def _keeper(services: "Services") -> Keeper:
    vault_uri = services.settings.key_vault_uri
    if vault_uri is None:
        return SettingKeeper()
    return KeyVaultKeeper(lambda: services.http, vault_uri=vault_uri, token=lambda: identity_token(services.credential, TOKEN_SCOPE))


def _pollers(services: "Services", *, now: Callable[[], datetime], known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
    secrets = KnownSecrets(known, services.secrets) if known else services.secrets
    return pollers(
        services.settings,
        http=services.http,
        secrets=secrets,
        states=services.states,
        index=services.record_index,
        metrics=services.metrics,
        now=now,
    )
