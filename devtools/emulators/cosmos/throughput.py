"""The request units a container may use in a second, and the 429 for what comes when they are used up.

A bucket that holds one second's units and fills up evenly. A call is let in while anything is left and costs what it turns out to cost,
so one large query may leave a debt, which the next callers wait for: `x-ms-retry-after-ms` says how long. Deterministic: it looks at
nothing but the store's clock. Simpler than the service, which divides a container's units evenly among its physical ranges, so that one
busy key can be refused while the container as a whole has plenty, and which accepts bursts where idle time was saved up.
"""

import math
from collections.abc import Callable

from devtools.emulators.cosmos.refusals import THROTTLED, RefusedError


class Budget:
    """The units of one container. `now` gives seconds."""

    def __init__(self, units_per_second: float, now: Callable[[], float]) -> None:
        self._units_per_second = units_per_second
        self._now = now
        self._left = units_per_second
        self._filled_at = now()

    def check(self) -> None:
        """429 when nothing is left, with the time until something is."""
        self._fill()
        if self._left <= 0:
            milliseconds = math.floor(-self._left / self._units_per_second * 1000) + 1
            raise RefusedError(429, "Request rate is large.", substatus=THROTTLED, retry_after_milliseconds=milliseconds)

    def spend(self, units: float) -> None:
        """What a call cost."""
        self._left -= units

    def _fill(self) -> None:
        now = self._now()
        passed_seconds = max(now - self._filled_at, 0.0)  # a clock may be set back
        self._filled_at = now
        self._left = min(self._left + passed_seconds * self._units_per_second, self._units_per_second)


class Budgets:
    """A budget for every container, or no limits without `units_per_second`."""

    def __init__(self, units_per_second: float | None, now: Callable[[], float]) -> None:
        self._units_per_second = units_per_second
        self._now = now
        self._by_container: dict[str, Budget] = {}

    def of(self, container_rid: str) -> Budget | None:
        """The container's."""
        if self._units_per_second is None:
            return None
        if container_rid not in self._by_container:
            self._by_container[container_rid] = Budget(self._units_per_second, self._now)
        return self._by_container[container_rid]
