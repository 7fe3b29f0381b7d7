"""The order in which every webhook call is treated; it knows no vendor.

Size and kind → who calls, on raw bytes → whose connection → what happened → on the queue → "received". An answer of 2xx means that all of
it is on the queue. What goes wrong is counted and logged with the connection's id, never with anything of the body or the path.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from ingestion.sources.source import Webhook, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection, Connections
from shared.contracts.ingestion import IngestionEvent
from shared.errors import ConfigurationError, ContractViolation, SignatureMismatch, TransientError, place_of
from shared.messaging.publisher import Publisher
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

log = logging.getLogger(__name__)

LARGE_BODY_BYTES: Final = 64 * 1024
"""From here on a body is parsed in a thread: parsing must not keep other calls waiting."""

_LEVELS: Final = {"accepted": logging.INFO, "failed": logging.ERROR}


class _Refused(Exception):
    """The call is not treated any further."""

    def __init__(self, status: int, outcome: str, text: str = "") -> None:
        super().__init__(outcome)
        self.response = WebhookResponse(status, text)
        self.outcome = outcome


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
    connection: Connection | None = None
    response, outcome, said = webhook.acknowledged, "accepted", {}
    try:
        _check_size_and_kind(request, webhook)
        connection = await connections.find(webhook.verify(request))
        if connection is None:
            raise _Refused(401, "unknown caller")  # noqa: TRY301 - the answers are decided below, in one place
        events = await _events(request, webhook, connection, now())
        await publisher.publish(*events)
        metrics.count(Metric.WEBHOOK_EVENTS, len(events), source=webhook.source)
        said = {"events": len(events), "correlation": events[0].correlation_id}
    except _Refused as refused:
        response, outcome = refused.response, refused.outcome
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
    metrics.count(Metric.WEBHOOK_REQUESTS, source=webhook.source, outcome=outcome)
    said |= {"source": webhook.source, "outcome": outcome, "connection": connection.id if connection else None}
    log.log(_LEVELS.get(outcome, logging.WARNING), "webhook call answered", extra=said)
    return response


def _check_size_and_kind(request: WebhookRequest, webhook: Webhook) -> None:
    if len(request.body) > webhook.limit_bytes:
        raise _Refused(413, "oversized", "the body is too large")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in webhook.content_types:
        raise _Refused(415, "wrong content type", "this kind of content is not read here")


async def _events(request: WebhookRequest, webhook: Webhook, connection: Connection, received_at: datetime) -> Sequence[IngestionEvent]:
    if len(request.body) > LARGE_BODY_BYTES:
        return await asyncio.to_thread(webhook.events, request, connection, received_at)
    return webhook.events(request, connection, received_at)
