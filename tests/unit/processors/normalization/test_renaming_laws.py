"""What holds for every history of a channel whose id changes: any order, deaths and races end the same."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.stores import InMemoryRecordIndex, InMemoryShards
from shared.contracts.ingestion import IngestionEvent
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import Alias
from tests.unit.processors.chain.deaths import Died, Fate, FatedPipeline, FatedShards
from tests.unit.processors.chain.interleavings import Work, alone, every_order, stepped, working
from tests.unit.processors.chain.records import chunks, settle
from tests.unit.processors.normalization.channel_events import channel, id_of, joined, part, told
from tests.unit.processors.normalization.opportunities import content, feed
from tests.unit.processors.normalization.test_moments_laws import everything
from tests.unit.processors.normalization.test_renaming import gone, led, listed, lost, only, renamed

PARTS: tuple[dict[str, JsonValue], ...] = ({"name": "anvils"}, {"name": None}, {"is_archived": True}, {"is_private": True})
IDS = st.sampled_from(["CA", "CB", "CC"])


@st.composite
def an_event(draw: st.DrawFn, at: int) -> IngestionEvent:
    """Anything that may be said at one moment under any of the ids."""
    of = draw(IDS)
    match draw(st.sampled_from(["complete", "part", "part", "member", "delete", "lost"])):
        case "delete":
            return gone(of, at=at)
        case "lost":
            return lost(of, at=at)
        case "member":
            return joined(of, draw(st.sampled_from(["U1", "U2"])), at=at, is_in=draw(st.booleans()))
        case "part":
            said = draw(st.sampled_from(PARTS))
            return told(of, {"id": of, **said}, ("id", *said), at=at)
        case _:
            members = draw(st.sets(st.sampled_from(["U1", "U2"])))
            return channel(of, members=sorted(members), name=draw(st.sampled_from(["birds", "read"])), at=at)


@st.composite
def a_history(draw: st.DrawFn) -> list[IngestionEvent]:
    """The id changes once or twice, and a read by the oldest id may say the newest; every moment is another."""
    moments = draw(st.permutations(range(10)))
    first, second, third = sorted(moments[:3])
    news = [renamed("CA", "CB", at=first), renamed("CB", "CC", at=second), renamed("CA", "CC", at=third)]
    others = [draw(an_event(at)) for at in moments[3 : 3 + draw(st.integers(0, 5))]]
    return [*news[: draw(st.integers(1, 3))], *others]


@given(history=a_history(), data=st.data())
@settings(max_examples=80, deadline=None)
async def test_any_order_and_any_duplicates_end_the_same(history: list[IngestionEvent], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=3))
    in_time = sorted(history, key=lambda event: event.observed_at)
    pipeline, expected = InMemoryPipeline(), InMemoryPipeline()
    await feed(expected, *in_time)

    await feed(pipeline, *data.draw(st.permutations([*history, *again])))

    one, other = await led(pipeline, "CA"), await led(expected, "CA")
    assert everything(one) == everything(other)
    assert sorted(await listed(pipeline)) == sorted(await listed(expected))
    news = [event for event in history if "previous_id" in (event.payload or {})]
    if len(news) < 3:  # or it hangs on which was heard first
        assert one.id == other.id == id_of("CA")
    writes = pipeline.shards.writes
    await feed(pipeline, *history)
    assert pipeline.shards.writes == writes


# --- deaths and races


class FatedAliases(FatedShards):
    @override
    async def add_alias(self, alias: Alias, *, instead_of: Shard | Alias | None) -> None:
        await self._fate.meet("alias", lambda: InMemoryShards.add_alias(self, alias, instead_of=instead_of))


STORIES: dict[str, tuple[list[IngestionEvent], list[IngestionEvent]]] = {
    "plain": ([channel("CA", members=["U1"])], [renamed("CA", "CB", at=5)]),
    "seen under the new id": ([channel("CA"), channel("CB", at=6, members=["U1"])], [renamed("CA", "CB", at=5)]),
    "never seen under the old id": ([channel("CB", at=6, members=["U1"])], [renamed("CA", "CB", at=5)]),
    "a chain, its end first": ([channel("CA"), part("CB", at=3, name="b")], [renamed("CB", "CC", at=4), renamed("CA", "CB", at=2)]),
    "skipping one": ([channel("CA"), renamed("CB", "CC", at=4)], [renamed("CA", "CC", at=5), part("CC", at=6, name="c")]),
}


LONG = ("plain", "a chain, its end first", "skipping one")


@pytest.mark.parametrize("is_done", [False, True], ids=["before the request is done", "after"])
@pytest.mark.parametrize("story", [pytest.param(one, marks=pytest.mark.long) if one in LONG else one for one in STORIES])
async def test_a_death_at_any_request_changes_nothing_of_the_end(story: str, *, is_done: bool) -> None:
    before, news = STORIES[story]

    async def lived(fate: Fate) -> tuple[dict[ShardId, object], set[str]]:
        pipeline = FatedPipeline(fate)
        pipeline.shards = FatedAliases(fate)
        pipeline.index = InMemoryRecordIndex(pipeline.shards)
        with fate.asleep():
            for event in before:
                await pipeline.publisher.publish(event)
                await settle(pipeline)
            await pipeline.publisher.publish(*news)
        while True:
            try:
                await settle(pipeline)
            except (Died, ExceptionGroup):
                pipeline.start(pipeline.transport)
            else:
                break
        with fate.asleep():
            return {ShardId(one.id): everything(one) for one in pipeline.shards.all()}, {key for _, key in chunks(pipeline)}

    quiet = Fate()
    end = await lived(quiet)
    assert len(end[0]) == 1
    assert {"alias", "change", "send"} <= set(quiet.requests)

    for fatal in range(len(quiet.requests)):
        assert await lived(Fate(fatal, is_done=is_done)) == end, f"killed at request {fatal}, {quiet.requests[fatal]}"


BESIDE = {
    "an event under the new id": part("CB", at=6, name="b"),
    "a late one under the old id": part("CA", at=4, name="a"),
    "a deletion under the new id": gone("CB", at=6),
    "a member": joined("CB", "U9", at=6),
}


@pytest.mark.parametrize("is_seen", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("beside", BESIDE)
async def test_the_news_beside_any_event_end_the_same_in_every_order_of_turns(beside: str, *, is_seen: bool) -> None:
    news, before = renamed("CA", "CB", at=5), [channel("CA"), *([part("CB", at=1, is_archived=True)] if is_seen else [])]
    expected = await only(*before, news, BESIDE[beside])

    def world() -> tuple[InMemoryPipeline, Sequence[Work]]:
        pipeline = stepped()
        alone(feed(pipeline, *before))
        pipeline.transport.waiting.clear()
        alone(pipeline.publisher.publish(news, BESIDE[beside]))
        return pipeline, working(pipeline, "ingestion-events")

    for pipeline, turns in every_order(world):
        await settle(pipeline)
        [shard] = pipeline.shards.all()
        assert content(shard) == content(expected), turns
