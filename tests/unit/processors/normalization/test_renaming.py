"""A channel whose id changes: the new id leads to the shard it has had, and whatever order the news of it come in, it ends the same."""

import itertools

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.outcomes import Stored, Unchanged
from shared.shards.model import EdgeMetadata, Enriched, InternalRelationship, Shard
from shared.shards.record_index import RecordKind
from shared.shards.store import LinksChange
from tests.unit.processors.chain.records import chunks
from tests.unit.processors.normalization.channel_events import NOON, Workspace, channel, id_of, joined, part, person, told
from tests.unit.processors.normalization.opportunities import announced, feed
from tests.unit.processors.normalization.test_moments_laws import everything


def renamed(old: str, new: str, *, at: float, account: str = "T1", tenant: str = "acme") -> IngestionEvent:
    return told(new, {"id": new, "previous_id": old}, ("id", "previous_id"), at=at, account=account, tenant=tenant)


def gone(channel_id: str, *, at: float) -> IngestionEvent:
    return told(channel_id, None, at=at)


def lost(channel_id: str, *, at: float) -> IngestionEvent:
    return part(channel_id, at=at, is_lost=True)


async def led(pipeline: InMemoryPipeline, channel_id: str, **of: str) -> Shard:
    found = await pipeline.shards.read(of.get("tenant", "acme"), id_of(channel_id, **of))
    assert found is not None
    return found


def names(shard: Shard) -> tuple[list[str], object, object]:
    """What it is called by its edges, its own field and its audience."""
    audience = shard.metadata.audience
    edges = [edge.external_id for edge in shard.external_relationships]
    return edges, shard.structured_data["externalId"], None if audience is None else audience.principal


async def listed(pipeline: InMemoryPipeline) -> list[str]:
    """The keys a comparison finds."""
    kind = RecordKind("acme", "slack", "T1", "Channel")
    return [stored.external_id async for stored in pipeline.index.between(kind, after=None, up_to=None)]


async def only(*events: IngestionEvent) -> Shard:
    """What is left when these were seen, which must be one shard."""
    pipeline = InMemoryPipeline()
    await feed(pipeline, *events)
    [shard] = pipeline.shards.all()
    return shard


# --- the plain way


async def test_the_new_id_leads_to_the_shard_there_was() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA", is_private=True, members=["U1"]))

    assert await feed(pipeline, renamed("CA", "CB", at=5)) == [Stored(id_of("CA"), 2, reason="renamed")]

    assert (await led(pipeline, "CB")).id == (await led(pipeline, "CA")).id == id_of("CA")
    assert names(await led(pipeline, "CB")) == (["CB"], "CB", "group:slack:T1/CB")
    assert await listed(pipeline) == ["CB"]
    assert [emitted.revision for emitted in announced(pipeline) if emitted.shard_id == id_of("CA")] == [1, 2]


async def test_identity_history_and_links_stay() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), part("CA", at=1, name="anvils"))
    stored = await led(pipeline, "CA")
    link = InternalRelationship(
        id="e1",
        target_shard_id="t",
        target_shard_type_id="c_project",
        relationship_type="mentions",
        metadata=EdgeMetadata(confidence=1, source="manual", extraction_method="by hand"),
        created_at=NOON,
        created_by="user:vera@acme.example",
    )
    edges = (link.model_dump(mode="json", by_alias=True),)
    await pipeline.shards.change(stored, LinksChange(edges, Enriched(revision=2, edge_set_hash="h")))
    pipeline.clock.advance(seconds=3600)

    await feed(pipeline, renamed("CA", "CB", at=5))

    now = await led(pipeline, "CB")
    assert (now.id, now.created_at, now.revision_number) == (stored.id, stored.created_at, stored.revision_number + 1)
    assert now.internal_relationships == edges
    assert now.external_relationships[0].created_at == stored.external_relationships[0].created_at
    assert (now.structured_data["name"], now.structured_data["webUrl"]) == ("anvils", "https://slack.com/app_redirect?channel=CB")


async def test_search_and_readers_follow() -> None:
    slack = Workspace()
    await slack.tell(person("U1"), person("U2"), channel("CA", is_private=True, members=["U1"]))
    await slack.tell(renamed("CA", "CB", at=5))

    assert await slack.readers("CB") == {"CB", "admins"}
    assert (await slack.found_by("U1"), await slack.found_by("U2")) == ({"CB"}, set())

    await slack.tell(joined("CB", "U2", at=6), joined("CB", "U1", at=7, is_in=False))
    assert (await slack.found_by("U1"), await slack.found_by("U2")) == (set(), {"CB"})


async def test_what_was_found_under_the_new_id_before_is_found_once() -> None:
    slack = Workspace()
    await slack.tell(person("U1"), channel("CA", members=["U1"]), channel("CB", members=["U1"], at=6))
    assert await slack.found_by("U1") == {"CA", "CB"}

    await slack.tell(renamed("CA", "CB", at=5))

    assert await slack.found_by("U1") == {"CB"}
    assert {key for _, key in chunks(slack.pipeline)} == {id_of("CA"), id_of("U1", record_type="User")}
    assert len(slack.pipeline.shards.all()) == 2  # the channel and the person


