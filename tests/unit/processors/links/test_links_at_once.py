"""Somebody writes, or takes an end away, while another links or unlinks."""

import pytest

from shared.errors import NotFound
from tests.unit.processors.links.linking import LinkDesk
from tests.unit.processors.suggested_links.desk import ADA, ADAS, BOB, stepped_in


async def test_two_links_of_one_shard_that_are_made_at_once_are_both_there() -> None:
    desk = await LinkDesk().lay_out()
    stepped_in(desk.shards.change, lambda: desk.add("file-1", "deal-1", BOB))

    await desk.add("file-1", "company-1", ADA)

    decisions = (await desk.now("file-1")).link_decisions
    assert {decision.target_shard_id: decision.decided_by for decision in decisions} == {
        "deal-1": "bob@acme.example",
        "company-1": "ada@acme.example",
    }
    assert {other for *_, other in await desk.ends("file-1")} == {"folder-1", "deal-1", "company-1"}


async def test_a_link_that_two_people_undo_at_once_is_undone_once_and_both_are_told_who_did() -> None:
    desk = await LinkDesk().lay_out()
    stepped_in(desk.shards.change, lambda: desk.remove("file-1", "v1", BOB))

    removed = await desk.remove("file-1", "v1", ADA)

    assert removed.removed_by == "bob@acme.example"
    assert len((await desk.now("file-1")).link_decisions) == 1


@pytest.mark.parametrize("end", ["file-1", "company-1"])
async def test_an_end_that_is_taken_from_the_caller_at_that_moment_is_404_and_nothing_is_written(end: str) -> None:
    desk = await LinkDesk().lay_out()

    async def take_away() -> None:
        await desk.change(end, acl=[entry.model_dump(mode="json", by_alias=True) for entry in ADAS])
        file = await desk.now("file-1")
        await desk.change("file-1", updatedAt=file.document()["updatedAt"])

    stepped_in(desk.shards.change, take_away)

    with pytest.raises(NotFound):
        await desk.add("file-1", "company-1", BOB)

    assert (await desk.now("file-1")).link_decisions == ()
    assert desk.announced() == []
