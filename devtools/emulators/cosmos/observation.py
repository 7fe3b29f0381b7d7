"""What a test may watch and ask for from outside: counted calls, and faults while it runs.

Over HTTP, unsigned, on paths the service does not have: `GET /_operations`, `POST /_operations/reset`, and `POST /_faults` with one fault
in the form of `devtools.faults`, for tests of another process; what is to go wrong from the start is a plan.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.routes import Route
from devtools.emulators.cosmos.wire import Reply, Request
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, PlanInvalid


@dataclass(slots=True)
class Operations:
    """Requests as they arrived, retries included. `server_errors` counts bugs of this stand-in, never injected faults.

    A call whose answer was lost has its kind and, where it was carried out, its charge, but the status 0.
    """

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
        """As JSON, with the processor time of this process so far."""
        return {
            "counts": dict(self.counts),
            "containers": {name: dict(counts) for name, counts in self.containers.items()},
            "charges": {kind: round(charge, 2) for kind, charge in self.charges.items()},
            "charge": self.charge,
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "server_errors": self.server_errors,
            "processor_seconds": time.process_time(),
        }


def answer_private(request: Request, operations: Operations, faults: Injector) -> Reply | None:
    """The answer to a call on a private path, None for all others."""
    match request.method, request.segments:
        case "GET", ("_operations",):
            return Reply.of(200, operations.wire())
        case "POST", ("_operations", "reset"):
            operations.reset()
            return Reply(204)
        case "POST", ("_faults",):
            return _armed(request, faults)
    return None


def _armed(request: Request, faults: Injector) -> Reply:
    try:
        faults.add(Fault.model_validate_json(request.body))
    except (ValidationError, PlanInvalid) as error:
        raise RefusedError(400, f"The fault is not understood: {error}") from None
    return Reply(204)
