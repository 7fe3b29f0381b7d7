"""People link and unlink."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.links.api import Wanted
from shared.errors import BadRequest, NotFound, TooLate, TransientError
from shared.linking.edges import edges_with
from tests.unit.processors.links.linking import LinkDesk, inferred
from tests.unit.processors.suggested_links.desk import ADA, ADAS, BOB, plainly


async def test_a_link_made_by_hand_is_as_sure_as_can_be_and_says_who_made_it() -> None:
    desk = await LinkDesk().lay_out()

    link = plainly(await desk.add("file-1", "company-1", reason="they sent it"))

    assert link == {
        "id": (await desk.now("file-1")).internal_relationships[-1]["id"],
        "direction": "out",
        "relationshipType": "attached_to",
        "says": "is attached to",
        "confidence": 1.0,
        "source": "manual",
        "why": ["ada@acme.example said so"],
        "other": {"shardId": "company-1", "shardTypeId": "c_account", "name": "Harbour Ltd"},
        "createdAt": "2026-11-21T12:00:00.000000Z",
        "createdBy": "person",
        "confirmedBy": "ada@acme.example",
        "confirmedAt": "2026-11-21T12:00:00.000000Z",
    }
    [decision] = (await desk.now("file-1")).link_decisions
    assert (decision.verdict, decision.reason) == ("manual", "they sent it")
    assert [message.shard_id for message in desk.announced()] == ["file-1"]


async def test_it_is_written_on_the_side_that_may_say_it_whichever_side_it_is_asked_from() -> None:
    desk = await LinkDesk().lay_out()
    await desk.shard("contact-1", "c_contact", "Ann")

    link = await desk.add("company-1", "contact-1")

    assert (link.direction, link.says, link.other.shard_id) == ("in", "has as a contact", "contact-1")
    assert (await desk.now("company-1")).link_decisions == ()
    assert [decision.target_shard_id for decision in (await desk.now("contact-1")).link_decisions] == ["company-1"]
    assert await desk.ends("company-1") == [("in", "has as a contact", "contact-1")]


async def test_where_both_may_say_it_the_shard_that_is_asked_does() -> None:
    desk = await LinkDesk().lay_out()
    await desk.shard("project-1", "c_project", "Harbour build")

    assert (await desk.add("project-1", "deal-1")).direction == "out"
    assert (await desk.now("project-1")).link_decisions != ()
    assert (await desk.add("deal-1", "file-1")).says == "refers to"


async def test_a_relationship_that_is_named_says_which_side_it_is() -> None:
    desk = await LinkDesk().lay_out()

    link = await desk.add("deal-1", "file-1", relationshipType="attached_to")

    assert (link.direction, link.says) == ("in", "has attached")
    assert [decision.statement for decision in (await desk.now("file-1")).link_decisions] == [("attached_to", "deal-1")]


async def test_a_link_that_was_found_out_is_confirmed_with_what_it_was_believed_for() -> None:
    desk = await LinkDesk().lay_out()

    link = await desk.add("file-1", "deal-1")

    assert link.why == ("ada@acme.example said so", "the file's name holds the deal's name: «Harbour»")
    assert [edge["targetShardId"] for edge in (await desk.now("file-1")).internal_relationships] == ["folder-1", "deal-1"]


@pytest.mark.parametrize(
    ("shard", "target", "relationship", "text"),
    [
        ("folder-1", "file-1", "attached_to", "between c_folder and c_file there is references"),
        ("file-1", "company-1", "child_of", "between c_file and c_account there is attached_to or references"),
        ("deal-1", "company-1", None, "no link can be made between c_opportunity and c_account"),
        ("file-1", "file-1", None, "a shard is not linked to itself"),
    ],
)
async def test_what_cannot_be_said_of_two_such_shards_is_refused(shard: str, target: str, relationship: str | None, text: str) -> None:
    desk = await LinkDesk().lay_out()

    with pytest.raises(BadRequest) as error:
        await desk.add(shard, target, relationshipType=relationship)

    assert str(error.value) == text
    assert desk.announced() == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "targetShardId is missing"),
        (b'{"targetShardId": ""}', "targetShardId: String should have at least 1 character"),
        (b'{"target_shard_id": "deal-1"}', "targetShardId is missing; target_shard_id: there is no such key here"),
        (b'{"targetShardId": "deal-1", "relationshipType": 1}', "relationshipType: Input should be a valid string"),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(body: bytes, text: str) -> None:
    with pytest.raises(BadRequest) as error:
        Wanted.read(body)

    assert str(error.value) == text


@pytest.mark.parametrize("end", ["file-1", "deal-1"])
async def test_an_end_that_is_not_for_the_caller_is_404(end: str) -> None:
    desk = await LinkDesk().lay_out()
    await desk.change(end, acl=[entry.model_dump(mode="json", by_alias=True) for entry in ADAS])

    with pytest.raises(NotFound):
        await desk.add("file-1", "deal-1", BOB)
    with pytest.raises(NotFound):
        await desk.remove("file-1", "edge-to-deal-1", BOB)
    with pytest.raises(NotFound):
        await desk.remove("deal-1", "file-1.edge-to-deal-1", BOB)

    assert (await desk.now("file-1")).link_decisions == ()
    assert desk.announced() == []


@pytest.mark.parametrize(
    ("shard", "link", "relationship", "other"),
    [
        ("file-1", "edge-to-deal-1", "attached_to", "deal-1"),
        ("file-1", "v1", "child_of", "folder-1"),
        ("deal-1", "file-1.edge-to-deal-1", "attached_to", "file-1"),
    ],
    ids=["found out", "the vendor's", "from the other side"],
)
async def test_a_link_is_undone_whoever_made_it_and_that_is_remembered(shard: str, link: str, relationship: str, other: str) -> None:
    desk = await LinkDesk().lay_out()

    removed = plainly(await desk.remove(shard, link, reason="a namesake"))

    assert removed == {
        "shardId": shard,
        "id": link,
        "relationshipType": relationship,
        "other": {"shardId": other, **{name: removed["other"][name] for name in ("shardTypeId", "name")}},
        "removedBy": "ada@acme.example",
        "removedAt": "2026-11-21T12:00:00.000000Z",
        "reason": "a namesake",
    }
    file = await desk.now("file-1")
    assert [(decision.verdict, decision.statement[0]) for decision in file.link_decisions] == [("detached", relationship)]
    assert relationship not in {edge["relationshipType"] for edge in file.internal_relationships}
    assert len(file.internal_relationships) == 1
    assert [message.shard_id for message in desk.announced()] == ["file-1"]


async def test_a_link_made_by_hand_is_undone_too() -> None:
    desk = await LinkDesk().lay_out()
    made = await desk.add("file-1", "company-1")

    await desk.remove("file-1", made.id)

    assert "company-1" not in [other for *_, other in await desk.ends("file-1")]


async def test_undoing_it_again_answers_the_same_and_writes_nothing() -> None:
    desk = await LinkDesk().lay_out()
    first = await desk.remove("file-1", "v1", reason="a namesake")
    writes = desk.shards.writes
    desk.clock.advance(seconds=60)

    again = await desk.remove("file-1", "v1", BOB, reason="another")

    assert (again, desk.shards.writes, len(desk.announced())) == (first, writes, 1)


async def test_making_it_again_answers_the_same_and_writes_nothing() -> None:
    desk = await LinkDesk().lay_out()
    first = await desk.add("file-1", "company-1")
    writes = desk.shards.writes
    desk.clock.advance(seconds=60)

    again = await desk.add("company-1", "file-1", BOB, relationshipType="attached_to")

    assert (again.confirmed_by, again.confirmed_at) == (first.confirmed_by, first.confirmed_at)
    assert (desk.shards.writes, len(desk.announced())) == (writes, 1)


@pytest.mark.parametrize("link", ["none", "", ".", "channel-1.edge-to-deal-1", "file-1.none", "none.edge-to-deal-1", "x.y.z"])
async def test_a_link_that_is_not_this_shards_is_404(link: str) -> None:
    desk = await LinkDesk().lay_out()

    with pytest.raises(NotFound, match=r"^there is no such link$"):
        await desk.remove("file-1", link)


async def test_a_link_made_by_hand_overrules_that_it_was_undone_or_rejected() -> None:
    desk = await LinkDesk().lay_out()
    suggestion = await desk.suggest("file-1", "company-1")
    await desk.reject(suggestion, BOB)
    await desk.remove("file-1", "edge-to-deal-1", BOB)
    desk.clock.advance(seconds=1)

    await desk.add("file-1", "company-1", ADA)
    await desk.add("file-1", "deal-1", ADA)

    assert {decision.verdict for decision in (await desk.now("file-1")).link_decisions} == {"manual"}
    assert {other for _, _, other in await desk.ends("file-1")} == {"deal-1", "company-1", "folder-1"}
    assert (desk.stored(suggestion).status, desk.stored(suggestion).decided_by) == ("approved", "ada@acme.example")


async def test_what_was_suggested_and_is_undone_or_made_by_hand_waits_no_more() -> None:
    desk = await LinkDesk().lay_out()
    by_hand = await desk.suggest("file-1", "company-1")
    undone = await desk.suggest("file-1", "deal-1")

    await desk.add("file-1", "company-1")
    await desk.remove("file-1", "edge-to-deal-1")

    assert (desk.stored(by_hand).status, desk.stored(undone).status) == ("approved", "rejected")
    with pytest.raises(TooLate, match=r"^it was linked by hand by ada@acme.example"):
        await desk.reject(by_hand, BOB)
    with pytest.raises(TooLate, match=r"^it was unlinked by ada@acme.example"):
        await desk.approve(undone, BOB)


ACTS: dict[str, Any] = {
    "add": lambda desk: desk.add("file-1", "company-1"),
    "remove": lambda desk: desk.remove("file-1", "v1"),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after"])
async def test_whatever_call_of_a_port_breaks_off_doing_it_again_completes_it(act: str, is_late: bool) -> None:
    whole = await LinkDesk().lay_out()
    suggestion = await whole.suggest("file-1", "company-1")
    whole.fuse.calls = 0
    expected = await ACTS[act](whole)
    for call in range(1, whole.fuse.calls + 1):
        desk = await LinkDesk().lay_out()
        await desk.suggest("file-1", "company-1")
        desk.fuse.calls, desk.fuse.breaks_at, desk.fuse.is_late = 0, call, is_late
        with pytest.raises(TransientError):
            await ACTS[act](desk)

        assert await ACTS[act](desk) == expected, f"broken off at call {call}"
        assert [message.cause for message in desk.announced()] == [message.cause for message in whole.announced()]
        assert (await desk.now("file-1")).document() == (await whole.now("file-1")).document()
        assert desk.stored(suggestion) == whole.stored(suggestion)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "approve", "reject"]), st.sampled_from([ADA, BOB])), max_size=10))
async def test_whatever_people_do_what_the_shard_the_list_and_the_suggestion_say_agrees(steps: list[tuple[str, Any]]) -> None:
    desk = LinkDesk()
    await desk.shard("deal-1", "c_opportunity", "Harbour")
    await desk.shard("file-1", "c_file", "Harbour.pdf", internal_relationships=(inferred("deal-1", "c_opportunity", "attached_to", 0.92),))
    suggestion = await desk.suggest("file-1", "deal-1")
    for act, who in steps:
        desk.clock.advance(seconds=1)
        links = (await desk.links("file-1")).links
        try:
            if act == "add":
                await desk.add("file-1", "deal-1", who)
            elif act == "remove" and links:
                await desk.remove("file-1", links[0].id, who)
            elif act in {"approve", "reject"}:
                await getattr(desk, act)(suggestion, who)
        except TooLate:
            continue

    file, stored, links = await desk.now("file-1"), desk.stored(suggestion), (await desk.links("file-1")).links
    assert list(file.internal_relationships) == list(edges_with(file.internal_relationships, file.link_decisions))
    if file.link_decisions:
        [decision] = file.link_decisions
        assert [link.confirmed_by for link in links] == ([decision.decided_by] if decision.holds else [])
        assert (stored.status == "approved", stored.decided_by) == (decision.holds, decision.decided_by)
    else:
        assert stored.status == "pending"
