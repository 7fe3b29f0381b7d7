"""What was asked of the service: its memory, which tests and benchmarks hold a client's against. Tokens and bodies are not kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from devtools.faults.plan import Fault
from devtools.vendors.calls import Calls


@dataclass(slots=True)
class Call:
    """One request, whatever became of it.

    ``operation`` is one of ``token``, ``start-page-token``, ``changes``, ``files-list``, ``file``, ``content``, ``permissions``,
    ``drives``, ``about``, ``watch``, ``directory`` and ``unknown``.
    """

    method: str
    operation: str
    at: datetime
    user: str = ""
    """The email of whoever it was made as."""
    drive_id: str = ""
    file_id: str = ""
    """The file, or the group or domain of a question to the directory."""
    query: str = ""
    page_size: int | None = None
    page_token: str | None = None
    rows: int = 0
    """Files, changes, permissions … that were answered: none, where a fault came between."""
    status: int | None = None
    """None: there was no answer."""
    fault: Fault | None = None

    TARGETS: ClassVar = ("file_id", "drive_id", "user")

    @property
    def target(self) -> str:
        """What a fault plan names: the file, else the shared drive, else the person."""
        return next((value for name in self.TARGETS if (value := getattr(self, name))), "")


class CallLedger(Calls[Call]):
    """Calls in their order."""

    def __init__(self) -> None:
        super().__init__(Call)

    def by_user(self, *operations: str) -> dict[str, int]:
        """How many calls were made as each person."""
        counts: dict[str, int] = {}
        for call in self.of(*operations) if operations else self.calls:
            counts[call.user] = counts.get(call.user, 0) + 1
        return counts
