"""What was asked of the REST API: its memory, which tests and benchmarks hold a client's against. Tokens and bodies are not kept."""

from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from devtools.faults.plan import Fault
from devtools.vendors.calls import Calls


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


class CallLedger(Calls[Call]):
    def __init__(self) -> None:
        super().__init__(Call)

    @override
    def of(self, *operations: str, object_name: str | None = None) -> list[Call]:
        """Calls of these operations, in their order."""
        return [call for call in super().of(*operations) if object_name in {None, call.object_name}]
