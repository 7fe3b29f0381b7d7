"""What was asked of the REST API: its memory, which tests and benchmarks hold a client's against. Tokens and bodies are not kept."""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from devtools.faults.plan import Fault


@dataclass(slots=True)
class Call:
    """One request, whatever became of it.

    ``operation`` is one of ``token``, ``versions``, ``query``, ``queryAll``, ``query-more``, ``describe``, ``describe-global``,
    ``updated``, ``deleted``, ``limits``, ``record`` (``method`` says what is done to it) and ``unknown``.
    """

    method: str
    operation: str
    at: datetime
    object_name: str = ""
    organization_id: str = ""
    soql: str = ""
    rows: int = 0
    """Records or ids that were answered: none, where a fault came between."""
    status: int | None = None
    """None: there was no answer."""
    fault: Fault | None = None


class CallLedger:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def of(self, *operations: str, object_name: str | None = None) -> list[Call]:
        """Calls of these operations, in their order."""
        return [call for call in self.calls if call.operation in operations and object_name in {None, call.object_name}]

    def counts(self) -> Counter[str]:
        """Calls by operation."""
        return Counter(call.operation for call in self.calls)

    def count(self, *operations: str) -> int:
        """How many calls of these operations; of all, without one."""
        return len(self.of(*operations)) if operations else len(self.calls)

    def rows(self, *operations: str) -> int:
        """How many records or ids were answered, by these operations or by all."""
        return sum(call.rows for call in (self.of(*operations) if operations else self.calls))

    def statuses(self) -> Counter[int | None]:
        """Answers by status; None is no answer."""
        return Counter(call.status for call in self.calls)

    def clear(self) -> None:
        self.calls.clear()

    def written(self) -> list[dict[str, Any]]:
        """As JSON has it."""
        names = [field.name for field in fields(Call)]
        said = [{name: getattr(call, name) for name in names} for call in self.calls]
        return [{**one, "at": one["at"].isoformat(), "fault": one["fault"].summary if one["fault"] else None} for one in said]
