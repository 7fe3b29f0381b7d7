"""The pipeline over fakes: what most unit tests need at once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from devtools.fakes.anchors import InMemoryAnchors, UnrememberedPolicies
from devtools.fakes.clock import Clock
from devtools.fakes.embedding import CountingEmbedder, InMemoryChunks
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.stores import (
    InMemoryAnchorRows,
    InMemoryAnchorSnapshots,
    InMemoryClaims,
    InMemoryConnections,
    InMemoryDirectory,
    InMemoryGaps,
    InMemoryLinkingPolicies,
    InMemoryRecordIndex,
    InMemorySecrets,
    InMemoryShards,
    InMemorySuggestedLinks,
)
from devtools.fakes.transport import InMemoryQueueAges, InMemoryTransport
from ingestion.coalescing import Coalescing
from ingestion.receiver import ReceiverPorts
from processors.embedding.pipeline import request
from processors.embedding.worker import embed
from processors.enrichment.folders import KnownFolders
from processors.enrichment.handler import enrich
from processors.enrichment.ports import LinkingPorts
from processors.normalization.batch import normalize_batch
from processors.normalization.handler import normalize
from shared import topology
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.breaker import Breakers
from shared.messaging.delivery import DeliveryPorts, Handler, deliver
from shared.messaging.publisher import QueuePublisher
from shared.messaging.returns import Delivery, QueueReturns
from shared.shards.known import KnownShards
from shared.streams.state import StreamStates

STAGES: Final = (
    topology.INGESTION_EVENTS,
    topology.INGESTION_EVENTS_BULK,
    topology.SHARD_EMISSION,
    topology.ENRICHMENT_JOBS,
    topology.EMBEDDING_JOBS,
)
"""The queues in the order of the pipeline."""


class InMemoryPipeline:
    """Every port as a fake, and the handlers wired to them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.metrics = InMemoryMetrics()
        self.shards = InMemoryShards(self.clock)
        self.states = StreamStates(self.shards)
        self.index = InMemoryRecordIndex(self.shards)
        self.directory = InMemoryDirectory(self.shards)
        self.anchor_rows = InMemoryAnchorRows(self.shards)
        self.snapshots = InMemoryAnchorSnapshots()
        self.suggestions = InMemorySuggestedLinks()
        self.policies = InMemoryLinkingPolicies()
        self.chunks = InMemoryChunks()
        self.embedder = CountingEmbedder()
        self.connections = InMemoryConnections()
        self.gaps = InMemoryGaps()
        self.claims = InMemoryClaims()
        self.secrets = InMemorySecrets()
        self.traceparent: Callable[[], str | None] = lambda: None
        """What goes with messages; of a test that looks at traces, the current one."""
        self.start(InMemoryTransport(self.clock))

    def start(self, transport: InMemoryTransport) -> None:
        """A new process at this broker. It remembers nothing of the one before."""
        self.transport = transport
        self.queue_ages = InMemoryQueueAges(transport)
        self.known = KnownShards(self.clock)
        self.folders = KnownFolders(self.clock)
        self.anchors = InMemoryAnchors(self.shards, self.clock)
        self.coalescing = Coalescing(timedelta(seconds=30))
        self.publisher = QueuePublisher(self.transport, claims=self.claims, metrics=self.metrics, traceparent=self._made_in)
        self.delivery = DeliveryPorts(
            returns=QueueReturns(self.transport, publisher=self.publisher),
            claims=self.claims,
            metrics=self.metrics,
            breakers=Breakers(),
            now=self.clock,
            ready=_always_ready,
        )

    def _made_in(self) -> str | None:
        return self.traceparent()

    @property
    def receiver(self) -> ReceiverPorts:
        """What receives webhook calls, over these ports."""
        return ReceiverPorts(self.connections, self.publisher, self.gaps, self.coalescing, self.metrics, self.clock)

    @property
    def normalize(self) -> Handler[IngestionEvent]:
        """The normalizer over these ports."""
        return partial(
            normalize,
            shards=self.shards,
            index=self.index,
            gaps=self.gaps,
            publisher=self.publisher,
            metrics=self.metrics,
            now=self.clock,
        )

    @property
    def normalize_batch(self) -> Handler[IngestionBatch]:
        """The bulk normalizer over these ports."""
        return partial(
            normalize_batch,
            normalize=self.normalize,
            gaps=self.gaps,
            publisher=self.publisher,
            metrics=self.metrics,
            now=self.clock,
        )

    @property
    def enrich(self) -> Handler[ShardEmitted]:
        """Enrichment over these ports."""
        if self.anchors.shards is not self.shards:  # a test has given it others
            self.anchors = InMemoryAnchors(self.shards, self.clock)
        if self.anchor_rows.shards is not self.shards:
            self.anchor_rows = InMemoryAnchorRows(self.shards)
        linking = LinkingPorts(self.anchors, self.anchor_rows, self.suggestions, UnrememberedPolicies(self.policies), self.folders)
        return partial(
            enrich,
            shards=self.shards,
            known=self.known,
            linking=linking,
            publisher=self.publisher,
            metrics=self.metrics,
            now=self.clock,
        )

    @property
    def request(self) -> Handler[EnrichmentDone]:
        """The embedding pipeline over these ports."""
        return partial(request, shards=self.shards, publisher=self.publisher, space=self.embedder.space, now=self.clock)

    @property
    def embed(self) -> Handler[EmbeddingRequested]:
        """The embedding worker over these ports."""
        return partial(embed, chunks=self.chunks, shards=self.shards, embedder=self.embedder, metrics=self.metrics, now=self.clock)

    def worker(self, queue: str) -> Callable[[Delivery], Awaitable[None]]:
        """What the binding of a queue does with a delivery."""
        match queue:
            case topology.INGESTION_EVENTS:
                return lambda delivery: deliver(delivery, IngestionEvent, self.normalize, ports=self.delivery)
            case topology.INGESTION_EVENTS_BULK:
                return lambda delivery: deliver(delivery, IngestionBatch, self.normalize_batch, ports=self.delivery)
            case topology.SHARD_EMISSION:
                return lambda delivery: deliver(delivery, ShardEmitted, self.enrich, ports=self.delivery)
            case topology.ENRICHMENT_JOBS:
                return lambda delivery: deliver(delivery, EnrichmentDone, self.request, ports=self.delivery)
            case topology.EMBEDDING_JOBS:
                return lambda delivery: deliver(delivery, EmbeddingRequested, self.embed, ports=self.delivery)
            case _:
                raise ValueError(f"nobody reads {queue}")

    async def run_all(self) -> int:
        """Deliver everything that is due, stage after stage, until nothing is. Returns how many messages were completed."""
        completed = 0
        while due := [queue for queue in STAGES if self.transport.due(queue)]:
            for queue in due:
                completed += await self.transport.drain(queue, self.worker(queue))
        return completed

    async def deliver(self, delivery: Delivery, handler: Handler[IngestionEvent] | None = None) -> None:
        """What the normalization processor's binding does."""
        await deliver(delivery, IngestionEvent, handler or self.normalize, ports=self.delivery)

    async def run(self, handler: Handler[IngestionEvent] | None = None) -> int:
        """Deliver every event that is due now."""
        return await self.transport.drain(topology.INGESTION_EVENTS, lambda delivery: self.deliver(delivery, handler))


async def _always_ready() -> None:
    return None
