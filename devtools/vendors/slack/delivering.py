"""Events on their way: the vendor's queue, its calls, its retries and its limits. At least once, in no order.

A try has three seconds (real ones); anything but a 2xx within them is none. Retries are due by the world's clock, so tests step that one
and call ``deliver_due``. Surprising, and true of the vendor: a lost event is told to nobody, and beyond the hourly limit only
``app_rate_limited`` is.

Lacks: redirects (they count as errors) and checks of certificates.
"""

import asyncio
import heapq
import json
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import aiohttp

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.calls import Calls
from devtools.vendors.slack import faults as places
from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Outgoing
from devtools.vendors.slack.apps import App
from devtools.vendors.slack.shipping import PAUSES, RATE_LIMITED, Attempt, Lost, Mishaps, Parcel, Received, Send, written
from devtools.vendors.slack.signing import signed_headers
from devtools.vendors.slack.world import World

_HOUR: Final = timedelta(hours=1)
_REPLY_SECONDS: Final = 3.0
_AT_MOST_ASLEEP: Final = 0.5
"""Seconds: a clock that is stepped by hand is looked at so often."""


class Deliveries:
    """``Deliveries(world)``: every event of it from now on, by POST to the apps' request URLs, or by ``send`` to whatever that is.

    ``events_per_hour`` per app and workspace; below ``least_success`` of at least ``least_tries`` in an hour the subscription is disabled.
    ``is_held``: nothing is sent until it is False again; ``loses_until``: what happens before then is lost. ``ledger`` has every try,
    ``lost`` what will not be tried any more.
    """

    def __init__(self, world: World, *, send: Send | None = None, faults: Injector | None = None, concurrency: int = 10) -> None:
        self.send = send
        self.concurrency = concurrency
        self.ledger: Calls[Attempt] = Calls(Attempt)
        self.lost: list[Lost] = []
        self.mishaps = Mishaps()
        self.is_held = False
        self.loses_until: datetime | None = None
        self.events_per_hour = 30_000
        self.least_success = 0.05
        self.least_tries = 1000  # of apps with fewer events an hour the vendor stops none
        self.reply_seconds = _REPLY_SECONDS
        self._world = world
        self.faults = faults or places.no_faults()
        self._queue: list[tuple[datetime, int, int, Parcel]] = []
        self._numbers = count()
        self._in_flight = 0
        self._woken = asyncio.Event()
        self._recent: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)
        self._limited: set[tuple[str, str, int]] = set()
        self._tries: dict[str, deque[tuple[datetime, bool]]] = defaultdict(deque)
        self._http: aiohttp.ClientSession | None = None
        world.listeners.append(self.take)

    @property
    def waiting(self) -> int:
        """Events that are yet to be tried or tried again, and those under way."""
        return len(self._queue) + self._in_flight

    @property
    def due_at(self) -> datetime | None:
        """When the next try is due."""
        return self._queue[0][0] if self._queue else None

    def take(self, outgoing: Outgoing) -> None:
        """Queue an event."""
        app, parcel, now = outgoing.app, Parcel.of(outgoing), self._world.now()
        reason = self._why_not(app, outgoing.team_id, now)
        if reason:
            self.lost.append(Lost(parcel, reason, now))
            return
        rng, mishaps = self._world.rng, self.mishaps
        fault = self.faults.strike(places.EVENT, parcel.channel, kinds=places.SENDING)
        if (fault and fault.kind is Kind.DROP) or (mishaps.drop_share and rng.random() < mishaps.drop_share):
            self.lost.append(Lost(parcel, "dropped", now))
            return
        held = mishaps.hold if mishaps.hold_share and rng.random() < mishaps.hold_share else timedelta()
        if fault and fault.kind is Kind.DELAY:
            held = timedelta(seconds=fault.seconds or 0.0)
        self._enqueue(parcel, now + held)
        if (fault and fault.kind is Kind.DUPLICATE) or (mishaps.duplicate_share and rng.random() < mishaps.duplicate_share):
            self._enqueue(Parcel.of(outgoing, event_id=ids.random_id(ids.EVENT, rng)), now)

    async def deliver_due(self) -> int:
        """Send everything that is due by now, retries that are due at once included; how many tries that were."""
        tries = 0
        under_way: set[asyncio.Task[None]] = set()
        woken: asyncio.Task[Any] = asyncio.create_task(self._woken.wait())
        try:
            while True:
                woken.cancel()
                self._woken.clear()
                under_way |= {asyncio.create_task(self._try(parcel)) for parcel in self._due(self.concurrency - len(under_way))}
                if not under_way:
                    return tries
                woken = asyncio.create_task(self._woken.wait())
                done, _ = await asyncio.wait({*under_way, woken}, return_when=asyncio.FIRST_COMPLETED)
                finished = under_way & done
                under_way -= finished
                tries += len(finished)
                for task in finished:
                    task.result()
        finally:
            for task in (*under_way, woken):
                task.cancel()

    async def run(self) -> None:
        """Send as things become due, until it is cancelled."""
        while True:
            self._woken.clear()
            await self.deliver_due()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._pause_seconds())

    async def settle(self) -> None:
        """Until nothing waits that is due by now."""
        while self._in_flight or (not self.is_held and self.due_at is not None and self.due_at <= self._world.now()):
            await self.deliver_due()
            await asyncio.sleep(0)

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
        self._http = None

    async def verify_url(self, app: App) -> bool:
        """What happens when a request URL is entered: whether the challenge came back."""
        challenge = ids.secret(self._world.rng, 52)
        body = written({"token": app.verification_token, "challenge": challenge, "type": "url_verification"})
        try:
            status, _, *rest = await self._call(app, body, signed_headers(app.signing_secret, self._world.stamps.seconds(), body))
        except (TimeoutError, OSError, aiohttp.ClientError):
            return False
        text = rest[0].decode(errors="replace").strip() if rest else ""
        return 200 <= status < 300 and challenge in {text, _challenge_of(text)}

    def enable(self, app: App) -> None:
        """After the vendor has disabled it. What was lost stays lost."""
        app.is_disabled = False
        self._tries[app.app_id].clear()

    def _enqueue(self, parcel: Parcel, due_at: datetime) -> None:
        number = next(self._numbers)
        order = number + (self._world.rng.randrange(self.mishaps.reorder_window + 1) if self.mishaps.reorder_window else 0)
        heapq.heappush(self._queue, (due_at, order, number, parcel))
        self._woken.set()

    def _due(self, most: int) -> Iterator[Parcel]:
        now = self._world.now()
        while most > 0 and not self.is_held and self._queue and self._queue[0][0] <= now:
            parcel = heapq.heappop(self._queue)[-1]
            if parcel.app.is_disabled:
                self.lost.append(Lost(parcel, "disabled", now))
                continue
            most -= 1
            self._in_flight += 1
            yield parcel

    async def _try(self, parcel: Parcel) -> None:
        now = self._world.now()
        attempt = Attempt(parcel.type, now, parcel.event_id, parcel.team_id, parcel.channel, parcel.tries)
        self.ledger.calls.append(attempt)
        headers = signed_headers(parcel.app.signing_secret, self._world.stamps.seconds(), parcel.body)
        if parcel.tries:
            headers |= {"X-Slack-Retry-Num": str(parcel.tries), "X-Slack-Retry-Reason": parcel.reason}
        parcel.tries += 1
        answered: dict[str, str] = {}
        try:
            attempt.status, said, *_ = await self._call(parcel.app, parcel.body, headers)
            answered = {name.lower(): value for name, value in said.items()}
            attempt.reason = "" if 200 <= attempt.status < 300 else "http_error"
        except TimeoutError:
            attempt.reason = "http_timeout"
        except (OSError, aiohttp.ClientError):
            attempt.reason = "connection_failed"
        finally:
            self._in_flight -= 1
        self._judge(parcel.app, is_success=not attempt.reason)
        if not attempt.reason:
            return
        parcel.reason = attempt.reason
        if answered.get("x-slack-no-retry") == "1" or parcel.tries > len(PAUSES):
            reason = "no_retry" if parcel.tries <= len(PAUSES) else "retries"
            self.lost.append(Lost(parcel, reason, self._world.now()))
        else:
            self._enqueue(parcel, self._world.now() + PAUSES[parcel.tries - 1])

    async def _call(self, app: App, body: bytes, headers: dict[str, str]) -> Received:
        async with asyncio.timeout(self.reply_seconds):
            if self.send is not None:
                return await self.send(body, headers)
            if self._http is None:
                self._http = aiohttp.ClientSession()
            async with self._http.post(app.request_url or "", data=body, headers=headers, allow_redirects=False) as response:
                return response.status, dict(response.headers), await response.read()

    def _why_not(self, app: App, team_id: str, now: datetime) -> str:
        if self.send is None and app.request_url is None:
            return "no_url"
        if app.is_disabled:
            return "disabled"
        if self.loses_until is not None and now < self.loses_until:
            return "dropped"
        recent = self._recent[app.app_id, team_id]
        while recent and recent[0] <= now - _HOUR:
            recent.popleft()
        if len(recent) < self.events_per_hour:
            recent.append(now)
            return ""
        minute = int(now.timestamp()) // 60 * 60
        if (app.app_id, team_id, minute) not in self._limited:
            self._limited.add((app.app_id, team_id, minute))
            self._enqueue(Parcel.of_rate_limit(app, team_id, minute), now)
        return "rate_limited"

    def _judge(self, app: App, *, is_success: bool) -> None:
        tries, now = self._tries[app.app_id], self._world.now()
        tries.append((now, is_success))
        while tries[0][0] <= now - _HOUR:
            tries.popleft()
        if is_success or len(tries) < self.least_tries:
            return
        if sum(good for _, good in tries) < self.least_success * len(tries):
            app.is_disabled = True

    def _pause_seconds(self) -> float:
        due = self.due_at
        if due is None or self.is_held:
            return _AT_MOST_ASLEEP
        return min(max((due - self._world.now()).total_seconds(), 0.01), _AT_MOST_ASLEEP)


def _challenge_of(text: str) -> str:
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    return str(said.get("challenge", "")) if isinstance(said, dict) else ""


__all__ = ["RATE_LIMITED", "Deliveries"]
