"""Who is looked at anew when something that others are linked to comes, changes or goes; and whoever forgot, or believed what was old."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from devtools.fakes.anchors import InMemoryAnchors
from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.relinking import LATER
from shared import topology
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import DependencyUnavailable
from shared.linking.policy import LinkingPolicy, StoredPolicy
from shared.shards.model import Linking
from shared.telemetry.names import Metric
from tests.unit.processors.chain.linked_records import (
    COMPANY,
    CUSTOMER,
    DEAL,
    FILE,
    FILE_URL,
    FOLDER,
    PLACE,
    PROPOSAL,
    TALK,
    channel,
    company,
    customer,
    folder,
    links,
    proposal,
    renewal,
)
from tests.unit.processors.chain.records import OTHER_ACCOUNT, emitted, gone, merged, say, settle, shard
from tests.unit.processors.normalization import drive_events

ON_COMPANY = ("attached_to", COMPANY)


async def at_once(pipeline: InMemoryPipeline, *events: IngestionEvent) -> None:
    """Whatever follows within a moment; what is scheduled stays."""
    await pipeline.publisher.publish(*events)
    await pipeline.run_all()


async def test_a_company_that_comes_after_the_file_that_names_it_is_linked_at_once() -> None:
    pipeline = InMemoryPipeline()
    await at_once(pipeline, proposal())
    assert await links(pipeline, PROPOSAL) == {}

    await at_once(pipeline, company())

    assert ON_COMPANY in await links(pipeline, PROPOSAL)
    assert pipeline.metrics.total(Metric.LINKS, change="made", type="attached_to") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (gone(company(), saved=2), "is deleted"),
        (company(saved=2, Name="Globex", Website=None), "has another name and address"),
        (merged(company(), OTHER_ACCOUNT, saved=2), "is merged into another"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_link_whose_evidence_is_gone_is_withdrawn(change: IngestionEvent, said: str) -> None:
    pipeline = InMemoryPipeline()
    await at_once(pipeline, company(), proposal())
    assert ON_COMPANY in await links(pipeline, PROPOSAL), said

    await at_once(pipeline, change)

    assert ON_COMPANY not in await links(pipeline, PROPOSAL)
    assert pipeline.metrics.total(Metric.LINKS, change="withdrawn", type="attached_to") == 1


async def test_what_a_worker_missed_that_remembered_the_anchors_as_they_were_is_linked_later() -> None:
    pipeline = InMemoryPipeline()
    stale = InMemoryAnchors(pipeline.shards, pipeline.clock, refreshed_every=timedelta(seconds=30))
    await stale.of("acme")
    await at_once(pipeline, company())
    pipeline.anchors = stale
    await at_once(pipeline, proposal())
    assert await links(pipeline, PROPOSAL) == {}

    pipeline.clock.advance(seconds=LATER.total_seconds())
    await pipeline.run_all()

    assert ON_COMPANY in await links(pipeline, PROPOSAL)


async def test_what_a_worker_linked_that_remembered_a_company_that_is_gone_is_withdrawn_later() -> None:
    pipeline = InMemoryPipeline()
    await at_once(pipeline, company())
    stale = InMemoryAnchors(pipeline.shards, pipeline.clock, refreshed_every=timedelta(seconds=30))
    await stale.of("acme")
    await at_once(pipeline, gone(company(), saved=2))
    pipeline.anchors = stale
    await at_once(pipeline, proposal())
    assert ON_COMPANY in await links(pipeline, PROPOSAL)

    await settle(pipeline)

    assert await links(pipeline, PROPOSAL) == {}


async def test_a_deal_that_leaves_a_company_is_told_to_whom_was_held_against_the_company_also_later() -> None:
    """The one deal of a company that is left is what it is about: to see that, those who know the company have to look again."""
    pipeline = InMemoryPipeline()
    other = drive_events.seen("another", 1, name="Globex", parent=None, owner=None)
    await at_once(pipeline, company(Name="Globex"), renewal(Name="Rockets", ContactId=None), other)
    stale = InMemoryAnchors(pipeline.shards, pipeline.clock, refreshed_every=timedelta(seconds=30))
    await stale.of("acme")
    moved = renewal(saved=2, Name="Rockets", ContactId=None, AccountId=OTHER_ACCOUNT)
    await at_once(pipeline, moved)
    [told] = [one for one in pipeline.shards.all() if one.structured_data.get("name") == "Globex" and one.shard_type_id == "c_file"]
    pipeline.anchors = stale
    message = emitted(told).model_copy(update={"cause": "content", "revision": told.revision_number})
    await pipeline.enrich(message)

    pipeline.anchors = InMemoryAnchors(pipeline.shards, pipeline.clock)
    pipeline.clock.advance(seconds=LATER.total_seconds())
    before = len(pipeline.transport.sent)
    await pipeline.run_all()

    relinked = [ShardEmitted.decode(each.body) for each in pipeline.transport.sent[before:] if each.queue == topology.SHARD_EMISSION]
    assert told.id in {one.shard_id for one in relinked}
    assert f"a:{COMPANY}" not in ((await shard(pipeline, DEAL)).linking or Linking()).anchor_keys


async def test_when_nobody_can_know_the_old_state_any_longer_its_keys_are_forgotten() -> None:
    pipeline = InMemoryPipeline()
    await at_once(pipeline, company())
    await at_once(pipeline, company(saved=2, Name="Globex"))
    kept = (await shard(pipeline, COMPANY)).linking
    assert kept is not None
    assert {"t:harbour", "t:globex"} <= set(kept.anchor_keys)

    await settle(pipeline)

    notes = (await shard(pipeline, COMPANY)).linking
    assert notes is not None
    assert "t:globex" in notes.anchor_keys
    assert "t:harbour" not in notes.anchor_keys


async def test_a_change_that_nobody_is_recognised_by_announces_nobody() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, company(), proposal())
    queries, sent = pipeline.anchor_rows.queries, len(pipeline.transport.sent)

    await say(pipeline, company(saved=2, Description="Lamps.", Name="HARBOUR LIGHTS"))

    emitted_ones = [each for each in pipeline.transport.sent[sent:] if each.queue == topology.SHARD_EMISSION]
    assert [ShardEmitted.decode(each.body).shard_id for each in emitted_ones] == [COMPANY]
    assert pipeline.anchor_rows.queries == queries


async def test_a_file_that_comes_after_the_message_that_links_to_it_is_linked_then() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, channel(topic=f"See {FILE_URL}"))
    assert [one.shard_type_id for one in pipeline.shards.all()] == ["c_channel"]  # an id in a text makes no shard

    await at_once(pipeline, proposal())

    assert await links(pipeline, TALK) == {("references", PROPOSAL): 0.995}


async def test_a_file_that_comes_while_the_message_is_linked_is_found_by_a_second_look() -> None:
    pipeline = InMemoryPipeline()
    await pipeline.normalize(channel(topic=f"See {FILE_URL}"))
    [waiting] = pipeline.transport.on(topology.SHARD_EMISSION)
    pipeline.transport.waiting.clear()
    real = pipeline.shards.read

    async def absent(tenant_id: str, wanted: str) -> object:
        """It comes right after this answer."""
        found = await real(tenant_id, wanted)  # type: ignore[arg-type]  # an id
        if wanted == PROPOSAL and found is None:
            await at_once(pipeline, proposal())
        return found

    pipeline.shards.read = absent  # type: ignore[method-assign,assignment]  # a test gives it others
    await pipeline.enrich(ShardEmitted.decode(waiting.body))
    pipeline.shards.read = real  # type: ignore[method-assign]  # a test gives it another
    assert await links(pipeline, TALK) == {}

    await settle(pipeline)

    assert await links(pipeline, TALK) == {("references", PROPOSAL): 0.995}


async def test_a_file_is_told_when_its_folder_is_attached_to_something_else() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, company(), folder(name="Harbour Lights"), drive_events.seen(FILE, 1, name="harbour lights lamp", parent=FOLDER))
    before = (await links(pipeline, PROPOSAL))[ON_COMPANY]

    await at_once(pipeline, folder(2, name="Something else"))

    after = await links(pipeline, PROPOSAL)
    assert ON_COMPANY not in await links(pipeline, PLACE)
    assert before > after[ON_COMPANY] == 0.92


async def test_what_is_announced_is_announced_in_batches() -> None:
    pipeline = InMemoryPipeline()
    files = [drive_events.seen(f"file-{number}", 1, name=f"Harbour Lights {number}", parent=None, owner=None) for number in range(120)]
    await say(pipeline, *files)
    sizes: list[int] = []
    real = pipeline.publisher.publish

    async def counted(*messages: object) -> None:
        sizes.append(len(messages))
        await real(*messages)  # type: ignore[arg-type]  # messages

    pipeline.publisher.publish = counted  # type: ignore[method-assign]  # a test gives it another
    await at_once(pipeline, company())

    assert {100, 20} <= set(sizes)
    assert max(sizes) == 100


async def test_a_changed_policy_is_linked_by_at_the_next_look() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, company(), proposal())
    await policy(pipeline, weights={"exact-name": 0.1, "email-domain": 0.1})

    await pipeline.enrich(emitted(await shard(pipeline, PROPOSAL)))

    assert await links(pipeline, PROPOSAL) == {}


async def policy(pipeline: InMemoryPipeline, **said: object) -> None:
    stored = StoredPolicy(tenant_id="acme", policy=LinkingPolicy.model_validate(said), updated_by="operator", updated_at=pipeline.clock())
    await pipeline.policies.write(stored)


@pytest.mark.parametrize("after", [0, 1, 2], ids=["nothing", "one message", "two"])
async def test_a_broker_that_is_away_when_others_are_to_be_told_costs_nothing_but_time(after: int) -> None:
    pipeline = InMemoryPipeline()
    await at_once(pipeline, proposal())
    await pipeline.normalize(company())
    [message] = [ShardEmitted.decode(each.body) for each in pipeline.transport.on(topology.SHARD_EMISSION) if COMPANY.encode() in each.body]
    fail_after(pipeline, after)
    with pytest.raises(DependencyUnavailable):
        await pipeline.enrich(message)
    fail_after(pipeline, None)

    await pipeline.enrich(message)
    await settle(pipeline)

    assert ON_COMPANY in await links(pipeline, PROPOSAL)


def fail_after(pipeline: InMemoryPipeline, sends: int | None) -> None:
    """The broker goes away after so many sends; None: it is back."""
    left = [sends]
    real: Callable[..., object] = type(pipeline.transport).send

    async def send(*envelopes: object) -> None:
        if left[0] == 0:
            raise DependencyUnavailable("the broker is away")
        left[0] = None if left[0] is None else left[0] - 1
        await real(pipeline.transport, *envelopes)  # type: ignore[misc]  # as it is

    pipeline.transport.send = send  # type: ignore[method-assign]  # a test gives it another


async def test_links_to_an_id_that_was_given_up_go_with_it() -> None:
    pipeline = InMemoryPipeline()
    await at_once(pipeline, company(), customer(), proposal())

    await at_once(pipeline, merged(customer(), "003Kd00000cOnT2IAK", saved=3))

    assert ("references", CUSTOMER) not in await links(pipeline, PROPOSAL)


async def test_what_was_linked_by_a_name_is_not_looked_at_because_a_record_that_was_merged_is_there_again() -> None:
    """Only an edge that was made from an id may have got there by way of the merged record."""
    pipeline = InMemoryPipeline()
    survivor = company(record=OTHER_ACCOUNT, Name="Globex", Website=None)
    named = drive_events.seen(FILE, 1, name="Globex", parent=None, owner=None)
    await say(pipeline, company(Website=None), survivor, named, merged(company(), OTHER_ACCOUNT, saved=2))
    sent = len(pipeline.transport.sent)

    await at_once(pipeline, company(saved=9, Website=None))

    relinked = [ShardEmitted.decode(each.body) for each in pipeline.transport.sent[sent:] if each.queue == topology.SHARD_EMISSION]
    assert PROPOSAL not in {one.shard_id for one in relinked}


async def test_a_new_deal_of_a_company_is_not_announced_to_its_other_deals() -> None:
    """It was at first: 25 deals of one company were 672 messages."""
    pipeline = InMemoryPipeline()
    await at_once(pipeline, company(), customer())

    for number in range(8):
        await at_once(pipeline, renewal(Name=f"Lantern {number}").model_copy(update={"source_id": f"006sf000000000{number}"}))

    assert sum(one.shard_type_id == "c_opportunity" and one.status == "active" for one in pipeline.shards.all()) == 8
    assert pipeline.metrics.total(Metric.RELINKS) == 0
