"""The order in which every webhook call is treated; it knows no vendor.

Size and kind → who calls, on raw bytes → whose connection → what happened → on the queue → "received". An answer of 2xx means that all of
it is on the queue, or that a gap stands for it. What goes wrong is counted and logged with the connection's id, never with anything of the
body or the path.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from ingestion.coalescing import Asked, Coalescing
from ingestion.pausing import pause
from ingestion.sources.source import Caller, Heard, Webhook, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection, Connections
from shared.errors import ConfigurationError, ContractViolation, SignatureMismatch, TransientError, place_of
from shared.gaps.gap import Gap, Gaps
from shared.messaging.publisher import Publisher
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric
from shared.telemetry.tracing import mark_failed, tell

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

LARGE_BODY_BYTES: Final = 64 * 1024
"""From here on a body is verified and parsed in a thread: neither must keep other calls waiting."""

MOST_TOLD: Final = 10
"""Ids on one span."""

FAULT: Final = 500
"""From this status on it is ours, and not the caller's."""

_LEVELS: Final = {"accepted": logging.INFO, "answered": logging.INFO, "failed": logging.ERROR}


@dataclass(frozen=True)
class ReceiverPorts:
    """What receiving needs. ``connections`` may remember."""

    connections: Connections
    publisher: Publisher
    gaps: Gaps
    coalescing: Coalescing
    metrics: Metrics
    now: Callable[[], datetime]


class _Answered(Exception):
    """The call is not treated any further."""

    def __init__(self, response: WebhookResponse, outcome: str) -> None:
        super().__init__(outcome)
        self.response = response
        self.outcome = outcome


async def receive(request: WebhookRequest, *, webhook: Webhook, ports: ReceiverPorts) -> WebhookResponse:
    """Treat one call."""
    connection: Connection | None = None
    response, outcome, said = webhook.acknowledged, "accepted", {}
    try:
        _check_size_and_kind(request, webhook)
        caller = await _caller(request, webhook)
        connection = await _connection(caller, webhook, ports)
        received_at = ports.now()
        heard = await _heard(request, webhook, connection, received_at)
        said = {"events": await _kept(heard, connection, received_at, ports), "correlation": heard.correlation_id}
        await _pass_on(heard, caller, connection, received_at, ports)
        _count(heard, webhook, ports)
    except _Answered as answered:
        response, outcome = answered.response, answered.outcome
    except SignatureMismatch:
        response, outcome = WebhookResponse(401), "refused"
    except ContractViolation as error:
        response, outcome = WebhookResponse(400, str(error)), "malformed"
    except (TransientError, ConfigurationError, asyncio.CancelledError) as error:
        # Nothing is acknowledged: the vendor will try again, and what is on the queue already is recognised by its id. A CancelledError
        # must not leave: the worker would never answer.
        response, outcome, said = WebhookResponse(503), "unavailable", {"reason": type(error).__name__}
    except Exception as error:  # a bug; the host would log its text, which may quote the body
        response, outcome, said = WebhookResponse(500), "failed", {"reason": type(error).__name__, "at": place_of(error)}
    ports.metrics.count(Metric.WEBHOOK_REQUESTS, source=webhook.source, outcome=outcome)
    said |= {"source": webhook.source, "outcome": outcome, "connection": connection.id if connection else None}
    tell(**{name: value for name, value in said.items() if value is not None})
    if response.status >= FAULT:
        mark_failed(str(said["reason"]))
    log.log(_LEVELS.get(outcome, logging.WARNING), "webhook call answered", extra=said)
    return response


def _check_size_and_kind(request: WebhookRequest, webhook: Webhook) -> None:
    if len(request.body) > webhook.limit_bytes:
        raise _Answered(WebhookResponse(413, "the body is too large"), "oversized")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in webhook.content_types:
        raise _Answered(WebhookResponse(415, "this kind of content is not read here"), "wrong content type")


async def _caller(request: WebhookRequest, webhook: Webhook) -> Caller:
    caller = await _looked_at(request, webhook.verify, request)
    if caller.answer is not None:
        raise _Answered(caller.answer, "answered")
    return caller


