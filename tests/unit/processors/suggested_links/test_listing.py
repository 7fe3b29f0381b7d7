"""The list of suggestions: in order, in pages, and only what the caller may see now."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.samples import give_up
from processors.suggested_links import listing
from processors.suggested_links.page import Page
from shared.errors import BadRequest
from shared.linking.evidence import Evidence, plain
from shared.linking.suggestion import Place
from shared.shards.ids import ShardId
from tests.unit.processors.suggested_links.desk import ADA, ADAS, BOB, NAMED, Desk, plainly

PAGE = Page.read({}, "acme")


async def many(count: int, *, hidden: frozenset[int] = frozenset()) -> tuple[Desk, list[str]]:
    """So many suggestions about one deal, the surest first; the files of some are Ada's alone."""
    desk = Desk()
    await desk.shard("deal-1", "c_opportunity", "Harbour – renewal")
    found = []
    for number in range(count):
        acl = {"acl": ADAS} if number in hidden else {}
        await desk.shard(f"file-{number}", "c_file", f"{number}.pdf", **acl)
        found.append(await desk.suggest(f"file-{number}", "deal-1", 0.9 - number / 1000))
    return desk, found


async def paged(desk: Desk, **parameters: str) -> list[list[str]]:
    """All pages, as Bob sees them."""
    pages, cursor = [], None
    while True:
        page = await desk.listed(BOB, **parameters, **({"cursor": cursor} if cursor else {}))
        pages.append([one.id for one in page.suggested_links])
        cursor = page.cursor
        if cursor is None:
            return pages


async def test_a_suggestion_says_what_is_suggested_how_sure_it_is_and_why() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal(is_ambiguous=True, penalties=({"reason": "closed-deal", "factor": 0.8},))

    [shown] = plainly(await desk.listed())["suggestedLinks"]

    assert shown == {
        "id": suggestion,
        "status": "pending",
        "confidence": 0.7,
        "isAmbiguous": True,
        "relationshipType": "attached_to",
        "says": "is attached to",
        "source": {"shardId": "file-1", "shardTypeId": "c_file", "name": "Harbour – renewal.pdf"},
        "target": {"shardId": "deal-1", "shardTypeId": "c_opportunity", "name": "Harbour – renewal"},
        "why": [
            "the file's name holds the deal's name: «Harbour – renewal»",
            "against it: the deal is closed",
            "against it: another deal is as likely",
        ],
        "evidence": [NAMED],
        "penalties": [{"reason": "closed-deal", "factor": 0.8}],
        "createdAt": "2026-11-21T12:00:00.000000Z",
        "expiresAt": "2026-12-21T12:00:00.000000Z",
        "decidedBy": None,
        "decidedAt": None,
        "reason": None,
    }


async def test_the_surest_come_first_and_pages_follow_one_another() -> None:
    desk, found = await many(5)

    assert await paged(desk, limit="2") == [found[:2], found[2:4], found[4:]]
    assert await paged(desk, limit="5") == [found]


async def test_what_a_caller_may_not_see_makes_no_page_shorter() -> None:
    desk, found = await many(50, hidden=frozenset(range(0, 50, 2)))

    assert await paged(desk, limit="10") == [found[1:21:2], found[21:41:2], found[41::2]]
    assert (await desk.listed(ADA, limit="10")).suggested_links[0].id == found[0]


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 24), st.frozensets(st.integers(0, 23)), st.integers(1, 8))
async def test_whatever_is_hidden_the_pages_are_full_and_together_hold_each_once(count: int, hidden: frozenset[int], limit: int) -> None:
    desk, found = await many(count, hidden=hidden)

    pages = await paged(desk, limit=str(limit))

    assert [one for page in pages for one in page] == [one for number, one in enumerate(found) if number not in hidden]
    assert all(len(page) == limit for page in pages[:-1])


async def test_whoever_may_see_next_to_nothing_gets_a_cursor_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 20)
    desk, found = await many(60, hidden=frozenset(range(55)))

    assert await paged(desk, limit="10") == [[], found[55:]]


async def test_an_end_is_read_once_for_a_page() -> None:
    desk, _ = await many(30)
    desk.shards.reads = 0

    await desk.listed(limit="30")

    assert desk.shards.reads == 31


@pytest.mark.parametrize("end", ["file-1", "deal-1"])
@pytest.mark.parametrize("gone", [{"status": "deleted"}, {"status": "draft"}, {"acl": []}], ids=["deleted", "placeholder", "nobody's"])
async def test_one_whose_end_is_gone_or_hidden_is_not_listed(end: str, gone: dict[str, Any]) -> None:
    desk = Desk()
    await desk.file_and_deal()
    await desk.change(end, **gone)

    assert await desk.ids() == []


async def test_one_whose_end_was_merged_or_forgotten_is_not_listed() -> None:
    desk = Desk()
    await desk.file_and_deal()
    await desk.shard("file-2", "c_file", "2.pdf")
    await desk.suggest("file-2", "deal-1")
    desk.shards.expire("acme", ShardId("file-2"))
    await desk.shard("deal-2", "c_opportunity", "Survivor")
    await give_up(desk.shards, "acme", "deal-1", "deal-2")

    assert await desk.ids() == []


