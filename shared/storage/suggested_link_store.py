"""Suggested links in Cosmos DB, key ``/tenantId``: a point read, and a list that a composite index serves in its order.

A list is one partition's, so the order holds over all of its pages. The next page of a caller's list begins after a place (confidence and
id) and not at an offset: what is decided meanwhile shifts nothing.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from azure.core import MatchConditions
from typing_extensions import override

from shared import topology
from shared.contracts.message import timestamp
from shared.errors import Conflict, Forbidden
from shared.linking.suggestion import Place, SuggestedLink, SuggestedLinks, SuggestionFilter
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, etag_of, found, guarded_write, queried

PAGE_ITEMS: Final = 100
"""As many as a caller may ask for at once."""

OF_TENANT: Final = "SELECT * FROM c WHERE c.tenantId = @tenant AND c.status = @status"
IN_ORDER: Final = "ORDER BY c.confidence DESC, c.id ASC"
WAITING: Final = "c.expiresAt > @now"
OVER: Final = "c.expiresAt <= @now"
"""Moments are texts that sort as the moments do."""
AFTER: Final = "(c.confidence < @confidence OR (c.confidence = @confidence AND c.id > @id))"


class CosmosSuggestedLinks(SuggestedLinks):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def read(self, tenant_id: str, suggestion: str) -> SuggestedLink | None:
        container = await self._account.container(topology.SUGGESTED_LINKS)
        document = await found(container.read_item(suggestion, partition_key=tenant_id), "read a suggested link")
        return None if document is None else _suggestion(tenant_id, document)

    @override
    async def create(self, suggestion: SuggestedLink) -> SuggestedLink:
        container = await self._account.container(topology.SUGGESTED_LINKS)
        async with azure_errors("create a suggested link"):
            created = await container.create_item(suggestion.model_dump(mode="json", by_alias=True), no_response=True)
        return suggestion.model_copy(update={"etag": etag_of(created)})

    @override
    async def replace(self, suggestion: SuggestedLink) -> SuggestedLink:
        if suggestion.etag is None:
            raise Conflict("store a suggested link: it was never read")
        container = await self._account.container(topology.SUGGESTED_LINKS)
        async with guarded_write("store a suggested link"):
            stored = await container.replace_item(
                suggestion.id,
                suggestion.model_dump(mode="json", by_alias=True),
                etag=suggestion.etag,
                match_condition=MatchConditions.IfNotModified,
                no_response=True,
            )
        return suggestion.model_copy(update={"etag": etag_of(stored)})

    @override
    async def listed(
        self, tenant_id: str, wanted: SuggestionFilter, *, now: datetime, after: Place | None = None
    ) -> AsyncIterator[SuggestedLink]:
        text, parameters = _query(wanted, now, after)
        container = await self._account.container(topology.SUGGESTED_LINKS)
        rows = queried(
            container,
            text,
            "list suggested links",
            page_items=PAGE_ITEMS,
            partition_key=tenant_id,
            tenant=tenant_id,
            **parameters,
        )
        async for row in rows:
            yield _suggestion(tenant_id, row)


def _query(wanted: SuggestionFilter, now: datetime, after: Place | None) -> tuple[str, dict[str, Any]]:
    """The text and its parameters. Only what is asked for stands in it: each further condition costs units on every item."""
    conditions, parameters = [OF_TENANT], dict[str, Any](status=wanted.status)
    if wanted.status in {"pending", "expired"}:
        conditions.append(WAITING if wanted.status == "pending" else OVER)
        parameters |= {"status": "pending", "now": timestamp(now)}
    if wanted.source_shard_id is not None:
        conditions.append("c.sourceShardId = @source")
        parameters["source"] = wanted.source_shard_id
    if wanted.shard_type_id is not None:
        conditions.append("(c.sourceShardTypeId = @type OR c.targetShardTypeId = @type)")
        parameters["type"] = wanted.shard_type_id
    if wanted.relationship_type is not None:
        conditions.append("c.relationshipType = @relationship")
        parameters["relationship"] = wanted.relationship_type
    if (wanted.min_confidence, wanted.max_confidence) != (0.0, 1.0):
        conditions.append("c.confidence >= @least AND c.confidence <= @most")
        parameters |= {"least": wanted.min_confidence, "most": wanted.max_confidence}
    if after is not None:
        conditions.append(AFTER)
        parameters |= {"confidence": after.confidence, "id": after.id}
    return f"{' AND '.join(conditions)} {IN_ORDER}", parameters


def _suggestion(tenant_id: str, document: dict[str, Any]) -> SuggestedLink:
    if document.get("tenantId") != tenant_id:
        raise Forbidden("the store gave another tenant's suggestion")
    return SuggestedLink.model_validate({**document, "etag": document["_etag"]})
