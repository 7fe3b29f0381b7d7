"""What goes wrong in a day, each kind with how often it has to happen: the vendor's faults, those of its deliveries, and ours."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from devtools.fakes.polled_slack import APP
from devtools.faults.plan import Fault, Kind
from tests.integration.slack_day.stated import FAULTS, OF_SOME_TIME, ON_THE_WIRE, OURS

if TYPE_CHECKING:
    from tests.integration.slack_day.day import Day

AT: Final = "slack"
WIRE: Final[dict[str, dict[str, Any]]] = {
    "429": {"kind": Kind.REFUSE, "status": 429, "retry_after_seconds": 7},
    "429 that does not say": {"kind": Kind.REFUSE, "status": 429, "variant": "ratelimited"},
    "service unavailable": {"kind": Kind.REFUSE, "status": 503, "variant": "service-unavailable"},
    "internal error": {"kind": Kind.REFUSE, "status": 500, "variant": "internal-error"},
    "error page": {"kind": Kind.REFUSE, "status": 502, "variant": "error-page"},
    "error page as the answer": {"kind": Kind.MALFORMED, "variant": "error-page"},
    "JSON cut off": {"kind": Kind.MALFORMED, "variant": "cut-off"},
    "no object": {"kind": Kind.MALFORMED, "variant": "no-object"},
    "no rows": {"kind": Kind.MALFORMED, "variant": "no-rows", "operation": "conversations.[lm]*"},
    "connection dropped": {"kind": Kind.DROP},
    "channel not found": {"kind": Kind.REFUSE, "status": 400, "variant": "channel-not-found", "operation": "conversations.info"},
    "no members found": {"kind": Kind.REFUSE, "status": 400, "variant": "channel-not-found", "operation": "conversations.members"},
    "access to members denied": {"kind": Kind.REFUSE, "status": 400, "variant": "access-denied", "operation": "conversations.members"},
    "scope missing": {"kind": Kind.REFUSE, "status": 400, "variant": "missing-scope", "operation": "conversations.members"},
}
"""What meets one call."""
TOLD_LATE: Final = timedelta(minutes=2)
AT_ANY_CALL: Final = "*"


class FaultsOfADay:
    """Plans them over the day. ``counts`` says what happened."""

    def __init__(self, day: "Day") -> None:
        self._day = day
        self._counts: Counter[str] = Counter()
        self._begins: dict[str, Callable[[float], object]] = {
            "events over the limit": self._limit_events,
            "subscription disabled": self._disable,
            "events held by the vendor": self._hold,
            "webhook out of reach": self._be_out_of_reach,
            "outage of our app": self._stop_running,
            "token revoked": lambda seconds: self._revoke(seconds, quietly=False),
            "token revoked and nobody told": lambda seconds: self._revoke(seconds, quietly=True),
            "token expired": self._expire,
            "token refused for a moment": self._refuse_token,
            "app uninstalled and installed again": self._uninstall,
            "a method once a minute only": self._be_slow,
            "vendor down": self._be_down,
        }
        """Each with how long what takes some time lasts, in seconds."""

    @property
    def counts(self) -> Counter[str]:
        """Of every kind, from whoever made it happen."""
        day = self._day
        calls = Counter(_named(call.fault) for call in day.world.service.ledger.calls if call.fault is not None)
        return self._counts + calls + day.delivered() + day.counts + day.hazards.counts

    def plan(self) -> None:
        """Put all of them on the day's agenda."""
        day, mishaps = self._day, self._day.world.deliveries.mishaps
        self._set_mishaps()
        mishaps.hold, mishaps.reorder_window = TOLD_LATE, 3
        for name, most in day.wanted(ON_THE_WIRE).items():
            for _ in range(most + 1 + most // 5):
                self._at_random(partial(self._arm, name))
        for _ in range(day.wanted(OURS)["worker killed"] * 3 // 2 + 1):
            self._at_random(self._kill)
        for _ in range(day.wanted({"broker away": 4})["broker away"] + 1):
            self._at_random(
                lambda: self._for_a_while(50 if day.is_all_told else 240, partial(self._broker, 0.5), partial(self._broker, 0.0))
            )
        day.hazards.conflict_share = day.hazards.lost_answer_share = 0.01
        day.http.timeout_share = 0.005
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
        day, hazards = self._day, self._day.hazards
        if "worker killed" in kinds:
            self._kill()
        missing = sorted(kinds & WIRE.keys())
        if missing and not self._must_wait():
            self._strike(day.rng.choice(missing))
        if kinds & {"event tried again", "event lost after its retries"} and day.world.is_reachable and not day.is_all_told:
            self._be_out_of_reach(480)
        self._set_mishaps(kinds)
        day.http.timeout_share = 0.1 if "call timed out" in kinds else 0.005
        refuses = {"broker away", "event tried again"} if day.is_all_told else {"broker away"}
        hazards.away_share = 0.2 if kinds & refuses else 0.0
        hazards.conflict_share = hazards.lost_answer_share = 0.05 if kinds & {"store conflict", "store's answer lost"} else 0.0

    def stop(self) -> None:
        """From now on nothing goes wrong."""
        world = self._day.world
        world.service.faults._armed.clear()
        world.app.limited_methods.clear()
        world.deliveries.enable(world.app)
        world.deliveries.is_held, world.deliveries.events_per_hour = False, 1_000_000
        mishaps = world.deliveries.mishaps
        mishaps.duplicate_share = mishaps.hold_share = mishaps.drop_share = 0.0
        mishaps.reorder_window = 0
        world.is_reachable, self._day.http.timeout_share = True, 0.0
        if not self._day.is_all_told:
            self._install_again()

    def _set_mishaps(self, kinds: Collection[str] = ()) -> None:
        mishaps = self._day.world.deliveries.mishaps
        mishaps.duplicate_share = 0.5 if "event twice" in kinds else 0.1
        mishaps.hold_share = 0.3 if "event held back" in kinds else 0.04
        mishaps.drop_share = 0.0 if self._day.is_all_told else 0.2 if "event lost on the way" in kinds else 0.02

    # One of each

    def _begin(self, kind: str, slot: float) -> None:
        self._counts[kind] += 1
        self._begins[kind](min(slot * 0.5, 1800))

    def _limit_events(self, seconds: float) -> None:
        deliveries = self._day.world.deliveries
        self._for_a_while(
            seconds / 2, partial(setattr, deliveries, "events_per_hour", 0), partial(setattr, deliveries, "events_per_hour", 1_000_000)
        )

    def _disable(self, seconds: float) -> None:
        world = self._day.world
        self._for_a_while(seconds, lambda: setattr(world.app, "is_disabled", True), lambda: world.deliveries.enable(world.app))

    def _hold(self, seconds: float) -> None:
        deliveries = self._day.world.deliveries
        self._for_a_while(min(seconds, 600), partial(setattr, deliveries, "is_held", True), partial(setattr, deliveries, "is_held", False))

    def _be_out_of_reach(self, seconds: float) -> None:
        world = self._day.world
        self._for_a_while(min(seconds, 480), partial(setattr, world, "is_reachable", False), partial(setattr, world, "is_reachable", True))

    def _stop_running(self, seconds: float) -> None:
        day = self._day
        lasting = day.rng.uniform(3600, 7200) if day.hours >= 12 else seconds

        def begin() -> None:
            day.is_down, day.world.is_reachable = True, False

        def end() -> None:
            day.is_down, day.world.is_reachable = False, True

        self._for_a_while(lasting, begin, end)

    def _revoke(self, seconds: float, *, quietly: bool) -> None:
        world = self._day.world
        world.slack.revoke_token(APP, world.team_id, quietly=quietly)
        self._mended(seconds)

    def _expire(self, seconds: float) -> None:
        self._day.world.slack.expire_tokens(APP, self._day.world.team_id)
        self._mended(seconds)

    def _refuse_token(self, _: float) -> None:
        self._day.world.service.faults.add(Fault(at=AT, kind=Kind.REFUSE, status=400, variant="invalid-auth", operation="*", calls=1))

    def _uninstall(self, seconds: float) -> None:
        world = self._day.world
        was_in = [one.id for one in world.slack.channels(team_id=world.team_id) if world.bot in one.members]
        world.slack.uninstall(APP, world.team_id)

        def come_back() -> None:
            self._install_again()
            for channel_id in was_in[::2]:
                if channel_id in world.slack.conversations and not world.slack.conversations[channel_id].is_deleted:
                    world.slack.join(channel_id, world.bot)

        self._once_paused(seconds, come_back)

    def _mended(self, seconds: float) -> None:
        self._once_paused(seconds, self._install_again)

    def _install_again(self) -> None:
        world = self._day.world
        world.use_token(world.slack.reinstall(APP, world.team_id).token)

    def _be_slow(self, seconds: float) -> None:
        method, limited = self._day.rng.choice(("conversations.info", "conversations.members")), self._day.world.app.limited_methods
        self._for_a_while(seconds, partial(limited.add, method), partial(limited.discard, method))

    def _be_down(self, seconds: float) -> None:
        faults = self._day.world.service.faults
        faults.add(Fault(at=AT, kind=Kind.REFUSE, status=503, variant="fatal-error", operation="*", share=0.9, calls=100_000))
        armed = faults._armed[-1]
        self._after(seconds, lambda: faults._armed.remove(armed) if armed in faults._armed else None)

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
        armed = day.world.service.faults._armed
        waiting = [one.fault for one in armed if one.fired < (one.fault.calls or 1) and _named(one.fault) in WIRE]
        is_quiet = day.is_down or day.connections.is_paused(day.world.connection_id)
        return is_quiet or any(fault.operation == AT_ANY_CALL for fault in waiting)

    def _strike(self, name: str) -> None:
        self._day.world.service.faults.add(Fault(at=AT, calls=1, **{"operation": AT_ANY_CALL, **WIRE[name]}))

    def _kill(self) -> None:
        self._day.hazards.dies_after = self._day.rng.randint(0, 60)

    def _broker(self, share: float) -> None:
        self._day.hazards.away_share = share

    def _for_a_while(self, seconds: float, begin: Callable[[], object], end: Callable[[], object]) -> None:
        begin()
        self._after(seconds, end)

    def _after(self, seconds: float, act: Callable[[], object]) -> None:
        self._day.at(self._day.clock() + timedelta(seconds=seconds), act)

    def _at_random(self, act: Callable[[], object]) -> None:
        day = self._day
        day.at(day.clock() + timedelta(hours=day.hours * day.rng.uniform(0.02, 0.7)), act)


def _named(fault: Fault) -> str:
    is_meant = {(said["kind"], said.get("variant"), said.get("operation", "*")): name for name, said in WIRE.items()}
    return is_meant.get((fault.kind, fault.variant, fault.operation), "another")
