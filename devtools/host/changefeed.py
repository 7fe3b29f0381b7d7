"""Hands the changes of one container to one function, as the Cosmos DB trigger does (Azure's webjobs extensions, CosmosDBTriggerListener).

Surprising, and so in Azure: **a batch whose function fails is gone**. Without a retry policy the feed goes on at once, with one after its
last repetition. Only a batch moves the lease: a host that reads from now on, sees nothing and dies has remembered nothing, so what is
written until the next one starts is never seen (``start_from_beginning`` has no such hole). Changes of one range come one batch at a time,
in order; every item once, as it is when it is read; deletions never. While a function runs its lease is renewed; a lease that was lost
meanwhile is noticed at the checkpoint, and the same batch then comes to its new owner too.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from devtools.host.function import ChangesTrigger
from devtools.host.leases import Lease, LeaseLost, Leases, to_take
from devtools.host.mishaps import Mishaps
from devtools.host.timers import Clock

Documents = list[dict[str, Any]]
_BACK_OFF_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


class FeedMissing(Exception):
    """A container is not there, or may not be made; the text says which, and what to do."""


@dataclass(frozen=True)
class Page:
    """Changes in their order, and where the next page begins."""

    documents: Documents
    continuation: str


class Feed(Protocol):
    """The container that is watched."""

    async def ranges(self) -> Sequence[Mapping[str, Any]]: ...

    async def read(self, feed_range: Mapping[str, Any], continuation: str | None) -> Page:
        """The next page, which may be empty. Without a continuation it begins where the trigger says."""
        ...


class ChangeFeedPump:
    """``connect`` raises FeedMissing, or whatever the SDK raises; ``handle`` runs the function, with its retries."""

    def __init__(
        self,
        function: str,
        trigger: ChangesTrigger,
        connect: Callable[[], AbstractAsyncContextManager[tuple[Feed, Leases]]],
        handle: Callable[[Documents], Awaitable[object]],
        *,
        clock: Clock,
        mishaps: Mishaps,
        report: Callable[[str], None],
        problems: dict[str, str],
    ) -> None:
        """``problems`` gets the function's name while it cannot read its feed, and why."""
        self._function = function
        self._trigger = trigger
        self._connect = connect
        self._handle = handle
        self._clock = clock
        self._mishaps = mishaps
        self._report = report
        self._problems = problems
        self.has_tried = asyncio.Event()
        """Set after the first attempt to connect, whatever came of it."""

    async def run(self) -> None:
        """Read for ever; cancel it to stop."""
        failures = 0
        while True:
            try:
                async with self._connect() as (feed, leases):
                    await leases.ensure(await feed.ranges())
                    self._say(None)
                    failures = 0
                    self.has_tried.set()
                    await self._share(feed, leases)
            except FeedMissing as missing:
                self._say(str(missing))
            except Exception as error:  # the SDK lets foreign errors out when a connection dies, and a pump must not end silently
                self._say(f"the feed cannot be read, trying on ({type(error).__name__}: {(str(error).splitlines() or [''])[0]})")
            self.has_tried.set()
            await self._clock.sleep(_BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)])
            failures += 1

    async def _share(self, feed: Feed, leases: Leases) -> None:
        """Take this host's share of the leases, again and again, and read the ranges of those it has."""
        reading: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                for id_ in [id_ for id_, task in reading.items() if task.done()]:
                    reading.pop(id_).result()  # what broke one range breaks the connection for all, and is said once
                for lease in to_take(await leases.all(), leases.owner, self._clock.now(), self._trigger.expire_seconds):
                    if lease.id in reading:  # its renewal is late, and nobody else wanted it
                        continue
                    with suppress(LeaseLost):
                        reading[lease.id] = asyncio.create_task(self._read(feed, leases, await leases.take(lease)))
                wait = asyncio.ensure_future(self._clock.sleep(self._trigger.acquire_seconds))
                await asyncio.wait({wait, *reading.values()}, return_when=asyncio.FIRST_COMPLETED)
                wait.cancel()
        finally:
            for task in reading.values():
                task.cancel()
            await asyncio.gather(*reading.values(), return_exceptions=True)

    async def _read(self, feed: Feed, leases: Leases, lease: Lease) -> None:
        """Read one range until its lease is lost."""
        held = _Held(leases, lease)
        with suppress(LeaseLost):
            async with self._kept(held) as renewing:
                continuation = lease.continuation
                while not renewing.done():
                    page = await feed.read(lease.feed_range, continuation)
                    if not page.documents:
                        continuation = page.continuation
                        await self._clock.sleep(self._trigger.poll_seconds)
                        continue
                    await self._handle(page.documents)
                    if not self._mishaps.strike("checkpoint", self._function, "drop"):
                        await held.checkpoint(page.continuation)
                        continuation = page.continuation

    @asynccontextmanager
    async def _kept(self, held: "_Held") -> AsyncIterator[asyncio.Task[None]]:
        """Renew the lease while the block runs, and give it back at its end, where it is still ours. Renewing ends when it is lost."""
        renewing = asyncio.create_task(self._renew(held))
        try:
            yield renewing
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError, LeaseLost):
                await renewing
            if not held.is_lost:
                with suppress(LeaseLost):
                    await held.give_back()

    async def _renew(self, held: "_Held") -> None:
        while True:
            await self._clock.sleep(self._trigger.renew_seconds)
            if self._mishaps.strike("renew-lease", self._function, "lock-lost"):
                await held.give_back()
                held.is_lost = True
                return
            await held.renew()

    def _say(self, problem: str | None) -> None:
        if self._problems.get(self._function) == problem:
            return
        if problem is None:
            del self._problems[self._function]
            self._report(f"function {self._function}: the change feed is read")
        else:
            self._problems[self._function] = problem
            self._report(f"function {self._function}: {problem}")


class _Held:
    """A lease this host owns. Its writes wait for each other, because each needs the etag of the one before."""

    def __init__(self, leases: Leases, lease: Lease) -> None:
        self._leases = leases
        self._lease = lease
        self._alone = asyncio.Lock()
        self.is_lost = False

    async def renew(self) -> None:
        await self._change(self._leases.renew)

    async def checkpoint(self, continuation: str) -> None:
        await self._change(lambda lease: self._leases.checkpoint(lease, continuation))

    async def give_back(self) -> None:
        async with self._alone:
            await self._leases.give_back(self._lease)

    async def _change(self, write: Callable[[Lease], Awaitable[Lease]]) -> None:
        async with self._alone:
            try:
                self._lease = await write(self._lease)
            except LeaseLost:
                self.is_lost = True
                raise
