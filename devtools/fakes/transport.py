"""A broker in memory: queues with scheduling and duplicate detection, and nothing of locks.

What it lacks: locks and their expiry, delivery counts, dead-lettering, time to live. ``drain`` hands every due message to a handler once;
one whose handler raises is put back, as an abandoned message is.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from typing_extensions import override

from devtools.fakes.clock import Clock
from shared.errors import PipelineError
from shared.messaging.envelope import Envelope, Transport
from shared.messaging.queue_ages import QueueAges
from shared.messaging.returns import Delivery

DUPLICATE_WINDOW: Final = timedelta(hours=1)


class InMemoryTransport(Transport):
    """The transport port, readable."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.waiting: list[Envelope] = []
        self.sent: list[Envelope] = []
        """Everything ever accepted, duplicates left out."""
        self.duplicates_dropped = 0
        self.fails_with: PipelineError | None = None
        """Raised by every send while set: the broker is away."""
        self._seen: dict[tuple[str, str], datetime] = {}

    @override
    async def send(self, *envelopes: Envelope) -> None:
        if self.fails_with is not None:
            raise self.fails_with
        for envelope in envelopes:
            seen = self._seen.get((envelope.queue, envelope.id))
            if seen is not None and self.clock() - seen < DUPLICATE_WINDOW:
                self.duplicates_dropped += 1
                continue
            self._seen[envelope.queue, envelope.id] = self.clock()
            self.waiting.append(envelope)
            self.sent.append(envelope)

    def on(self, queue: str) -> list[Envelope]:
        """What waits on a queue, due or not."""
        return [envelope for envelope in self.waiting if envelope.queue == queue]

    def due(self, queue: str) -> list[Envelope]:
        """What may be delivered now."""
        return [envelope for envelope in self.on(queue) if envelope.due_at is None or envelope.due_at <= self.clock()]

    def arrived_at(self, envelope: Envelope) -> datetime:
        """Since when it waits: since it was sent, or became due."""
        sent_at = self._seen[envelope.queue, envelope.id]
        return max(sent_at, envelope.due_at) if envelope.due_at is not None else sent_at

    async def drain(self, queue: str, handler: Callable[[Delivery], Awaitable[None]]) -> int:
        """Deliver every message that is due now, each once.

        Returns:
            How many were delivered and completed.

        Raises:
            ExceptionGroup: what handlers raised; their messages are on the queue again.
        """
        completed = 0
        raised: list[Exception] = []
        for envelope in self.due(queue):
            try:
                await self.hand_over(envelope, handler)
            except Exception as error:  # the host abandons whatever the error is
                raised.append(error)
            else:
                completed += 1
        if raised:
            raise ExceptionGroup("abandoned", raised)
        return completed

    async def hand_over(self, envelope: Envelope, handler: Callable[[Delivery], Awaitable[None]]) -> None:
        """Deliver one message that waits. It is on the queue again when its handler did not come to an end, for whatever reason."""
        self.waiting.remove(envelope)
        try:
            await handler(Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties))
        except BaseException:  # a death in the middle, too, as tests die them
            self.waiting.append(envelope)
            raise


class InMemoryQueueAges(QueueAges):
    """The ages of its queues, by its clock. Nothing is remembered."""

    def __init__(self, transport: InMemoryTransport) -> None:
        self._transport = transport

    @override
    async def oldest_seconds(self, queue: str, *, dead_letters: bool = False) -> float:
        if dead_letters:
            return 0.0
        arrived = [self._transport.arrived_at(envelope) for envelope in self._transport.due(queue)]
        return (self._transport.clock() - min(arrived)).total_seconds() if arrived else 0.0
