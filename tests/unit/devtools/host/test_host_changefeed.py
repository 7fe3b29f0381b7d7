"""The change feed pump over a feed and leases in memory; the real SDK is used in tests/integration/test_host_changefeed.py."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from devtools.faults.injector import Injector
from devtools.faults.plan import Fault
from devtools.host.changefeed import ChangeFeedPump, Documents, FeedMissing, Page
from devtools.host.faults import ABILITIES, PlannedMishaps
from devtools.host.function import ChangesTrigger
from devtools.host.leases import Leases
from devtools.host.timers import Clock
from tests.unit.devtools.host.leasing import InMemoryLeases


class InMemoryFeed:
    """A container of so many ranges; each holds its documents' ids in order. ``problem`` is raised by every connection."""

    def __init__(self, *ranges: list[str], most: int = 2) -> None:
        self.written = list(ranges)
        self.most = most
        self.starts: list[str | None] = []
        self.problem: Exception | None = None
        self.reads = 0

    async def ranges(self) -> Sequence[Mapping[str, Any]]:
        return [{"number": number} for number in range(len(self.written))]

    async def read(self, feed_range: Mapping[str, Any], continuation: str | None) -> Page:
        self.reads += 1
        self.check()
        if self.reads == 1:
            self.starts.append(continuation)
        begin = int(continuation or 0)
        found = self.written[feed_range["number"]][begin : begin + self.most]
        return Page([{"id": id_} for id_ in found], str(begin + len(found)))

    def check(self) -> None:
        if self.problem:
            raise self.problem


