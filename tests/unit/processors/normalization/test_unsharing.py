"""Access that is taken away: one write, and nothing of it is found in the next search."""

import pytest

from processors.search.api import Question, search
from shared.access.acl import TENANT, user
from shared.access.directory import expanded
from shared.access.tokens import Caller
from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.chain.records import settle
from tests.unit.processors.normalization import drive_events
from tests.unit.processors.normalization.drive_events import ANN, BOB, ROOT, Desk, folder, guest, left, seen, stream_of

SALES = "group-sales@acme.example"
BELOW = ("a", "b", "f", "g")


async def found_by(desk: Desk, address: str) -> set[str]:
    """The names of everything a person finds, whatever they look for."""
    pipeline = desk.pipeline
    caller = await expanded(Caller("acme", frozenset({TENANT, user(address)}), address), pipeline.directory)
    answer = await search(
        Question("file folder", limit=50), caller, embedder=pipeline.embedder, chunks=pipeline.chunks, shards=pipeline.shards
    )
    assert answer.is_complete
    return {str((await pipeline.shards.read("acme", hit.shard_id)).structured_data["externalId"]) for hit in answer.hits}  # type: ignore[arg-type,union-attr]  # a hit is there


async def shared() -> Desk:
    """Ann's folder with a subtree, open to Bob; a folder of a group's; a file of Bob's own."""
    desk = Desk()
    await desk.pipeline.publisher.publish(
        folder(ROOT, parent=None, name="My Drive"),
        folder("a", shared_with=[BOB]),
        folder("b", parent="a"),
        seen("f", 1, parent="b", inherited=[BOB]),
        seen("g", 1, parent="a", inherited=[BOB]),
        folder("group's", shared_with=[SALES]),
        seen("in the group's", 1, parent="group's"),
        drive_events.group(SALES, [BOB]),
        seen("his own", 1, owner=BOB, stream=stream_of(BOB), parent=None),
    )
    await settle(desk.pipeline)
    desk.pipeline.shards.writes = 0
    return desk


async def test_a_folder_is_open_with_all_that_is_in_it() -> None:
    assert await found_by(await shared(), BOB) == {*BELOW, "group's", "in the group's", "his own"}


async def test_unsharing_a_folder_writes_one_shard_and_the_next_search_finds_nothing_of_it() -> None:
    desk = await shared()

    await desk.tell(folder("a", 2))

    assert desk.pipeline.shards.writes == 1
    assert await found_by(desk, BOB) == {"group's", "in the group's", "his own"}
    assert await found_by(desk, ANN) == {ROOT, *BELOW, "group's", "in the group's"}


async def test_sharing_a_folder_writes_one_shard_too() -> None:
    desk = await shared()

    await desk.tell(folder("a", 2, shared_with=[BOB, "new@acme.example"]))

    assert desk.pipeline.shards.writes == 1
    assert {"b", "f", "g"} <= await found_by(desk, "new@acme.example")


@pytest.mark.parametrize(
    "event",
    [
        folder("a", 2, trashed="itself"),
        folder("a", 2, is_limited=True),
        left("a", at=9),
    ],
    ids=["into the bin", "limited to others", "gone"],
)
async def test_however_a_folder_closes_the_next_search_finds_nothing_of_it(event: IngestionEvent) -> None:
    desk = await shared()

    await desk.take(event)  # and nothing else has happened yet

    assert await found_by(desk, BOB) & {"b", "f", "g"} == set()


async def test_whoever_leaves_a_group_finds_nothing_of_what_it_opens() -> None:
    desk = await shared()

    await desk.tell(drive_events.group(SALES, [ANN], at=5))

    assert desk.pipeline.shards.writes == 1
    assert await found_by(desk, BOB) == {*BELOW, "his own"}


async def test_what_moves_out_of_a_folder_is_no_longer_found_by_those_who_may_look_into_it() -> None:
    desk = await shared()

    await desk.tell(folder("b", 2, parent=ROOT))

    assert await found_by(desk, BOB) & {"b", "f"} == set()


async def test_a_guest_who_loses_a_file_of_somebody_elses_finds_it_no_more_while_others_do() -> None:
    desk = await shared()
    await desk.pipeline.publisher.publish(guest("x", 1, person=ANN, at=1), guest("x", 1, person=BOB, at=2))
    await settle(desk.pipeline)
    assert "x" in await found_by(desk, BOB)

    await desk.take(left("x", at=9, stream=stream_of(BOB)))

    assert "x" not in await found_by(desk, BOB)
    assert "x" in await found_by(desk, ANN)


async def test_who_has_many_folders_is_looked_up_by_the_highest_of_them_alone() -> None:
    desk = await shared()

    searching = await expanded(Caller("acme", frozenset({TENANT, user(ANN)}), ANN), desk.pipeline.directory)

    assert {principal for principal in searching.principals if principal.startswith("group:gdrive:")} == {f"group:gdrive:{ROOT}"}
    assert {"a", "b", "f", "g", "group's"} <= await found_by(desk, ANN)
