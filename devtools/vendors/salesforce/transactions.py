"""Transactions that stay open: their records take their stamps inside, and nobody sees them before the commit.

That is how a row appears late with a stamp that readers have already passed. While one is open, getUpdated and getDeleted say that they
cover nothing from its beginning on (``PretendOrg.settled_until``). What it does happens at its commit, in its order; a mistake in it
shows then. Lacks: locks, reading one's own writes.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from devtools.vendors.salesforce.implications import Value

if TYPE_CHECKING:
    from devtools.vendors.salesforce.records import PretendOrg


class Transaction:
    """``with org.transaction(at=…) as change``: commits when the block ends well. ``at`` is the stamp where an operation names none."""

    def __init__(self, org: "PretendOrg", opened_at: datetime) -> None:
        self._org = org
        self._stamps = [opened_at]
        self._steps: list[Callable[[], object]] = []

    @property
    def earliest_stamp(self) -> datetime:
        """Of all it has taken, its beginning included."""
        return min(self._stamps)

    def create(self, object_name: str, *, at: datetime | None = None, **fields: Value) -> str:
        """The id that the record will have."""
        stamp, record_id = self._stamp(at), self._org.new_id(object_name)
        self._steps.append(lambda: self._org.create(object_name, at=stamp, **{**fields, "Id": record_id}))
        return record_id

    def edit(self, record_id: str, *, at: datetime | None = None, **fields: Value) -> None:
        stamp = self._stamp(at)
        self._steps.append(lambda: self._org.edit(record_id, at=stamp, **fields))

    def delete(self, record_id: str, *, at: datetime | None = None) -> None:
        stamp = self._stamp(at)
        self._steps.append(lambda: self._org.delete(record_id, at=stamp))

    def undelete(self, record_id: str, *, at: datetime | None = None) -> None:
        stamp = self._stamp(at)
        self._steps.append(lambda: self._org.undelete(record_id, at=stamp))

    def commit(self) -> None:
        """Everybody sees it now."""
        self._org.ended(self)
        for step in self._steps:
            step()

    def roll_back(self) -> None:
        """Nothing of it has happened."""
        self._org.ended(self)
        self._steps.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> Literal[False]:
        if kind is None:
            self.commit()
        else:
            self.roll_back()
        return False

    def _stamp(self, at: datetime | None) -> datetime:
        stamp = self._stamps[0] if at is None else at
        self._stamps.append(stamp)
        return stamp