class Bench:
    """Hosts over one feed. Sleeping takes no time; the leases' clock is moved by hand."""

    def __init__(self, feed: InMemoryFeed, *faults: Fault) -> None:
        self.feed = feed
        self.store = InMemoryLeases()
        self.said: list[str] = []
        self.problems: dict[str, str] = {}
        self.handled: list[tuple[str, list[str]]] = []
        self.injector = Injector("host", ABILITIES, faults=faults)

    @asynccontextmanager
    async def host(self, owner: str, handle: Callable[[list[str]], Awaitable[object]] | None = None) -> AsyncIterator[None]:
        """One host while the block runs; leaving it is a stop."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[tuple[InMemoryFeed, Leases]]:
            self.feed.check()
            yield self.feed, self.store.host(owner)

        async def handled(documents: Documents) -> None:
            ids = [document["id"] for document in documents]
            self.handled.append((owner, ids))
            await (handle(ids) if handle else asyncio.sleep(0))

        pump = ChangeFeedPump(
            "watcher",
            ChangesTrigger("C", "d", "c", "C", "d", expire_seconds=60, renew_seconds=17),
            connect,
            handled,
            clock=Clock(self.store.now, lambda seconds: asyncio.sleep(0.002)),
            mishaps=PlannedMishaps(self.injector),
            report=self.said.append,
            problems=self.problems,
        )
        task = asyncio.create_task(pump.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @property
    def batches(self) -> list[list[str]]:
        return [ids for _, ids in self.handled]

    def checkpoint(self, number: int = 0) -> str | None:
        document = self.store.documents.get(f"p..{number}")
        return document["ContinuationToken"] if document else None


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


def fault(kind: str, operation: str) -> Fault:
    return Fault.model_validate({"at": "host", "kind": kind, "operation": operation, "target": "watcher", "calls": 1})


async def test_changes_come_in_order_in_batches_and_the_lease_follows() -> None:
    bench = Bench(InMemoryFeed(["a", "b", "c"]))

    async with bench.host("one"):
        await until(lambda: bench.checkpoint() == "3")
        bench.feed.written[0].append("d")
        await until(lambda: bench.checkpoint() == "4")

    assert bench.batches == [["a", "b"], ["c"], ["d"]]


async def test_the_next_batch_waits_for_the_one_before() -> None:
    bench, release = Bench(InMemoryFeed(["a", "b", "c"])), asyncio.Event()

    async with bench.host("one", lambda _: release.wait()):
        await until(lambda: bench.handled)
        reads = bench.feed.reads
        await asyncio.sleep(0.02)
        waited = (bench.batches, bench.feed.reads - reads, bench.checkpoint())
        release.set()
        await until(lambda: bench.checkpoint() == "3")

    assert waited == ([["a", "b"]], 0, None)


async def test_the_batch_of_a_failed_function_is_skipped_as_in_azure() -> None:
    bench = Bench(InMemoryFeed(["a", "b", "c"]))

    async def fail(ids: list[str]) -> object:
        return False  # what runs a function never raises, whatever the function does

    async with bench.host("one", fail):
        await until(lambda: bench.checkpoint() == "3")

    assert bench.batches == [["a", "b"], ["c"]]


async def test_a_host_that_comes_back_goes_on_after_the_last_batch() -> None:
    bench = Bench(InMemoryFeed(["a", "b"]))
    async with bench.host("one"):
        await until(lambda: bench.checkpoint() == "2")

    bench.feed.written[0].append("c")
    async with bench.host("one again"):
        await until(lambda: bench.checkpoint() == "3")

    assert bench.batches == [["a", "b"], ["c"]]


async def test_reading_nothing_remembers_nothing() -> None:
    bench = Bench(InMemoryFeed([]))

    async with bench.host("one"):
        await until(lambda: bench.feed.reads > 3)

    assert bench.checkpoint() is None


async def test_two_hosts_share_the_ranges() -> None:
    bench = Bench(InMemoryFeed([], []))

    async with AsyncExitStack() as hosts:
        await hosts.enter_async_context(bench.host("one"))
        await until(lambda: set(bench.store.owners().values()) == {"one"})
        await hosts.enter_async_context(bench.host("two"))
        await until(lambda: set(bench.store.owners().values()) == {"one", "two"})
        bench.feed.written[0].append("a")
        bench.feed.written[1].append("b")
        await until(lambda: len({owner for owner, _ in bench.handled}) == 2)

    assert {id_ for ids in bench.batches for id_ in ids} == {"a", "b"}


async def test_a_stopped_host_gives_its_leases_back_at_once() -> None:
    bench = Bench(InMemoryFeed([]))

    async with bench.host("one"):
        await until(lambda: bench.store.owners().get("p..0") == "one")

    assert bench.store.owners() == {"p..0": None}


async def test_a_host_whose_lease_was_taken_stops_reading_and_its_batch_comes_to_the_new_owner_too() -> None:
    bench, release = Bench(InMemoryFeed(["a"])), asyncio.Event()

    async with bench.host("one", lambda _: release.wait()):
        await until(lambda: bench.handled)
        bench.store.documents["p..0"] |= {"Owner": "two", "_etag": "stolen"}
        release.set()
        await until(lambda: bench.store.documents["p..0"]["Owner"] == "two" and bench.feed.reads == 1)
        bench.store.seconds += 61
        await until(lambda: bench.checkpoint() == "1")

    assert bench.batches == [["a"], ["a"]]


async def test_a_lease_is_renewed_while_a_function_runs() -> None:
    bench, release = Bench(InMemoryFeed(["a"])), asyncio.Event()

    async with bench.host("one", lambda _: release.wait()):
        await until(lambda: bench.handled)
        bench.store.seconds += 1000
        await until(lambda: bench.store.documents["p..0"]["timestamp"] == bench.store.now().isoformat())
        release.set()


async def test_a_missing_container_puts_the_function_in_error_with_one_line_until_it_is_there() -> None:
    bench = Bench(InMemoryFeed(["a"]))
    bench.feed.problem = FeedMissing("the lease container leases does not exist")

    async with bench.host("one"):
        await until(lambda: bench.problems)
        in_error = dict(bench.problems)
        await asyncio.sleep(0.02)
        bench.feed.problem = None
        await until(lambda: bench.checkpoint() == "1")

    assert in_error == {"watcher": "the lease container leases does not exist"}
    assert bench.problems == {}
    assert bench.said == ["function watcher: the lease container leases does not exist", "function watcher: the change feed is read"]


async def test_a_store_that_goes_away_is_said_once_and_read_again_when_it_is_back() -> None:
    bench = Bench(InMemoryFeed(["a"]))

    async with bench.host("one"):
        await until(lambda: bench.checkpoint() == "1")
        bench.feed.problem = ConnectionError("nobody there")
        await until(lambda: bench.said)
        bench.feed.written[0].append("b")
        bench.feed.problem = None
        await until(lambda: bench.checkpoint() == "2")

    assert bench.said[0] == "function watcher: the feed cannot be read, trying on (ConnectionError: nobody there)"
    assert bench.batches == [["a"], ["b"]]


async def test_a_checkpoint_that_is_dropped_brings_the_same_batch_again() -> None:
    bench = Bench(InMemoryFeed(["a", "b", "c"]), fault("drop", "checkpoint"))

    async with bench.host("one"):
        await until(lambda: bench.checkpoint() == "3")

    assert bench.batches == [["a", "b"], ["a", "b"], ["c"]]


async def test_a_lease_that_is_lost_on_command_is_taken_again_and_its_batch_comes_twice() -> None:
    bench, release = Bench(InMemoryFeed(["a"]), fault("lock-lost", "renew-lease")), asyncio.Event()

    async with bench.host("one", lambda _: release.wait()):
        await until(lambda: bench.injector.fired and sum(bench.injector.fired.values()) == 1)
        release.set()
        await until(lambda: bench.checkpoint() == "1")

    assert bench.batches == [["a"], ["a"]]