async def test_events_under_the_new_id_cost_a_read_more_and_the_news_again_writes_nothing() -> None:
    pipeline = InMemoryPipeline()
    news = renamed("CA", "CB", at=5)
    await feed(pipeline, channel("CA"), news)
    before, writes = pipeline.shards.all(), pipeline.shards.writes

    assert await feed(pipeline, news, news) == [Unchanged("renamed")] * 2
    assert (pipeline.shards.all(), pipeline.shards.writes) == (before, writes)

    reads = pipeline.shards.reads
    await feed(pipeline, part("CB", at=6, name="anvils"))
    assert (pipeline.shards.reads - reads, pipeline.shards.writes - writes) == (2, 1)


# --- out of order


async def test_what_was_seen_under_the_new_id_before_the_news_is_taken_over() -> None:
    """Of each field, and of each member, the later word."""
    shard = await only(
        channel("CA", members=["U1", "U2"], topic={"value": "Birds"}, at=1),
        part("CA", at=4, name="anvils"),
        joined("CA", "U3", at=2),
        part("CB", at=3, is_archived=True, name="old"),
        joined("CB", "U1", at=6, is_in=False),
        renamed("CA", "CB", at=2.5),
    )

    data = shard.structured_data
    assert shard.id == id_of("CA")
    assert (data["name"], data["topic"], data["isArchived"], data["members"]) == ("anvils", "Birds", True, '["U2", "U3"]')
    assert names(shard)[:2] == (["CB"], "CB")


async def test_a_channel_that_was_never_seen_under_its_old_id_is_under_it_all_the_same() -> None:
    one = await only(channel("CB", at=6), renamed("CA", "CB", at=5), part("CA", at=4, name="old", is_archived=True))
    other = await only(part("CA", at=4, name="old", is_archived=True), renamed("CA", "CB", at=5), channel("CB", at=6))

    assert one.id == other.id == id_of("CA")
    assert everything(one) == everything(other)


async def test_late_events_under_the_old_id_from_before_the_change_still_count() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), renamed("CA", "CB", at=5), part("CA", at=4, name="late"), joined("CA", "U1", at=3))

    shard = await led(pipeline, "CB")
    assert (shard.structured_data["name"], shard.structured_data["members"]) == ("late", '["U1"]')
    assert names(shard)[:2] == (["CB"], "CB")


async def test_a_late_event_under_the_old_id_does_not_bring_the_old_id_back() -> None:
    for event in (channel("CA", at=9), part("CA", at=9, name="new"), lost("CA", at=9)):
        shard = await only(channel("CA"), renamed("CA", "CB", at=5), event)
        assert names(shard)[:2] == (["CB"], "CB")
        assert shard.structured_data["webUrl"] == "https://slack.com/app_redirect?channel=CB"


CHAIN = (channel("CA", at=0), renamed("CA", "CB", at=2), renamed("CB", "CC", at=4), part("CB", at=3, name="b"))


async def test_a_chain_of_ids_in_any_order_is_one_shard_under_the_first_with_the_last_id() -> None:
    for order in itertools.permutations(CHAIN):
        pipeline = InMemoryPipeline()
        await feed(pipeline, *order)

        [shard] = pipeline.shards.all()
        assert shard.id == id_of("CA")
        assert everything(shard) == everything(await only(*CHAIN)), order
        assert names(shard)[:2] == (["CC"], "CC")
        assert {(await led(pipeline, each)).id for each in ("CA", "CB", "CC")} == {id_of("CA")}


async def test_a_long_chain_still_leads_to_its_end() -> None:
    pipeline = InMemoryPipeline()
    ids = [f"C{number}" for number in range(12)]
    await feed(pipeline, channel(ids[0]), *(renamed(one, next_one, at=at) for at, (one, next_one) in enumerate(itertools.pairwise(ids), 1)))

    assert {(await led(pipeline, each)).id for each in ids} == {id_of("C0")}
    assert await listed(pipeline) == ["C11"]


async def test_news_that_skip_one_id_unite_what_came_apart() -> None:
    """Reading by the oldest id says the newest, and the news between come late."""
    story = [channel("CA"), renamed("CB", "CC", at=4), renamed("CA", "CC", at=5), part("CB", at=3, name="b")]
    for order in itertools.permutations(story):
        pipeline = InMemoryPipeline()
        await feed(pipeline, *order, renamed("CA", "CB", at=2))

        assert await listed(pipeline) == ["CC"], order
        [shard] = pipeline.shards.all()
        assert (shard.structured_data["name"], names(shard)[1]) == ("b", "CC")
        assert {(await led(pipeline, each)).id for each in ("CA", "CB", "CC")} == {shard.id}


