"""Connects pumps to a broker and to functions: the only module here that opens Service Bus connections."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

from azure.functions.meta import Datum
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient

from devtools.host.function import HostedFunction, QueueTrigger
from devtools.host.hostjson import ServiceBusLimits
from devtools.host.identities import Connection, Identity, credential_of, trusted
from devtools.host.invocations import Call, Succeeded
from devtools.host.messages import application_properties, body_of, metadata_of
from devtools.host.pump import Pump, Receiver
from devtools.host.runs import Runner
from devtools.host.traces import new_trace

# How long the SDK reads before it looks up: bounds how late a finished message is completed while the queue is quiet.
_SOCKET_SECONDS = 0.05


def pump_of(
    function: HostedFunction, trigger: QueueTrigger, limits: ServiceBusLimits, runner: Runner, report: Callable[[str], None]
) -> Pump:
    """The pump of one running queue function; its trigger's connection is a connection string, or an identity."""

    def connect() -> AbstractAsyncContextManager[Receiver]:
        return receiver(trigger.connection, trigger.queue, limits.prefetch_count)

    async def handle(message: ServiceBusReceivedMessage) -> bool:
        properties = application_properties(message)
        caller = properties.get("Diagnostic-Id") or properties.get("traceparent")
        trace = new_trace(str(caller or ""), str(properties.get("tracestate") or ""))
        call = Call(function, Datum(body_of(message), "bytes"), trace, metadata_of(message))
        return isinstance(await runner.run(call, "message"), Succeeded)

    return Pump(trigger.queue, connect, handle, limits, function=function.name, mishaps=runner.mishaps, report=report)


@asynccontextmanager
async def receiver(connection: Connection, queue: str, prefetch_count: int) -> AsyncIterator[Receiver]:
    """An open peek-lock receiver on a connection of its own; no retries of the SDK's, the pump has its own back-off."""
    options: dict[str, Any] = {"retry_total": 0, "socket_timeout": _SOCKET_SECONDS}
    if isinstance(connection, Identity):
        client = ServiceBusClient(connection.address, credential_of(connection), ssl_context=trusted(), **options)
    else:
        client = ServiceBusClient.from_connection_string(connection, **options)
    async with client, client.get_queue_receiver(queue, prefetch_count=prefetch_count) as opened:
        yield cast(Receiver, opened)
