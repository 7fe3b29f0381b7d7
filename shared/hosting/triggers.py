"""What the Functions host hands over, as our own values."""

from typing import TYPE_CHECKING, Any

import azure.functions as func

if TYPE_CHECKING:
    from shared.messaging.returns import Delivery


def delivery(message: func.ServiceBusMessage, queue: str) -> "Delivery":
    """A message of a Service Bus trigger. Bodies are exact because every trigger is BINARY (azure-functions-dotnet-worker issue 991)."""
    from shared.messaging.returns import Delivery

    return Delivery(
        queue=queue,
        message_id=message.message_id,
        body=message.get_body(),
        properties={str(name): value for name, value in message.application_properties.items() if isinstance(value, str | int)},
    )


def entry(req: func.HttpRequest, context: func.Context) -> dict[str, Any]:
    """How the span of a call from outside begins: what ``shared.telemetry.tracing.span`` is told.

    It is a step of the host's trace, whose context is taken explicitly: this works on every worker, without a flag. But the host takes a
    caller's ``traceparent`` for its own, and a stranger must not choose the ids of our traces, and with them which are kept: such a call
    begins a trace of ours, and says in ``host_trace`` which the host's is.
    """
    said = context.trace_context.trace_parent or None
    if said is None or "traceparent" not in req.headers:
        return {"traceparent": said}
    return {"is_root": True, "host_trace": said.partition("-")[2].partition("-")[0]}
