"""What this stand-in can do wrong, and the places where it does it.

A call meets one fault at most, besides a clock that jumps. Each kind is asked for only where it can be carried out: a duplicate after a
write that went well, another order once there are two rows, a full disk at the moment something is written there, a stale entity tag where
the call's condition would have held. Surprising: a call that is refused or lost with ``applied`` is carried out first, whatever comes of
it.

Calls on the account, its databases and key ranges are met as well, unless the fault names an operation or a container.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from errno import ENOSPC
from os import strerror
from typing import Final, Literal

from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.interference import relied_on
from devtools.emulators.cosmos.journal import Journal
from devtools.emulators.cosmos.refusals import THROTTLED, RefusedError
from devtools.emulators.cosmos.reordering import reordered
from devtools.emulators.cosmos.routes import Route
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, refusal
from devtools.faults.injector import Abilities, Injector
from devtools.faults.plan import Fault, Kind

ABILITIES: Final[Abilities] = {
    Kind.REFUSE: (),
    Kind.DROP: (),
    Kind.DELAY: (),
    Kind.TIMEOUT: (),
    Kind.STALE_ETAG: (),
    Kind.DUPLICATE: (),
    Kind.REORDER: (),
    Kind.DISK_FULL: (),
    Kind.CLOCK_MOVED: (),
}
WRITES: Final = frozenset({"create", "upsert", "replace", "patch", "delete", "batch"})
NO_STATUS: Final = 0
ON_ANY_CALL: Final = frozenset({Kind.REFUSE, Kind.DROP, Kind.DELAY, Kind.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and what becomes of it: sent after a while, or lost with its connection (dropped) or without (withheld)."""

    reply: Reply
    after_seconds: float = 0.0
    lost: Literal["dropped", "withheld"] | None = None


class Misbehaviour:
    """The faults of one account. It makes the store's clock and journal as unreliable as they are to be."""

    def __init__(self, store: Store, injector: Injector) -> None:
        self._store = store
        self._injector = injector
        self._journal = store.journal = _FullJournal(store.journal, injector)
        clock = store.now
        store.now = lambda: clock() + injector.moved_seconds

    def answer(self, request: Request, route: Route, carry_out: Callable[[], Reply]) -> Answer:
        """What this call gets. ``carry_out`` does what it asks for and never raises."""
        name = self._target(request)
        self._injector.strike(route.kind, name, kinds={Kind.CLOCK_MOVED})
        item = relied_on(self._store, request, route.kind) if self._has(Kind.STALE_ETAG) else None
        here = ON_ANY_CALL if item is None else ON_ANY_CALL | {Kind.STALE_ETAG}
        fault = self._injector.strike(route.kind, name, kinds=here)
        if fault is None:
            return Answer(self._undisturbed(request, route, name, carry_out))
        if fault.kind is Kind.STALE_ETAG and item is not None:
            item.rewrite(self._store)
            return Answer(refusal(item.refusal) if item.refusal is not None else carry_out())
        if fault.kind is Kind.DELAY:
            return Answer(carry_out(), after_seconds=fault.seconds or 0.0)
        reply = carry_out() if fault.applied else Reply(NO_STATUS, charge=0.0)
        if fault.kind is Kind.REFUSE:
            return Answer(_refused(fault))
        return Answer(replace(reply, status=NO_STATUS), lost="dropped" if fault.kind is Kind.DROP else "withheld")

    def _undisturbed(self, request: Request, route: Route, name: str, carry_out: Callable[[], Reply]) -> Reply:
        """The call is carried out; what can still go wrong depends on how it went."""
        with self._journal.during(route.kind, name):
            reply = carry_out()
        if route.kind in WRITES and reply.status < 300 and self._injector.strike(route.kind, name, kinds={Kind.DUPLICATE}):
            return carry_out()
        if self._has(Kind.REORDER):
            other = reordered(self._store, request, route.kind, reply, self._injector.rng)
            if other is not None and self._injector.strike(route.kind, name, kinds={Kind.REORDER}):
                return other
        return reply

    def _has(self, kind: Kind) -> bool:
        return any(fault.kind is kind for fault in self._injector.fired)

    def _target(self, request: Request) -> str:
        """The container's name, also where the call has its resource id; empty for what is about none."""
        segments = request.segments
        if len(segments) < 4 or segments[0:4:2] != ("dbs", "colls"):
            return ""
        try:
            return str(self._store.container(segments[1], segments[3]).document["id"])
        except RefusedError:
            return segments[3]


def _refused(fault: Fault) -> Reply:
    """The error that was asked for. Being throttled has a sub-status of its own."""
    status = fault.status or 500
    wait = None if fault.retry_after_seconds is None else round(fault.retry_after_seconds * 1000)
    substatus = THROTTLED if status == 429 and fault.substatus is None else fault.substatus
    return refusal(RefusedError(status, "This failure was asked for.", substatus=substatus, retry_after_milliseconds=wait))


class _FullJournal:
    """A journal on a disk that is full now and then."""

    def __init__(self, journal: Journal, injector: Injector) -> None:
        self._journal = journal
        self._injector = injector
        self._call: tuple[str, str] | None = None

    @contextmanager
    def during(self, operation: str, target: str) -> Iterator[None]:
        """The call whose changes may meet a full disk."""
        self._call = (operation, target)
        try:
            yield
        finally:
            self._call = None

    def note(self, operation: str, **fields: object) -> None:
        """A change of a database or a container."""
        self._meet()
        self._journal.note(operation, **fields)

    def items(self, container_rid: str, lsn: int, epk: str, changes: Mapping[str, Record | None]) -> None:
        """One commit."""
        self._meet()
        self._journal.items(container_rid, lsn, epk, changes)

    def close(self) -> None:
        """No more changes."""
        self._journal.close()

    def _meet(self) -> None:
        if self._call is not None and self._injector.strike(*self._call, kinds={Kind.DISK_FULL}):
            raise OSError(ENOSPC, strerror(ENOSPC))
