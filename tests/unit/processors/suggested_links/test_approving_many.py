"""Approving all that fit: no more than so many, each with its outcome, and none that stops the others."""

from typing import Any

import pytest

from processors.suggested_links.api import AllApproved, Many, approve_all
from shared.access.tokens import Caller
from shared.errors import BadRequest, ConfigurationError, Conflict
from shared.linking.deciding import ATTEMPTS, Ports
from shared.shards.model import Shard
from shared.shards.store import Change
from tests.unit.processors.suggested_links.desk import ADA, ADAS, BOB, Desk


async def approved(desk: Desk, who: Caller = ADA, **asked: Any) -> AllApproved:
    return await approve_all(Many.model_validate(asked), who, ports=desk.ports)


async def several(count: int) -> tuple[Desk, list[str]]:
    """So many suggestions, the surest first, about two files in turn."""
    desk = Desk()
    for number in range(2):
        await desk.shard(f"file-{number}", "c_file", f"{number}.pdf")
    found = []
    for number in range(count):
        await desk.shard(f"deal-{number}", "c_opportunity", f"Deal {number}")
        found.append(await desk.suggest(f"file-{number % 2}", f"deal-{number}", 0.75 - number / 100))
    return desk, found


def refusing(desk: Desk, error: Exception, *, about: str) -> list[str]:
    """Whoever decides about this deal is refused, and written down."""
    change, refused = desk.shards.change, list[str]()

    async def refuse(shard: Shard, said: Change) -> Shard:
        if any(decision["targetShardId"] == about for decision in said.paths()["linkDecisions"]):
            refused.append(shard.id)
            raise error
        return await change(shard, said)

    setattr(desk.shards, "change", refuse)  # noqa: B010 - for the checker of types a method is not assigned to
    return refused


async def test_all_that_fit_are_approved_with_the_reason() -> None:
    desk, found = await several(5)

    answer = await approved(desk, reason="the whole drive is theirs")

    assert (list(answer.approved), answer.skipped, answer.is_complete) == (found, (), True)
    assert {(desk.stored(one).status, desk.stored(one).reason) for one in found} == {("approved", "the whole drive is theirs")}
    assert [len((await desk.now(file)).link_decisions) for file in ("file-0", "file-1")] == [3, 2]


async def test_what_does_not_fit_is_left_alone() -> None:
    desk, found = await several(5)

    answer = await approved(desk, minConfidence=0.73, type="c_file", relationship="attached_to", shard="file-0")

    assert list(answer.approved) == [found[0], found[2]]
    assert [desk.stored(one).status for one in found] == ["approved", "pending", "approved", "pending", "pending"]


async def test_no_more_than_so_many_at_a_time_and_the_rest_is_said() -> None:
    desk, found = await several(5)

    assert (await approved(desk, most=2)) == AllApproved(approved=tuple(found[:2]), skipped=(), is_complete=False)
    assert (await approved(desk, most=3)) == AllApproved(approved=tuple(found[2:]), skipped=(), is_complete=True)
    assert (await approved(desk)) == AllApproved(approved=(), skipped=(), is_complete=True)


async def test_those_the_caller_may_not_see_are_neither_approved_nor_named() -> None:
    desk, found = await several(3)
    await desk.change("deal-1", acl=[entry.model_dump(mode="json", by_alias=True) for entry in ADAS])

    answer = await approved(desk, BOB)

    assert (list(answer.approved), answer.skipped) == ([found[0], found[2]], ())


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Conflict("written since"), "not now: approve it again in a moment"),
        (ConfigurationError("no such container"), "this failed here, and is logged"),
    ],
)
async def test_one_that_cannot_be_approved_is_named_with_why_and_stops_no_other(error: Exception, why: str) -> None:
    desk, found = await several(4)

    refusing(desk, error, about="deal-1")

    answer = await approved(desk)

    assert [(one.id, one.why) for one in answer.skipped] == [(found[1], why)]
    assert list(answer.approved) == [found[0], found[2], found[3]]
    assert answer.is_complete


async def test_one_that_somebody_rejects_meanwhile_is_named_with_who_did() -> None:
    desk, found = await several(2)
    listed = desk.ports.suggestions.listed

    class Meanwhile:
        """The suggestions, and somebody who decides as soon as they were listed."""

        def __getattr__(self, name: str) -> Any:
            return getattr(desk.suggestions, name)

        async def listed(self, *arguments: Any, **named: Any) -> Any:
            async for one in listed(*arguments, **named):
                yield one
            await desk.reject(found[0], BOB)

    ports = Ports(desk.shards, Meanwhile(), desk.ports.publisher, desk.clock)

    answer = await approve_all(Many(), ADA, ports=ports)

    assert list(answer.approved) == [found[1]]
    assert [(one.id, one.why) for one in answer.skipped] == [
        (found[0], "it was rejected by bob@acme.example at 2026-11-21T12:00:00.000000Z")
    ]


async def test_a_shard_that_others_write_all_the_time_is_tried_so_often() -> None:
    desk, found = await several(1)
    refused = refusing(desk, Conflict("written since"), about="deal-0")

    answer = await approved(desk)

    assert ([one.id for one in answer.skipped], len(refused)) == (found, ATTEMPTS)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"mostly": 3}', "mostly: there is no such key here"),
        (b'{"min_confidence": 0.7}', "min_confidence: there is no such key here"),
        (b'{"most": "3"}', "most: Input should be a valid integer"),
        (b'{"most": 0}', "most: Input should be greater than or equal to 1"),
        (b'{"most": 101}', "most: Input should be less than or equal to 100"),
        (b'{"minConfidence": "0.7"}', "minConfidence: Input should be a valid number"),
        (b'{"type": 1, "shard": []}', "type: Input should be a valid string; shard: Input should be a valid string"),
    ],
)
async def test_a_body_that_makes_no_sense_is_told_so(body: bytes, text: str) -> None:
    with pytest.raises(BadRequest) as error:
        Many.read(body)

    assert str(error.value) == text


async def test_a_filter_that_makes_no_sense_is_told_so() -> None:
    with pytest.raises(BadRequest, match=r"^minConfidence is above maxConfidence$"):
        await approved(Desk(), minConfidence=0.8, maxConfidence=0.7)
