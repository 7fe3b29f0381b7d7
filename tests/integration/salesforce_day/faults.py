"""What goes wrong in a day, each kind with how often it has to happen: the vendor's faults, ours, and those of whoever runs both."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from devtools.faults.plan import Fault, Kind
from devtools.vendors.salesforce.faults import AT
from tests.integration.salesforce_day.stated import FAULTS, OF_SOME_TIME, ON_THE_WIRE, OURS

if TYPE_CHECKING:
    from tests.integration.salesforce_day.day import Day

OF_THE_API: Final = "[!t]*"
"""All but the login, ``token``."""
WIRE: Final[dict[str, dict[str, Any]]] = {
    "query timeout": {"kind": Kind.REFUSE, "status": 400, "variant": "query-timeout", "operation": "query"},
    "REQUEST_LIMIT_EXCEEDED": {"kind": Kind.REFUSE, "status": 403, "variant": "request-limit-exceeded", "operation": OF_THE_API},
    "maintenance page": {"kind": Kind.MALFORMED, "variant": "maintenance-page"},
    "maintenance": {"kind": Kind.REFUSE, "status": 503, "variant": "maintenance-page"},
    "server unavailable": {"kind": Kind.REFUSE, "status": 503, "variant": "server-unavailable"},
    "row locked": {"kind": Kind.REFUSE, "status": 400, "variant": "unable-to-lock", "operation": "query"},
    "connection dropped": {"kind": Kind.DROP},
    "JSON cut off": {"kind": Kind.MALFORMED, "variant": "cut-off"},
    "session refused": {"kind": Kind.REFUSE, "status": 401, "variant": "invalid-session", "operation": OF_THE_API},
    "order of ties changed": {"kind": Kind.REORDER},
}
"""What meets one call."""


class FaultsOfADay:
    """Plans them over the day. ``counts`` says what happened."""

    def __init__(self, day: "Day") -> None:
        self._day = day
        self._counts: Counter[str] = Counter()
        self._faults: list[Fault] = []

    @property
    def counts(self) -> Counter[str]:
        """Of every kind, from whoever made it happen."""
        day = self._day
        calls = Counter(_named(call.fault) for call in day.vendor.ledger.calls if call.fault is not None)
        refused = sum(call.status == 403 and call.fault is None for call in day.vendor.ledger.calls)
        return (
            self._counts
            + calls
            + Counter({"call refused for the allowance": refused})
            + day.counts
            + day.hazards.counts
            + day.outbound.counts
        )

    def plan(self) -> None:
        """Put all of them on the day's agenda."""
        day = self._day
        for name, most in day.wanted(ON_THE_WIRE).items():
            for _ in range(most + 1 + most // 5):
                self._at_random(partial(self._arm, name))
        for _ in range(day.wanted(OURS)["worker killed"] * 3 // 2 + 1):
            self._at_random(self._kill)
        for name, most in day.wanted({"broker away": 4}).items():
            for _ in range(most + 1):
                self._at_random(lambda: self._for_a_while(240, self._broker_away, self._broker_back))
            self._counts[name] = 0
        day.hazards.conflict_share = day.hazards.lost_answer_share = 0.01
        kinds = [kind for kind, most in day.wanted(OF_SOME_TIME).items() for _ in range(most)]
        day.rng.shuffle(kinds)
        slot = day.hours * 3600 * 0.95 / len(kinds)
        for number, kind in enumerate(kinds):
            at = day.clock() + timedelta(seconds=slot * number + day.rng.uniform(0.02, 0.1) * slot)
            day.at(at, partial(self._begin, kind, slot))

    def unmet(self) -> set[str]:
        """Kinds that did not happen as often as they have to."""
        counts = self.counts
        return {kind for kind, least in self._day.wanted(FAULTS).items() if counts[kind] < least}

    def hurry(self, kinds: set[str]) -> None:
        """These are to happen soon."""
        hazards = self._day.hazards
        if "worker killed" in kinds:
            self._kill()
        hazards.away_share = 0.3 if kinds & {"broker away", "webhook tried again"} else 0.0
        hazards.conflict_share = hazards.lost_answer_share = 0.05 if kinds & {"store conflict", "store's answer lost"} else 0.0

    def stop(self) -> None:
        """From now on nothing goes wrong."""
        vendor = self._day.vendor
        vendor.faults._armed.clear()
        vendor.usage[vendor.org.organization_id].foreign = 0
        vendor.sessions.approve(vendor.org.user_ids[0])

    # One of each

    def _begin(self, kind: str, slot: float) -> None:
        day, vendor = self._day, self._day.vendor
        self._counts[kind] += 1
        user, usage = vendor.org.user_ids[0], vendor.usage[vendor.org.organization_id]
        match kind:
            case "every session ended":
                vendor.sessions.end_all()
            case "approval revoked and given again":
                vendor.sessions.revoke(user)
                self._after(60, lambda: self._approve_once_noticed(min(slot * 0.4, 2400)))
            case "daily allowance used up":
                usage.foreign = usage.most
                self._after(60, lambda: self._free_calls_once_refused(min(slot * 0.6, 3600)))
            case "deletion log purged":
                vendor.org.purge_deletion_log(day.clock() - timedelta(seconds=day.rng.uniform(0, 60)))
            case "outage of our app":
                day.is_down = True
                hours = day.rng.uniform(2.5, 4) if day.hours >= 12 else slot * 0.7 / 3600
                self._after(hours * 3600, lambda: setattr(day, "is_down", False))
            case "vendor down":
                fault = Fault(at=AT, kind=Kind.REFUSE, status=503, variant="maintenance-page", share=0.9, calls=100_000)
                armed = len(vendor.faults._armed)
                vendor.faults.add(fault)
                self._after(min(slot * 0.5, 1800), lambda: vendor.faults._armed.pop(armed))

    def _approve_once_noticed(self, seconds: float) -> None:
        """So long after the app has paused the connection, an administrator has understood why."""
        if self._day.connections.is_paused(self._day.world.connection_id):
            self._after(seconds, lambda: self._day.vendor.sessions.approve(self._day.org.user_ids[0]))
        else:
            self._after(60, lambda: self._approve_once_noticed(seconds))

    def _free_calls_once_refused(self, seconds: float) -> None:
        """So long after the vendor has refused us for the allowance, others use less of it."""
        usage = self._day.vendor.usage[self._day.org.organization_id]
        if self.counts["call refused for the allowance"]:
            self._after(seconds, lambda: setattr(usage, "foreign", 0))
        else:
            self._after(60, lambda: self._free_calls_once_refused(seconds))

    def _arm(self, name: str) -> None:
        self._day.vendor.faults.add(Fault(at=AT, calls=1, **{"operation": "*", **WIRE[name]}))

    def _kill(self) -> None:
        self._day.hazards.dies_after = self._day.rng.randint(0, 80)

    def _broker_away(self) -> None:
        self._day.hazards.away_share = 0.5

    def _broker_back(self) -> None:
        self._day.hazards.away_share = 0.0

    def _for_a_while(self, seconds: float, begin: Callable[[], object], end: Callable[[], object]) -> None:
        begin()
        self._after(seconds, end)

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        self._day.at(self._day.clock() + timedelta(seconds=seconds), act)

    def _at_random(self, act: Callable[[], object]) -> None:
        day = self._day
        day.at(day.clock() + timedelta(hours=day.hours * day.rng.uniform(0.02, 0.7)), act)


def _named(fault: Fault) -> str:
    is_meant = {(said["kind"], said.get("variant"), said.get("status")): name for name, said in WIRE.items()}
    return is_meant.get((fault.kind, fault.variant, fault.status), "another")
