"""What was asked of the Web API: its memory, which tests and benchmarks hold a client's against. Tokens are not kept."""

from dataclasses import dataclass
from datetime import datetime

from devtools.faults.plan import Fault
from devtools.vendors.calls import Calls


@dataclass(slots=True)
class Call:
    """One request, whatever became of it. ``operation``: the method (``unknown``: there is no such); ``team``: whose the token is."""

    method: str
    operation: str
    at: datetime
    app_id: str = ""
    team: str = ""
    channel: str = ""
    user: str = ""
    cursor: str = ""
    limit: int | None = None
    rows: int = 0
    """Channels, members, messages … that were answered; 1 for a thing by itself; none where a fault came between."""
    status: int | None = None
    """None: there was no answer."""
    error: str = ""
    fault: Fault | None = None

    @property
    def target(self) -> str:
        """What a fault plan names: the channel, else the person, else the workspace."""
        return self.channel or self.user or self.team


class CallLedger(Calls[Call]):
    """Calls in their order."""

    def __init__(self) -> None:
        super().__init__(Call)

    def about(self, target: str, *operations: str) -> list[Call]:
        """Those about one channel, person or workspace."""
        return [
            call
            for call in self.calls
            if target in {call.channel, call.user, call.team} and (not operations or call.operation in operations)
        ]

    def errors(self) -> dict[str, int]:
        """How often each was answered."""
        counts: dict[str, int] = {}
        for call in self.calls:
            if call.error:
                counts[call.error] = counts.get(call.error, 0) + 1
        return counts
