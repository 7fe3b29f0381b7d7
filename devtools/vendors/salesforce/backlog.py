"""The notifications that wait: which are due, and which go together into the next message.

One message carries one action, therefore one object, and one endpoint. Retries are single notifications again: they may meet others
in a new message, as with the vendor, whose queue is per organization and keeps no order.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from itertools import count

from devtools.faults.injector import Injector
from devtools.vendors.salesforce.faults import next_index
from devtools.vendors.salesforce.outbound_message import Action


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Growing pauses, all in seconds. The cap of two hours and the drop after a day are the vendor's ("Considerations for Outbound
    Messages"); the first pause is not documented and was seen to be seconds."""

    first_seconds: float = 5.0
    growth: float = 2.0
    longest_seconds: float = 2 * 3600.0
    dropped_after_seconds: float = 24 * 3600.0

    def pause_seconds(self, tries: int) -> float:
        """The pause after so many failed tries, at least one."""
        pause = self.first_seconds
        for _ in range(tries - 1):
            if pause >= self.longest_seconds:
                break
            pause *= self.growth
        return min(pause, self.longest_seconds)


VENDOR_SCHEDULE = RetrySchedule()


@dataclass(eq=False, slots=True)
class Pending:
    """A notification on its way. ``notified_at`` is on the sender's clock; ``tries`` counts the calls that carried it."""

    notification_id: str
    action: Action
    record_id: str
    notified_at: float
    tries: int = 0


class Backlog:
    def __init__(self, faults: Injector) -> None:
        self._faults = faults
        self._later: list[tuple[float, int, Pending]] = []  # a heap by due time, then by arrival
        self._due: dict[Action, deque[Pending]] = {}
        self._arrivals = count()
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def add(self, pending: Pending, due_at: float) -> None:
        heapq.heappush(self._later, (due_at, next(self._arrivals), pending))
        self._waiting += 1

    def take(self, now: float, limit: int) -> list[Pending]:
        """Up to ``limit`` due notifications of one action, actions in turn; empty when nothing is due."""
        self._collect(now)
        if not self._due:
            return []
        actions = list(self._due)
        action = actions[next_index(self._faults, len(actions), actions[0].object_name)]
        queue = self._due.pop(action)
        taken: list[Pending] = []
        while queue and len(taken) < limit:
            queue.rotate(-next_index(self._faults, len(queue), action.object_name))
            taken.append(queue.popleft())
        if queue:
            self._due[action] = queue
        self._waiting -= len(taken)
        return taken

    def seconds_until_due(self, now: float) -> float | None:
        """0 when something is due; None when nothing waits."""
        if self._due:
            return 0.0
        return max(0.0, self._later[0][0] - now) if self._later else None

    def _collect(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            pending = heapq.heappop(self._later)[2]
            self._due.setdefault(pending.action, deque()).append(pending)
