"""Who may read a record: its owner by reference, as far as the record tells; else admins alone, counted, with a gap."""

from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from shared.access.acl import TENANT, readers
from shared.contracts.ingestion import IngestionEvent
from shared.messaging.outcomes import Stored
from shared.shards.model import Shard
from shared.shards.store import Change
from shared.telemetry.names import Metric
from tests.unit.processors.chain.records import OTHER_OWNER, OWNER, QUEUE, account, contact, lead, person
from tests.unit.processors.normalization.opportunities import announced, deletion, feed, opportunity, part, the_shard

ORGANIZATION = "00D000000000062EAA"


def subjects(shard: Shard) -> list[str]:
    return [entry.subject for entry in shard.acl]


def readers_of(*people: str) -> list[str]:
    return ["admins", *(f"group:salesforce:{ORGANIZATION}/{person}" for person in people)]


class Everybody(Change):
    """Somebody gave a shard to everybody, behind our back."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard.model_copy(update={"acl": readers([TENANT])})

    @override
    def paths(self) -> dict[str, Any]:
        return {"acl": self._shard.document()["acl"]}


def gaps(pipeline: InMemoryPipeline) -> list[str]:
    return [gap.reason for gap in pipeline.gaps.known.values()]


@pytest.mark.parametrize(
    "event",
    [
        opportunity(OwnerId=OWNER),
        opportunity(OwnerId=OWNER[:15]),
        account(OwnerId=OWNER),
        contact(OwnerId=OWNER),
        lead(OwnerId=OWNER),
        person(record=OWNER),
    ],
    ids=["opportunity", "the id's short form", "account", "contact", "lead", "the user itself"],
)
async def test_a_record_is_for_its_owner_and_for_admins(event: IngestionEvent) -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, event)

    assert subjects(the_shard(pipeline)) == readers_of(OWNER)
    assert gaps(pipeline) == []
    assert pipeline.metrics.total(Metric.ACL_UNKNOWN) == 0


@pytest.mark.parametrize("owner", [QUEUE, None], ids=["a queue", "nobody"])
async def test_a_record_whose_owner_is_nobody_is_for_admins_and_a_gap_says_so(owner: str | None) -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, lead(OwnerId=owner))

    assert subjects(the_shard(pipeline)) == ["admins"]
    assert gaps(pipeline) == ["acl-unknown"]
    assert pipeline.metrics.total(Metric.ACL_UNKNOWN, record_type="Lead") == 1


async def test_a_part_that_does_not_speak_for_the_owner_keeps_the_owners_access() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(OwnerId=OWNER), part(saved=1, Amount=7.0))

    assert subjects(the_shard(pipeline)) == readers_of(OWNER)
    assert gaps(pipeline) == []


async def test_another_owner_is_news_and_takes_the_access_of_the_one_before() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(OwnerId=OWNER))

    [outcome] = await feed(pipeline, part(saved=1, OwnerId=OTHER_OWNER))

    assert isinstance(outcome, Stored)
    assert subjects(the_shard(pipeline)) == readers_of(OTHER_OWNER)
    assert the_shard(pipeline).revision_number == 2


async def test_an_owner_that_becomes_a_queue_leaves_admins_alone() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(OwnerId=OWNER), part(saved=1, OwnerId=QUEUE))

    assert subjects(the_shard(pipeline)) == ["admins"]
    assert gaps(pipeline) == ["acl-unknown"]


async def test_a_deletion_without_an_owner_opens_no_gap() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, deletion())

    assert subjects(the_shard(pipeline)) == ["admins"]
    assert gaps(pipeline) == []
    assert pipeline.metrics.total(Metric.ACL_UNKNOWN) == 0


async def test_a_deleted_record_keeps_its_readers() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(OwnerId=OWNER), deletion(saved=1))

    assert (the_shard(pipeline).status, subjects(the_shard(pipeline))) == ("deleted", readers_of(OWNER))


async def test_other_readers_of_the_same_content_are_announced_as_that() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(OwnerId=OWNER))
    shared = Everybody(the_shard(pipeline))
    await pipeline.shards.change(the_shard(pipeline), shared)

    [outcome] = await feed(pipeline, opportunity(OwnerId=OWNER))

    assert outcome == Stored(the_shard(pipeline).id, 2, reason="acl")
    assert announced(pipeline)[-1].cause == "acl"


async def test_two_organizations_owners_are_two_readers_though_their_ids_are_alike() -> None:
    pipeline = InMemoryPipeline()

    await feed(pipeline, opportunity(OwnerId=OWNER, connection="salesforce:00D5g000004Rt5xEAC"))

    assert subjects(the_shard(pipeline)) == ["admins", f"group:salesforce:00D5g000004Rt5xEAC/{OWNER}"]
