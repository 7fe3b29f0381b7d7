"""The binding table of the processors: what the Functions host calls, and with what."""

from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import azure.functions as func

from shared import topology
from shared.hosting import triggers
from shared.hosting.loading import loaded
from shared.hosting.services import consumer_type, now, services

if TYPE_CHECKING:
    from processors.connections.api import Completeness, ConnectionList
    from processors.enrichment.ports import LinkingPorts
    from processors.links.api import Links, Removed
    from processors.readiness.checks import Checks
    from processors.search.api import Answer
    from processors.suggested_links.api import AllApproved, Approved, Rejected, SuggestionList
    from shared.access.tokens import Caller
    from shared.contracts.ingestion import IngestionEvent
    from shared.contracts.message import Wire
    from shared.linking.deciding import Ports
    from shared.linking.shown import Link
    from shared.messaging.outcomes import Outcome

light = func.Blueprint()
heavy = func.Blueprint()
every = func.Blueprint()
"""In every deployment."""


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
    handler = partial(enrich, shards=s.shards, known=s.known_shards, linking=_linking(), publisher=s.publisher, metrics=s.metrics, now=now)
    await deliver(triggers.delivery(message, topology.SHARD_EMISSION), ShardEmitted, handler, ports=s.delivery)


@cache
def _linking() -> "LinkingPorts":
    """What linking needs, kept for as long as the worker: it remembers tenants' anchors."""
    from processors.enrichment.anchors.cache import AnchorCache
    from processors.enrichment.folders import KnownFolders
    from processors.enrichment.ports import LinkingPorts

    s = services()
    anchors = AnchorCache(s.anchor_rows, s.anchor_snapshots, s.metrics, now)
    return LinkingPorts(anchors, s.anchor_rows, s.suggested_links, s.linking_policies, KnownFolders(now))


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
    handler = partial(embed, chunks=s.chunks, shards=s.shards, embedder=s.embedder, metrics=s.metrics, now=now)
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


@light.function_name("suggested-links-list")
@light.route("v1/suggested-links", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def suggested_links_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What is likely and waits for a person, or was decided; for whoever may read both ends."""
    await loaded()

    from processors.suggested_links.api import list_suggestions
    from processors.suggested_links.page import Page

    async def act(caller: "Caller") -> "SuggestionList":
        s, page = services(), Page.read(req.params, caller.tenant_id)
        return await list_suggestions(page, caller, suggestions=s.suggested_links, shards=s.shards, now=now())

    return await _answered_as_known(req, context, act)


@light.function_name("suggested-links-approve")
@light.route("v1/suggested-links/{id}/approve", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def suggested_links_approve(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Somebody says that it is so."""
    await loaded()

    from processors.suggested_links.api import approve
    from shared.linking.asked import Said

    async def act(caller: "Caller") -> "Approved":
        return await approve(req.route_params["id"], Said.read(req.get_body()), caller, ports=_deciding())

    return await _answered_as_known(req, context, act)


@light.function_name("suggested-links-reject")
@light.route("v1/suggested-links/{id}/reject", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def suggested_links_reject(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Somebody says that it is not so."""
    await loaded()

    from processors.suggested_links.api import reject
    from shared.linking.asked import Said

    async def act(caller: "Caller") -> "Rejected":
        return await reject(req.route_params["id"], Said.read(req.get_body()), caller, ports=_deciding())

    return await _answered_as_known(req, context, act)


@light.function_name("suggested-links-approve-all")
@light.route("v1/suggested-links/approve-all", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def suggested_links_approve_all(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Somebody says that all of some are so."""
    await loaded()

    from processors.suggested_links.api import Many, approve_all

    async def act(caller: "Caller") -> "AllApproved":
        return await approve_all(Many.read(req.get_body()), caller, ports=_deciding())

    return await _answered_as_known(req, context, act)


@light.function_name("links-list")
@light.route("v1/shards/{id}/links", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def links_list(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What a shard is linked to, from both sides, and why."""
    await loaded()

    from processors.links.api import list_links

    async def act(caller: "Caller") -> "Links":
        s = services()
        return await list_links(req.route_params["id"], caller, shards=s.shards, index=s.record_index)

    return await _answered_as_known(req, context, act)


@light.function_name("links-add")
@light.route("v1/shards/{id}/links", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def links_add(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Somebody links two shards by hand."""
    await loaded()

    from processors.links.api import Wanted, add_link

    async def act(caller: "Caller") -> "Link":
        return await add_link(req.route_params["id"], Wanted.read(req.get_body()), caller, ports=_deciding())

    return await _answered_as_known(req, context, act)


@light.function_name("links-remove")
@light.route("v1/shards/{id}/links/{edgeId}", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
async def links_remove(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Somebody undoes a link, and that is remembered."""
    await loaded()

    from processors.links.api import remove_link
    from shared.linking.asked import Said

    async def act(caller: "Caller") -> "Removed":
        shard_id, link_id = req.route_params["id"], req.route_params["edgeId"]
        return await remove_link(shard_id, link_id, Said.read(req.get_body()), caller, ports=_deciding())

    return await _answered_as_known(req, context, act)


@every.function_name("health")
@every.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether this worker is alive. Whatever else fails does not matter here."""
    from shared.hosting.api import json_answer
    from shared.hosting.health import health as shown

    return json_answer(200, shown(consumer_type()))


@every.function_name("ready")
@every.route("ready", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def ready(req: func.HttpRequest) -> func.HttpResponse:
    """Whether this worker can do its work; and, to whoever shows a token, why not."""
    await loaded()

    from processors.readiness.api import show_readiness
    from shared.errors import TokenRefused
    from shared.hosting.api import json_answer, refused

    try:
        authorization = req.headers.get("authorization")
        status, shown = await show_readiness(authorization, checks=_checks(), tokens=lambda: services().tokens)
    except TokenRefused as error:
        return refused(error)
    return json_answer(status, shown.model_dump(mode="json", by_alias=True, exclude_none=True))


@cache
def _checks() -> "Checks":
    """What was found, kept for as long as it is believed."""
    from processors.readiness.checks import Checks
    from shared.hosting.checks import checks_of

    return Checks(lambda: checks_of(services()), now=now)


async def _answered_as_known(req: func.HttpRequest, context: func.Context, act: "Callable[[Caller], Awaitable[Wire]]") -> func.HttpResponse:
    """For a caller with everybody they are at the sources."""
    from shared.access.directory import expanded
    from shared.hosting.api import answered

    async def act_for(caller: "Caller") -> "Wire":
        return await act(await expanded(caller, services().directory))

    return await answered(req, context, act_for, ports=services)


def _deciding() -> "Ports":
    from shared.linking.deciding import Ports

    s = services()
    return Ports(s.shards, s.suggested_links, s.publisher, now)
