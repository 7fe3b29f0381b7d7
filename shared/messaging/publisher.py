"""Messages out: encoded, with ids and properties, put aside when too large, confirmed by the broker before anything is acknowledged."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from typing_extensions import override

from shared.contracts.claim import Claim, ClaimStore
from shared.contracts.message import Message
from shared.messaging.envelope import CORRELATION_ID, TENANT_ID, TYPE, VERSION, Envelope, Transport
from shared.messaging.provenance import SOURCE, begins_anew, properties_of
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric
from shared.telemetry.origin import current_origin


class Publisher(Protocol):
    """The port handlers publish through."""

    async def publish(self, *messages: Message) -> None:
        """Every message is on its queue when this returns.

        Raises:
            TransientError: when not all of them are known to be; publishing again is harmless.
        """

    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        """The message is on its queue when this returns, and is delivered at ``due_at`` or later.

        Raises:
            TransientError: when it is not known to be; scheduling again is harmless.
        """


class QueuePublisher(Publisher):
    """Publishes to a broker."""

    def __init__(self, transport: Transport, *, claims: ClaimStore, metrics: Metrics, traceparent: Callable[[], str | None]) -> None:
        self._transport = transport
        self._claims = claims
        self._metrics = metrics
        self._traceparent = traceparent

    @override
    async def publish(self, *messages: Message) -> None:
        await self._send(messages, due_at=None)

    @override
    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        await self._send([message], due_at=due_at)

    async def _send(self, messages: Sequence[Message], *, due_at: datetime | None) -> None:
        # One after the other: a batch of a back-fill takes long to encode, and while its body is put aside others have their turn.
        envelopes = [await self._light(self._envelope(message, due_at)) for message in messages]
        await self._transport.send(*envelopes)
        published = Counter((str(envelope.properties[TYPE]), str(envelope.properties.get(SOURCE, ""))) for envelope in envelopes)
        for (message_type, source), count in published.items():
            self._metrics.count(Metric.MESSAGES_PUBLISHED, count, type=message_type, source=source)

    def _envelope(self, message: Message, due_at: datetime | None) -> Envelope:
        provenance = properties_of(message, current_origin())
        return Envelope.of(message, traceparent=self._traceparent(), due_at=due_at, begins_anew=begins_anew(message), provenance=provenance)

    async def _light(self, envelope: Envelope) -> Envelope:
        if not envelope.is_too_large:
            return envelope
        claim = Claim.of(envelope.body, tenant_id=str(envelope.properties[TENANT_ID]), message_id=envelope.id)
        await self._claims.put(claim, envelope.body)
        self._metrics.count(Metric.MESSAGES_CLAIM_CHECKED, type=str(envelope.properties[TYPE]))
        said = {
            "type": envelope.properties[TYPE],
            "version": envelope.properties[VERSION],
            "tenantId": claim.tenant_id,
            "correlationId": envelope.properties.get(CORRELATION_ID),
            "claim": claim.model_dump(mode="json", by_alias=True),
        }
        return replace(envelope, body=json.dumps(said, separators=(",", ":")).encode())
