"""Who goes first in a worker: what somebody waits for, before what is read and stored in bulk.

One event loop serves both, and one host hands over 32 bulk messages at once, each with hundreds of records: live work would wait behind
thousands of turns. So one bulk message is handled at a time, and its next record waits while anything live is being handled here. A worker
that has only one of both, as on a plan that scales each function alone, pays nothing for this.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from shared.errors import DependencyUnavailable

MOST_SECONDS: Final = 0.1
"""So long at most a record gives way: a worker that always has something live goes on with what is bulk, too. Of the 32 bulk messages that
a host hands over at once the last one waits for less than four minutes then, and may for ten (``functionTimeout``)."""


class RightOfWay:
    """One for each worker."""

    def __init__(self, *, most_seconds: float = MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._bulk = asyncio.Lock()
        self._live_count = 0
        self._nothing_live = asyncio.Event()
        self._nothing_live.set()

    @contextmanager
    def live(self) -> Iterator[None]:
        """Around what somebody waits for."""
        self._live_count += 1
        self._nothing_live.clear()
        try:
            yield
        finally:
            self._live_count -= 1
            if not self._live_count:
                self._nothing_live.set()

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[None]:
        """Around a bulk message: entered by one at a time, in the order in which they came.

        Raises:
            DependencyUnavailable: cancelled while it waited. A CancelledError must not leave a function: the worker would never answer.
        """
        try:
            await self._bulk.acquire()
        except asyncio.CancelledError:
            raise DependencyUnavailable("cancelled while waiting for its turn") from None
        try:
            yield
        finally:
            self._bulk.release()

    async def give_way(self) -> None:
        """Return when nothing live is being handled, or after a while."""
        if not self._nothing_live.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._most_seconds):
                    await self._nothing_live.wait()
