"""The anchors of the tenants a worker works for, in its memory, no older than ``REFRESHED_EVERY`` when they are asked for.

At first they come from a snapshot, one blob, and what changed since, one query; from then on one query brings what changed. Times are the
store's: a worker asks for everything written since the last second that it is sure to have seen whole. How long a worker may go on with
what it was given is ``STALE_AT_MOST``: whoever changes an anchor has to look once more when that is over.
"""

import asyncio
import contextvars
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from processors.enrichment.anchors.index import MOST_ANCHORS, AnchorIndex
from processors.enrichment.anchors.snapshots import Unsaved
from shared.linking.anchor import AnchorRow, AnchorRows, AnchorSnapshots
from shared.shards.model import DELETED_TTL_SECONDS
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

log = logging.getLogger(__name__)

REFRESHED_EVERY: Final = timedelta(seconds=30)
FRESH: Final = timedelta(seconds=1)
OVERLAP: Final = timedelta(seconds=10)
"""What a read sees for certain was written so long before: a replica may lag, and the clocks of two partitions differ."""
HANDLED_WITHIN: Final = timedelta(minutes=5)
"""How long a handler may go on with the anchors it was given: the lock of its message (``lockDuration`` of infra/topology.json)."""
STALE_AT_MOST: Final = REFRESHED_EVERY + OVERLAP + HANDLED_WITHIN
"""How old may be what a link was made from, when it is written."""
SLICE_ROWS: Final = 100
"""After so many rows others have their turn: some milliseconds."""
READ_AGAIN_EVERY: Final = timedelta(minutes=10)
"""Of a tenant with more anchors than are held: how often those that were left out are looked for, when there is room again."""
SNAPSHOT_GOOD_FOR: Final = timedelta(seconds=DELETED_TTL_SECONDS) - timedelta(days=7)
"""What is gone is told by the store for this long: an older snapshot may have anchors of which nobody says any more that they are gone."""


@dataclass
class _Held:
    """One tenant's."""

    index: AnchorIndex
    unsaved: Unsaved
    read_at: datetime
    """When the last read began."""
    began_at: datetime
    """When all of them were read."""
    since: int = 0
    """Everything the store wrote before this second is in."""
    newest: int = 0
    newest_seen_at: datetime | None = None
    """When the read had ended that first brought something as new."""


