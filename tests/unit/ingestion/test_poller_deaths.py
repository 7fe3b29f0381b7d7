"""A worker that dies at any moment: at every call of every port, before it or after it. Redelivered, the run reads all there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Any

import pytest
from typing_extensions import override

from ingestion.poller import Pace
from ingestion.sources.source import Ask, RecordVersion
from shared.contracts.sync import SyncKind
from shared.errors import RateLimited
from shared.streams.state import StreamStates
from tests.unit.ingestion.desk import LOCK_SECONDS, STREAM, Desk, Raise


class Died(BaseException):
    """The worker's process is gone."""


class Fate:
    """Dies at the n-th moment: each call has one before and one after it."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.moments = 0

    def pass_by(self) -> None:
        """Another moment."""
        self.moments += 1
        if self.moments == self._at:
            raise Died


class Mortal:
    """A port whose calls are moments to die at."""

    def __init__(self, port: Any, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not iscoroutinefunction(found):
            return found

        async def called(*args: Any, **named: Any) -> Any:
            self._fate.pass_by()
            answer = await found(*args, **named)
            self._fate.pass_by()
            return answer

        return called


class DeathDesk(Desk):
    """A desk whose ports all follow one fate."""

    def __init__(self, fate: Fate, **connection: Any) -> None:
        super().__init__(**connection)
        self.fate = fate
        pipeline = self.pipeline
        self.ports = replace(
            self.ports,
            pollers={self.script.source: mortal(self.script, fate)},
            connections=mortal(pipeline.connections, fate),
            states=StreamStates(mortal(pipeline.shards, fate)),
            gaps=mortal(pipeline.gaps, fate),
            publisher=mortal(pipeline.publisher, fate),
            queue_ages=mortal(self.ages, fate),
            pace=Pace(step_seconds=1.0),
        )
        self.script.before = lambda _: self.clock.advance(seconds=1.1)  # one page a step

    @override
    async def work(self) -> None:
        try:
            await super().work()
        except Died:
            self.clock.advance(seconds=LOCK_SECONDS)  # the broker takes the message back
            await super().work()


def mortal(port: Any, fate: Fate) -> Any:
    """A port that follows a fate."""
    return Mortal(port, fate)


async def ordinary(desk: DeathDesk, kind: SyncKind) -> None:
    """Pages with needs and a gap, records to compare, shards that are wrong."""
    desk.script.asks = (Ask("Other", "backfill"),) if kind == "changes" else ()
    desk.script.gaps = ("changes-not-retained",)
    long_ago = desk.clock() - timedelta(days=1)
    desk.script.most = 3
    desk.script.vendor = {key: RecordVersion("2", long_ago) for key in ("a1", "a2", "b1", "b2", "c1")}
    await desk.store("a2", version="1")
    await desk.store("b1", version="2")
    await desk.store("x1", version="2")
    await desk.ask(desk.message(kind))


WANTED: dict[SyncKind, set[str]] = {
    "changes": {"a1", "a2", "b1", "b2", "c1"},
    "backfill": {"a1", "a2", "b1", "b2", "c1", "x1"},  # the last one by the comparison that comes after
    "compare": {"a1", "a2", "b2", "c1", "x1"},
}


async def each_death(prepare: Callable[[DeathDesk], Any], check: Callable[[DeathDesk], Any]) -> int:
    """Try a run with a death at each of its moments. Returns how many there were."""
    at = 0
    while True:
        at += 1
        desk = DeathDesk(Fate(at), streams=(STREAM, "Old"))
        await prepare(desk)
        await desk.work()
        await check(desk)
        if desk.fate.moments < at:
            return at - 1


@pytest.mark.parametrize("kind", WANTED)
async def test_whenever_a_worker_dies_everything_reaches_the_queue(kind: SyncKind) -> None:
    async def check(desk: DeathDesk) -> None:
        state = await desk.state(kind)
        assert {event.source_id for event in desk.events() if event.record_type == STREAM} == WANTED[kind]
        assert (state.is_running, state.last_status, state.lease_until) == (False, "success", None)
        assert desk.requests() == []
        if kind != "compare":
            assert (STREAM, "changes-not-retained") in await desk.gaps()
        if kind == "changes":
            assert (await desk.state("backfill", "Other")).last_status == "success"
        if kind == "compare":
            assert state.report is not None
            assert [state.report[name] for name in ("missing", "extra", "stale")] == [3, 1, 1]

    moments = await each_death(lambda desk: ordinary(desk, kind), check)

    assert moments > 30


async def test_whenever_a_worker_dies_a_run_that_is_rate_limited_comes_to_its_end() -> None:
    async def prepare(desk: DeathDesk) -> None:
        await ordinary(desk, "backfill")
        limited = Raise(RateLimited("too many calls", retry_after_seconds=900), at=2)

        def before(_: object) -> None:
            desk.clock.advance(seconds=1.1)
            limited()

        desk.script.before = before

    async def check(desk: DeathDesk) -> None:
        assert {event.source_id for event in desk.events()} == WANTED["backfill"]
        assert (await desk.state("backfill")).last_status == "success"

    assert await each_death(prepare, check) > 30


async def test_whenever_a_worker_dies_a_new_stream_is_read_and_a_gone_one_compared() -> None:
    async def prepare(desk: DeathDesk) -> None:
        desk.script.streams, desk.script.pages = (STREAM, "New"), [["a1"]]
        await desk.ask(desk.message())

    async def check(desk: DeathDesk) -> None:
        assert {(event.record_type, event.source_id) for event in desk.events()} == {(STREAM, "a1"), ("New", "a1")}
        assert (await desk.connect()).streams == (STREAM, "New")
        assert (await desk.state("compare", "Old")).last_status == "success"
        assert desk.requests() == []

    assert await each_death(prepare, check) > 30
