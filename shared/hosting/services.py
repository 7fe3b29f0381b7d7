"""The composition root: what every port is in a deployment, made once per worker and no earlier than needed.

The only reader of the environment and of the wall clock. Each client is a cached property that imports its SDK inside, so that importing
this module loads nothing heavy (architecture 4, rule 9).
"""

import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared.hosting.linking import LinkingServices
from shared.hosting.trust import TrustServices

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from ssl import SSLContext

    import httpx2
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.identity.aio import DefaultAzureCredential
    from azure.servicebus.aio import ServiceBusClient
    from azure.storage.blob.aio import BlobServiceClient

    from shared.access.directory import Directory
    from shared.chunks.store import ChunkStore
    from shared.connections.connection import Connections
    from shared.contracts.claim import ClaimStore
    from shared.embeddings.embedder import Embedder
    from shared.gaps.gap import Gaps
    from shared.hosting.right_of_way import RightOfWay
    from shared.linking.anchor import AnchorSnapshots
    from shared.linking.remembered_policies import RememberedPolicies
    from shared.messaging.delivery import DeliveryPorts
    from shared.messaging.envelope import Transport
    from shared.messaging.publisher import Publisher
    from shared.messaging.queue_ages import QueueAges
    from shared.settings import Settings
    from shared.shards.known import KnownShards
    from shared.shards.record_index import RecordIndex
    from shared.shards.store import ShardStore
    from shared.storage.blobs import Blobs
    from shared.storage.cosmos import CosmosAccount
    from shared.streams.state import StreamStates
    from shared.telemetry.metrics import Metrics
    from shared.topology import Space


def consumer_type() -> str:
    """Which of the two deployments this is: ``light``, ``heavy`` or ``all``. Read without the settings, which are too heavy at import.

    Raises:
        ValueError: when it is none of these: an app without a single function must not look healthy.
    """
    consumer = os.environ.get("CONSUMER_TYPE") or "all"
    if consumer not in {"light", "heavy", "all"}:
        raise ValueError("CONSUMER_TYPE is neither light, nor heavy, nor all")
    return consumer


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


