"""The binding table of the processors: what the Functions host calls, and with what."""

from functools import partial
from typing import TYPE_CHECKING

import azure.functions as func

from shared import topology
from shared.hosting import triggers
from shared.hosting.loading import loaded
from shared.hosting.services import now, services

if TYPE_CHECKING:
    from processors.connections.api import Completeness, ConnectionList
    from processors.search.api import Answer
    from shared.access.tokens import Caller
    from shared.contracts.ingestion import IngestionEvent
    from shared.messaging.outcomes import Outcome

light = func.Blueprint()
heavy = func.Blueprint()


@light.function_name("normalization-processor")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.INGESTION_EVENTS, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def normalization_processor(message: func.ServiceBusMessage) -> None:
    """A vendor record that was seen becomes, or changes, its shard."""
    await loaded()

    from processors.normalization.handler import normalize
    from shared.contracts.ingestion import IngestionEvent
    from shared.messaging.delivery import deliver

    s = services()
    handler = partial(normalize, shards=s.shards, index=s.record_index, gaps=s.gaps, publisher=s.publisher, metrics=s.metrics, now=now)
    with s.right_of_way.live():
        await deliver(triggers.delivery(message, topology.INGESTION_EVENTS), IngestionEvent, handler, ports=s.delivery)


@light.function_name("normalization-bulk-processor")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.INGESTION_EVENTS_BULK, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def normalization_bulk_processor(message: func.ServiceBusMessage) -> None:
    """Vendor records that a back-fill saw become, or change, their shards."""
    await loaded()

    from processors.normalization.batch import normalize_batch
    from processors.normalization.handler import normalize
    from shared.contracts.ingestion import IngestionBatch
    from shared.messaging.delivery import deliver

    s = services()
    at_once = partial(normalize, shards=s.shards, index=s.record_index, gaps=s.gaps, publisher=s.publisher, metrics=s.metrics, now=now)

    async def one(event: "IngestionEvent") -> "Outcome":
        await s.right_of_way.give_way()
        return await at_once(event)

    handler = partial(normalize_batch, normalize=one, gaps=s.gaps, publisher=s.publisher, metrics=s.metrics, now=now)
    async with s.right_of_way.bulk():
        await deliver(triggers.delivery(message, topology.INGESTION_EVENTS_BULK), IngestionBatch, handler, ports=s.delivery)


@light.function_name("enrichment-processor")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.SHARD_EMISSION, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def enrichment_processor(message: func.ServiceBusMessage) -> None:
    """A shard whose content changed gets its links."""
    await loaded()

    from processors.enrichment.handler import enrich
    from shared.contracts.shard_emitted import ShardEmitted
    from shared.messaging.delivery import deliver

    s = services()
    handler = partial(enrich, shards=s.shards, known=s.known_shards, publisher=s.publisher, metrics=s.metrics, now=now)
    await deliver(triggers.delivery(message, topology.SHARD_EMISSION), ShardEmitted, handler, ports=s.delivery)


@light.function_name("embedding-pipeline")
@light.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.ENRICHMENT_JOBS, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def embedding_pipeline(message: func.ServiceBusMessage) -> None:
    """A shard that has its links is looked at for what its vectors need."""
    await loaded()

    from processors.embedding.pipeline import request
    from shared.contracts.enrichment_done import EnrichmentDone
    from shared.messaging.delivery import deliver

    s = services()
    handler = partial(request, shards=s.shards, publisher=s.publisher, space=s.space, now=now)
    await deliver(triggers.delivery(message, topology.ENRICHMENT_JOBS), EnrichmentDone, handler, ports=s.delivery)


@heavy.function_name("embedding-worker")
@heavy.service_bus_queue_trigger(
    arg_name="message", queue_name=topology.EMBEDDING_JOBS, connection="SERVICE_BUS", data_type=func.DataType.BINARY
)
async def embedding_worker(message: func.ServiceBusMessage) -> None:
    """A shard's chunks become what they have to be."""
    await loaded()

    from processors.embedding.worker import embed
    from shared.contracts.embedding_requested import EmbeddingRequested
    from shared.messaging.delivery import deliver

    s = services()
    handler = partial(embed, chunks=s.chunks, shards=s.shards, embedder=s.embedder, now=now)
    await deliver(triggers.delivery(message, topology.EMBEDDING_JOBS), EmbeddingRequested, handler, ports=s.delivery)


@light.function_name("search")
@light.route("v1/search", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def search(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """A question in words. Opened by a bearer token alone: a function key would say nothing about who asks."""
    await loaded()

    from processors.search.api import Question
    from processors.search.api import search as answer
    from shared.access.directory import expanded
    from shared.hosting.api import answered

    async def act(caller: "Caller") -> "Answer":
        s = services()
        question = Question.read(req.params.get("q"), req.params.get("limit"))
        known = await expanded(caller, s.directory)
        return await answer(question, known, embedder=s.embedder, chunks=s.chunks, shards=s.shards)

    return await answered(req, context, act, ports=services)


@light.function_name("connections-list")
@light.route("v1/connections", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def connections_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What a tenant has connected, for its admins."""
    await loaded()

    from processors.connections.api import list_connections
    from shared.hosting.api import answered

    async def act(caller: "Caller") -> "ConnectionList":
        return await list_connections(caller, connections=services().connections)

    return await answered(req, context, act, ports=services)


@light.function_name("connections-completeness")
@light.route("v1/connections/{id}/completeness", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def connections_completeness(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Whether all of a connection is here, for its tenant's admins."""
    await loaded()

    from processors.connections.api import show_completeness
    from shared.hosting.api import answered

    async def act(caller: "Caller") -> "Completeness":
        s, asked = services(), req.route_params["id"]
        return await show_completeness(asked, caller, connections=s.connections, states=s.states, gaps=s.gaps, now=now())

    return await answered(req, context, act, ports=services)
