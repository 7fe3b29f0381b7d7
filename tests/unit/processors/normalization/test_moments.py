"""Records whose vendor has no versions: of each field, and of each member, the latest word counts, and the latest of all says whether the
record is there."""

import json

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from processors.normalization import sighting as sightings
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.registry import conversion_of
from shared.conversions.slack import CHANNEL
from shared.messaging.outcomes import Unchanged
from shared.shards.model import Normalization, Shard
from tests.unit.processors.normalization.channel_events import NOON, channel, joined, left, part, person, told
from tests.unit.processors.normalization.opportunities import announced, content, feed, opportunity, the_shard


def topic(text: str, *, at: float) -> IngestionEvent:
    return told("C1", {"id": "C1", "topic": {"value": text}}, ("id", "topic.value"), at=at)


def gone(*, at: float) -> IngestionEvent:
    return told("C1", None, at=at)


async def after(*events: IngestionEvent) -> Shard:
    pipeline = InMemoryPipeline()
    await feed(pipeline, *events)
    assert "partial-out-of-order" not in {gap.reason for gap in pipeline.gaps.known.values()}
    return the_shard(pipeline)


def stamp(shard: Shard) -> Normalization:
    assert shard.normalization is not None
    return shard.normalization


def seconds(shard: Shard) -> dict[str, float]:
    """The moments of single fields, in seconds after noon."""
    return {field: (at - NOON).total_seconds() for field, at in stamp(shard).spoken.items()}


# --- fields


async def test_an_older_partial_event_about_another_field_is_taken_and_opens_no_gap() -> None:
    shard = await after(channel("C1"), part("C1", at=5, name="anvils"), topic("Birds", at=3))

    assert (shard.structured_data["name"], shard.structured_data["topic"]) == ("anvils", "Birds")
    assert seconds(shard) == {"name": 5, "topic.value": 3}


async def test_an_older_partial_event_about_the_same_field_is_not() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("C1"), part("C1", at=5, name="new"))
    before, writes = pipeline.shards.all(), pipeline.shards.writes

    assert await feed(pipeline, part("C1", at=3, name="old")) == [Unchanged("older")]

    assert (pipeline.shards.all(), pipeline.shards.writes) == (before, writes)
    assert pipeline.gaps.known == {}


async def test_of_an_older_event_about_two_fields_the_one_is_taken_of_which_nothing_later_is_known() -> None:
    shard = await after(part("C1", at=5, name="new"), part("C1", at=3, name="old", is_archived=True))

    assert (shard.structured_data["name"], shard.structured_data["isArchived"]) == ("new", True)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_names_told_out_of_order_end_in_the_last_one(order: tuple[int, ...]) -> None:
    names = [part("C1", at=at, name=name) for at, name in ((1, "first"), (2, "second"), (3, "third"))]

    shard = await after(*(names[index] for index in order))

    assert shard.structured_data["name"] == "third"
    assert stamp(shard).observed_at == names[2].observed_at


async def test_a_complete_read_older_than_a_new_name_keeps_the_name_and_brings_the_rest() -> None:
    shard = await after(channel("C1", at=0), part("C1", at=5, name="new"), channel("C1", at=4, name="old", topic={"value": "Birds"}))

    assert (shard.structured_data["name"], shard.structured_data["topic"]) == ("new", "Birds")
    assert (stamp(shard).complete_at, stamp(shard).observed_at) == (channel("C1", at=4).observed_at, channel("C1", at=5).observed_at)


async def test_a_complete_read_clears_what_it_leaves_out_and_not_what_was_said_since() -> None:
    shard = await after(part("C1", at=1, is_archived=True), topic("Birds", at=7), channel("C1", at=5))

    assert (shard.structured_data["isArchived"], shard.structured_data["topic"]) == (None, "Birds")


async def test_a_complete_read_older_than_another_one_changes_nothing() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("C1", at=5))
    writes = pipeline.shards.writes

    assert await feed(pipeline, channel("C1", at=4, name="old", topic={"value": "Birds"})) == [Unchanged("older")]
    assert pipeline.shards.writes == writes


async def test_a_late_name_of_a_channel_of_which_only_the_id_stood_for_the_name_is_taken() -> None:
    shard = await after(part("C1", at=5, is_archived=True), part("C1", at=3, name="anvils"))

    assert shard.structured_data["name"] == "anvils"


async def test_what_comes_late_does_not_make_the_record_look_seen_longer_ago() -> None:
    shard = await after(part("C1", at=5, name="new"), part("C1", at=3, is_archived=True))

    assert [edge.last_synced_at for edge in shard.external_relationships] == [part("C1", at=5).observed_at]


