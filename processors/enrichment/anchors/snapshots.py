"""When a worker saves a tenant's anchors for those that start later, and what.

It keeps no copy of what it read, only the rows that changed since the snapshot it began with: a new snapshot is the newest one with these
rows put over it. Whoever notices that it is worth it saves one; two who do so at once save much the same.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from shared.errors import TransientError
from shared.linking.anchor import AnchorRow, AnchorSnapshot, AnchorSnapshots

log = logging.getLogger(__name__)

FEWEST: Final = 200
"""What fits into one page of a query's answer needs no snapshot."""
SHARE: Final = 0.1
MANY: Final = 5_000
"""So many changed rows, or this share of all: from then on it is worth a new snapshot."""
SAVED_EVERY: Final = timedelta(minutes=10)


class Unsaved:
    """What a worker has read of one tenant beyond the newest snapshot that it knows."""

    def __init__(self, tenant_id: str, snapshots: AnchorSnapshots) -> None:
        self._tenant_id = tenant_id
        self._snapshots = snapshots
        self._rows: dict[str, AnchorRow] = {}
        self._base: int | None = None
        self._reached = 0
        self._tried_at: datetime | None = None
        self._is_saving = False
        self._has_given_up = False

    def begin(self, changed_at: int) -> None:
        """There is a snapshot, of this second."""
        self._base = self._reached = changed_at

    def add(self, row: AnchorRow, *, is_held: bool) -> None:
        """A row was read. What is gone counts where a snapshot may have it."""
        known = self._rows.get(row.shard_id)
        if known is not None and known.changed_at > row.changed_at:
            return
        if is_held or self._base is not None:
            self._rows[row.shard_id] = row
        else:
            self._rows.pop(row.shard_id, None)

    def give_up(self) -> None:
        """There are more than are held: nothing of that is to be saved."""
        self._rows, self._has_given_up = {}, True

    def reached(self, changed_at: int) -> None:
        """Everything before this second was read."""
        self._reached = changed_at

    def is_due(self, size: int, *, at: datetime) -> bool:
        """Whether a snapshot is worth it, of so many anchors."""
        is_worth = len(self._rows) >= FEWEST and (len(self._rows) > MANY or len(self._rows) > SHARE * size)
        return (
            is_worth and not self._is_saving and not self._has_given_up and (self._tried_at is None or at - self._tried_at >= SAVED_EVERY)
        )

    def begin_saving(self, *, at: datetime) -> None:
        """``save`` is called next."""
        self._tried_at, self._is_saving = at, True

    async def save(self) -> None:
        """Write a snapshot. Where the store does not take it, a later one will have it all."""
        try:
            newest = None if self._base is None else await self._snapshots.read(self._tenant_id)
            await self._save_over(newest)
        except TransientError as error:
            log.warning("anchors not saved", extra={"tenant": self._tenant_id, "reason": type(error).__name__})
        finally:
            self._is_saving = False

    async def _save_over(self, newest: AnchorSnapshot | None) -> None:
        reached, base = self._reached, self._base
        if base is not None and (newest is None or newest.changed_at < base):
            return  # what it had that these rows have not, nobody here knows: whoever starts next reads all, and saves that
        if newest is None or newest.changed_at < reached:
            whole = {} if newest is None else {row.shard_id: row for row in newest.rows}
            rows = [row for row in {**whole, **self._rows}.values() if row.status == "active"]
            await self._snapshots.write(self._tenant_id, AnchorSnapshot(rows, reached))
            self._base = reached
        elif newest is not None:
            self._base = newest.changed_at
        base = self._base or 0
        self._rows = {shard_id: row for shard_id, row in self._rows.items() if row.changed_at >= base}
