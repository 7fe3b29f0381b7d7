"""What holds for every history of a record, tried on many."""

from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.conversions.salesforce import OPPORTUNITY
from shared.shards.model import Shard
from tests.unit.processors.normalization.opportunities import (
    ANOTHER_RECORD,
    RECORD,
    announced,
    content,
    deletion,
    feed,
    opportunity,
    part,
    queue_and_run,
    the_shard,
)

quickly = settings(max_examples=30, deadline=None)

STAGES = st.sampled_from(["Qualification", "Closed Won", "Waiting for the Board"])
AMOUNTS = st.one_of(st.none(), st.floats(0, 1e9, allow_nan=False))
NAMES = st.sampled_from(["Rockets", "Bigger rockets", "Ракеты"])
SECONDS = st.integers(0, 20)
TENANTS = st.sampled_from(["acme", "globex"])
RECORDS = st.sampled_from([RECORD, ANOTHER_RECORD])


@st.composite
def a_version(draw: st.DrawFn, saved: int) -> IngestionEvent:
    """A complete sighting of what was saved in that second; the moment it was seen may be any."""
    seen = float(draw(SECONDS)) + draw(st.integers(0, 999)) / 1000
    return opportunity(
        saved=saved, seen=seen, StageName=draw(STAGES), Amount=draw(AMOUNTS), Name=draw(NAMES), IsDeleted=draw(st.booleans())
    )


@st.composite
def a_history(draw: st.DrawFn) -> list[IngestionEvent]:
    """Versions of one record, oldest first."""
    return [draw(a_version(saved)) for saved in sorted(draw(st.sets(SECONDS, min_size=1, max_size=6)))]


@st.composite
def an_operation(draw: st.DrawFn) -> IngestionEvent:
    """Anything that may happen to one of two records of one of two tenants, in any order."""
    tenant, record, saved = draw(TENANTS), draw(RECORDS), draw(st.one_of(st.none(), SECONDS))
    seen = float(draw(SECONDS))
    match draw(st.sampled_from(["complete", "part", "delete"])):
        case "delete":
            return deletion(tenant=tenant, record=record, saved=saved, seen=seen)
        case "part":
            told = part(saved=saved, seen=seen, Name=draw(NAMES), Amount=draw(AMOUNTS))
            return told.model_copy(update={"tenant_id": tenant, "source_id": record})
        case _:
            return opportunity(tenant=tenant, record=record, saved=saved, seen=seen, StageName=draw(STAGES), Amount=draw(AMOUNTS))


def without_stamps(shard: Shard) -> dict[str, object]:
    return {**content(shard), "revision": shard.revision_number}


@given(history=a_history(), data=st.data())
@quickly
async def test_any_order_of_a_records_versions_ends_in_the_content_of_the_newest(
    history: list[IngestionEvent], data: st.DataObject
) -> None:
    newest, pipeline = InMemoryPipeline(), InMemoryPipeline()
    await feed(newest, history[-1])

    await feed(pipeline, *data.draw(st.permutations(history)))

    assert content(the_shard(pipeline)) == content(the_shard(newest))


@given(history=a_history(), data=st.data())
@quickly
async def test_any_order_with_deletes_that_carry_no_record_ends_as_the_newest(history: list[IngestionEvent], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(range(len(history)))))
    told = [event.model_copy(update={"event_type": "delete", "payload": None}) if i in gone else event for i, event in enumerate(history)]
    newest, pipeline = InMemoryPipeline(), InMemoryPipeline()
    await feed(newest, told[-1])

    await feed(pipeline, *data.draw(st.permutations(told)))

    assert (the_shard(pipeline).status, the_shard(pipeline).ttl) == (the_shard(newest).status, the_shard(newest).ttl)
    if told[-1].payload is not None:
        assert content(the_shard(pipeline)) == content(the_shard(newest))


@given(history=a_history(), data=st.data())
@quickly
async def test_normalizing_again_changes_nothing(history: list[IngestionEvent], data: st.DataObject) -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, *data.draw(st.permutations(history)))
    before, writes = the_shard(pipeline), pipeline.shards.writes

    await feed(pipeline, *data.draw(st.permutations(history)))

    assert the_shard(pipeline) == before
    assert pipeline.shards.writes == writes


@given(event=a_version(saved=3), moments=st.lists(SECONDS, min_size=10, max_size=10))
@quickly
async def test_one_version_ten_times_in_any_order_is_one_revision(event: IngestionEvent, moments: list[int]) -> None:
    through_the_broker, past_it = InMemoryPipeline(), InMemoryPipeline()
    seen = [event.model_copy(update={"observed_at": opportunity(seen=moment).observed_at}) for moment in moments]

    await queue_and_run(through_the_broker, seen)
    await feed(past_it, *seen)

    assert through_the_broker.transport.duplicates_dropped >= 9
    assert without_stamps(the_shard(past_it)) == without_stamps(the_shard(through_the_broker))
    assert the_shard(past_it).revision_number == 1
    assert [emitted.revision for emitted in announced(past_it)] == [1]


@given(operations=st.lists(an_operation(), max_size=25))
@quickly
async def test_no_operation_crosses_a_tenant(operations: list[IngestionEvent]) -> None:
    together, apart = InMemoryPipeline(), InMemoryPipeline()

    await queue_and_run(together, operations)
    await queue_and_run(apart, [event for event in operations if event.tenant_id == "acme"])

    of_acme = {shard.id: without_stamps(shard) for shard in together.shards.all() if shard.tenant_id == "acme"}
    assert of_acme == {shard.id: without_stamps(shard) for shard in apart.shards.all()}
    assert all(emitted.tenant_id in {"acme", "globex"} for emitted in announced(together))
    by_id = {shard.id: shard.tenant_id for shard in together.shards.all()}
    assert all(by_id[emitted.shard_id] == emitted.tenant_id for emitted in announced(together))
    assert {gap.tenant_id for gap in together.gaps.known.values()} <= {event.tenant_id for event in operations}


@given(event=a_version(saved=1))
@quickly
def test_reading_a_record_and_merging_it_twice_is_merging_it_once(event: IngestionEvent) -> None:
    read = OPPORTUNITY.read(event.payload or {}, event.coverage)

    once = OPPORTUNITY.merge({}, read)

    assert OPPORTUNITY.merge(once, read) == once