# --- members


async def test_a_member_who_left_after_the_list_was_read_stays_away() -> None:
    for events in ([channel("C1", members=["U1", "U2"], at=4), left("C1", "U1", at=5)], [left("C1", "U1", at=5)]):
        shard = await after(*events, channel("C1", members=["U1", "U2"], at=4))

        assert json.loads(str(shard.structured_data["members"])) == ["U2"]


async def test_a_member_who_left_before_the_list_was_read_is_in_it() -> None:
    shard = await after(left("C1", "U1", at=3), channel("C1", members=["U1"], at=4), left("C1", "U1", at=2))

    assert json.loads(str(shard.structured_data["members"])) == ["U1"]


async def test_one_said_to_be_out_of_a_channel_nobody_has_read_is_not_taken_for_a_member() -> None:
    """What is known of single people is an object and no list; its keys are not members."""
    shard = await after(left("C1", "U1", at=5), channel("C1", members=["U1", "U2"], at=4))

    assert json.loads(str(shard.structured_data["members"])) == ["U2"]
    assert shard.structured_data["memberCount"] == 1


async def test_whoever_is_said_at_one_moment_to_be_in_and_out_is_out() -> None:
    said = [joined("C1", "U1", at=5), left("C1", "U1", at=5), channel("C1", members=["U1", "U2"], at=5)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1), (0, 2, 1), (1, 2, 0)):
        shard = await after(*(said[index] for index in order))

        assert json.loads(str(shard.structured_data["members"])) == ["U2"], order


# --- whether it is there


async def test_what_comes_late_after_a_deletion_revives_nothing() -> None:
    shard = await after(channel("C1"), gone(at=5), part("C1", at=4, name="new"), channel("C1", at=3), joined("C1", "U1", at=5))

    assert (shard.status, shard.structured_data["name"]) == ("deleted", "new")
    assert stamp(shard).observed_at == gone(at=5).observed_at


async def test_what_comes_after_a_deletion_does() -> None:
    shard = await after(gone(at=5), part("C1", at=4, name="new"), topic("Birds", at=6))

    assert (shard.status, shard.structured_data["name"], shard.structured_data["topic"]) == ("active", "new", "Birds")


async def test_a_late_deletion_deletes_nothing() -> None:
    pipeline = InMemoryPipeline()

    assert (await feed(pipeline, part("C1", at=6, name="new"), gone(at=5)))[1] == Unchanged("older")
    assert the_shard(pipeline).status == "active"


@pytest.mark.parametrize("said", [part("C1", at=5, name="new"), part("C1", at=5, is_lost=True), channel("C1", at=5)])
async def test_a_deletion_counts_against_what_is_said_at_the_same_moment(said: IngestionEvent) -> None:
    one, other = await after(channel("C1"), said, gone(at=5)), await after(channel("C1"), gone(at=5), said)

    assert one.status == other.status == "deleted"
    assert content(one) == content(other)
    assert stamp(one) == stamp(other)


# --- two values for one moment


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (part("C1", at=5, name="anvils"), part("C1", at=5, name="birds")),
        (part("C1", at=5, name="anvils"), part("C1", at=5, name=None)),
        (part("C1", at=5, name="birds"), part("C1", at=5, name=None)),
        (part("C1", at=5, is_archived=True), channel("C1", at=5)),
        (channel("C1", at=5, members=["U1", "U2"]), channel("C1", at=5, members=["U2", "U3"])),
        (channel("C1", at=5, members=None), channel("C1", at=5, members=["U2", "U3"])),
        (channel("C1", at=5, members=["U1"]), left("C1", "U1", at=5)),
        (channel("C1", at=5, members=[]), joined("C1", "U1", at=5)),
        (channel("C1", at=5, members=None), joined("C1", "U1", at=5)),
        (person("U1", at=5, tz="Europe/Berlin"), person("U1", at=5, tz="Asia/Tokyo")),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
async def test_two_values_for_one_moment_end_the_same_in_both_orders(one: IngestionEvent, other: IngestionEvent, *, is_known: bool) -> None:
    before = [one.model_copy(update={"observed_at": NOON})] if is_known else []

    ends = [await after(*before, *order) for order in ((one, other), (other, one), (one, other, one), (other, one, other))]

    said = [{name: value for name, value in end.structured_data.items() if value is not None} for end in ends]
    assert said == [said[0]] * 4
    assert [end.acl for end in ends] == [ends[0].acl] * 4
    assert [stamp(end).spoken for end in ends] == [stamp(ends[0]).spoken] * 4


# --- stamps


