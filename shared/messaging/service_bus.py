"""The broker: Service Bus through its SDK.

One sender per queue, opened at its first use. A sender must not be used by two tasks at once (azure-servicebus, "Thread safety"), so each
has a lock; a publish of many messages is as few batches as fit.

A sender that failed is not used again: after a timeout the SDK keeps its connection, which may be one that nobody answers on any more.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any, Final

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import (
    AutoLockRenewFailed,
    AutoLockRenewTimeout,
    MessageAlreadySettled,
    MessageLockLostError,
    MessageNotFoundError,
    MessageSizeExceededError,
    MessagingEntityAlreadyExistsError,
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
    SessionCannotBeLockedError,
    SessionLockLostError,
)
from typing_extensions import override

from shared.errors import ConfigurationError, ContractViolation, DependencyUnavailable, PipelineError, RateLimited
from shared.messaging.envelope import Envelope, Transport

SEND_TIMEOUT_SECONDS: Final = 10.0
"""One send with all its attempts, its batches, and its turn at the sender: the SDK sets no limit to opening a link. Salesforce waits longer
for its answer, and a message comes back if we give up."""

CLOSE_TIMEOUT_SECONDS: Final = 5.0

BUSY_RETRY_AFTER_SECONDS: Final = 10.0
"""Service Bus asks for ten seconds when it throttles (Azure documentation, "Throttling operations on Azure Service Bus")."""

RETRY_OPTIONS: Final[dict[str, Any]] = {"retry_total": 2, "retry_backoff_factor": 0.2, "retry_backoff_max": 2.0}

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
"""First match wins; the root at the end catches what a later SDK may add, and what the SDK wraps because it does not know it."""

BUGS: Final[frozenset[type[Exception]]] = frozenset(
    {
        MessageAlreadySettled,
        MessageLockLostError,
        MessageNotFoundError,
        SessionLockLostError,
        SessionCannotBeLockedError,
        AutoLockRenewFailed,
        AutoLockRenewTimeout,
        MessagingEntityAlreadyExistsError,
    }
)
"""What receiving and administration raise. We send and peek, the host receives: to meet one is a bug, and bugs stay what they are."""


@contextmanager
def service_bus_errors(what: str) -> Iterator[None]:
    """Turn what the SDK raises inside into our errors."""
    try:
        yield
    except ServiceBusError as error:
        if type(error) in BUGS:
            raise
        made = next(ours for theirs, ours in ERRORS if isinstance(error, theirs))
        raise made(f"{what}: {type(error).__name__}") from error
    except (AzureError, OSError) as error:  # a credential that cannot be had, a timeout, a connection
        raise DependencyUnavailable(f"{what}: no answer ({type(error).__name__})") from error


class ServiceBusTransport(Transport):
    """The transport port over one namespace."""

    def __init__(self, client: Callable[[], ServiceBusClient]) -> None:
        self._make_client = client
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._closing: set[asyncio.Task[None]] = set()

    @override
    async def send(self, *envelopes: Envelope) -> None:
        give_up_at = asyncio.get_running_loop().time() + SEND_TIMEOUT_SECONDS
        by_queue = sorted(envelopes, key=lambda envelope: envelope.queue)
        for queue, group in groupby(by_queue, key=lambda envelope: envelope.queue):
            messages = [_message(envelope) for envelope in group]
            with service_bus_errors(f"send to {queue}"):
                async with asyncio.timeout_at(give_up_at), self._locks[queue]:
                    await self._send(queue, messages)

    async def close(self) -> None:
        """Let go of the connections."""
        await asyncio.gather(*self._closing)
        if self._client is not None:
            await self._client.close()
        self._client = None
        self._senders.clear()

    async def _send(self, queue: str, messages: Sequence[ServiceBusMessage]) -> None:
        sender = self._sender(queue)
        try:
            if len(messages) == 1:
                await sender.send_messages(messages[0])
            else:
                await _send_in_batches(sender, messages)
        except MessageSizeExceededError:  # of the message, not of the sender
            raise
        except BaseException:  # a cancellation, too, may leave a sender in the middle of something
            self._let_go(queue)
            raise

    def _sender(self, queue: str) -> ServiceBusSender:
        if self._client is None:
            self._client = self._make_client()
        if queue not in self._senders:
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]

    def _let_go(self, queue: str) -> None:
        """Close a sender without waiting: whoever failed with it has an answer to give."""
        closing = asyncio.create_task(_close(self._senders.pop(queue)))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _close(sender: ServiceBusSender) -> None:
    with suppress(Exception):  # it is broken already, and nobody waits for it
        async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
            await sender.close()


async def _send_in_batches(sender: ServiceBusSender, messages: Sequence[ServiceBusMessage]) -> None:
    batch = await sender.create_message_batch()
    for message in messages:
        try:
            batch.add_message(message)
        except MessageSizeExceededError:
            if not len(batch):
                raise
            await sender.send_messages(batch)
            batch = await sender.create_message_batch()
            batch.add_message(message)
    await sender.send_messages(batch)


def _message(envelope: Envelope) -> ServiceBusMessage:
    return ServiceBusMessage(
        envelope.body,
        message_id=envelope.id,
        content_type="application/json",
        application_properties={name: value for name, value in envelope.properties.items()},  # noqa: C416 - the SDK wants a wider type of key
        scheduled_enqueue_time_utc=envelope.due_at,
    )