class Services(LinkingServices, TrustServices):
    """Every port of one worker. Handlers never see this: they get ports."""

    def __init__(self, settings: "Settings") -> None:
        self.settings = settings
        self.clock = now

    @cached_property
    def credential(self) -> "DefaultAzureCredential":
        """The worker's identity, where a service is reached by one."""
        from azure.identity.aio import DefaultAzureCredential

        return DefaultAzureCredential()

    async def _identity_token(self, scope: str) -> str:  # type: ignore[explicit-override]  # as below
        from shared.storage.identity import identity_token

        return await identity_token(self.credential, scope)

    @cached_property
    def metrics(self) -> "Metrics":
        """Where counts go."""
        from shared.hosting.telemetry import metrics_of

        return metrics_of(self.settings, instance=os.urandom(8).hex(), environ=os.environ)

    @cached_property
    def tls(self) -> "SSLContext":
        """Whom Service Bus's connections trust: what everything else trusts (docs/decisions/0046)."""
        import ssl

        return ssl.create_default_context()

    @cached_property
    def transport(self) -> "Transport":
        """The broker; what many send at once is gathered."""
        from shared.messaging.gathering import GatheringTransport
        from shared.messaging.service_bus import ServiceBusTransport

        return GatheringTransport(ServiceBusTransport(self._service_bus_client))

    @cached_property
    def queue_ages(self) -> "QueueAges":
        """How long queues make their messages wait."""
        from shared.messaging.service_bus_ages import ServiceBusQueueAges

        return ServiceBusQueueAges(self._service_bus_client, now=now)

    @asynccontextmanager
    async def queue_ages_once(self) -> "AsyncIterator[QueueAges]":
        """The same, for one look at all of them: nothing stays open."""
        from shared.messaging.service_bus_ages import ServiceBusQueueAges

        ages = ServiceBusQueueAges(self._service_bus_client, now=now)
        try:
            yield ages
        finally:
            await ages.close()

    def _service_bus_client(self) -> "ServiceBusClient":
        from azure.servicebus.aio import ServiceBusClient

        from shared.messaging.service_bus import RETRY_OPTIONS

        connection = self.settings.service_bus
        options: dict[str, Any] = {**RETRY_OPTIONS, "ssl_context": self.tls}
        if connection.connection_string is not None:
            return ServiceBusClient.from_connection_string(connection.connection_string.get_secret_value(), **options)
        return ServiceBusClient(str(connection.address), self.credential, **options)

    @cached_property
    def claims(self) -> "ClaimStore":
        """Where large bodies wait."""
        from shared.storage.claim_store import BlobClaimStore

        return BlobClaimStore(self._blob_client)

    @cached_property
    def blobs(self) -> "Blobs":
        """The storage account itself."""
        from shared.storage.blobs import Blobs

        return Blobs(self._blob_client)

    def _blob_client(self) -> "BlobServiceClient":
        from azure.storage.blob.aio import BlobServiceClient

        from shared.storage.claim_store import RETRY_OPTIONS

        connection = self.settings.blob
        options: dict[str, Any] = dict(RETRY_OPTIONS)
        if connection.connection_string is not None:
            return BlobServiceClient.from_connection_string(
                connection.connection_string.get_secret_value(), transport=_transport(), **options
            )
        return BlobServiceClient(str(connection.address), self.credential, transport=_transport(), **options)

    @cached_property
    def publisher(self) -> "Publisher":
        """Messages out."""
        from shared.messaging.publisher import QueuePublisher
        from shared.telemetry.tracing import current_traceparent

        return QueuePublisher(self.transport, claims=self.claims, metrics=self.metrics, traceparent=current_traceparent)

    @cached_property
    def account(self) -> "CosmosAccount":  # type: ignore[explicit-override]  # to import it would slow down every start
        """The database."""
        from azure.cosmos.aio import CosmosClient

        from shared.storage.charges import Charges
        from shared.storage.cosmos import RETRY_OPTIONS, CosmosAccount

        connection = self.settings.cosmos
        options: dict[str, Any] = {**RETRY_OPTIONS, "raw_response_hook": Charges(self.metrics)}

        def client() -> CosmosClient:
            if connection.connection_string is not None:
                return CosmosClient.from_connection_string(
                    connection.connection_string.get_secret_value(), transport=_transport(), **options
                )
            return CosmosClient(str(connection.address), self.credential, transport=_transport(), **options)

        return CosmosAccount(client, database=self.settings.cosmos_database)

    @cached_property
    def shards(self) -> "ShardStore":
        """Where shards are."""
        from shared.storage.shard_store import CosmosShardStore

        return CosmosShardStore(self.account)

    @cached_property
    def known_shards(self) -> "KnownShards":
        """Shards this worker has seen."""
        from shared.shards.known import KnownShards

        return KnownShards(now)

    @cached_property
    def http(self) -> "httpx2.AsyncClient":  # type: ignore[explicit-override]  # as above
        """Outbound HTTP."""
        from shared.http.client import http_client

        return http_client()

    @cached_property
    def space(self) -> "Space":
        """Where this deployment's vectors can be compared.

        Raises:
            ConfigurationError: there is no container for what the settings name.
        """
        from shared.hosting.embedding import space_of

        return space_of(self.settings.embedding)

    @cached_property
    def embedder(self) -> "Embedder":
        """Texts in, vectors out.

        Raises:
            ConfigurationError: the settings name no model that there is.
        """
        from shared.embeddings.gathering import GatheringEmbedder
        from shared.hosting.embedding import model_of

        model = model_of(self.settings.embedding, http=lambda: self.http, identity_token=self._identity_token, metrics=self.metrics)
        return GatheringEmbedder(model, metrics=self.metrics)

    @cached_property
    def chunks(self) -> "ChunkStore":
        """Where the chunks of shards are."""
        from shared.storage.chunk_store import CosmosChunkStore

        return CosmosChunkStore(self.account, self.space)

    @cached_property
    def connection_store(self) -> "Connections":
        """Who is connected, as it is stored: for whoever writes what they read."""
        from shared.storage.connection_store import CosmosConnections

        return CosmosConnections(self.account)

    @cached_property
    def connections(self) -> "Connections":
        """Who is connected, as it was up to a minute ago."""
        from shared.connections.cache import RememberedConnections

        return RememberedConnections(self.connection_store, now=now)

    @cached_property
    def states(self) -> "StreamStates":
        """How far streams have been read."""
        from shared.streams.state import StreamStates

        return StreamStates(self.shards)

    @cached_property
    def record_index(self) -> "RecordIndex":
        """Shards by the keys of their records."""
        from shared.storage.record_index import CosmosRecordIndex

        return CosmosRecordIndex(self.account)

    @cached_property
    def directory(self) -> "Directory":
        """Who people are at the sources."""
        from shared.storage.people_directory import CosmosDirectory

        return CosmosDirectory(self.account, now=now)

    @cached_property
    def linking_policies(self) -> "RememberedPolicies":
        """How tenants' shards are linked, as it was up to a minute ago."""
        from shared.linking.remembered_policies import RememberedPolicies

        return RememberedPolicies(self.linking_policy_store, now=now)

    @cached_property
    def anchor_snapshots(self) -> "AnchorSnapshots":
        """All of a tenant's anchors at a moment, for a worker that has just started."""
        from shared.storage.anchor_snapshots import BlobAnchorSnapshots

        return BlobAnchorSnapshots(self._blob_client)

    @cached_property
    def gaps(self) -> "Gaps":
        """What is not known to be complete."""
        from shared.storage.gap_store import CosmosGaps

        return CosmosGaps(self.account, metrics=self.metrics)

    @cached_property
    def right_of_way(self) -> "RightOfWay":
        """Who goes first in this worker."""
        from shared.hosting.right_of_way import RightOfWay

        return RightOfWay()

    @cached_property
    def delivery(self) -> "DeliveryPorts":
        """What deciding on a message needs."""
        from shared.hosting.readiness import Readiness
        from shared.messaging.breaker import Breakers
        from shared.messaging.delivery import DeliveryPorts
        from shared.messaging.returns import QueueReturns
        from shared.storage.shard_type_store import CosmosShardTypes
        from shared.topology import CONTAINERS, chunk_container

        return DeliveryPorts(
            returns=QueueReturns(self.transport, publisher=self.publisher),
            claims=self.claims,
            metrics=self.metrics,
            breakers=Breakers(),
            now=now,
            ready=Readiness(self.account, CosmosShardTypes(self.account), containers=(*CONTAINERS, chunk_container(self.space))),
        )


def _transport() -> "AioHttpTransport":
    """How one client of an Azure SDK reaches HTTP: without looking for a proxy or a ``.netrc`` at each request (docs/decisions/0020)."""
    from azure.core.pipeline.transport import AioHttpTransport

    return AioHttpTransport(use_env_settings=False)


@cache
def services() -> Services:
    """This worker's ports.

    Raises:
        ConfigurationError: naming every setting that is missing or wrong.
    """
    from shared.settings import Settings

    return Services(Settings.from_environ(os.environ))
