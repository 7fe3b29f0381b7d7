"""Whatever order Slack's events and reads come in, a channel ends the same."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ingestion import IngestionEvent
from shared.shards.model import Shard
from tests.unit.processors.normalization.channel_events import Workspace, channel, joined, part, told

PEOPLE = ("U1", "U2", "U3")


def singles(moments: Sequence[int], channel_id: str = "C1") -> st.SearchStrategy[list[IngestionEvent]]:
    """Somebody joins or leaves, each at a moment of its own."""
    drawn = st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), min_size=len(moments), max_size=len(moments))
    return drawn.map(lambda said: [joined(channel_id, one, at=at, is_in=is_in) for at, (one, is_in) in zip(moments, said, strict=True)])


def read(at: int) -> st.SearchStrategy[IngestionEvent]:
    return st.sets(st.sampled_from(PEOPLE)).map(lambda members: channel("C1", members=sorted(members), at=at, name=f"read-at-{at}"))


RENAMED = told("C2", {"id": "C2", "previous_id": "C1"}, ("id", "previous_id"), at=3)
NOW_AND_THEN = (
    channel("C1", members=["U1"], at=0),
    part("C1", at=1.5, topic={"value": "Anvils"}),
    channel("C2", members=["U2"], at=4.5),
    part("C2", at=6, is_lost=True),
)
"""What may be told of a channel that has another id from second 3 on, or not."""

HISTORIES = st.one_of(
    singles(range(1, 6)),
    st.tuples(singles([1, 2, 4, 5]), read(3)).map(lambda both: [*both[0], both[1]]),
    st.tuples(singles([2, 4]), read(3), read(1)).map(
        lambda three: [*three[0], three[1], three[2], part("C1", at=5, is_lost=True), part("C1", at=0, topic={"value": "Anvils"})]
    ),
    st.tuples(singles([1, 2]), singles([4, 5], channel_id="C2"), st.lists(st.sampled_from(NOW_AND_THEN), unique_by=id)).map(
        lambda three: [*three[0], RENAMED, *three[1], *three[2]]
    ),
    st.tuples(singles([1, 2, 4]), read(0), st.sampled_from([1.5, 3, 5])).map(
        lambda three: [*three[0], three[1], told("C1", None, at=three[2])]
    ),
)


def _members(event: IngestionEvent) -> Any:
    return (event.payload or {})["members"]


async def _ended(events: Sequence[IngestionEvent]) -> Shard:
    slack = Workspace()
    await slack.take(*events)
    return await slack.shard("C1")


def _said(shard: Shard) -> tuple[Any, ...]:
    audience = shard.metadata.audience
    said = {name: value for name, value in shard.structured_data.items() if value is not None}
    return said, shard.status, shard.acl, None if audience is None else audience.members


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_any_order_of_events_with_moments_of_their_own_ends_the_same(data: st.DataObject) -> None:
    history = data.draw(HISTORIES)
    shuffled = data.draw(st.permutations(history))
    in_time = sorted(history, key=lambda event: event.observed_at)

    assert _said(asyncio.run(_ended(shuffled))) == _said(asyncio.run(_ended(in_time)))


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_the_members_are_those_of_the_last_word_on_each(data: st.DataObject) -> None:
    before, whole, after = data.draw(singles([1, 2])), data.draw(read(3)), data.draw(singles([4, 5, 6]))
    expected = dict.fromkeys(_members(whole), True)
    for event in after:
        expected |= _members(event)

    shard = asyncio.run(_ended(data.draw(st.permutations([*before, whole, *after]))))

    assert json.loads(str(shard.structured_data["members"])) == sorted(one for one, is_in in expected.items() if is_in)