async def _connection(caller: Caller, webhook: Webhook, ports: ReceiverPorts) -> Connection:
    for handle in caller.handles:
        connection = await ports.connections.find(handle)
        if connection is not None:
            return connection
    raise _Answered(webhook.unknown, "unknown caller")


async def _heard(request: WebhookRequest, webhook: Webhook, connection: Connection, received_at: datetime) -> Heard:
    return await _looked_at(request, webhook.heard, request, connection, received_at)


async def _looked_at(request: WebhookRequest, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What reading a body comes to; of a large one, in a thread."""
    if len(request.body) > LARGE_BODY_BYTES:
        return await asyncio.to_thread(act, *args, **kwargs)
    return act(*args, **kwargs)


async def _kept(heard: Heard, connection: Connection, at: datetime, ports: ReceiverPorts) -> int:
    """Put all of it where it is safe. Returns how many events were put on the queue as they are."""
    told, asked = [], []
    for one in heard.told:
        if ports.coalescing.may_be_told(one, connection, at):
            told.append(one.event)
        elif one.instead is not None:
            asked.append(ports.coalescing.asked(one.instead, connection, at, in_a_burst=True))
    asked += [ports.coalescing.asked(hint, connection, at) for hint in heard.hints]
    _tell_who_answers(heard, asked, connection, at, ports)
    await ports.publisher.publish(*told)
    await _ask(asked, ports)
    for lost in heard.lost:
        gap = Gap.found(tenant_id=connection.tenant_id, connection_id=connection.id, stream=lost.stream, reason=lost.reason, at=at)
        await ports.gaps.open(gap)
    if heard.revoked is not None and connection.status == "active":
        is_tried = connection.credential is not None
        await pause(connection, heard.revoked, connections=ports.connections, at=at, is_tried=is_tried)
    return len(told)


def _tell_who_answers(heard: Heard, asked: Sequence[Asked | None], connection: Connection, at: datetime, ports: ReceiverPorts) -> None:
    """Of hints that are answered by a read that somebody asked for before: which message asks for it. It is in the trace of whoever was
    first."""
    if None not in asked:
        return
    hints = (*(one.instead for one in heard.told if one.instead is not None), *heard.hints)
    found = {ports.coalescing.answered_by(hint, connection, at) for hint in hints}
    tell(answered_by=" ".join(sorted(message_id for message_id in found if message_id is not None)[:MOST_TOLD]))


async def _pass_on(heard: Heard, caller: Caller, connection: Connection, at: datetime, ports: ReceiverPorts) -> None:
    """Ask for the same records of further accounts that are connected: each sees as much of one as its own credential may."""
    # Without the context: the caller's own read asks by it who else may see the record, and they would be told twice.
    every = [replace(hint, context=None) for hint in (*heard.hints, *(one.instead for one in heard.told if one.instead is not None))]
    hints = {(hint.stream, hint.record): hint for hint in every}
    for handle in caller.others if hints else ():
        other = await ports.connections.find(handle)
        if other is None or other.id == connection.id or other.source != connection.source or other.credential is None:
            continue
        await _ask([ports.coalescing.asked(hint, other, at) for hint in hints.values()], ports)


async def _ask(asked: Sequence[Asked | None], ports: ReceiverPorts) -> None:
    for one in asked:
        if one is None:
            continue
        if one.due_at is None:
            await ports.publisher.publish(one.message)
        else:
            await ports.publisher.schedule(one.message, due_at=one.due_at)
        ports.coalescing.kept(one)


def _count(heard: Heard, webhook: Webhook, ports: ReceiverPorts) -> None:
    ports.metrics.count(Metric.WEBHOOK_EVENTS, len(heard.told) + len(heard.hints), source=webhook.source)
    for (name, treatment), count in Counter((event.name, event.treatment) for event in heard.events).items():
        ports.metrics.count(Metric.WEBHOOK_HEARD, count, source=webhook.source, event=name, treatment=treatment)
