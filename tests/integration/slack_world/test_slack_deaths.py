"""A worker, or a receiver, that dies at any call of a port: Slack tries again, the broker delivers again, and everything ends complete."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final

import pytest
from typing_extensions import override

from devtools.fakes.polled_slack import WINDOW
from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.shipping import Received
from ingestion.coalescing import window_end
from shared.http.client import http_client
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
from tests.integration.slack_day.accounts import unaccounted
from tests.integration.slack_day.oracle import differences
from tests.integration.slack_world.worlds import WINDOW_SECONDS

LOCK_SECONDS: Final = 310.0


class Fate(Hazards):
    """Kills at one moment: each call of a port has one before it and most have one after it."""

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


class MortalSlack(PushedSlack):
    """A world in which receivers, sync workers and the pipeline follow a fate."""

    def __init__(self, at: int | None) -> None:
        self.fate = Fate(at)
        shards = PerilousShards(self.fate)
        super().__init__(shards=shards)
        self.pipeline.connections = PerilousConnections(self.fate)
        self.pipeline.anchor_rows, self.pipeline.suggestions = PerilousAnchorRows(shards, self.fate), PerilousSuggestions(self.fate)
        self.pipeline.start(PerilousTransport(self.clock, self.fate))
        self.plans = self.create("plans", members=[self.bob])
        self.secret = self.create("secret", is_private=True)

    @override
    async def __aenter__(self) -> "MortalSlack":
        await super().__aenter__()
        await self.http.aclose()
        self.http = http_client(transport=PerilousHttp(self.fate, lambda: None))
        self.start_worker(self.pipeline.transport)
        return self

    @override
    async def receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        self.fate.is_watching = True
        try:
            return await super().receive(body, headers)
        except Killed as death:
            raise ConnectionResetError("nobody is there any more") from death
        finally:
            self._mourn(0.0)

    @override
    async def sync(self) -> int:
        return await self._watched(super().sync)

    @override
    async def process(self) -> int:
        return await self._watched(super().process)

    @override
    async def run(self, *, seconds: float = 120.0) -> int:
        """As far as it comes; whoever dies is replaced once their locks are over."""
        deaths = self.fate.deaths.total()
        done = await super().run(seconds=seconds)
        if self.fate.deaths.total() > deaths:
            return done + await self.run(seconds=LOCK_SECONDS + seconds)
        return done

    async def _watched(self, work: Callable[[], Awaitable[int]]) -> int:
        self.fate.is_watching = True
        try:
            return await work()
        except BaseException:  # several at once come as a group
            if not self.fate.is_dead:
                raise
            self._mourn(LOCK_SECONDS)
            return 1
        finally:
            self.fate.is_watching = False

    def _mourn(self, seconds: float) -> None:
        self.fate.is_watching = False
        if self.fate.is_dead:
            self.fate.revive()
            self.start_worker(self.pipeline.transport)
            self.clock.advance(seconds=seconds)


Story = Callable[[MortalSlack], Awaitable[object]]


async def rename(world: MortalSlack) -> None:
    """A change that is told as a whole."""
    await world.happen(lambda: world.slack.rename(world.plans.id, "projects"))


async def join(world: MortalSlack) -> None:
    """A hint, its read, one more hint in the window, and somebody nobody has told of."""
    eve = world.slack.add_person(world.team_id, "Eve", quietly=True)
    await world.happen(lambda: world.slack.invite(world.secret.id, eve.id, by=world.ada))
    await world.happen(lambda: world.slack.leave(world.plans.id, world.bob))


async def change_id(world: MortalSlack) -> Conversation:
    """Another id, and what happens under it."""
    changed = await world.happen(lambda: world.slack.change_id(world.secret.id))
    await world.happen(lambda: world.slack.rename(changed.id, "projects"))
    return changed


async def read_everything(world: MortalSlack) -> None:
    """A back-fill of channels and a comparison that finds something of each sort."""
    world.slack.rename(world.plans.id, "projects", quietly=True)
    world.create("found")
    world.slack.delete(world.secret.id, quietly=True)
    world.clock.advance(seconds=3600)
    await world.ask("Channel", "backfill")
    await world.run(seconds=900)


STORIES: Final[dict[str, Story]] = {story.__name__: story for story in (rename, join, change_id, read_everything)}
ALIKE: Final = ("rename", "join", "change_id")


async def live_and_die(story: str, at: int | None) -> Fate:
    """A story, with a death at one moment, until nothing is due; and what is true then."""
    async with MortalSlack(None) as world:
        await world.settle()
        world.fate.moments, world.fate.at = 0, at
        await STORIES[story](world)
        await world.run(seconds=WINDOW_SECONDS)
        await world.run(seconds=1200)
        if not story.startswith("read") or at is not None:
            await world.run(seconds=1200)

        world.fate.at = None
        moments = world.fate.moments
        assert await differences(world) == []
        assert await unaccounted(world) == []
        if at is None and story in ALIKE:
            reads = Counter((call.channel, window_end(call.at, WINDOW)) for call in world.service.ledger.of("conversations.info"))
            assert not reads or max(reads.values()) == 1
        if story in ALIKE:
            world.clock.advance(seconds=3600)
            assert await world.compare_all() == {}
        world.fate.moments = moments
        return world.fate


async def each_death(story: str, every: int) -> Counter[str]:
    """By port how often somebody died."""
    moments = (await live_and_die(story, None)).moments
    deaths: Counter[str] = Counter()
    for at in range(1, moments + 1, every):
        deaths += (await live_and_die(story, at)).deaths
    return deaths


@pytest.mark.parametrize("story", STORIES)
async def test_whenever_somebody_dies_everything_is_there_in_the_end(story: str) -> None:
    """Some of the moments."""
    assert (await each_death(story, every=83)).total() >= 1


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", STORIES)
async def test_at_each_moment_somebody_dies_everything_is_there_in_the_end(story: str) -> None:
    deaths = await each_death(story, every=1)

    assert deaths.keys() >= {"publisher", "publisher, sent", "store", "store, written", "connections"}