@pytest.mark.parametrize("is_seen", [False, True])
async def test_late_news_of_an_id_between_do_not_cost_the_channel_its_history(*, is_seen: bool) -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), renamed("CA", "CC", at=5))
    before = await led(pipeline, "CC")

    pipeline.clock.advance(seconds=60)
    if is_seen:
        await feed(pipeline, part("CB", at=3, is_archived=True))

    await feed(pipeline, renamed("CB", "CC", at=4))
    assert (await led(pipeline, "CB")).id == id_of("CA")
    await feed(pipeline, renamed("CA", "CB", at=2), part("CB", at=6, name="b"))

    [shard] = pipeline.shards.all()
    assert (shard.id, shard.created_at, shard.structured_data["name"]) == (id_of("CA"), before.created_at, "b")
    assert (await led(pipeline, "CB")).id == id_of("CA")


async def test_an_id_that_comes_back_is_the_records_again() -> None:
    story = [channel("CA"), renamed("CA", "CB", at=2), renamed("CB", "CA", at=4), part("CB", at=3, name="b")]
    for order in itertools.permutations(story):
        pipeline = InMemoryPipeline()
        await feed(pipeline, *order)

        assert await listed(pipeline) == ["CA"], order
        [shard] = pipeline.shards.all()
        assert everything(shard) == everything(await only(*story))
        assert (await led(pipeline, "CB")).id == shard.id
    assert (await only(*story)).id == id_of("CA")


# --- whether it is there


@pytest.mark.parametrize("is_heard_before", [False, True])
@pytest.mark.parametrize("said", [gone("CA", at=6), lost("CA", at=6)], ids=["deleted", "lost"])
async def test_that_the_old_id_is_not_found_after_the_change_says_nothing_of_the_channel(
    said: IngestionEvent, *, is_heard_before: bool
) -> None:
    news = renamed("CA", "CB", at=5)

    shard = await only(channel("CA"), *((said, news) if is_heard_before else (news, said)))

    assert everything(shard) == everything(await only(channel("CA"), news))
    assert shard.status == "active"


async def test_a_deletion_of_the_old_id_changes_nothing_and_is_not_written() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), renamed("CA", "CB", at=5))
    writes = pipeline.shards.writes

    assert await feed(pipeline, gone("CA", at=6), lost("CA", at=7)) == [Unchanged("older")] * 2
    assert pipeline.shards.writes == writes


@pytest.mark.parametrize("is_heard_before", [False, True])
@pytest.mark.parametrize(("said", "status"), [(gone("CB", at=6), "deleted"), (lost("CB", at=6), "archived")])
async def test_that_the_new_id_is_not_found_does(said: IngestionEvent, status: str, *, is_heard_before: bool) -> None:
    news = renamed("CA", "CB", at=5)

    shard = await only(channel("CA"), *((said, news) if is_heard_before else (news, said)))

    assert shard.status == status
    assert names(shard)[0] == ["CB"]


async def test_news_of_another_id_say_that_it_is_there() -> None:
    for said in (gone("CA", at=4), lost("CA", at=4), gone("CB", at=4), lost("CB", at=4)):
        shard = await only(channel("CA"), said, renamed("CA", "CB", at=5))

        assert shard.status == "active"


async def test_a_channel_that_is_there_again_after_its_retention_begins_anew() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), renamed("CA", "CB", at=5), gone("CB", at=6))
    pipeline.shards.expire("acme", id_of("CA"))

    await feed(pipeline, channel("CB", at=9))

    shard = await led(pipeline, "CB")
    assert (shard.id, shard.status) == (id_of("CB"), "active")
    assert await feed(pipeline, renamed("CB", "CD", at=10)) == [Stored(id_of("CB"), shard.revision_number + 1, reason="renamed")]


async def test_news_of_a_channel_whose_retention_is_over_begin_it_anew() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), renamed("CA", "CB", at=5), gone("CB", at=6))
    pipeline.shards.expire("acme", id_of("CA"))

    await feed(pipeline, renamed("CB", "CC", at=9), part("CC", at=10, name="again"))

    assert (await led(pipeline, "CC")).structured_data["name"] == "again"
    assert await listed(pipeline) == ["CC"]


# --- others


async def test_two_tenants_with_the_same_channel_do_not_touch_each_other() -> None:
    pipeline = InMemoryPipeline()
    theirs = channel("CA", tenant="globex", account="T9")
    await feed(pipeline, channel("CA"), theirs)
    before = await led(pipeline, "CA", tenant="globex", account="T9")

    await feed(pipeline, renamed("CA", "CB", at=5))

    assert await led(pipeline, "CA", tenant="globex", account="T9") == before
    assert await pipeline.shards.read("globex", id_of("CB", tenant="globex", account="T9")) is None
    assert {emitted.tenant_id for emitted in announced(pipeline)[2:]} == {"acme"}


async def test_two_accounts_of_one_tenant_with_the_same_channel_keep_a_shard_each() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, channel("CA"), channel("CA", account="T9"), renamed("CA", "CB", at=5), renamed("CA", "CB", at=5, account="T9"))

    assert {(await led(pipeline, "CB", account=account)).id for account in ("T1", "T9")} == {id_of("CA"), id_of("CA", account="T9")}
    assert len(pipeline.shards.all()) == 2
