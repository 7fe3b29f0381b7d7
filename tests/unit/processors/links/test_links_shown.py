"""The links of a shard, from both sides, as somebody may see them."""

from typing import Any

import pytest

from devtools.fakes.samples import give_up
from processors.links import api
from shared.access.acl import TENANT
from shared.access.tokens import Caller
from shared.errors import NotFound
from tests.unit.processors.links.linking import LinkDesk, inferred
from tests.unit.processors.suggested_links.desk import ADA, ADAS, BOB, plainly


async def test_a_shard_shows_what_it_says_itself_the_surest_first_and_why() -> None:
    desk = await LinkDesk().lay_out()

    shown = plainly(await desk.links("file-1"))

    assert shown == {
        "shardId": "file-1",
        "links": [
            {
                "id": "edge-to-deal-1",
                "direction": "out",
                "relationshipType": "attached_to",
                "says": "is attached to",
                "confidence": 0.92,
                "source": "name",
                "why": ["the file's name holds the deal's name: «Harbour»"],
                "other": {"shardId": "deal-1", "shardTypeId": "c_opportunity", "name": "Harbour"},
                "createdAt": "2026-11-20T12:00:00.000000Z",
                "createdBy": "enrichment",
                "confirmedBy": None,
                "confirmedAt": None,
            },
            {
                "id": "v1",
                "direction": "out",
                "relationshipType": "child_of",
                "says": "belongs to",
                "confidence": 0.9,
                "source": "crm",
                "why": ["the file's parent folder is «Customers», as its own record says"],
                "other": {"shardId": "folder-1", "shardTypeId": "c_folder", "name": "Customers"},
                "createdAt": "2026-11-20T12:00:00.000000Z",
                "createdBy": "enrichment",
                "confirmedBy": None,
                "confirmedAt": None,
            },
        ],
        "isComplete": True,
    }


async def test_it_shows_what_others_say_of_it_in_words_from_its_own_side() -> None:
    desk = await LinkDesk().lay_out()

    [file, channel] = (await desk.links("deal-1")).links

    assert (file.direction, file.says, file.other.shard_id, file.other.name) == ("in", "has attached", "file-1", "Harbour.pdf")
    assert file.why == ("the file's name holds the deal's name: «Harbour»",)
    assert channel.why == ("the channel's topic holds the deal's name: «Harbour» (in a messaging tool, which counts for less)",)
    assert {file.id, channel.id} == {"file-1.edge-to-deal-1", "channel-1.edge-to-deal-1"}


@pytest.mark.parametrize("hidden", [{"status": "deleted"}, {"status": "draft"}, {"acl": []}], ids=["deleted", "placeholder", "nobody's"])
async def test_a_link_whose_other_end_is_not_for_the_caller_is_not_there(hidden: dict[str, Any]) -> None:
    desk = await LinkDesk().lay_out()
    await desk.change("folder-1", **hidden)
    await desk.change("channel-1", **hidden)

    assert await desk.ends("file-1") == [("out", "is attached to", "deal-1")]
    assert await desk.ends("deal-1") == [("in", "has attached", "file-1")]


async def test_who_may_read_an_end_is_decided_for_each_caller() -> None:
    desk = await LinkDesk().lay_out()
    await desk.change("channel-1", acl=[entry.model_dump(mode="json", by_alias=True) for entry in ADAS])

    assert [(await desk.ends("deal-1", who))[1:] for who in (ADA, BOB)] == [[("in", "is what it is about in", "channel-1")], []]


@pytest.mark.parametrize("asked", ["none", "", "a/b", "x" * 300])
async def test_a_shard_that_is_not_there_is_404(asked: str) -> None:
    desk = await LinkDesk().lay_out()

    with pytest.raises(NotFound, match=r"^there is no such shard$"):
        await desk.links(asked)


@pytest.mark.parametrize("hidden", [{"status": "deleted"}, {"status": "draft"}, {"acl": []}], ids=["deleted", "placeholder", "nobody's"])
async def test_a_shard_that_is_not_for_the_caller_is_404(hidden: dict[str, Any]) -> None:
    desk = await LinkDesk().lay_out()
    await desk.change("file-1", **hidden)

    with pytest.raises(NotFound, match=r"^there is no such shard$"):
        await desk.links("file-1")


async def test_another_tenants_shard_is_404_and_none_of_its_links_is_shown() -> None:
    desk = await LinkDesk().lay_out()
    eve = Caller("globex", frozenset({TENANT}), "eve@globex.example")

    with pytest.raises(NotFound):
        await desk.links("file-1", eve)


async def test_a_link_to_what_was_merged_is_shown_with_what_carries_it_on() -> None:
    desk = await LinkDesk().lay_out()
    await desk.shard("folder-2", "c_folder", "All Customers")
    await give_up(desk.shards, "acme", "folder-1", "folder-2")

    assert ("out", "belongs to", "folder-2") in await desk.ends("file-1")


async def test_the_links_of_an_id_that_was_given_up_are_those_of_what_carries_it_on() -> None:
    desk = await LinkDesk().lay_out()
    await desk.shard("file-2", "c_file", "2.pdf", internal_relationships=(inferred("deal-1", "c_opportunity", "attached_to", 0.9),))
    await give_up(desk.shards, "acme", "file-1", "file-2")

    answer = await desk.links("file-1")

    assert (answer.shard_id, [link.other.shard_id for link in answer.links]) == ("file-2", ["deal-1"])


async def test_an_edge_this_deployment_cannot_read_is_left_out() -> None:
    desk = await LinkDesk().lay_out()
    file = await desk.now("file-1")
    await desk.change("file-1", internal_relationships=[{"id": "x", "targetShardId": "deal-1"}, *file.internal_relationships])

    assert len((await desk.links("file-1")).links) == 2


async def test_of_more_than_are_shown_it_says_that_there_are_more(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await LinkDesk().lay_out()
    monkeypatch.setattr(api, "MOST_NAMING", 1)

    answer = await desk.links("deal-1")

    assert (len(answer.links), answer.is_complete) == (1, False)


async def test_each_shard_is_read_once() -> None:
    desk = await LinkDesk().lay_out()
    file = await desk.now("file-1")
    twice = {**file.internal_relationships[1], "id": "again", "relationshipType": "related_to"}
    await desk.change("file-1", internal_relationships=[*file.internal_relationships, twice])
    desk.shards.reads = 0

    await desk.links("file-1")

    assert desk.shards.reads == 3
