"""A person says that a suggestion is so, or that it is not."""

from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.samples import give_up
from shared.access.acl import TENANT
from shared.access.tokens import Caller
from shared.errors import Conflict, NotFound, TooLate
from shared.linking.deciding import ATTEMPTS
from tests.unit.processors.suggested_links.desk import ADA, ADAS, BOB, Desk, plainly, stepped_in

NOT_THERE = "there is no such suggested link"


async def test_approving_makes_the_link_says_who_and_when_and_has_the_shard_looked_at_anew() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    answer = plainly(await desk.approve(suggestion, reason="I wrote it"))

    file = await desk.now("file-1")
    assert {name: answer["suggestedLink"][name] for name in ("id", "status", "decidedBy", "decidedAt", "reason", "confidence")} == {
        "id": suggestion,
        "status": "approved",
        "decidedBy": "ada@acme.example",
        "decidedAt": "2026-11-21T12:00:00.000000Z",
        "reason": "I wrote it",
        "confidence": 0.7,
    }
    assert answer["link"] == {
        "id": file.internal_relationships[0]["id"],
        "direction": "out",
        "relationshipType": "attached_to",
        "says": "is attached to",
        "confidence": 1.0,
        "source": "manual",
        "why": ["ada@acme.example said so", "the file's name holds the deal's name: «Harbour – renewal»"],
        "other": {"shardId": "deal-1", "shardTypeId": "c_opportunity", "name": "Harbour – renewal"},
        "createdAt": "2026-11-21T12:00:00.000000Z",
        "createdBy": "person",
        "confirmedBy": "ada@acme.example",
        "confirmedAt": "2026-11-21T12:00:00.000000Z",
    }
    [decision] = file.link_decisions
    assert (decision.verdict, decision.statement, decision.reason) == ("approved", ("attached_to", "deal-1"), "I wrote it")
    [message] = desk.announced()
    assert (message.shard_id, message.revision, message.cause[:7]) == ("file-1", 1, "relink:")
    assert message.carried is not None
    assert message.carried.restored() == file
    assert (desk.stored(suggestion).status, desk.stored(suggestion).ttl) == ("approved", -1)


async def test_rejecting_is_remembered_with_the_shard_and_links_nothing() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    answer = plainly(await desk.reject(suggestion, reason="another harbour"))

    file = await desk.now("file-1")
    shown = answer["suggestedLink"]
    assert (list(answer), shown["status"], shown["decidedBy"], shown["reason"]) == (
        ["suggestedLink"],
        "rejected",
        "ada@acme.example",
        "another harbour",
    )
    assert [(decision.verdict, decision.evidence) for decision in file.link_decisions] == [("rejected", ())]
    assert file.internal_relationships == ()
    assert len(desk.announced()) == 1
    assert (desk.stored(suggestion).status, desk.stored(suggestion).ttl) == ("rejected", -1)


@pytest.mark.parametrize("verdict", ["approve", "reject"])
async def test_doing_it_again_answers_the_same_writes_nothing_and_says_nothing(verdict: str) -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    first = plainly(await getattr(desk, verdict)(suggestion, reason="so it is"))
    writes, sent = (desk.shards.writes, desk.suggestions.writes), len(desk.transport.sent) + desk.transport.duplicates_dropped
    desk.clock.advance(seconds=60)

    again = plainly(await getattr(desk, verdict)(suggestion, BOB, reason="another reason"))

    assert again == first
    assert (desk.shards.writes, desk.suggestions.writes) == writes
    assert len(desk.transport.sent) + desk.transport.duplicates_dropped == sent


async def test_it_answers_the_same_after_it_would_have_expired() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    first = plainly(await desk.approve(suggestion))
    desk.clock.advance(seconds=timedelta(days=365).total_seconds())

    assert plainly(await desk.approve(suggestion)) == first


@pytest.mark.parametrize(
    ("first", "then", "text"),
    [
        ("approve", "reject", "it was approved by ada@acme.example at 2026-11-21T12:00:00.000000Z"),
        ("reject", "approve", "it was rejected by ada@acme.example at 2026-11-21T12:00:00.000000Z"),
    ],
)
async def test_whoever_comes_too_late_is_told_what_was_decided_by_whom_and_when(first: str, then: str, text: str) -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    await getattr(desk, first)(suggestion)
    before = await desk.now("file-1")

    with pytest.raises(TooLate) as error:
        await getattr(desk, then)(suggestion, BOB)

    assert str(error.value) == text
    assert await desk.now("file-1") == before


@pytest.mark.parametrize("verdict", ["approve", "reject"])
async def test_one_that_expired_is_over(verdict: str) -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    desk.clock.advance(seconds=timedelta(days=30).total_seconds())

    with pytest.raises(TooLate, match=r"^it expired at 2026-12-21T12:00:00.000000Z: nobody had decided by then$"):
        await getattr(desk, verdict)(suggestion)

    assert (await desk.now("file-1")).link_decisions == ()


@pytest.mark.parametrize("verdict", ["approve", "reject"])
async def test_one_that_was_withdrawn_is_over(verdict: str) -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal(status="withdrawn")

    with pytest.raises(TooLate, match=r"^it was withdrawn at 2026-11-21T12:00:00.000000Z: what it was suggested for is gone$"):
        await getattr(desk, verdict)(suggestion)


