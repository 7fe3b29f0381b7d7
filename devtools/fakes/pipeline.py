"""The pipeline over fakes: what most unit tests need at once."""

from functools import partial

from devtools.fakes.clock import Clock
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.stores import InMemoryClaims, InMemoryConnections, InMemoryGaps, InMemoryShards
from devtools.fakes.transport import InMemoryTransport
from processors.normalization.handler import normalize
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.breaker import Breakers
from shared.messaging.delivery import DeliveryPorts, Handler, deliver
from shared.messaging.publisher import QueuePublisher
from shared.messaging.returns import Delivery, QueueReturns


class InMemoryPipeline:
    """Every port as a fake, and the normalizer wired to them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.metrics = InMemoryMetrics()
        self.shards = InMemoryShards()
        self.connections = InMemoryConnections()
        self.gaps = InMemoryGaps()
        self.claims = InMemoryClaims()
        self.transport = InMemoryTransport(self.clock)
        self.publisher = QueuePublisher(self.transport, claims=self.claims, metrics=self.metrics, traceparent=lambda: None)
        self.delivery = DeliveryPorts(
            returns=QueueReturns(self.transport, publisher=self.publisher),
            claims=self.claims,
            metrics=self.metrics,
            breakers=Breakers(),
            now=self.clock,
            ready=_always_ready,
        )

    @property
    def normalize(self) -> Handler[IngestionEvent]:
        """The normalizer over these ports."""
        return partial(normalize, shards=self.shards, gaps=self.gaps, publisher=self.publisher, metrics=self.metrics, now=self.clock)

    async def deliver(self, delivery: Delivery, handler: Handler[IngestionEvent] | None = None) -> None:
        """What the normalization processor's binding does."""
        await deliver(delivery, IngestionEvent, handler or self.normalize, ports=self.delivery)

    async def run(self, handler: Handler[IngestionEvent] | None = None) -> int:
        """Deliver every event that is due now."""
        return await self.transport.drain(topology.INGESTION_EVENTS, lambda delivery: self.deliver(delivery, handler))


async def _always_ready() -> None:
    return None
