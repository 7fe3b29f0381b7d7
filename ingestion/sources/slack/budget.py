"""How often each method may be called, shared by all workers of a connection: what is live goes before what is read in bulk.

Slack counts calls by method, workspace and app, so many a minute ("Rate limits", tiers 2 to 4). We take eight tenths of a tier evenly, and
keep two tenths for live reads to take at once; both together are never more than the tier in any minute, whoever asks (the generic cell
rate algorithm: a virtual clock that each call moves on by one interval, and that nobody may be ahead of by more than the burst).

Since 2025 some apps may call some methods once a minute only. A 429 says it by how long it wants us to wait.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from ingestion.account_memory import SharedMemory
from ingestion.sources.slack.answers import TooManyCalls
from shared.connections.connection import Connection
from shared.contracts.message import Instant, Wire
from shared.errors import Conflict, RateLimited
from shared.streams.state import Cursor, StreamStates

log = logging.getLogger(__name__)

TIERS: Final[Mapping[str, int]] = {
    "conversations.list": 20,
    "conversations.info": 50,
    "conversations.members": 100,
    "users.list": 20,
    "users.info": 100,
    "auth.test": 100,
    "auth.teams.list": 20,
    "apps.event.authorizations.list": 100,
}
"""Method → calls a minute."""
STEADY: Final = 0.8
"""Of a tier, what is taken evenly; the rest is the burst of live reads."""
MINUTE: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(seconds=5)
"""So long a call waits here. For longer ones whoever asks comes back."""
DEFAULT_PAUSE_SECONDS: Final = 30.0
"""After a 429 that does not say."""
SLOW_PAUSE_SECONDS: Final = 50.0
"""A 429 that wants so long a pause is about a method with one call a minute."""
SLOW_FOR: Final = timedelta(hours=1)
CONTESTED: Final = 3
"""How often a write that others are quicker than, again and again, is begun anew."""
CONTESTED_SECONDS: Final = 0.2
NEVER: Final = timedelta(0)


class MethodUse(Wire):
    """How one method was called."""

    virtual_at: Instant | None = None
    """The virtual clock."""
    live_promised_at: Instant | None = None
    """Up to then every slot is somebody's who was told to come back, and whose reading is live."""
    bulk_promised_at: Instant | None = None
    blocked_until: Instant | None = None
    slow_until: Instant | None = None
    """Until then it is called once a minute."""


class BudgetMemory(Wire):
    """The shared item's content: by method."""

    methods: Mapping[str, MethodUse] = {}


def share_used(cursor: Cursor, at: datetime) -> float:
    """Of the method that is used most: 1 while Slack has it pause; else how long its next even turn is away, of a minute."""
    return max((_share_of(use, at) for use in BudgetMemory.model_validate(cursor).methods.values()), default=0.0)


def _share_of(use: MethodUse, at: datetime) -> float:
    if use.blocked_until is not None and use.blocked_until > at:
        return 1.0
    return 0.0 if use.virtual_at is None else min(1.0, max(0.0, (use.virtual_at - at) / MINUTE))


class Budget:
    """One connection's calls, as one worker sees them."""

    def __init__(
        self,
        connection: Connection,
        states: StreamStates,
        now: Callable[[], datetime],
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._shared = SharedMemory(BudgetMemory, connection, states, now)
        self._id = connection.id
        self._now = now
        self._wait = wait
        self._taking = asyncio.Lock()

    async def take(self, method: str, *, is_live: bool) -> None:
        """Wait for a call's turn.

        Raises:
            RateLimited: it would be too long; when to come back is nobody else's moment.
            TransientError: the store cannot now.
        """
        wait = NEVER

        def taken(memory: BudgetMemory) -> BudgetMemory:
            nonlocal wait
            now, use = self._now(), memory.methods.get(method, MethodUse())
            use, wait = _taken(method, use, now, is_live=is_live)
            return memory.model_copy(update={"methods": {**memory.methods, method: use}})

        await self._change(taken)
        if wait > LONGEST_WAIT:
            raise RateLimited(f"Slack {method}: its calls of this minute are used", retry_after_seconds=wait.total_seconds())
        if wait > NEVER:
            await self._wait(wait.total_seconds())

    async def refused(self, method: str, error: TooManyCalls) -> None:
        """Take note that the vendor wants a pause: for all workers."""
        seconds = DEFAULT_PAUSE_SECONDS if error.asked_seconds is None else error.asked_seconds
        now, is_slow = self._now(), seconds >= SLOW_PAUSE_SECONDS
        until = now + timedelta(seconds=seconds)

        def noted(memory: BudgetMemory) -> BudgetMemory:
            use = memory.methods.get(method, MethodUse())
            noted = use.model_copy(update={"blocked_until": max(until, use.blocked_until or until)})
            if is_slow:
                noted = noted.model_copy(update={"slow_until": now + SLOW_FOR})
            return memory.model_copy(update={"methods": {**memory.methods, method: noted}})

        was_slow = method in self.slow()
        await self._change(noted)
        if is_slow and not was_slow:
            log.warning("Slack lets %s be called once a minute only, for %s: taken so for an hour", method, self._id)

    async def look(self) -> None:
        """Read anew what the others know. Raises as ``take``."""
        await self._shared.look()

    def slow(self) -> list[str]:
        """The methods that are called once a minute."""
        now, methods = self._now(), self._shared.memory.methods
        return sorted(name for name, use in methods.items() if use.slow_until is not None and now < use.slow_until)

    async def _change(self, changed: Callable[[BudgetMemory], BudgetMemory]) -> None:
        async with self._taking:  # the tasks of this worker are no others to be quicker than
            for _ in range(CONTESTED):
                try:
                    await self._shared.change(changed)
                except Conflict:
                    await self._wait(CONTESTED_SECONDS)
                else:
                    return
            await self._shared.change(changed)


def _taken(method: str, use: MethodUse, now: datetime, *, is_live: bool) -> tuple[MethodUse, timedelta]:
    """The method's use after somebody asked for a call, and how long they have to wait: for a turn that is theirs now, if it is short."""
    is_slow = use.slow_until is not None and now < use.slow_until
    interval = MINUTE if is_slow else MINUTE / (STEADY * TIERS[method])
    burst = NEVER if is_slow else interval * ((1 - STEADY) * TIERS[method] - 1)
    virtual, turn = use.virtual_at or now, max(now, use.blocked_until or now)
    if is_live:
        turn = max(turn, virtual - burst)
    else:
        # Whoever is live and was told to come back goes first, too.
        turn = max(turn, virtual, now if use.live_promised_at is None else use.live_promised_at + interval)
    if turn - now <= LONGEST_WAIT:
        return use.model_copy(update={"virtual_at": max(virtual, turn) + interval}), turn - now
    name = "live_promised_at" if is_live else "bulk_promised_at"
    last = use.live_promised_at if is_live else use.bulk_promised_at
    following = turn if last is None else last + interval
    if is_slow and use.slow_until is not None:  # from then on turns are short again, and nobody shall wait, or stand back, for hours
        following = min(following, use.slow_until)
    promised = max(turn, following)
    return use.model_copy(update={name: promised}), promised - now
