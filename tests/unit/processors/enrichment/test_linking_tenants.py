"""Two tenants with the same names, addresses and ids: whatever happens in whatever order, nothing of one is ever found in the other."""

from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.assessing import Known, assess
from processors.enrichment.subject import Subject
from shared.contracts.ingestion import IngestionEvent
from shared.linking.policy import LinkingPolicy
from tests.unit.processors.chain.deliveries import any_of, hand_over
from tests.unit.processors.chain.linked_records import PROPOSAL, channel, company, customer, folder, proposal, renewal
from tests.unit.processors.chain.records import gone, say, shard

TENANTS: Final = ("acme", "globex")
RECORDS: Final = ("company", "customer", "renewal", "proposal", "folder", "channel")


@st.composite
def operations(draw: st.DrawFn) -> list[IngestionEvent]:
    """Versions and deletes of six records of two tenants, in the order they were saved."""
    told: list[IngestionEvent] = []
    for saved in range(1, draw(st.integers(2, 12))):
        record, tenant = draw(st.sampled_from(RECORDS)), draw(st.sampled_from(TENANTS))
        name = draw(st.sampled_from(["Harbour Lights", "Globex", "Harbour Lights - Lantern Renewal"]))
        match record:
            case "company":
                event = company(saved=saved, tenant=tenant, Name=name)
            case "customer":
                event = customer(saved=saved, tenant=tenant)
            case "renewal":
                event = renewal(saved=saved, tenant=tenant, Name=name)
            case "proposal":
                event = proposal(saved, tenant=tenant, name=name)
            case "folder":
                event = folder(saved, tenant=tenant, name=name)
            case _:
                event = channel(at=saved, tenant=tenant)
        is_gone = event.source == "salesforce" and draw(st.integers(0, 4)) == 0
        told.append(gone(event, saved=saved) if is_gone else event)
    return told


@given(history=operations(), random=st.integers(0, 2**32 - 1).map(Random))
@settings(max_examples=20, deadline=None)
async def test_random_operations_never_cross_a_tenant(history: list[IngestionEvent], random: Random) -> None:
    pipeline = InMemoryPipeline()

    await pipeline.publisher.publish(*random.sample(history, len(history)))
    await hand_over(pipeline, any_of(random))

    owners = {one.id: one.tenant_id for one in pipeline.shards.all()}
    for one in pipeline.shards.all():
        assert {owners[str(edge["targetShardId"])] for edge in one.internal_relationships} <= {one.tenant_id}
        notes = one.linking
        known = {key.split(":")[1] for key in (notes.keys if notes else ()) if key.startswith("a:")}
        assert {owners[place] for place in known if place in owners} <= {one.tenant_id}
    for (tenant, _), suggestion in pipeline.suggestions.known.items():
        assert {tenant} == {suggestion.tenant_id, owners[suggestion.source_shard_id], owners[suggestion.target_shard_id]}


async def test_what_happens_at_one_tenant_changes_nothing_of_another() -> None:
    together, apart = InMemoryPipeline(), InMemoryPipeline()
    ours = (company(), customer(), renewal(), proposal(), channel())
    theirs = (company(tenant="globex", Name="Other"), renewal(tenant="globex"), proposal(tenant="globex"))

    await say(together, *theirs, *ours, gone(company(tenant="globex"), saved=5))
    await say(apart, *ours)

    seen = {one.id: one.internal_relationships for one in together.shards.all() if one.tenant_id == "acme"}
    assert seen == {one.id: one.internal_relationships for one in apart.shards.all()}


async def test_anchors_of_another_tenant_are_refused() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, proposal())
    subject = Subject.of(await shard(pipeline, PROPOSAL), default_country="US")

    with pytest.raises(ValueError, match="another tenant"):
        assess(subject, AnchorIndex("globex"), LinkingPolicy(), Known(), ())
