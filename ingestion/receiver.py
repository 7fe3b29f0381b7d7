"""The order in which every webhook call is treated; it knows no vendor.

Size and kind → who calls, on raw bytes → whose connection → what happened → on the queue → "received". An answer of 2xx means that all of it
is on the queue. What goes wrong is counted and logged with the connection's id, never with anything of the body or the path.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ingestion.sources.source import Webhook, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection, Connections
from shared.errors import ContractViolation, SignatureMismatch, TransientError
from shared.messaging.publisher import Publisher
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

log = logging.getLogger(__name__)

LARGE_BODY_BYTES: Final = 64 * 1024
"""From here on a body is parsed in a thread: parsing must not keep other calls waiting."""


async def receive(
    request: WebhookRequest,
    *,
    webhook: Webhook,
    connections: Connections,
    publisher: Publisher,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> WebhookResponse:
    """Treat one call."""
    response, outcome, connection_id = await _answer(request, webhook, connections, publisher, metrics, now())
    metrics.count(Metric.WEBHOOK_REQUESTS, source=webhook.source, outcome=outcome)
    level = logging.INFO if outcome == "accepted" else logging.WARNING
    said = {"source": webhook.source, "outcome": outcome, "status": response.status, "connection": connection_id}
    log.log(level, "webhook call answered", extra=said)
    return response


async def _answer(
    request: WebhookRequest, webhook: Webhook, connections: Connections, publisher: Publisher, metrics: Metrics, received_at: datetime
) -> tuple[WebhookResponse, str, str | None]:
    """The response, the outcome that is counted, and the connection once it is known."""
    if len(request.body) > webhook.limit_bytes:
        return WebhookResponse(413, "the body is too large"), "oversized", None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in webhook.content_types:
        return WebhookResponse(415, "this kind of content is not read here"), "wrong content type", None
    connection: Connection | None = None
    try:
        connection = await connections.find(webhook.verify(request))
        if connection is None:
            return WebhookResponse(401), "unknown caller", None
        events = (
            await asyncio.to_thread(webhook.events, request, connection, received_at)
            if len(request.body) > LARGE_BODY_BYTES
            else webhook.events(request, connection, received_at)
        )
        await publisher.publish(*events)
    except SignatureMismatch:
        return WebhookResponse(401), "refused", connection.id if connection else None
    except ContractViolation as error:
        return WebhookResponse(400, str(error)), "malformed", connection.id if connection else None
    except TransientError:
        # Nothing is acknowledged: the vendor will try again, and what is on the queue already is recognised by its id.
        return WebhookResponse(503), "unavailable", connection.id if connection else None
    metrics.count(Metric.WEBHOOK_EVENTS, len(events), source=webhook.source)
    log.info("events published", extra={"connection": connection.id, "count": len(events), "correlation": events[0].correlation_id})
    return webhook.acknowledged, "accepted", connection.id
