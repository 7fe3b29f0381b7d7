"""A worker that is killed between any two steps of a folder's move, or of its way into the bin and back: once everything that waits was
delivered again, all of it stands where the tree says."""

import pytest

from devtools.fakes.stores import InMemoryRecordIndex
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.chain.deaths import Died, Fate, FatedPipeline
from tests.unit.processors.normalization.drive_events import ROOT, Desk, folder, left, seen

QUEUES = (topology.INGESTION_EVENTS, topology.INGESTION_EVENTS_BULK)
GONE: dict[str, object] = {"path": None, "ancestors": ("deep",), "status": "deleted"}
"""Nobody knows where what is gone with its folders stands, nor may anybody find it."""
STORIES: dict[str, tuple[tuple[IngestionEvent, ...], dict[str, object]]] = {
    "a move": (
        (folder("b", 9, parent="c"),),
        {"path": "/My Drive/c/b/deep", "ancestors": (ROOT, "c", "b", "deep"), "status": "active"},
    ),
    "a rename and a move": (
        (folder("b", 9, parent="a", name="Bee"), folder("a", 10, parent="c")),
        {"path": "/My Drive/c/a/Bee/deep", "ancestors": (ROOT, "c", "a", "b", "deep"), "status": "active"},
    ),
    "into the bin": (
        (folder("a", 9, trashed="itself"),),
        GONE,
    ),
    "into the bin and out of it": (
        (folder("a", 9, trashed="itself"), folder("a", 10)),
        {"path": "/My Drive/a/b/deep", "ancestors": (ROOT, "a", "b", "deep"), "status": "active"},
    ),
    "lost": (
        (left("a", at=30),),
        GONE,
    ),
}

LONG = ("a rename and a move", "lost")


async def lived(events: tuple[IngestionEvent, ...], fate: Fate, *, pause_seconds: float) -> Desk:
    pipeline = FatedPipeline(fate)
    pipeline.index = InMemoryRecordIndex(pipeline.shards)
    desk = Desk(pipeline)
    with fate.asleep():
        await desk.tell(
            *(folder(ROOT, parent=None, name="My Drive"), folder("a"), folder("c"), folder("b", parent="a"), folder("deep", parent="b")),
            seen("f", 1, parent="deep"),
        )
        await pipeline.publisher.publish(*events)
    while True:
        try:
            await desk.settle()
        except (Died, ExceptionGroup):
            pipeline.clock.advance(seconds=pause_seconds)
            pipeline.start(pipeline.transport)
        else:
            return desk


async def end_of(desk: Desk) -> dict[str, object]:
    return {"path": await desk.path("deep"), "ancestors": await desk.ancestors("f"), "status": await desk.status("f")}


@pytest.mark.parametrize("is_done", [False, True], ids=["before the request is done", "after"])
@pytest.mark.parametrize("pause_seconds", [0, pytest.param(300, marks=pytest.mark.long)], ids=["at once", "minutes later"])
@pytest.mark.parametrize("story", [pytest.param(one, marks=pytest.mark.long) if one in LONG else one for one in STORIES])
async def test_a_death_at_any_request_changes_nothing_of_the_end(story: str, pause_seconds: float, *, is_done: bool) -> None:
    events, end = STORIES[story]
    quiet = Fate()
    assert await end_of(await lived(events, quiet, pause_seconds=0)) == end
    assert {"read", "change", "send"} <= set(quiet.requests)

    for fatal in range(len(quiet.requests)):
        desk = await lived(events, Fate(fatal, is_done=is_done), pause_seconds=pause_seconds)
        with desk.pipeline.fate.asleep():  # type: ignore[attr-defined]  # a fated one
            assert await end_of(desk) == end, f"killed at request {fatal}, {quiet.requests[fatal]}"
