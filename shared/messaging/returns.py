"""Where a message goes that could not be handled: back to its queue later, or to ``rejected-messages``.

An abandoned Service Bus message is delivered again at once, and would burn every delivery in seconds; so "later" is a scheduled copy. The
copy has an id of its own, ``<id>#<attempt>``: with the id of the original it would be dropped silently by duplicate detection.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from typing_extensions import override

from shared.contracts.message import timestamp
from shared.contracts.rejected import UNKNOWN_TENANT, Rejected
from shared.messaging.envelope import CORRELATION_ID, MESSAGE_ID, TENANT_ID, Envelope, PropertyValue, Transport
from shared.messaging.publisher import Publisher

ATTEMPT = "attempt"
"""Which copy this is: 0 for the original."""
SPENT = "spent"
"""How much of the budget for transient errors is spent. A copy made while the breaker is open spends nothing."""
SPENT_ON_UNKNOWN = "spentOnUnknown"
"""How much of the smaller budget for unknown errors is spent. Its own: an outage must not use up what a bug is given."""
FIRST_FAILED_AT = "firstFailedAt"


@dataclass(frozen=True)
class Delivery:
    """A message as it was delivered to us."""

    queue: str
    message_id: str
    body: bytes
    properties: Mapping[str, PropertyValue]

    @property
    def original_id(self) -> str:
        """The id without the number of the copy. A replay (``<id>#r1``) is an original of its own.

        A foreign sender may have given none: its messages must not be taken for each other.
        """
        return str(self.properties.get(MESSAGE_ID) or self.message_id or hashlib.sha256(self.body).hexdigest()[:32])

    @property
    def attempt(self) -> int:
        """How often it came back already."""
        return _whole_number(self.properties.get(ATTEMPT))

    @property
    def spent(self) -> int:
        """How much of its budget for transient errors is gone."""
        return _whole_number(self.properties.get(SPENT))

    @property
    def spent_on_unknown(self) -> int:
        """How much of its budget for unknown errors is gone."""
        return _whole_number(self.properties.get(SPENT_ON_UNKNOWN))

    @property
    def first_failed_at(self) -> datetime | None:
        """When it failed first, if it did."""
        try:
            moment = datetime.fromisoformat(str(self.properties[FIRST_FAILED_AT]))
        except (KeyError, ValueError):
            return None
        return moment if moment.tzinfo is not None else None


class Returns(Protocol):
    """Both ways back."""

    async def later(
        self, delivery: Delivery, *, due_at: datetime, spent: int, first_failed_at: datetime, spent_on_unknown: int = 0
    ) -> None:
        """A copy is scheduled when this returns; the delivered message may be completed then."""

    async def reject(self, delivery: Delivery, *, reason: str, detail: str, rejected_at: datetime) -> None:
        """The message is parked when this returns."""


class QueueReturns(Returns):
    """Both ways, through the broker."""

    def __init__(self, transport: Transport, *, publisher: Publisher) -> None:
        self._transport = transport
        self._publisher = publisher

    @override
    async def later(
        self, delivery: Delivery, *, due_at: datetime, spent: int, first_failed_at: datetime, spent_on_unknown: int = 0
    ) -> None:
        attempt = delivery.attempt + 1
        marks: dict[str, PropertyValue] = {
            MESSAGE_ID: delivery.original_id,
            ATTEMPT: attempt,
            SPENT: spent,
            SPENT_ON_UNKNOWN: spent_on_unknown,
            FIRST_FAILED_AT: timestamp(first_failed_at),
        }
        await self._transport.send(
            Envelope(
                queue=delivery.queue,
                id=f"{delivery.original_id}#{attempt}",
                body=delivery.body,
                properties={**delivery.properties, **marks},
                due_at=due_at,
            )
        )

    @override
    async def reject(self, delivery: Delivery, *, reason: str, detail: str, rejected_at: datetime) -> None:
        try:
            body, is_base64 = delivery.body.decode(), False
        except UnicodeDecodeError:
            body, is_base64 = base64.b64encode(delivery.body).decode(), True
        correlation_id = delivery.properties.get(CORRELATION_ID)
        await self._publisher.publish(
            Rejected(
                tenant_id=str(delivery.properties.get(TENANT_ID) or UNKNOWN_TENANT),
                correlation_id=None if correlation_id is None else str(correlation_id),
                queue=delivery.queue,
                original_id=delivery.original_id,
                reason=reason,
                detail=detail,
                body=body,
                body_is_base64=is_base64,
                properties=dict(delivery.properties),
                attempts=delivery.attempt + 1,
                rejected_at=rejected_at,
            )
        )


def _whole_number(value: PropertyValue | None) -> int:
    try:
        return max(0, int(value or 0))
    except ValueError:
        return 0
