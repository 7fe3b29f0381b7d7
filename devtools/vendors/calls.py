"""What was asked of a pretend vendor's API: the part of its ledger that is the same for all of them."""

from collections import Counter
from dataclasses import fields
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from devtools.faults.plan import Fault


class Asked(Protocol):
    """One request, as every vendor's ledger has it: a dataclass."""

    operation: str
    at: datetime
    rows: int
    status: int | None
    fault: Fault | None


C = TypeVar("C", bound=Asked)


class Calls(Generic[C]):
    """In their order. ``kind`` is the dataclass of a call."""

    def __init__(self, kind: type[C]) -> None:
        self.calls: list[C] = []
        self._names = [field.name for field in fields(kind)]  # type: ignore[arg-type] # a protocol cannot say that it is a dataclass

    def of(self, *operations: str) -> list[C]:
        """Calls of these operations, in their order."""
        return [call for call in self.calls if call.operation in operations]

    def counts(self) -> Counter[str]:
        """Calls by operation."""
        return Counter(call.operation for call in self.calls)

    def count(self, *operations: str) -> int:
        """How many calls of these operations; of all, without one."""
        return len(self.of(*operations)) if operations else len(self.calls)

    def rows(self, *operations: str) -> int:
        """How much was answered, by these operations or by all."""
        return sum(call.rows for call in (self.of(*operations) if operations else self.calls))

    def statuses(self) -> Counter[int | None]:
        """Answers by status; None is no answer."""
        return Counter(call.status for call in self.calls)

    def clear(self) -> None:
        self.calls.clear()

    def written(self) -> list[dict[str, Any]]:
        """As JSON has it."""
        said = [{name: getattr(call, name) for name in self._names} for call in self.calls]
        return [{**one, "at": one["at"].isoformat(), "fault": one["fault"].summary if one["fault"] else None} for one in said]
