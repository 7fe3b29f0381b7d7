"""What the Functions host hands over, as our own values."""

from typing import TYPE_CHECKING

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


def traceparent(context: func.Context) -> str | None:
    """The trace context the host gives an invocation. Taken explicitly: this works on every worker, without a flag."""
    return context.trace_context.trace_parent or None
