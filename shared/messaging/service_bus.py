"""The broker: Service Bus through its SDK.

One sender per queue, opened at its first use. A sender must not be used by two tasks at once (azure-servicebus, "Thread safety"), so each
has a lock; a publish of many messages is as few batches as fit.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Final

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    OperationTimeoutError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusCommunicationError,
    ServiceBusConnectionError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
    ServiceBusServerBusyError,
)
from typing_extensions import override

from shared.errors import ConfigurationError, ContractViolation, DependencyUnavailable, PipelineError, RateLimited
from shared.messaging.envelope import Envelope, Transport

SEND_TIMEOUT_SECONDS: Final = 10.0
"""All attempts of one send together. Salesforce waits longer for its answer, and a message comes back if we give up."""

BUSY_RETRY_AFTER_SECONDS: Final = 10.0
"""Service Bus asks for ten seconds when it throttles (Azure documentation, "Throttling operations on Azure Service Bus")."""

RETRY_OPTIONS: Final = {"retry_total": 2, "retry_backoff_factor": 0.2, "retry_backoff_max": 2.0}

ERRORS: Final[tuple[tuple[type[ServiceBusError], Callable[[str], PipelineError]], ...]] = (
    (ServiceBusServerBusyError, lambda text: RateLimited(text, retry_after_seconds=BUSY_RETRY_AFTER_SECONDS)),
    (ServiceBusQuotaExceededError, DependencyUnavailable),
    (MessageSizeExceededError, ContractViolation),
    (MessagingEntityNotFoundError, ConfigurationError),
    (MessagingEntityDisabledError, DependencyUnavailable),
    # A missing queue and a wrong key look the same at this door. Both wait for a person, and no message may be lost meanwhile.
    (ServiceBusAuthenticationError, DependencyUnavailable),
    (ServiceBusAuthorizationError, DependencyUnavailable),
    (OperationTimeoutError, DependencyUnavailable),
    (ServiceBusConnectionError, DependencyUnavailable),
    (ServiceBusCommunicationError, DependencyUnavailable),
    (ServiceBusError, DependencyUnavailable),
)
"""First match wins; the root at the end catches what a later SDK may add."""


@contextmanager
def service_bus_errors(what: str) -> Iterator[None]:
    """Turn what the SDK raises inside into our errors."""
    try:
        yield
    except ServiceBusError as error:
        for theirs, ours in ERRORS:
            if isinstance(error, theirs):
                raise ours(f"{what}: {type(error).__name__}") from error
        raise
    except (TimeoutError, ConnectionError, OSError) as error:
        raise DependencyUnavailable(f"{what}: no answer ({type(error).__name__})") from error


class ServiceBusTransport(Transport):
    """The transport port over one namespace."""

    def __init__(self, client: Callable[[], ServiceBusClient]) -> None:
        self._make_client = client
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @override
    async def send(self, *envelopes: Envelope) -> None:
        by_queue = sorted(envelopes, key=lambda envelope: envelope.queue)
        for queue, group in groupby(by_queue, key=lambda envelope: envelope.queue):
            messages = [_message(envelope) for envelope in group]
            async with self._locks[queue]:
                with service_bus_errors(f"send to {queue}"):
                    await self._send(queue, messages)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()
        self._client = None
        self._senders.clear()

    async def _send(self, queue: str, messages: Sequence[ServiceBusMessage]) -> None:
        sender = self._sender(queue)
        if len(messages) == 1:
            await sender.send_messages(messages[0], timeout=SEND_TIMEOUT_SECONDS)
            return
        batch = await sender.create_message_batch()
        for message in messages:
            try:
                batch.add_message(message)
            except MessageSizeExceededError:
                await sender.send_messages(batch, timeout=SEND_TIMEOUT_SECONDS)
                batch = await sender.create_message_batch()
                batch.add_message(message)
        await sender.send_messages(batch, timeout=SEND_TIMEOUT_SECONDS)

    def _sender(self, queue: str) -> ServiceBusSender:
        if self._client is None:
            self._client = self._make_client()
        if queue not in self._senders:
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]


def _message(envelope: Envelope) -> ServiceBusMessage:
    return ServiceBusMessage(
        envelope.body,
        message_id=envelope.id,
        content_type="application/json",
        application_properties={name: value for name, value in envelope.properties.items()},  # noqa: C416 - the SDK wants a wider type of key
        scheduled_enqueue_time_utc=envelope.due_at,
    )
