"""Gaps in Cosmos DB, key ``/tenantId``. A gap is not written again, nor read, while what is stored says already that it was seen now."""

import asyncio
from typing import Any, Final

from azure.core import MatchConditions
from typing_extensions import override

from shared import topology
from shared.contracts.message import Instant
from shared.errors import Conflict
from shared.gaps.gap import Gap, Gaps
from shared.storage.cosmos import CosmosAccount, found, guarded_write, queried
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

ATTEMPTS: Final = 3
"""Whoever was quicker has opened the gap, which is what was wanted, or closed it: only reading again shows which."""
PAGE_ITEMS: Final = 100

OPEN_ONES: Final = 'SELECT * FROM c WHERE c.tenantId = @tenant AND c.connectionId = @connection AND c.status = "open"'

OPEN_OF_SOURCE: Final = 'SELECT * FROM c WHERE c.status = "open" AND STARTSWITH(c.connectionId, @source)'
"""Of all tenants: only the scheduler asks it."""


class CosmosGaps(Gaps):
    """The port over one account."""

    def __init__(self, account: CosmosAccount, *, metrics: Metrics) -> None:
        self._account = account
        self._metrics = metrics
        self._stored: dict[str, Gap] = {}
        """As they were stored last, as far as this worker knows. What it knows is of no use for longer than ``SEEN_EVERY``."""
        self._opening = asyncio.Lock()

    @override
    async def open(self, gap: Gap) -> None:
        if self._is_known(gap):
            return
        async with self._opening:  # a burst of records finds one gap at once, and must not store it as often
            if not self._is_known(gap):
                stored = await self._store(gap)
                self._stored = {known.id: known for known in self._stored.values() if known.says(gap)} | {gap.id: stored}
                self._metrics.count(Metric.GAPS_OPENED, reason=gap.reason)

    @override
    async def open_ones(self, tenant_id: str, connection_id: str) -> list[Gap]:
        container = await self._account.container(topology.GAPS)
        rows = queried(
            container,
            OPEN_ONES,
            "list gaps",
            page_items=PAGE_ITEMS,
            partition_key=tenant_id,
            tenant=tenant_id,
            connection=connection_id,
        )
        return sorted([_gap(row) async for row in rows], key=lambda gap: gap.opened_at)

    @override
    async def open_of_source(self, source: str) -> list[Gap]:
        container = await self._account.container(topology.GAPS)
        rows = queried(container, OPEN_OF_SOURCE, "list gaps of a source", page_items=PAGE_ITEMS, source=f"{source}:")
        return sorted([_gap(row) async for row in rows], key=lambda gap: gap.opened_at)

    @override
    async def close(self, gap: Gap, *, at: Instant) -> bool:
        self._stored.pop(gap.id, None)
        try:
            await self._replace(gap.model_copy(update={"status": "closed", "closed_at": at}))
        except Conflict:
            return False
        return True

    def _is_known(self, gap: Gap) -> bool:
        return gap.id in self._stored and self._stored[gap.id].says(gap)

    async def _store(self, gap: Gap) -> Gap:
        """The gap as it is stored now.

        Raises:
            Conflict: when others write it again and again.
        """
        for _ in range(ATTEMPTS):
            try:
                return await self._marked(gap)
            except Conflict:
                continue
        raise Conflict("store a gap: others write it again and again")

    async def _marked(self, gap: Gap) -> Gap:
        container = await self._account.container(topology.GAPS)
        document = await found(container.read_item(gap.id, partition_key=gap.tenant_id), "read a gap")
        if document is None:
            async with guarded_write("store a gap"):
                await container.create_item(gap.model_dump(mode="json", by_alias=True), no_response=True)
            return gap
        known = _gap(document)
        if known.says(gap):
            return known
        if known.status == "open":
            marked = known.model_copy(update={"seen_at": gap.seen_at or gap.opened_at})
        else:
            marked = gap.model_copy(update={"etag": known.etag})
        await self._replace(marked)
        return marked

    async def _replace(self, gap: Gap) -> None:
        """Over what was read."""
        if gap.etag is None:
            raise Conflict("store a gap: it was never read")
        container = await self._account.container(topology.GAPS)
        async with guarded_write("store a gap"):
            await container.replace_item(
                gap.id,
                gap.model_dump(mode="json", by_alias=True),
                etag=gap.etag,
                match_condition=MatchConditions.IfNotModified,
                no_response=True,
            )


def _gap(document: dict[str, Any]) -> Gap:
    return Gap.model_validate({**document, "etag": document["_etag"]})