async def test_another_tenants_are_not_listed() -> None:
    desk = Desk()
    await desk.file_and_deal()

    answer = await desk.listed(type(ADA)("globex", ADA.principals, ADA.email))

    assert (answer.suggested_links, answer.cursor) == ((), None)


async def test_what_speaks_through_a_shard_the_caller_may_not_see_is_told_without_it() -> None:
    desk = Desk()
    via = plain(Evidence(feature="contact-of", source="relation", field="", value="Ann Secret", weight=0.8, ceiling=0.8, via="contact-1"))
    await desk.shard("contact-1", "c_contact", "Ann Secret", acl=ADAS)
    await desk.file_and_deal(evidence=(via,))

    [hers], [his] = [plainly(await desk.listed(who))["suggestedLinks"] for who in (ADA, BOB)]

    assert (hers["why"], hers["evidence"]) == (["the file has to do with «Ann Secret», the deal's contact"], [via])
    assert his["why"] == ["the file has to do with a contact, the deal's contact"]
    assert his["evidence"] == [{name: via[name] for name in ("feature", "source", "field", "weight", "strength", "ceiling")}]


async def test_each_filter_leaves_out_what_does_not_fit() -> None:
    desk = Desk()
    of_file = await desk.file_and_deal()
    await desk.shard("channel-1", "c_channel", "harbour")
    of_channel = await desk.suggest("channel-1", "deal-1", 0.65)
    expired = await desk.suggest("channel-1", "deal-1", 0.61, id="old", expires_at=desk.clock() - timedelta(days=1))

    assert await desk.ids() == [of_file, of_channel]
    assert await desk.ids(status="expired") == ["old"]
    assert expired != "old"
    assert await desk.ids(type="c_file") == [of_file]
    assert await desk.ids(type="c_opportunity") == [of_file, of_channel]
    assert await desk.ids(relationship="related_to") == [of_channel]
    assert await desk.ids(shard="channel-1") == [of_channel]
    assert await desk.ids(minConfidence="0.66") == [of_file]
    assert await desk.ids(maxConfidence="0.66") == [of_channel]
    assert await desk.ids(status="approved") == []
    await desk.approve(of_file)
    assert (await desk.ids(), await desk.ids(status="approved")) == ([of_channel], [of_file])


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"status": "open"}, "status is one of pending, approved, rejected, withdrawn, expired"),
        ({"limit": "0"}, "limit is from 1 to 100"),
        ({"limit": "101"}, "limit is from 1 to 100"),
        ({"limit": "many"}, "limit is not a whole number"),
        ({"minConfidence": "high"}, "minConfidence is not a number"),
        ({"maxConfidence": "nan"}, "maxConfidence is not a number"),
        ({"maxConfidence": "1.1"}, "minConfidence and maxConfidence are from 0 to 1"),
        ({"minConfidence": "0.8", "maxConfidence": "0.7"}, "minConfidence is above maxConfidence"),
        ({"type": "C_FILE;"}, "type is no name: lower-case letters, digits and underscores"),
        ({"relationship": "attached to"}, "relationship is no name: lower-case letters, digits and underscores"),
        ({"shard": "x" * 513}, "shard is no id"),
    ],
)
async def test_a_question_that_makes_no_sense_is_told_so(parameters: dict[str, str], text: str) -> None:
    with pytest.raises(BadRequest) as error:
        Page.read(parameters, "acme")

    assert str(error.value) == text


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "A" * 2_000,
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b"{" * 300).decode(),
        base64.urlsafe_b64encode(json.dumps({"c": 0.5, "i": "x"}).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps({"c": 7, "i": "x", "w": "w"}).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps({"c": "0.5", "i": "x", "w": "w"}).encode()).decode(),
        base64.urlsafe_b64encode(json.dumps({"c": 0.5, "i": "", "w": "w"}).encode()).decode(),
    ],
)
async def test_a_cursor_that_is_none_of_ours_is_told_so(cursor: str) -> None:
    with pytest.raises(BadRequest, match=r"^the cursor cannot be read"):
        Page.read({"cursor": cursor}, "acme")


@pytest.mark.parametrize("other", [{"status": "approved"}, {"type": "c_file"}, {"minConfidence": "0.7"}, {"shard": "file-1"}])
async def test_a_cursor_of_another_question_is_told_so(other: dict[str, str]) -> None:
    cursor = PAGE.cursor(Place(0.7, "last"), "acme")

    with pytest.raises(BadRequest, match=r"^the cursor is of another question"):
        Page.read({**other, "cursor": cursor}, "acme")
    with pytest.raises(BadRequest, match=r"^the cursor is of another question"):
        Page.read({"cursor": cursor}, "globex")


@given(st.floats(0, 1), st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_a_cursor_says_the_place_it_was_made_of(confidence: float, last: str) -> None:
    place = Place(confidence, last)

    assert Page.read({"cursor": PAGE.cursor(place, "acme"), "limit": "7"}, "acme") == Page(PAGE.wanted, 7, place)
