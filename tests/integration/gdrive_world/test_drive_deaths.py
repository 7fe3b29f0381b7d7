"""A worker that dies at any call of a port while everything is read for the first time: afterwards nothing is missing, nothing doubled."""

from collections import Counter
from random import Random

import pytest
from typing_extensions import override

from devtools.fakes.polled_drive import ADA, EVE, PolledDrive
from devtools.fakes.shards import InMemoryDirectory, InMemoryRecordIndex
from shared.http.client import http_client
from shared.streams.state import StreamStates
from tests.integration.gdrive_day.oracle import differences
from tests.integration.salesforce_day.hazards import (
    Hazards,
    Killed,
    PerilousAnchorRows,
    PerilousConnections,
    PerilousHttp,
    PerilousShards,
    PerilousSuggestions,
    PerilousTransport,
)

LOCK_SECONDS = 310.0


class Fate(Hazards):
    """Kills at one moment of the sync worker's: each call of a port has one before it and most have one after it."""

    def __init__(self, at: int | None) -> None:
        super().__init__(Random(1))
        self.at = at
        self.moments = 0
        self.is_watching = False

    @override
    async def meet(self, port: str) -> None:
        self.moments += self.is_watching
        if self.is_watching and self.moments == self.at:
            self.is_dead = True
            self.deaths[port] += 1
        if self.is_dead:
            raise Killed(port)


class MortalDrive(PolledDrive):
    """A world whose sync workers follow a fate."""

    def __init__(self, at: int | None) -> None:
        super().__init__(users=(ADA,), has_groups=False)
        self.fate = Fate(at)
        pipeline = self.pipeline
        shards = PerilousShards(self.fate, self.clock)
        pipeline.shards, pipeline.connections = shards, PerilousConnections(self.fate)
        pipeline.anchor_rows, pipeline.suggestions = PerilousAnchorRows(shards, self.fate), PerilousSuggestions(self.fate)
        pipeline.states, pipeline.index = StreamStates(pipeline.shards), InMemoryRecordIndex(pipeline.shards)
        pipeline.directory = InMemoryDirectory(pipeline.shards)
        pipeline.start(PerilousTransport(self.clock, self.fate))
        sales = self.drive.create_drive("Sales", by=ADA)
        folder = self.drive.create_folder("Plans", by=ADA)
        for number in range(3):
            for parent in (sales.id, folder.id):
                self.drive.create_file(f"Budget {number}", parent=parent)
        self.drive.share(self.drive.create_file("Offer", by=EVE).id, ADA)
        self.google.smallest_pages = 3

    @override
    async def __aenter__(self) -> "MortalDrive":
        await super().__aenter__()
        await self.http.aclose()
        self.http = http_client(transport=PerilousHttp(self.fate, lambda: None))
        self.start_worker(self.pipeline.transport)
        return self

    @override
    async def sync(self) -> int:
        """A dead worker's messages come back once its lock is over, to a new one."""
        self.fate.is_watching = True
        try:
            return await super().sync()
        except Killed:
            self.fate.revive()
            self.start_worker(self.pipeline.transport)
            self.clock.advance(seconds=LOCK_SECONDS)
            return 1
        finally:
            self.fate.is_watching = False


async def live_and_die(at: int | None) -> Fate:
    """The first reading, with a death at one moment, until nothing is due; and what is true then."""
    async with MortalDrive(at) as world:
        for _ in range(3):
            await world.poll()

        world.fate.at = None
        moments = world.fate.moments
        assert await differences(world) == []
        seen = Counter(edge.external_id for shard in world.pipeline.shards.all() for edge in shard.external_relationships)
        assert {external_id: count for external_id, count in seen.items() if count > 1} == {}
        world.clock.advance(seconds=3600)
        assert await world.compare_all() == {}
        world.fate.moments = moments
        return world.fate


async def each_death(every: int) -> Counter[str]:
    """By port how often a worker died."""
    moments = (await live_and_die(None)).moments
    deaths: Counter[str] = Counter()
    for at in range(1, moments + 1, every):
        deaths += (await live_and_die(at)).deaths
    return deaths


async def test_whenever_a_worker_dies_in_its_first_reading_everything_is_there_once() -> None:
    """Some of the moments."""
    assert (await each_death(every=47)).total() > 3


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_at_each_moment_a_worker_dies_in_its_first_reading_everything_is_there_once() -> None:
    deaths = await each_death(every=1)

    assert deaths.total() > 150
    assert deaths.keys() >= {"http", "http, answered", "publisher", "publisher, sent", "store", "store, written", "connections"}