@dataclass
class AnchorCache:
    """Of one worker. ``most`` anchors, over all tenants: the tenant that was asked for least lately is forgotten first."""

    rows: AnchorRows
    snapshots: AnchorSnapshots
    metrics: Metrics
    now: Callable[[], datetime]
    most: int = MOST_ANCHORS
    _held: "OrderedDict[str, _Held]" = field(default_factory=OrderedDict)
    _reading: dict[str, "asyncio.Task[_Held]"] = field(default_factory=dict)
    _saving: set["asyncio.Task[None]"] = field(default_factory=set)

    async def of(self, tenant_id: str, *, fresh: bool = False, default_country: str = "US") -> AnchorIndex:
        """The anchors as they were ``REFRESHED_EVERY`` ago or, if ``fresh``, ``FRESH`` ago, or later. The index goes on changing: look into
        it before the next wait.

        Args:
            tenant_id: whose.
            fresh: whether they must be of now.
            default_country: where phone numbers are dialled that name no country, by the tenant's policy.

        Raises:
            TransientError: the store cannot answer now. What is held is too old to link by.
        """
        oldest = self.now() - (FRESH if fresh else REFRESHED_EVERY)
        held = self._held.get(tenant_id)
        while held is None or held.read_at < oldest or held.index.default_country != default_country:
            held = await asyncio.shield(self._read(tenant_id, default_country))
        if tenant_id in self._held:
            self._held.move_to_end(tenant_id)
        return held.index

    def noticed(self, tenant_id: str, row: AnchorRow) -> None:
        """An anchor was just read or written as this: whoever asks next in this worker finds it so, until the store is asked again."""
        if tenant_id in self._held:
            self._held[tenant_id].index.notice(row)

    async def close(self) -> None:
        """Let what is being saved be saved."""
        await asyncio.gather(*self._saving)

    def _read(self, tenant_id: str, default_country: str) -> "asyncio.Task[_Held]":
        """One read for all who ask meanwhile. It is none of theirs: whoever leaves takes nothing away from the others."""
        loop, reading = asyncio.get_running_loop(), self._reading.get(tenant_id)
        if reading is None or reading.done() or reading.get_loop() is not loop:
            task = self._brought_up(tenant_id, default_country)
            reading = self._reading[tenant_id] = loop.create_task(task, context=contextvars.Context())
            reading.add_done_callback(lambda done: self._ended(tenant_id, done))
        return reading

    def _ended(self, tenant_id: str, done: "asyncio.Task[_Held]") -> None:
        if self._reading.get(tenant_id) is done:
            del self._reading[tenant_id]
        if not done.cancelled():
            done.exception()  # everyone may have left before it failed

    async def _brought_up(self, tenant_id: str, default_country: str) -> _Held:
        held = self._held.get(tenant_id)
        if held is None or held.index.default_country != default_country or self._is_to_be_read_again(held):
            held = await self._begun(tenant_id, default_country)
        await self._read_changes(held)
        self._held[tenant_id] = held
        self._held.move_to_end(tenant_id)
        self._forget_others()
        if held.index.has_more:
            self.metrics.count(Metric.ANCHORS_LEFT_OUT)
            log.warning("a tenant has more anchors than a worker holds", extra={"tenant": tenant_id, "held": held.index.size})
        elif held.unsaved.is_due(held.index.size, at=held.read_at):
            self._save(held)
        return held

    def _is_to_be_read_again(self, held: _Held) -> bool:
        return held.index.has_room_again and self.now() - held.began_at >= READ_AGAIN_EVERY

    async def _begun(self, tenant_id: str, default_country: str) -> _Held:
        began_at, index = self.now(), AnchorIndex(tenant_id, default_country=default_country, most=self.most)
        snapshot = await self.snapshots.read(tenant_id)
        held = _Held(index, Unsaved(tenant_id, self.snapshots), read_at=began_at, began_at=began_at)
        if snapshot is None or snapshot.changed_at < (began_at - SNAPSHOT_GOOD_FOR).timestamp():
            return held
        for number, row in enumerate(snapshot.rows):
            if number % SLICE_ROWS == 0:
                await asyncio.sleep(0)
            index.put(row)
        held.unsaved.begin(snapshot.changed_at)
        held.since = snapshot.changed_at
        return held

    async def _read_changes(self, held: _Held) -> None:
        """What the store wrote since. A failure in between leaves what was read: it will be read again."""
        began_at, newest, number, noticed = self.now(), held.newest, 0, held.index.noticed
        async for row in self.rows.changed_since(held.index.tenant_id, held.since):
            held.index.put(row)
            if held.index.has_more:
                held.unsaved.give_up()
            else:
                held.unsaved.add(row, is_held=held.index.get(row.shard_id) is not None)
            newest = max(newest, row.changed_at)
            number += 1
            if number % SLICE_ROWS == 0:
                await asyncio.sleep(0)
        held.index.forget_noticed(noticed)
        held.read_at = began_at
        self._move_on(held, newest, began_at, self.now())

    def _move_on(self, held: _Held, newest: int, began_at: datetime, ended_at: datetime) -> None:
        """From which second on the next read asks. What a read brings last need not be all of that time: parts of the store are read one
        after the other. What one that begins ``OVERLAP`` later finds to be the newest still, is."""
        if newest > held.newest:
            held.newest, held.newest_seen_at = newest, ended_at
            unsure = OVERLAP + (ended_at - began_at)
            held.since = max(held.since, newest - int(unsure.total_seconds()) - 1)
        elif held.newest_seen_at is not None and began_at - held.newest_seen_at >= OVERLAP:
            held.since = max(held.since, held.newest + 1)
        held.index.settle(held.since)
        held.unsaved.reached(held.since)

    def _forget_others(self) -> None:
        while len(self._held) > 1 and sum(held.index.size for held in self._held.values()) > self.most:
            self._held.popitem(last=False)

    def _save(self, held: _Held) -> None:
        held.unsaved.begin_saving(at=held.read_at)
        saving = asyncio.get_running_loop().create_task(held.unsaved.save(), context=contextvars.Context())
        self._saving.add(saving)
        saving.add_done_callback(self._saving.discard)
