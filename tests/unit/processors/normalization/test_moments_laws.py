"""What holds for every history of a record without versions, tried on many: whatever order and however often its events come, it ends the
same, and as a model of a few lines says: of each field the latest word."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.slack import CHANNEL
from shared.messaging.outcomes import Unchanged
from shared.messaging.returns import Delivery
from shared.shards.model import Shard
from tests.unit.processors.normalization.channel_events import channel, joined, person, told
from tests.unit.processors.normalization.opportunities import announced, feed, run_to_the_end, the_shard
from tests.unit.processors.normalization.test_normalization_races import ReadTogether

quickly = settings(max_examples=60, deadline=None)

PEOPLE = ("U1", "U2", "U3")
NAMES = st.sampled_from(["anvils", "birds", None])
PARTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("name", lambda value: value),
    "topic.value": ("topic", lambda value: {"value": value}),
    "is_archived": ("is_archived", lambda value: value is not None),
    "is_private": ("is_private", lambda value: value is not None),
    "is_lost": ("is_lost", lambda value: True),
}
CANONICAL = {
    "name": "name",
    "topic.value": "topic",
    "is_archived": "isArchived",
    "is_private": "isPrivate",
    "is_lost": "isLost",
}


@st.composite
def an_event(draw: st.DrawFn, at: int) -> IngestionEvent:
    """Anything that may be said of the channel at one moment."""
    match draw(st.sampled_from(["complete", "part", "part", "member", "member", "delete"])):
        case "delete":
            return told("C1", None, at=at)
        case "member":
            return joined("C1", draw(st.sampled_from(PEOPLE)), at=at, is_in=draw(st.booleans()))
        case "part":
            fields = draw(st.sets(st.sampled_from(sorted(PARTS)), min_size=1, max_size=2))
            said = {PARTS[field][0]: PARTS[field][1](draw(NAMES)) for field in fields}
            return told("C1", {"id": "C1", **said}, ("id", *sorted(fields)), at=at)
        case _:
            members = draw(st.sets(st.sampled_from(PEOPLE)))
            said = {"topic": {"value": draw(NAMES)}, "is_archived": draw(st.booleans())}
            return channel(
                "C1",
                members=sorted(members),
                name=draw(st.sampled_from(["anvils", "birds"])),
                is_private=draw(st.booleans()),
                at=at,
                **said,
            )


@st.composite
def a_history(draw: st.DrawFn, *, has_ties: bool) -> list[IngestionEvent]:
    moments = st.lists(st.integers(0, 4 if has_ties else 20), min_size=1, max_size=8, unique=not has_ties)
    return [draw(an_event(at)) for at in draw(moments)]


@st.composite
def delivered(draw: st.DrawFn, history: Sequence[IngestionEvent]) -> list[IngestionEvent]:
    """Every one of them once at least, in any order."""
    again = draw(st.lists(st.sampled_from(history), max_size=4))
    return draw(st.permutations([*history, *again]))


async def ended(events: Sequence[IngestionEvent]) -> tuple[Shard, InMemoryPipeline]:
    pipeline = InMemoryPipeline()
    await feed(pipeline, *events)
    return the_shard(pipeline), pipeline


def everything(shard: Shard) -> dict[str, object]:
    """All there is of it but how it came to that. A field that is only ever derived may be missing or unknown."""
    edges = [(edge.external_id, edge.label) for edge in shard.external_relationships]
    data = {name: value for name, value in shard.structured_data.items() if value is not None or name in CHANNEL.fields}
    stamp = shard.normalization.model_copy(update={"fingerprint": ""}) if shard.normalization else None
    return {
        "data": data,
        "status": shard.status,
        "ttl": shard.ttl,
        "acl": shard.acl,
        "audience": shard.metadata.audience,
        "edges": edges,
        "stamp": stamp,
    }


def modelled(history: Sequence[IngestionEvent]) -> dict[str, object]:
    """What it should end as: the last word on each field and member, where every moment is another."""
    fields: dict[str, Any] = {}
    members: dict[str, bool] = {}
    last_word: dict[str, datetime] = {}
    for event in sorted(history, key=lambda one: one.observed_at):
        payload: dict[str, Any] = dict(event.payload or {})
        if event.payload is None:
            continue
        for field, (first, _) in PARTS.items():
            if event.coverage == "complete" or field in event.coverage:
                value = payload.get(first)
                fields[field] = value["value"] if isinstance(value, dict) else value
                last_word[field] = event.observed_at
        if event.coverage == "complete":
            members = {one: one in payload["members"] for one in PEOPLE}
        else:
            members |= payload.get("members", {})
    newest = max(history, key=lambda one: one.observed_at)
    status = "deleted" if newest.payload is None else "archived" if fields.get("is_lost") else "active"
    is_whole = any(event.coverage == "complete" and event.payload is not None for event in history)
    listed: Any = sorted(one for one, is_in in members.items() if is_in) if is_whole else dict(sorted(members.items()))
    return {
        "status": status,
        "members": json.dumps(listed) if members else None,
        **{field: fields.get(field) for field in CANONICAL},
    }


def as_modelled(shard: Shard) -> dict[str, object]:
    data = shard.structured_data
    name = None if data.get("name") == data.get("externalId") else data.get("name")
    fields = {field: data.get(canonical) for field, canonical in CANONICAL.items()}
    return {"status": shard.status, "members": data.get("members"), **fields, "name": name}


@given(history=st.one_of(a_history(has_ties=False), a_history(has_ties=True)), data=st.data())
@quickly
async def test_any_order_and_any_duplicates_end_the_same(history: list[IngestionEvent], data: st.DataObject) -> None:
    in_time, _ = await ended(sorted(history, key=lambda event: event.observed_at))

    shard, pipeline = await ended(data.draw(delivered(history)))

    assert everything(shard) == everything(in_time)
    assert {gap.reason for gap in pipeline.gaps.known.values()} <= {"acl-unknown"}


@given(history=a_history(has_ties=False), data=st.data())
@quickly
async def test_of_each_field_the_latest_word_counts(history: list[IngestionEvent], data: st.DataObject) -> None:
    shard, _ = await ended(data.draw(delivered(history)))

    assert as_modelled(shard) == modelled(history)


@given(history=a_history(has_ties=True), data=st.data())
@quickly
async def test_all_of_it_again_in_any_order_writes_nothing(history: list[IngestionEvent], data: st.DataObject) -> None:
    _, pipeline = await ended(data.draw(delivered(history)))
    await pipeline.run_all()
    before, writes, told_of = pipeline.shards.all(), pipeline.shards.writes, len(announced(pipeline))

    outcomes = await feed(pipeline, *data.draw(delivered(history)))

    assert {type(outcome) for outcome in outcomes} == {Unchanged}
    assert (pipeline.shards.all(), pipeline.shards.writes, len(announced(pipeline))) == (before, writes, told_of)


@given(history=a_history(has_ties=True))
@quickly
async def test_a_stamp_holds_nothing_that_a_complete_read_made_needless(history: list[IngestionEvent]) -> None:
    stamp = (await ended(history))[0].normalization

    assert stamp is not None
    assert stamp.complete_at is None or all(at > stamp.complete_at for at in stamp.spoken.values())
    assert set(stamp.spoken) <= {*PARTS, *(f"members.{one}" for one in PEOPLE)}


@given(before=a_history(has_ties=True), racing=a_history(has_ties=True), data=st.data())
@settings(max_examples=30, deadline=None)
def test_workers_that_race_end_the_same(before: list[IngestionEvent], racing: list[IngestionEvent], data: st.DataObject) -> None:
    async def raced() -> Shard:
        pipeline = InMemoryPipeline()
        pipeline.shards = shards = ReadTogether()
        await feed(pipeline, *data.draw(st.permutations(before)))
        await pipeline.publisher.publish(*racing)
        due = pipeline.transport.due(topology.INGESTION_EVENTS)
        shards.hold(len(due))
        pipeline.transport.waiting = pipeline.transport.on(topology.SHARD_EMISSION)
        await asyncio.gather(*(pipeline.deliver(Delivery(each.queue, each.id, each.body, each.properties)) for each in due))
        await run_to_the_end(pipeline)
        return the_shard(pipeline)

    async def in_time() -> Shard:
        return (await ended(sorted([*before, *racing], key=lambda event: event.observed_at)))[0]

    assert everything(asyncio.run(raced())) == everything(asyncio.run(in_time()))


@st.composite
def a_person(draw: st.DrawFn) -> IngestionEvent:
    """Whole, or all but the address, as an event without the right to see it tells."""
    said: dict[str, Any] = {
        "real_name": draw(st.sampled_from(["Vera", "Wile"])),
        "is_restricted": draw(st.booleans()),
        "deleted": draw(st.booleans()),
    }
    whole = person("U1", at=draw(st.integers(0, 4)), **said)
    if draw(st.booleans()):
        return whole
    payload = {**(whole.payload or {}), "profile": {}}
    return whole.model_copy(update={"payload": payload, "coverage": ("id", "real_name", "is_restricted", "deleted", "team_id", "name")})


@given(history=st.lists(a_person(), min_size=1, max_size=6), data=st.data())
@quickly
async def test_people_end_the_same_and_keep_their_address(history: list[IngestionEvent], data: st.DataObject) -> None:
    one, _ = await ended(history)
    other, _ = await ended(data.draw(delivered(history)))

    assert everything(one) == everything(other)
    if any(event.coverage == "complete" for event in history):
        assert one.structured_data["email"] == "u1@acme.example"
