"""Gaps in Cosmos DB, key ``/tenantId``. A gap that was just seen open is not written again for a minute."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from azure.core import MatchConditions
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosResourceExistsError
from typing_extensions import override

from shared import topology
from shared.gaps.gap import Gap, Gaps
from shared.storage.cosmos import CosmosAccount, found, guarded_write
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

REMEMBERED: Final = timedelta(seconds=60)
"""Ten thousand records with unknown readers are one gap, and must not cost ten thousand reads. Short, because a sweep may close it."""


class CosmosGaps(Gaps):
    """The port over one account."""

    def __init__(self, account: CosmosAccount, *, metrics: Metrics, now: Callable[[], datetime]) -> None:
        self._account = account
        self._metrics = metrics
        self._now = now
        self._seen_open: dict[str, datetime] = {}
        self._opening = asyncio.Lock()

    @override
    async def open(self, gap: Gap) -> None:
        if self._was_seen_open(gap):
            return
        async with self._opening:  # a burst of records finds one gap at once, and must not store it as often
            if not self._was_seen_open(gap):
                await self._store(gap)

    def _was_seen_open(self, gap: Gap) -> bool:
        return gap.id in self._seen_open and self._now() - self._seen_open[gap.id] < REMEMBERED

    async def _store(self, gap: Gap) -> None:
        now = self._now()
        container = await self._account.container(topology.GAPS)
        known = await found(container.read_item(gap.id, partition_key=gap.tenant_id), "read a gap")
        document = gap.model_dump(mode="json", by_alias=True)
        async with guarded_write("store a gap"):
            try:
                if known is None:
                    await container.create_item(document, no_response=True)
                elif known.get("status") != "open":
                    await container.replace_item(
                        gap.id, document, etag=known["_etag"], match_condition=MatchConditions.IfNotModified, no_response=True
                    )
            except (CosmosResourceExistsError, CosmosAccessConditionFailedError):
                pass  # another worker opened it at the same moment, which is what was wanted
        self._metrics.count(Metric.GAPS_OPENED, reason=gap.reason)
        self._seen_open = {gap_id: at for gap_id, at in self._seen_open.items() if now - at < REMEMBERED}
        self._seen_open[gap.id] = now
