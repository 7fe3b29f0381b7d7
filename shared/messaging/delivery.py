"""The one place that decides what becomes of a message.

Handlers raise what it is; here it is decided: done, later, rejected, or raised to the broker. A message is never lost on the way: the copy
is scheduled, or the rejection parked, before the delivered message may be completed; if that fails, the error leaves this function, the
host abandons the message, and the broker delivers it again.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from shared.contracts.claim import ClaimStore, redeemed
from shared.contracts.message import Message
from shared.errors import (
    ConfigurationError,
    DependencyUnavailable,
    PermanentError,
    PipelineError,
    RateLimited,
    SignatureMismatch,
    TransientError,
    place_of,
)
from shared.messaging.breaker import Breakers
from shared.messaging.envelope import CORRELATION_ID, TENANT_ID, TRACELINK, TRACEPARENT
from shared.messaging.outcomes import Batched, Outcome, Passed, Stored
from shared.messaging.provenance import delivered_origin, handled_origin
from shared.messaging.returns import Delivery, Returns
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric, Span
from shared.telemetry.origin import about, current_origin, set_origin
from shared.telemetry.tracing import mark_failed, span, tell

log = logging.getLogger(__name__)

TRANSIENT_ATTEMPTS: Final = 12
FIRST_BACK_OFF_SECONDS: Final = 5.0
LONGEST_BACK_OFF_SECONDS: Final = 900.0
"""Twelve attempts with these back-offs span about 80 minutes."""

UNKNOWN_BACK_OFFS_SECONDS: Final = (15.0, 45.0, 120.0, 240.0, 480.0)
"""Five copies over 15 minutes for errors nobody named: bugs."""

HELD_PATIENCE: Final = timedelta(hours=24)
"""How long an open breaker may put one message off. Past it the message is decided as if the breaker were closed."""

MessageT = TypeVar("MessageT", bound=Message)
Handler = Callable[[MessageT], Awaitable[Outcome]]


@dataclass(frozen=True)
class DeliveryPorts:
    """What deciding needs."""

    returns: Returns
    claims: ClaimStore
    metrics: Metrics
    breakers: Breakers
    now: Callable[[], datetime]
    ready: Callable[[], Awaitable[None]]
    """Raises until the store has what handlers rely on; messages come back later meanwhile."""


async def deliver(
    delivery: Delivery,
    contract: type[MessageT],
    handler: Handler[MessageT],
    *,
    ports: DeliveryPorts,
    given_up: Callable[[MessageT], Awaitable[None]] | None = None,
) -> None:
    """Handle one delivered message; returning means it may be completed.

    ``given_up`` is told of a message before it is parked, or left to the broker to park: what it asks for will not happen by itself.

    Raises:
        Exception: an unknown error whose budget is spent (the broker then dead-letters), or a failure to send the message on.
    """
    properties = delivery.properties
    traceparent = str(properties[TRACEPARENT]) if TRACEPARENT in properties else None
    links = [str(properties[TRACELINK])] if TRACELINK in properties else []

    async def told() -> None:
        if given_up is not None:
            with suppress(PermanentError):  # nobody can read it: then nobody knows what it stood for
                await given_up(contract.from_object(await redeemed(delivery.body, claims=ports.claims)))

    with (
        about(delivered_origin(properties)),
        span(Span.HANDLE, traceparent=traceparent, links=links, type=contract.TYPE, **_known_ids(delivery)),
    ):
        try:
            outcome = await _handled(delivery, contract, handler, ports)
        except asyncio.CancelledError:
            # The worker never answers for a function a CancelledError leaves; azure-functions-python-worker, dispatcher.
            await _decided(DependencyUnavailable("cancelled while handling"), delivery, contract.TYPE, ports, told)
        except Exception as error:  # the one place that decides for every error
            await _decided(error, delivery, contract.TYPE, ports, told)
        else:
            ports.breakers.of(contract.TYPE).record(failed=False)
            said = type(outcome).__name__.lower()
            source = current_origin().source
            ports.metrics.count(Metric.MESSAGES_HANDLED, type=contract.TYPE, outcome=said, reason=outcome.reason, source=source)
            details = {**_details(outcome), "outcome": said, "reason": outcome.reason}
            tell(**details, source=source)
            log.info("message handled", extra={**_ids(delivery), **details, "source": source})


async def _handled(delivery: Delivery, contract: type[MessageT], handler: Handler[MessageT], ports: DeliveryPorts) -> Outcome:
    try:
        await ports.ready()
    except (ConfigurationError, PermanentError) as error:
        # Not a fault of this message: a store that is not provisioned yet must not get it parked (architecture 10, question 9).
        raise DependencyUnavailable(f"not ready: {error}") from error
    message = contract.from_object(await redeemed(delivery.body, claims=ports.claims))
    set_origin(handled_origin(message, current_origin()))
    return await handler(message)


async def _decided(
    error: Exception, delivery: Delivery, message_type: str, ports: DeliveryPorts, given_up: Callable[[], Awaitable[None]]
) -> None:
    try:
        await _decide(error, delivery, message_type, ports, given_up)
    except asyncio.CancelledError:
        raise DependencyUnavailable("cancelled while sending the message on") from None


async def _decide(
    error: Exception, delivery: Delivery, message_type: str, ports: DeliveryPorts, given_up: Callable[[], Awaitable[None]]
) -> None:
    now = ports.now()
    first_failed_at = delivery.first_failed_at or now
    breaker = ports.breakers.of(message_type)
    was_open = breaker.is_open
    breaker.record(failed=True)
    if breaker.is_open and not was_open:
        ports.metrics.count(Metric.BREAKER_OPENED, type=message_type)
        log.error("breaker opened: failures of this type are put off", extra={"type": message_type})

    held = breaker.is_open and now - first_failed_at < HELD_PATIENCE
    wait_seconds = _back_off_seconds(error, delivery, held=held)
    if wait_seconds is not None:
        if held:
            ports.metrics.count(Metric.BREAKER_HELD, type=message_type)
        is_transient = isinstance(error, TransientError)
        await ports.returns.later(
            delivery,
            due_at=now + timedelta(seconds=wait_seconds),
            spent=delivery.spent + (is_transient and not held),
            spent_on_unknown=delivery.spent_on_unknown + (not is_transient and not held),
            first_failed_at=first_failed_at,
        )
        _note("later", error, delivery, message_type, ports)
    elif not await _is_told(given_up, delivery, now, ports):
        _note("later", error, delivery, message_type, ports)
    elif isinstance(error, PipelineError):
        await ports.returns.reject(delivery, reason=type(error).__name__, detail=str(error), rejected_at=now)
        _note("rejected", error, delivery, message_type, ports)
    else:
        _note("raised", error, delivery, message_type, ports)
        raise error


async def _is_told(given_up: Callable[[], Awaitable[None]], delivery: Delivery, now: datetime, ports: DeliveryPorts) -> bool:
    """Whether it is known that a message is given up. If not now, it comes back once more: abandoned, it would be with the broker's dead
    letters in seconds, and nobody would know."""
    try:
        await given_up()
    except TransientError:
        await ports.returns.later(
            delivery,
            due_at=now + timedelta(seconds=LONGEST_BACK_OFF_SECONDS),
            spent=delivery.spent,
            spent_on_unknown=delivery.spent_on_unknown,
            first_failed_at=delivery.first_failed_at or now,
        )
        return False
    return True


def _back_off_seconds(error: Exception, delivery: Delivery, *, held: bool) -> float | None:
    """How long to wait before the next attempt, or None when there is none."""
    exponential: float = min(FIRST_BACK_OFF_SECONDS * 2 ** min(delivery.attempt, 30), LONGEST_BACK_OFF_SECONDS)
    spread = exponential * (1 + _jitter(delivery))
    if isinstance(error, RateLimited):
        spread = max(spread, error.retry_after_seconds)
    if held:
        return spread
    match error:
        case TransientError() if delivery.spent < TRANSIENT_ATTEMPTS:
            return spread
        case TransientError() | PermanentError() | ConfigurationError() | SignatureMismatch():
            return None
        case _ if delivery.spent_on_unknown < len(UNKNOWN_BACK_OFFS_SECONDS):
            return UNKNOWN_BACK_OFFS_SECONDS[delivery.spent_on_unknown]
        case _:
            return None


def _jitter(delivery: Delivery) -> float:
    """0 to 0.25, derived from the message so that a crowd that failed together does not come back together."""
    return hashlib.sha256(f"{delivery.original_id}#{delivery.attempt}".encode()).digest()[0] / 1024


def _note(decided: str, error: Exception, delivery: Delivery, message_type: str, ports: DeliveryPorts) -> None:
    reason = type(error).__name__
    source = current_origin().source
    ports.metrics.count(Metric.MESSAGES_HANDLED, type=message_type, outcome=decided, reason=reason, source=source)
    mark_failed(reason)
    tell(outcome=decided, reason=reason, source=source)
    # The text of our own errors is safe to log; that of a foreign one may hold anything, so only its kind and place are.
    known = isinstance(error, PipelineError)
    said = {"detail": str(error)} if known else {"at": place_of(error)}
    log.log(
        logging.WARNING if decided == "later" else logging.ERROR,
        "message not handled",
        extra={**_ids(delivery), "outcome": decided, "reason": reason, "source": source, **said},
    )


def _details(outcome: Outcome) -> Mapping[str, str | int]:
    match outcome:
        case Stored() | Passed():
            return {"shard": outcome.shard_id, "revision": outcome.revision}
        case Batched():
            return asdict(outcome)
        case _:
            return {}


def _known_ids(delivery: Delivery) -> dict[str, Any]:
    return {name: value for name, value in _ids(delivery).items() if value is not None}


def _ids(delivery: Delivery) -> Mapping[str, str | int | None]:
    return {
        "message_id": delivery.message_id,
        "attempt": delivery.attempt,
        "queue": delivery.queue,
        "tenant": delivery.properties.get(TENANT_ID),
        "correlation": delivery.properties.get(CORRELATION_ID),
    }
