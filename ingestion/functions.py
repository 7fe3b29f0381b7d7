"""The binding table of ingestion: what the Functions host calls, and with what."""

from functools import partial

import azure.functions as func

from shared.hosting import triggers
from shared.hosting.loading import loaded
from shared.hosting.services import now, services

light = func.Blueprint()


@light.function_name("ingestion-salesforce-webhook")
@light.route("webhooks/salesforce/{key}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def ingestion_salesforce_webhook(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Outbound Messages. The vendor cannot hold a function key; the secret key in the path is ours."""
    return await _receive("salesforce", req, triggers.traceparent(context))


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
    with span(Span.WEBHOOK, traceparent=traceparent, source=source):
        response = await treat(request)
    return func.HttpResponse(response.body, status_code=response.status, headers={"Content-Type": response.content_type})