async def test_a_complete_read_leaves_of_the_moments_only_the_later_ones() -> None:
    events = [part("C1", at=at, name=f"n{at}") for at in range(9)]
    everybody = [joined("C1", f"U{at}", at=at) for at in range(9)]

    shard = await after(*events, *everybody, channel("C1", at=7), part("C1", at=3, name="late"))

    assert seconds(shard) == {"members.U8": 8, "name": 8}
    assert (await after(*events, *everybody, channel("C1", at=9))).normalization == stamp(await after(channel("C1", at=9)))


async def test_what_is_known_of_a_record_is_complete_from_the_first_complete_read_on() -> None:
    assert stamp(await after(part("C1", at=1, name="a"), topic("b", at=2))).coverage == ("name", "topic.value")
    assert stamp(await after(channel("C1", at=1), part("C1", at=2, name="a"))).coverage == "complete"
    assert stamp(await after(part("C1", at=2, name="a"), channel("C1", at=1))).coverage == "complete"


async def test_a_record_with_versions_is_stamped_as_before() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(), opportunity(saved=1, Name="Bigger"))

    stored = the_shard(pipeline).document()["normalization"]
    assert sorted(stored) == ["conversionVersion", "coverage", "fingerprint", "observedAt", "vendorVersion"]


# --- what it costs


async def test_a_change_costs_one_read_and_one_write_and_a_redelivery_one_read() -> None:
    pipeline = InMemoryPipeline()
    stored = channel("C1", members=["U1"])
    for event in (stored, part("C1", at=5, name="new"), joined("C1", "U2", at=4), topic("Birds", at=3), gone(at=6)):
        for writes in (1, 0, 0):
            before = (pipeline.shards.reads, pipeline.shards.writes)
            await feed(pipeline, event)
            assert (pipeline.shards.reads - before[0], pipeline.shards.writes - before[1]) == (1, writes)


async def test_a_redelivery_announces_nothing_that_was_enriched() -> None:
    pipeline = InMemoryPipeline()
    events = [channel("C1", members=["U1"]), part("C1", at=5, name="new"), channel("C1", at=4, topic={"value": "Birds"})]
    await feed(pipeline, *events)
    await pipeline.run_all()
    before = (pipeline.shards.all(), pipeline.shards.writes, len(announced(pipeline)))

    outcomes = await feed(pipeline, *events, *reversed(events))

    assert {type(outcome) for outcome in outcomes} == {Unchanged}
    assert (pipeline.shards.all(), pipeline.shards.writes, len(announced(pipeline))) == before


async def test_the_same_content_at_a_later_moment_is_one_write_and_no_revision() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("C1"), channel("C1", at=5), part("C1", at=6, name="channel-c1"))

    assert (the_shard(pipeline).revision_number, pipeline.shards.writes) == (1, 3)
    assert await feed(pipeline, part("C1", at=3, name="old")) == [Unchanged("older")]


# --- another table


async def test_the_same_read_by_a_new_table_takes_effect_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = InMemoryPipeline()
    event = channel("C1", purpose={"value": "To talk"}, at=5)
    await feed(pipeline, event, part("C1", at=7, name="later"))
    fields = {name: kind for name, kind in CHANNEL.fields.items() if name != "description"}
    kinds = fields | {"description": CHANNEL.fields["topic"]}
    another = CHANNEL.model_copy(update={"fields": kinds})
    another.__dict__.pop("version", None)
    assert another.version != CHANNEL.version

    def of(source: str, record_type: str | None, *said: object, shard_type_id: str | None = None) -> object:
        found = conversion_of(source, record_type, shard_type_id=shard_type_id)
        return another if found is CHANNEL else found

    monkeypatch.setattr(sightings, "conversion_of", of)
    await feed(pipeline, event)
    writes = pipeline.shards.writes
    await feed(pipeline, event, event)

    data = the_shard(pipeline).structured_data
    assert (data["description"], data["name"]) == ("Rockets", "later")
    assert pipeline.shards.writes == writes


async def test_after_a_new_table_two_values_for_one_moment_do_not_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = InMemoryPipeline()
    one, other = (channel("C1", name=name, at=5) for name in ("anvils", "birds"))
    await feed(pipeline, one, other)
    another = CHANNEL.model_copy(update={"derived": {}})
    another.__dict__.pop("version", None)
    monkeypatch.setattr(sightings, "conversion_of", lambda *said, **options: another)
    await feed(pipeline, one, other, one)
    writes = pipeline.shards.writes

    await feed(pipeline, one, other, one, other)

    assert pipeline.shards.writes == writes
    assert stamp(the_shard(pipeline)).conversion_version == another.version
