"""A worker's anchors over a store in memory, for the tests of the cache."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.linking import InMemoryAnchorSnapshots
from devtools.fakes.metrics import InMemoryMetrics
from processors.enrichment.anchors.cache import AnchorCache
from shared.errors import DependencyUnavailable
from shared.linking.anchor import AnchorRow, AnchorRows
from shared.shards.model import Shard, Status


def row(number: int, status: Status = "active", /, *, changed_at: int = 0, type_: str = "c_account", **fields: Any) -> AnchorRow:
    records = (("salesforce", "00D", "Account", f"a-{number}"),)
    return AnchorRow(f"shard-{number:05}", type_, status, records, {"name": f"Company {number}", **fields}, changed_at)


class Store(AnchorRows):
    """Anchors of tenants, written at the second of a clock. What is asked for is noted."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.rows: dict[str, dict[str, AnchorRow]] = {}
        self.asked: list[int] = []
        self.given = 0
        self.fails = False
        self.gate: asyncio.Event | None = None

    def write(self, tenant_id: str, *rows: AnchorRow) -> None:
        second = int(self._now().timestamp())
        for one in rows:
            stored = AnchorRow(one.shard_id, one.shard_type_id, one.status, one.records, one.fields, second)
            self.rows.setdefault(tenant_id, {})[one.shard_id] = stored

    @override
    async def changed_since(self, tenant_id: str, changed_at: int) -> AsyncIterator[AnchorRow]:
        self.asked.append(changed_at)
        found = [one for one in self.rows.get(tenant_id, {}).values() if one.changed_at >= changed_at]
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise DependencyUnavailable("no answer")
        for one in found:
            self.given += 1
            yield one

    @override
    def sharing(self, tenant_id: str, keys: object) -> AsyncIterator[Shard]:
        raise NotImplementedError  # a worker only reads what has changed


class Worker:
    """One worker's cache over the store."""

    def __init__(self, *, most: int = 100_000, store: Store | None = None, snapshots: InMemoryAnchorSnapshots | None = None) -> None:
        self.clock = Clock()
        self.store = store or Store(self.clock)
        self.snapshots = snapshots or InMemoryAnchorSnapshots()
        self.metrics = InMemoryMetrics()
        self.cache = self.other(most=most)

    def other(self, *, most: int = 100_000) -> AnchorCache:
        """Another worker's, cold."""
        return AnchorCache(self.store, self.snapshots, self.metrics, self.clock, most=most)

    async def names(self, tenant_id: str = "acme", *, fresh: bool = False) -> set[str]:
        index = await self.cache.of(tenant_id, fresh=fresh)
        found = (index.get(f"shard-{number:05}") for number in range(50))
        return {anchor.name for anchor in found if anchor is not None}

    def pass_by(self, time: timedelta) -> None:
        self.clock.advance(seconds=time.total_seconds())
