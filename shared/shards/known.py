"""Shards that were seen to exist, remembered for a while by one worker: many records name the same company."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.shards.ids import ShardId

MOST: Final = 10_000
REMEMBERED: Final = timedelta(minutes=10)
"""Far below the retention of a deleted shard, after which one is gone."""


class KnownShards:
    """The last ones that were seen, oldest forgotten first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seen_at: OrderedDict[tuple[str, ShardId], datetime] = OrderedDict()

    def add(self, tenant_id: str, shard_id: ShardId) -> None:
        """It is there."""
        self._seen_at[tenant_id, shard_id] = self._now()
        self._seen_at.move_to_end((tenant_id, shard_id))
        if len(self._seen_at) > MOST:
            self._seen_at.popitem(last=False)

    def has(self, tenant_id: str, shard_id: ShardId) -> bool:
        """Whether it was there lately."""
        seen_at = self._seen_at.get((tenant_id, shard_id))
        return seen_at is not None and self._now() - seen_at < REMEMBERED
