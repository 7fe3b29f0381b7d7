"""The binding table of ingestion: what the Functions host calls, and with what."""

from functools import cache, partial
from typing import TYPE_CHECKING

import azure.functions as func

from shared import topology
from shared.hosting import triggers
from shared.hosting.loading import loaded
from shared.hosting.services import now, services

if TYPE_CHECKING:
    from ingestion.poller import PollerPorts

light = func.Blueprint()


@light.function_name("ingestion-salesforce-webhook")
@light.route("webhooks/salesforce/{key}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def ingestion_salesforce_webhook(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Outbound Messages. The vendor cannot hold a function key; the secret key in the path is ours."""
    return await _receive("salesforce", req, triggers.traceparent(context))


@light.function_name("ingestion-salesforce-poll")
@light.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def ingestion_salesforce_poll(timer: func.TimerRequest) -> None:
    """What is due of Salesforce is asked for; nothing is read here."""
    await _schedule("salesforce")


@light.function_name("ingestion-gdrive-poll")
@light.timer_trigger(arg_name="timer", schedule="0 */10 * * * *")
async def ingestion_gdrive_poll(timer: func.TimerRequest) -> None:
    """What is due of Google Drive is asked for; nothing is read here."""
    await _schedule("gdrive")


@light.function_name("sync-inbound-worker")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.SYNC_INBOUND, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def sync_inbound_worker(message: func.ServiceBusMessage) -> None:
    """A step of reading what changed in one stream."""
    await _read(message, topology.SYNC_INBOUND)


@light.function_name("sync-inbound-bulk-worker")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.SYNC_INBOUND_BULK, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def sync_inbound_bulk_worker(message: func.ServiceBusMessage) -> None:
    """A step of reading all there is in one stream, or of comparing it."""
    await _read(message, topology.SYNC_INBOUND_BULK)


async def _receive(source: str, req: func.HttpRequest, traceparent: str | None) -> func.HttpResponse:
    await loaded()

    from ingestion.receiver import receive
    from ingestion.sources.registry import webhooks
    from ingestion.sources.source import WebhookRequest
    from shared.telemetry.names import Span
    from shared.telemetry.tracing import span

    s = services()
    request = WebhookRequest(req.get_body(), {name.lower(): value for name, value in req.headers.items()}, dict(req.route_params))
    treat = partial(
        receive, webhook=webhooks(s.settings)[source], connections=s.connections, publisher=s.publisher, metrics=s.metrics, now=now
    )
    with s.right_of_way.live(), span(Span.WEBHOOK, traceparent=traceparent, source=source):
        response = await treat(request)
    return func.HttpResponse(response.body, status_code=response.status, headers={"Content-Type": response.content_type})


async def _schedule(source: str) -> None:
    await loaded()

    from ingestion.scheduler import schedule
    from shared.telemetry.names import Span
    from shared.telemetry.tracing import span

    s = services()
    with span(Span.SCHEDULE, source=source):
        await schedule(source, connections=s.connection_store, states=s.states, publisher=s.publisher, now=now)


async def _read(message: func.ServiceBusMessage, queue: str) -> None:
    await loaded()

    from ingestion.poller import read
    from shared.contracts.sync import SyncRequested
    from shared.messaging.delivery import deliver

    await deliver(triggers.delivery(message, queue), SyncRequested, partial(read, ports=_poller_ports()), ports=services().delivery)


@cache
def _poller_ports() -> "PollerPorts":
    """Made once per worker: pollers keep their sessions and what they know of each account."""
    from ingestion.poller import Pace, PollerPorts
    from ingestion.sources.polled import pollers

    s = services()
    sync = s.settings.sync
    return PollerPorts(
        pollers=pollers(s.settings, http=s.http, secrets=s.secrets, states=s.states, metrics=s.metrics, now=now),
        connections=s.connection_store,
        states=s.states,
        index=s.record_index,
        gaps=s.gaps,
        publisher=s.publisher,
        queue_ages=s.queue_ages,
        metrics=s.metrics,
        now=now,
        pace=Pace(step_seconds=sync.step_seconds, age_seconds=sync.pace_age_seconds, grace_seconds=sync.compare_grace_seconds),
        give_way=s.right_of_way.give_way,
    )
