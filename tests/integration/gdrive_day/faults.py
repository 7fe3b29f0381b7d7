"""What goes wrong in a day, each kind with how often it has to happen: the vendor's faults, ours, and those of whoever runs both."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from devtools.fakes.polled_drive import ADA, ROBOT, service_key
from devtools.faults.plan import Fault, Kind
from devtools.vendors.gdrive.api.sessions import EVERY_SCOPE
from devtools.vendors.gdrive.faults import AT
from tests.integration.gdrive_day.stated import FAULTS, OF_SOME_TIME, ON_THE_WIRE, OURS

if TYPE_CHECKING:
    from tests.integration.gdrive_day.day import Day

OF_THE_API: Final = "[!t]*"
"""All but the login, ``token``."""
A_DRIVE: Final = "0A*"
"""How the ids of drives begin, as targets; those of calls about no drive are addresses and ids of files."""
WIRE: Final[dict[str, dict[str, Any]]] = {
    "403 rate": {"kind": Kind.REFUSE, "status": 403, "variant": "user-rate-limit-exceeded", "operation": OF_THE_API},
    "429": {"kind": Kind.REFUSE, "status": 429, "variant": "rate-limit-exceeded", "operation": OF_THE_API},
    "403 access to permissions": {
        "kind": Kind.REFUSE,
        "status": 403,
        "variant": "insufficient-file-permissions",
        "operation": "permissions",
    },
    "403 access to a drive": {
        "kind": Kind.REFUSE,
        "status": 403,
        "variant": "team-drive-membership-required",
        "operation": "changes",
        "target": A_DRIVE,
    },
    "403 domain policy": {"kind": Kind.REFUSE, "status": 403, "variant": "domain-policy", "operation": "changes"},
    "daily limit": {"kind": Kind.REFUSE, "status": 403, "variant": "daily-limit-exceeded", "operation": OF_THE_API},
    "backend error": {"kind": Kind.REFUSE, "status": 503, "variant": "backend-error"},
    "internal error": {"kind": Kind.REFUSE, "status": 500, "variant": "internal-error", "operation": OF_THE_API},
    "error page": {"kind": Kind.REFUSE, "status": 502, "variant": "error-page"},
    "error page as the answer": {"kind": Kind.MALFORMED, "variant": "error-page"},
    "JSON cut off": {"kind": Kind.MALFORMED, "variant": "cut-off"},
    "changes without a token": {"kind": Kind.MALFORMED, "variant": "no-token", "operation": "changes"},
    "connection dropped": {"kind": Kind.DROP},
    "access token refused": {"kind": Kind.REFUSE, "status": 401, "variant": "auth-error", "operation": OF_THE_API},
    "login not answered": {"kind": Kind.REFUSE, "status": 500, "operation": "token"},
}
"""What meets one call."""
REFUSED: Final = (403, 429)
REJECTIONS: Final = (400, 404, 410)
LAG: Final = timedelta(minutes=4)
AT_ANY_CALL: Final = ("*", OF_THE_API)
"""Of the faults of which one waits at a time."""


class FaultsOfADay:
    """Plans them over the day. ``counts`` says what happened."""

    def __init__(self, day: "Day") -> None:
        self._day = day
        self._counts: Counter[str] = Counter()
        self._key = 0
        self._begins: dict[str, Callable[[float], object]] = {
            "every access token ended": lambda _: day.google.sessions.end_all(),
            "page tokens rejected": self._reject_tokens,
            "tokens of lists rejected": self._forget_listings,
            "searches incomplete": self._search_incompletely,
            "quota of a person used up": self._use_up_a_quota,
            "quota of the project used up": self._use_up_the_quota,
            "daily limit": lambda _: self._arm("daily limit"),
            "logs late": partial(self._be_late, "log_lag"),
            "lists late": partial(self._be_late, "index_lag"),
            "key replaced": self._replace_key,
            "key deleted before it was replaced": self._delete_key,
            "delegation withdrawn and given again": self._withdraw_delegation,
            "outage of our app": self._stop_running,
            "vendor down": self._be_down,
        }
        """Each with how long what takes some time lasts, in seconds."""

    @property
    def counts(self) -> Counter[str]:
        """Of every kind, from whoever made it happen."""
        day = self._day
        calls = Counter(_named(call.fault) for call in day.google.ledger.calls if call.fault is not None)
        refused = sum(call.status in REFUSED and call.fault is None and not call.file_id for call in day.google.ledger.calls)
        answered = self._counts["incomplete searches armed"] - day.drive.knobs.incomplete_searches
        follows = Counter({"call refused for a quota": refused, "incomplete search answered": answered})
        return self._counts + calls + follows + day.counts + day.hazards.counts

    def plan(self) -> None:
        """Put all of them on the day's agenda."""
        day = self._day
        for name, most in day.wanted(ON_THE_WIRE).items():
            for _ in range(most + 1 + most // 5):
                self._at_random(partial(self._arm, name))
        for _ in range(day.wanted(OURS)["worker killed"] * 3 // 2 + 1):
            self._at_random(self._kill)
        for _ in range(day.wanted({"broker away": 4})["broker away"] + 1):
            self._at_random(lambda: self._for_a_while(240, self._broker_away, self._broker_back))
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
        if "incomplete search answered" in kinds:
            self._day.drive.knobs.incomplete_searches = 1
            self._counts["incomplete searches armed"] += 1
            self._day.asked.append("comparison asked for")
        if "call refused for a quota" in kinds:
            self._for_a_while(120, lambda: self._day.google.quota.limit(ADA, 0), lambda: self._day.google.quota.limit(ADA, None))
        missing = sorted(kinds & WIRE.keys())
        if missing and not self._must_wait():
            self._strike(self._day.rng.choice(missing))
        if "403 access to permissions" in kinds:
            self._day.actor.act("drive renamed")
        hazards.away_share = 0.3 if "broker away" in kinds else 0.0
        hazards.conflict_share = hazards.lost_answer_share = 0.05 if kinds & {"store conflict", "store's answer lost"} else 0.0

    def stop(self) -> None:
        """From now on nothing goes wrong."""
        google, knobs = self._day.google, self._day.drive.knobs
        google.faults._armed.clear()
        google.sessions.accounts[ROBOT].scopes = EVERY_SCOPE
        google.quota.project(None)
        for person in self._day.world.users:
            google.quota.limit(person, None)
        knobs.log_lag = knobs.index_lag = timedelta()
        knobs.incomplete_searches = 0
        self._day.world.use_key(self._key)

    # One of each

    def _begin(self, kind: str, slot: float) -> None:
        self._counts[kind] += kind not in WIRE
        self._begins[kind](min(slot * 0.5, 1800))

    def _reject_tokens(self, _: float) -> None:
        day = self._day
        logs = [None, *day.world.users, *day.drive.drives]
        day.google.reject_tokens(day.rng.choice(logs), status=day.rng.choice(REJECTIONS))

    def _forget_listings(self, _: float) -> None:
        self._day.asked.append("back-fill asked for")
        self._after(90, self._day.google.forget_listings)

    def _search_incompletely(self, _: float) -> None:
        self._day.drive.knobs.incomplete_searches += 2
        self._counts["incomplete searches armed"] += 2
        self._day.asked += ["back-fill asked for", "comparison asked for"]

    def _use_up_a_quota(self, seconds: float) -> None:
        day, quota = self._day, self._day.google.quota
        person, status = day.rng.choice(day.world.users), day.rng.choice(REFUSED)
        self._for_a_while(seconds, lambda: quota.limit(person, 1, status=status), lambda: quota.limit(person, None))

    def _use_up_the_quota(self, seconds: float) -> None:
        quota = self._day.google.quota
        self._for_a_while(seconds, lambda: quota.project(4), lambda: quota.project(None))

    def _be_late(self, knob: str, seconds: float) -> None:
        knobs = self._day.drive.knobs
        self._for_a_while(seconds, lambda: setattr(knobs, knob, LAG), lambda: setattr(knobs, knob, timedelta()))

    def _replace_key(self, _: float) -> None:
        self._key += 1
        self._day.world.use_key(self._key)

    def _delete_key(self, seconds: float) -> None:
        self._key += 1
        sessions = self._day.google.sessions
        sessions.accounts[ROBOT].keys = {f"key {self._key}": service_key(self._key).public_key()}
        sessions.end_all()
        self._once_paused(seconds, lambda: self._day.world.use_key(self._key))

    def _withdraw_delegation(self, seconds: float) -> None:
        sessions = self._day.google.sessions
        sessions.accounts[ROBOT].scopes = ()
        sessions.end_all()
        self._once_paused(seconds, lambda: setattr(sessions.accounts[ROBOT], "scopes", EVERY_SCOPE))

    def _stop_running(self, seconds: float) -> None:
        day = self._day
        day.is_down = True
        self._after(day.rng.uniform(9000, 14400) if day.hours >= 12 else seconds, lambda: setattr(day, "is_down", False))

    def _be_down(self, seconds: float) -> None:
        faults = self._day.google.faults
        faults.add(Fault(at=AT, kind=Kind.REFUSE, status=503, variant="backend-error", share=0.9, calls=100_000))
        armed = faults._armed[-1]
        self._after(seconds, lambda: faults._armed.remove(armed))

    def _once_paused(self, seconds: float, act: Callable[[], object]) -> None:
        """So long after the app has paused the connection, an administrator has understood why."""
        if self._day.connections.is_paused(self._day.world.connection_id):
            self._after(seconds, act)
        else:
            self._after(60, lambda: self._once_paused(seconds, act))

    def _arm(self, name: str) -> None:
        """What meets the next call of its kind. Later, while nothing is called or others wait: or all would meet the tries of one call."""
        if self._must_wait():
            self._after(self._day.rng.uniform(60, 300), lambda: self._arm(name))
        else:
            self._strike(name)

    def _must_wait(self) -> bool:
        day = self._day
        waiting = [one.fault for one in day.google.faults._armed if one.fired < (one.fault.calls or 1) and _named(one.fault) in WIRE]
        is_quiet = day.is_down or day.connections.is_paused(day.world.connection_id)
        return is_quiet or any(fault.operation in AT_ANY_CALL for fault in waiting)

    def _strike(self, name: str) -> None:
        self._day.google.faults.add(Fault(at=AT, calls=1, **{"operation": "*", **WIRE[name]}))

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
