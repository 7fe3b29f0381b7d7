"""The pauses the vendor asks for, shared by all workers of a connection: its quota is counted for each person, and for the whole project.

"Usage limits", Google Drive API guides: back off exponentially, with jitter. ``Retry-After`` is rare, and counts where it is said.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from ingestion.account_memory import SharedMemory
from ingestion.sources.gdrive.answers import TooManyCalls
from shared.connections.connection import Connection
from shared.contracts.canonical import digest
from shared.contracts.message import Instant, Wire
from shared.errors import Conflict, RateLimited
from shared.streams.state import Cursor, StreamStates

LOOKED_AT_FOR: Final = timedelta(seconds=15)
"""So long the shared memory is believed without a look."""
FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 300.0
DAILY_PAUSE_SECONDS: Final = 3600.0
"""The day is the vendor's, and nothing says when it ends."""
MOST_REFUSALS: Final = 16
EVERYBODY: Final = "*"
"""Stands for the whole project."""


class Pause(Wire):
    """One person's."""

    until: Instant
    refusals: int
    """How many pauses there were without a good answer in between."""


class QuotaMemory(Wire):
    """The shared item's content: by address."""

    pauses: Mapping[str, Pause] = {}


def share_used(cursor: Cursor, at: datetime) -> float:
    """1 while Google has somebody pause, else 0: it says when its quota is used up, and never how much is left."""
    memory = QuotaMemory.model_validate(cursor)
    return 1.0 if any(pause.until > at for pause in memory.pauses.values()) else 0.0


class Quota:
    """One connection's pauses, as one worker sees them."""

    def __init__(self, connection: Connection, states: StreamStates, now: Callable[[], datetime]) -> None:
        self._shared = SharedMemory(QuotaMemory, connection, states, now)
        self._id = connection.id
        self._now = now
        self._looked_at: datetime | None = None

    async def check(self, user: str) -> None:
        """Whether somebody may ask now.

        Raises:
            RateLimited: not before the end of a pause, whoever ran into it.
        """
        now = self._now()
        if self._looked_at is None or now - self._looked_at >= LOOKED_AT_FOR:
            await self._shared.look()
            self._looked_at = now
        ends = [pause.until for name in (user, EVERYBODY) if (pause := self._shared.memory.pauses.get(name)) and pause.until > now]
        if ends:
            raise RateLimited("Google Drive wants a pause", retry_after_seconds=(max(ends) - now).total_seconds())

    async def refused(self, user: str, error: TooManyCalls) -> RateLimited:
        """Take note of a refusal.

        Returns:
            What to raise: the pause that holds now, for all workers.
        """
        name, now = EVERYBODY if error.is_daily else user, self._now()

        def noted(memory: QuotaMemory) -> QuotaMemory | None:
            known = memory.pauses.get(name)
            if known is not None and known.until > now:
                return None  # of several that were refused at once one counts
            refusals = min((known.refusals if known else 0) + 1, MOST_REFUSALS)
            pause = Pause(until=now + timedelta(seconds=self._seconds(name, refusals, error)), refusals=refusals)
            return memory.model_copy(update={"pauses": {**memory.pauses, name: pause}})

        with suppress(Conflict):
            await self._shared.change(noted)
        pause = self._shared.memory.pauses.get(name)
        seconds = (pause.until - now).total_seconds() if pause and pause.until > now else self._seconds(name, 1, error)
        return RateLimited(str(error), retry_after_seconds=seconds)

    async def served(self, user: str) -> None:
        """A good answer: the next pause is a short one again."""
        if user in self._shared.memory.pauses or EVERYBODY in self._shared.memory.pauses:
            with suppress(Conflict):
                await self._shared.change(lambda memory: _without(memory, user, self._now()))

    def _seconds(self, name: str, refusals: int, error: TooManyCalls) -> float:
        if error.asked_seconds is not None:
            return error.asked_seconds
        if error.is_daily:
            return DAILY_PAUSE_SECONDS
        return back_off_seconds(refusals, f"{self._id} {name}")


def back_off_seconds(refusals: int, who: str) -> float:
    """Twice as long each time, up to five minutes; between half of it and all of it, so that not all come back at once."""
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** (refusals - 1), LONGEST_PAUSE_SECONDS)
    share = int(digest(who, refusals)[:8], 16) / 0xFFFFFFFF
    return longest * (1 + share) / 2


def _without(memory: QuotaMemory, user: str, now: datetime) -> QuotaMemory | None:
    """The pauses that are not over, and not this person's: an answer that was on its way before the pause ends none."""
    kept = {name: pause for name, pause in memory.pauses.items() if pause.until > now or name not in (user, EVERYBODY)}
    return None if len(kept) == len(memory.pauses) else memory.model_copy(update={"pauses": kept})
