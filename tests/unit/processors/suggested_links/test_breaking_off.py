"""A decision that breaks off anywhere is completed by doing it again, by whoever does it; and nothing is said twice in two ways."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.access.tokens import Caller
from shared.errors import TooLate, TransientError
from shared.linking.edges import edges_with
from tests.unit.processors.suggested_links.desk import ADA, BOB, Desk, plainly


async def calls_of(verdict: str) -> int:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    await getattr(desk, verdict)(suggestion)
    return desk.fuse.calls


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after"])
async def test_whatever_call_of_a_port_breaks_off_doing_it_again_completes_it(verdict: str, is_late: bool) -> None:
    whole = Desk()
    expected = plainly(await getattr(whole, verdict)(await whole.file_and_deal()))
    for call in range(1, await calls_of(verdict) + 1):
        desk = Desk()
        suggestion = await desk.file_and_deal()
        desk.fuse.breaks_at, desk.fuse.is_late = call, is_late
        with pytest.raises(TransientError):
            await getattr(desk, verdict)(suggestion)

        again = plainly(await getattr(desk, verdict)(suggestion))

        assert again == expected, f"broken off at call {call}"
        assert [message.cause for message in desk.announced()] == [message.cause for message in whole.announced()]
        assert desk.stored(suggestion).status == whole.stored(suggestion).status
        assert (await desk.now("file-1")).document() == (await whole.now("file-1")).document()


async def test_whoever_says_the_opposite_of_what_broke_off_completes_it_and_is_told() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    desk.fuse.breaks_at, desk.fuse.is_late = 4, True  # the shard is written, and that is all
    with pytest.raises(TransientError):
        await desk.approve(suggestion)
    assert (desk.stored(suggestion).status, desk.announced()) == ("pending", [])

    with pytest.raises(TooLate, match=r"^it was approved by ada@acme.example"):
        await desk.reject(suggestion, BOB)

    assert (desk.stored(suggestion).status, desk.stored(suggestion).decided_by) == ("approved", "ada@acme.example")
    assert len(desk.announced()) == 1


async def test_the_message_is_sent_before_the_suggestion_says_so() -> None:
    desk = Desk()
    suggestion = await desk.file_and_deal()
    desk.transport.fails_with = TransientError("the broker is away")

    with pytest.raises(TransientError):
        await desk.approve(suggestion)

    assert desk.stored(suggestion).status == "pending"
    assert len((await desk.now("file-1")).link_decisions) == 1


WHO = st.sampled_from([ADA, BOB])
STEPS = st.lists(
    st.tuples(st.sampled_from(["approve", "reject"]), st.integers(0, 2), WHO, st.integers(0, 7), st.booleans()), min_size=1, max_size=12
)


@settings(deadline=None, max_examples=30)
@given(STEPS)
async def test_whatever_people_do_and_wherever_it_breaks_off_the_first_word_stands_and_all_that_is_stored_agrees(
    steps: list[tuple[str, int, Caller, int, bool]],
) -> None:
    desk = Desk()
    await desk.shard("file-1", "c_file", "Harbour.pdf")
    for deal in ("deal-0", "deal-1", "deal-2"):
        await desk.shard(deal, "c_opportunity", deal)
    suggestions = [await desk.suggest("file-1", f"deal-{number}") for number in range(3)]
    for verdict, number, who, breaks_at, is_late in steps:
        desk.clock.advance(seconds=1)
        stood = (await desk.now("file-1")).link_decisions
        await done(desk, verdict, suggestions[number], who, breaks_at=breaks_at, is_late=is_late)
        assert [one for one in (await desk.now("file-1")).link_decisions if one in stood] == list(stood)
    for number in {number for _, number, *_ in steps}:
        await done(desk, "approve", suggestions[number], ADA)

    file = await desk.now("file-1")
    said = {decision.target_shard_id: decision for decision in file.link_decisions}
    assert len(said) == len(file.link_decisions)
    assert list(file.internal_relationships) == list(edges_with((), file.link_decisions))
    for number in {number for _, number, *_ in steps}:
        decision, stored = said[f"deal-{number}"], desk.stored(suggestions[number])
        assert (stored.status, stored.decided_by, stored.decided_at) == (decision.verdict, decision.decided_by, decision.decided_at)
    causes = [message.cause for message in desk.announced()]
    assert len(causes) == len(set(causes)) == len(said)


async def done(desk: Desk, verdict: str, suggestion: str, who: Caller, **fuse: Any) -> None:
    desk.fuse.calls, desk.fuse.breaks_at, desk.fuse.is_late = 0, fuse.get("breaks_at") or None, fuse.get("is_late", False)
    with suppress(TooLate, TransientError):
        await getattr(desk, verdict)(suggestion, who)
    desk.fuse.breaks_at = None
