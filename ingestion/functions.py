"""The binding table of ingestion: what the Functions host calls, and with what."""

import asyncio
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import azure.functions as func

from shared import topology
from shared.hosting import triggers
from shared.hosting.loading import loaded
from shared.hosting.services import now, services

if TYPE_CHECKING:
    from ingestion.measuring import MeasuringPorts
    from ingestion.poller import PollerPorts
    from ingestion.receiver import ReceiverPorts
    from ingestion.record_reading import RecordPorts
    from ingestion.sources.source import Webhook
    from shared.contracts.sync import SyncRequested
    from shared.messaging.outcomes import Outcome

light = func.Blueprint()


@light.function_name("ingestion-salesforce-webhook")
@light.route("webhooks/salesforce/{key}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def ingestion_salesforce_webhook(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Outbound Messages. The vendor cannot hold a function key; the secret key in the path is ours."""
    return await _receive("salesforce", req, context)


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


@light.function_name("ingestion-slack-webhook")
@light.route("webhooks/slack", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def ingestion_slack_webhook(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Events of Slack. The vendor cannot hold a function key; it signs what it sends."""
    return await _receive("slack", req, context)


@light.function_name("ingestion-slack-poll")
@light.timer_trigger(arg_name="timer", schedule="0 */10 * * * *")
async def ingestion_slack_poll(timer: func.TimerRequest) -> None:
    """What is due of Slack is asked for, once a day or while a gap is open; nothing is read here."""
    await _schedule("slack", for_gaps=True)


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


@light.function_name("telemetry-measure")
@light.timer_trigger(arg_name="timer", schedule="30 */5 * * * *")
async def telemetry_measure(timer: func.TimerRequest) -> None:
    """How old queues are, how many connections and gaps there are, and how much of each vendor is used."""
    await loaded()

    from ingestion.measuring import measure
    from shared.telemetry.names import Span
    from shared.telemetry.setup import send_measurements
    from shared.telemetry.tracing import span

    with span(Span.MEASURE):
        await measure(_measuring_ports())
    await asyncio.to_thread(send_measurements)  # a timer has an instance of its own, which may be taken away as soon as it is idle


async def _receive(source: str, req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    await loaded()

    from ingestion.receiver import receive
    from ingestion.sources.source import WebhookRequest
    from shared.telemetry.names import Span
    from shared.telemetry.tracing import span

    s = services()
    request = WebhookRequest(req.get_body(), {name.lower(): value for name, value in req.headers.items()}, dict(req.route_params))
    with s.right_of_way.live(), span(Span.WEBHOOK, source=source, **triggers.entry(req, context)):
        response = await receive(request, webhook=_webhooks()[source], ports=_receiver_ports())
    headers = {"Content-Type": response.content_type, "X-Content-Type-Options": "nosniff"}  # a challenge is sent back as it came
    return func.HttpResponse(response.body, status_code=response.status, headers=headers)


async def _schedule(source: str, *, for_gaps: bool = False) -> None:
    """``for_gaps``: also what may not have been pushed, of a source that is polled seldom."""
    await loaded()

    from ingestion.scheduler import schedule
    from shared.telemetry.names import Span
    from shared.telemetry.tracing import span

    s = services()
    with span(Span.SCHEDULE, source=source):
        gaps, grace = s.gaps if for_gaps else None, timedelta(seconds=s.settings.sync.compare_grace_seconds)
        await schedule(source, connections=s.connection_store, states=s.states, publisher=s.publisher, now=now, gaps=gaps, grace=grace)


async def _read(message: func.ServiceBusMessage, queue: str) -> None:
    await loaded()

    from ingestion.poller import read
    from ingestion.record_reading import open_gap, read_record
    from shared.contracts.sync import SyncRequested
    from shared.messaging.delivery import deliver

    async def treat(asked: "SyncRequested") -> "Outcome":
        return await (read(asked, ports=_poller_ports()) if asked.record is None else read_record(asked, ports=_record_ports()))

    async def given_up(asked: "SyncRequested") -> None:
        if asked.record is not None:
            await open_gap("not-read", asked, services().gaps, now())

    await deliver(triggers.delivery(message, queue), SyncRequested, treat, ports=services().delivery, given_up=given_up)


@cache
def _webhooks() -> "dict[str, Webhook]":
    from ingestion.sources.registry import webhooks

    return webhooks(services().settings, now)


@cache
def _receiver_ports() -> "ReceiverPorts":
    """Made once per worker: what was heard lately is remembered in it."""
    from ingestion.coalescing import Coalescing
    from ingestion.receiver import ReceiverPorts

    s = services()
    return ReceiverPorts(
        connections=s.connections,
        publisher=s.publisher,
        gaps=s.gaps,
        coalescing=Coalescing(_window()),
        metrics=s.metrics,
        now=now,
    )


@cache
def _record_ports() -> "RecordPorts":
    from ingestion.record_reading import RecordPorts

    s, known = services(), _poller_ports()
    return RecordPorts(
        pollers=known.pollers,
        connections=s.connection_store,
        states=s.states,
        gaps=s.gaps,
        publisher=s.publisher,
        metrics=s.metrics,
        window=_window(),
        now=now,
    )


@cache
def _measuring_ports() -> "MeasuringPorts":
    from ingestion.measuring import MeasuringPorts
    from ingestion.sources.polled import BUDGETS

    s, queues = services(), [queue.name for queue in topology.QUEUES]
    return MeasuringPorts(
        queues, tuple(_poller_ports().pollers), s.queue_ages_once, BUDGETS, s.connection_store, s.states, s.gaps, s.metrics, now
    )


def _window() -> timedelta:
    return timedelta(seconds=services().settings.slack.window_seconds)


@cache
def _poller_ports() -> "PollerPorts":
    """Made once per worker: pollers keep their sessions and what they know of each account."""
    from ingestion.poller import Pace, PollerPorts
    from ingestion.sources.polled import pollers

    s = services()
    sync = s.settings.sync
    return PollerPorts(
        pollers=pollers(s.settings, http=s.http, secrets=s.secrets, states=s.states, index=s.record_index, metrics=s.metrics, now=now),
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
