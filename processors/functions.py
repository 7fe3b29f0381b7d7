"""The binding table of the processors: what the Functions host calls, and with what."""

from functools import partial

import azure.functions as func

from shared import topology
from shared.hosting import triggers
from shared.hosting.services import now, services

light = func.Blueprint()
heavy = func.Blueprint()


@light.function_name("normalization-processor")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.INGESTION_EVENTS, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def normalization_processor(message: func.ServiceBusMessage) -> None:
    """A vendor record that was seen becomes, or changes, its shard."""
    from processors.normalization.handler import normalize
    from shared.contracts.ingestion import IngestionEvent
    from shared.messaging.delivery import deliver

    s = services()
    handler = partial(normalize, shards=s.shards, gaps=s.gaps, publisher=s.publisher, metrics=s.metrics, now=now)
    await deliver(triggers.delivery(message, topology.INGESTION_EVENTS), IngestionEvent, handler, ports=s.delivery)