async def test_one_that_was_rejected_stays_so_though_the_shard_has_forgotten_it() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    await desk.reject(suggestion)
    await desk.change("file-1", linkDecisions=[])

    with pytest.raises(TooLate, match=r"^it was rejected by ada@acme.example at 2026-11-21T12:00:00"):
        await desk.approve(suggestion, BOB)


async def test_one_that_was_approved_and_the_shard_has_forgotten_is_approved_again() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    await desk.approve(suggestion)
    await desk.change("file-1", linkDecisions=[], internal_relationships=[])

    answer = await desk.approve(suggestion, BOB)

    assert answer.link.confirmed_by == answer.suggested_link.decided_by == "bob@acme.example"


async def test_an_edge_of_the_same_statement_gives_way_and_all_others_stay() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    inferred = {"id": "e1", "relationshipType": "attached_to", "targetShardId": "deal-1", "createdBy": "enrichment"}
    other = {"id": "e2", "relationshipType": "child_of", "targetShardId": "folder-1", "createdBy": "enrichment", "theirs": 7}
    await desk.change("file-1", internal_relationships=[inferred, other])

    await desk.approve(suggestion)

    edges = (await desk.now("file-1")).internal_relationships
    assert edges[0] == other
    assert [(edge["targetShardId"], edge["createdBy"]) for edge in edges[1:]] == [("deal-1", "person")]


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("end", ["file-1", "deal-1"])
@pytest.mark.parametrize(
    "gone",
    [
        {"status": "deleted"},
        {"status": "archived"},
        {"status": "draft"},
        {"acl": [{"subject": "user:ada@acme.example"}]},
        {"acl": []},
    ],
    ids=["deleted", "archived", "placeholder", "hers alone", "nobody's"],
)
async def test_an_end_that_is_gone_or_not_the_callers_makes_it_404(verdict: str, end: str, gone: dict[str, Any]) -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    await desk.change(end, **gone)

    with pytest.raises(NotFound, match=f"^{NOT_THERE}$"):
        await getattr(desk, verdict)(suggestion, BOB)

    assert desk.announced() == []
    assert desk.stored(suggestion).status == "pending"


@pytest.mark.parametrize("end", ["file-1", "deal-1"])
async def test_an_end_that_was_merged_into_another_makes_it_404(end: str) -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    await desk.shard("survivor", (await desk.now(end)).shard_type_id, "Survivor")
    await give_up(desk.shards, "acme", end, "survivor")

    with pytest.raises(NotFound):
        await desk.approve(suggestion)


@pytest.mark.parametrize("asked", ["nothing", "", "a/b", "x" * 256, "é", "../file-1"])
async def test_what_is_not_there_or_cannot_be_is_404(asked: str) -> None:
    with pytest.raises(NotFound, match=f"^{NOT_THERE}$"):
        await Desk().approve(asked)


async def test_another_tenants_is_404() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    with pytest.raises(NotFound):
        await desk.approve(suggestion, Caller("globex", frozenset({TENANT}), "eve@globex.example"))


async def test_whoever_has_no_verified_address_is_written_down_by_the_issuers_name() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    answer = await desk.approve(suggestion, Caller("acme", frozenset({TENANT}), subject="object-1"))

    assert answer.suggested_link.decided_by == "object-1"
    assert answer.link.confirmed_by == "object-1"


async def test_two_people_who_say_the_same_at_once_are_answered_the_same() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    stepped_in(desk.shards.change, lambda: desk.approve(suggestion, BOB))

    answer = await desk.approve(suggestion, ADA)

    assert answer.suggested_link.decided_by == answer.link.confirmed_by == "bob@acme.example"
    assert [decision.decided_by for decision in (await desk.now("file-1")).link_decisions] == ["bob@acme.example"]


async def test_of_two_people_who_say_the_opposite_at_once_one_decides_and_the_other_is_told() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    stepped_in(desk.shards.change, lambda: desk.reject(suggestion, BOB))

    with pytest.raises(TooLate, match=r"^it was rejected by bob@acme.example"):
        await desk.approve(suggestion, ADA)

    assert (await desk.now("file-1")).internal_relationships == ()
    assert desk.stored(suggestion).status == "rejected"


async def test_an_end_that_is_taken_from_the_caller_at_that_moment_is_404_and_nothing_is_written() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    async def take_away() -> None:
        await desk.change("file-1", acl=[entry.model_dump(mode="json", by_alias=True) for entry in ADAS])

    stepped_in(desk.shards.change, take_away)

    with pytest.raises(NotFound):
        await desk.approve(suggestion, BOB)

    assert (await desk.now("file-1")).link_decisions == ()


async def test_enrichment_that_withdraws_what_was_just_approved_does_not_win() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    async def withdraw() -> None:
        await desk.suggestions.replace(desk.stored(suggestion).model_copy(update={"status": "withdrawn"}))

    stepped_in(desk.suggestions.replace, withdraw)

    assert (await desk.approve(suggestion)).suggested_link.status == "approved"
    assert desk.stored(suggestion).status == "approved"


async def test_a_suggestion_that_others_write_all_the_time_is_put_off_and_completed_later() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()

    async def write() -> None:
        await desk.suggestions.replace(desk.stored(suggestion))

    stepped_in(desk.suggestions.replace, write, times=ATTEMPTS)

    with pytest.raises(Conflict):
        await desk.approve(suggestion)
    assert (await desk.approve(suggestion, BOB)).suggested_link.decided_by == "ada@acme.example"
