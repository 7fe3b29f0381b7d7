"""What a test may ask for and watch from outside: counted calls, and answers that fail on demand.

Over HTTP, unsigned, on paths the service does not have: `GET /_operations`, `POST /_operations/reset`, `POST /_fault` with
`{"status", "substatus", "headers", "count", "methods", "kinds", "container", "applied"}`, of which only the status is needed.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.routes import Route
from devtools.emulators.cosmos.wire import Reply, Request, refusal


@dataclass(slots=True)
class Operations:
    """Requests as they arrived, retries included. `server_errors` counts bugs of this stand-in, never injected faults."""

    counts: Counter[str] = field(default_factory=Counter)
    containers: dict[str, Counter[str]] = field(default_factory=dict)
    charges: dict[str, float] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    server_errors: int = 0

    @property
    def charge(self) -> float:
        """Request units of all calls on items."""
        return round(sum(self.charges.values()), 2)

    def count(self, route: Route, reply: Reply) -> None:
        """One answered request."""
        self.counts[route.kind] += 1
        self.statuses[reply.status] += 1
        if route.container is not None:
            self.containers.setdefault(route.container, Counter())[route.kind] += 1
            self.charges[route.kind] = self.charges.get(route.kind, 0.0) + reply.charge

    def reset(self) -> None:
        """Start again at nothing; bugs stay."""
        self.counts.clear()
        self.containers.clear()
        self.charges.clear()
        self.statuses.clear()

    def wire(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "counts": dict(self.counts),
            "containers": {name: dict(counts) for name, counts in self.containers.items()},
            "charges": {kind: round(charge, 2) for kind, charge in self.charges.items()},
            "charge": self.charge,
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "server_errors": self.server_errors,
        }


@dataclass(slots=True)
class Fault:
    """An answer for the next `count` calls on items that fit. With `applied` the call is carried out and only its answer is lost."""

    status: int
    substatus: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    methods: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    container: str | None = None
    applied: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Fault":
        """From JSON; 400 for a field that is not there."""
        fields = dict(body)
        try:
            for name in ("methods", "kinds"):
                if fields.get(name) is not None:
                    fields[name] = frozenset(fields[name])
            return cls(**fields)
        except TypeError as error:
            raise RefusedError(400, f"The fault is not understood: {error}") from None

    def fits(self, method: str, route: Route) -> bool:
        """Whether this call is meant."""
        if self.kinds is None and (route.container is None or route.kind == "ranges"):
            return False
        names = {route.container, (route.container or "").rpartition("/")[2]}
        return (
            (self.methods is None or method in self.methods)
            and (self.kinds is None or route.kind in self.kinds)
            and (self.container is None or self.container in names)
        )

    def reply(self) -> Reply:
        """The answer instead."""
        failure = RefusedError(self.status, "This failure was asked for.", substatus=self.substatus)
        return refusal(failure).with_headers(self.headers)


class Faults:
    """Faults in the order they were asked for."""

    def __init__(self) -> None:
        self._queue: deque[Fault] = deque()

    def add(self, fault: Fault) -> None:
        """One more."""
        self._queue.append(fault)

    def take(self, method: str, route: Route) -> Fault | None:
        """The first that fits, counted down."""
        for fault in self._queue:
            if fault.fits(method, route):
                fault.count -= 1
                if fault.count <= 0:
                    self._queue.remove(fault)
                return fault
        return None


def answer_private(request: Request, operations: Operations, faults: Faults) -> Reply | None:
    """The answer to a call on a private path, None for all others."""
    match request.method, request.segments:
        case "GET", ("_operations",):
            return Reply.of(200, operations.wire())
        case "POST", ("_operations", "reset"):
            operations.reset()
            return Reply(204)
        case "POST", ("_fault",):
            faults.add(Fault.of(request.object()))
            return Reply(204)
    return None
