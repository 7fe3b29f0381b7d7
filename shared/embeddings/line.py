"""Texts that wait for their vectors, and who waits for them: one line for each event loop.

Callers take turns by estimated tokens: each text has its place in its own caller's request, counted from the front at which the line is,
and the next batch takes the earliest places of all callers. A search for one text does not wait behind a page of ten thousand, and the
page is not pushed back for ever, because the front moves with everything that is taken.
"""

import asyncio
import heapq
from dataclasses import dataclass, field

from shared.embeddings.embedder import Vector


@dataclass(slots=True, eq=False)
class Caller:
    """One call of ``embed`` that has something to wait for."""

    done: "asyncio.Future[Exception | None]"
    """The error is its result: as an exception it would be called lost if its caller is cancelled first."""
    traceparent: str | None = None
    """What the texts are wanted in."""
    missing: "set[Wanted]" = field(default_factory=set)
    found: dict[bytes, Vector] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Wanted:
    """One text that somebody waits for."""

    key: bytes
    text: str
    size_bytes: int
    tokens: int
    callers: list[Caller]
    is_queued: bool = True


class Line:
    """What is waited for on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wanted: dict[bytes, Wanted] = {}
        """Queued or being encoded."""
        self.queued = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self._places: list[tuple[int, int, Wanted]] = []
        self._front = 0
        self._joined = 0

    def join(self, wanted: Wanted, tokens_before: int) -> None:
        """Queue a text whose caller wants ``tokens_before`` before it; one that is queued gets a second place, and the earlier counts."""
        if wanted.key not in self.wanted:
            self.wanted[wanted.key] = wanted
            self.queued += 1
        self._joined += 1
        heapq.heappush(self._places, (self._front + tokens_before + wanted.tokens, self._joined, wanted))

    def leave(self, caller: Caller) -> None:
        """Nobody waits for this caller any more; what only it wanted is not encoded."""
        for wanted in caller.missing:
            wanted.callers.remove(caller)
            if not wanted.callers and wanted.is_queued:
                self._unqueue(wanted)
                self.wanted.pop(wanted.key, None)
        caller.missing.clear()

    def next_batch(self, most_tokens: int, most_texts: int) -> list[Wanted]:
        """The texts with the earliest places, at least one if any is queued."""
        batch: list[Wanted] = []
        tokens = 0
        while self._places and len(batch) < most_texts:
            place, _, wanted = self._places[0]
            if wanted.is_queued:
                tokens += wanted.tokens
                if batch and tokens > most_tokens:
                    break
                self._unqueue(wanted)
                batch.append(wanted)
                self._front = max(self._front, place)
            heapq.heappop(self._places)
        return batch

    def settle(self, wanted: Wanted, vector: Vector) -> bool:
        """Give everyone who waits for a text its vector; whether somebody has all of theirs now."""
        is_somebody_done = False
        self.wanted.pop(wanted.key, None)
        for caller in wanted.callers:
            caller.found[wanted.key] = vector
            caller.missing.discard(wanted)
            if not caller.missing and not caller.done.done():
                caller.done.set_result(None)
                is_somebody_done = True
        return is_somebody_done

    def fail(self, wanted: Wanted, error: Exception) -> None:
        """Give everyone who waits for a text the reason why there is no vector, and queue nothing for them any more."""
        self.wanted.pop(wanted.key, None)
        for caller in list(wanted.callers):
            self.leave(caller)
            if not caller.done.done():
                caller.done.set_result(error)

    def fail_all(self, error: Exception) -> None:
        """Let nobody wait for ever."""
        for wanted in list(self.wanted.values()):
            self.fail(wanted, error)

    def _unqueue(self, wanted: Wanted) -> None:
        wanted.is_queued = False
        self.queued -= 1
