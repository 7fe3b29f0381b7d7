"""A shard that somebody else wrote: the stamp is compared with what is stored before it is believed."""

from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from shared.messaging.outcomes import Stored, Unchanged
from shared.shards.store import Change
from tests.unit.processors.chain.records import OWNER
from tests.unit.processors.normalization.opportunities import announced, feed, opportunity, part, the_shard


class Edit(Change):
    """Fields written by hand."""

    def __init__(self, **paths: Any) -> None:
        self._paths = paths

    @override
    def paths(self) -> dict[str, Any]:
        return self._paths


async def edited(**paths: Any) -> InMemoryPipeline:
    """A deal, and what somebody made of it behind our back."""
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(OwnerId=OWNER))
    await pipeline.shards.change(the_shard(pipeline), Edit(**paths))
    return pipeline


def data(**changes: Any) -> dict[str, Any]:
    return {"structuredData": {"name": "Rockets", "stage": "qualification", "amount": 50000, **changes}}


EDITS: dict[str, dict[str, Any]] = {
    "a field": data(amount=7),
    "a field less": data(stage=None),
    "the readers": {"acl": [{"subject": "tenant", "permissionLevel": "read"}]},
    "the status": {"status": "archived"},
    "the record it stands for": {"external_relationships": []},
}


@pytest.mark.parametrize("seen", [0, 5], ids=["the same sighting", "the same version, seen later"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
async def test_the_same_record_again_puts_right_what_was_edited(edit: dict[str, Any], seen: int) -> None:
    pipeline = await edited(**edit)
    as_it_was = InMemoryPipeline()
    await feed(as_it_was, opportunity(OwnerId=OWNER))

    [outcome] = await feed(pipeline, opportunity(OwnerId=OWNER, seen=seen))

    mended, wanted = the_shard(pipeline), the_shard(as_it_was)
    assert isinstance(outcome, Stored)
    assert {**wanted.structured_data, **mended.structured_data} == mended.structured_data
    assert all(mended.structured_data[name] == value for name, value in wanted.structured_data.items())
    assert (mended.acl, mended.status, mended.is_as_stamped) == (wanted.acl, "active", True)
    assert [edge.external_id for edge in mended.external_relationships] == [edge.external_id for edge in wanted.external_relationships]
    assert (mended.revision_number, announced(pipeline)[-1].revision) == (2, 2)


async def test_what_was_put_right_is_not_written_again() -> None:
    pipeline = await edited(**data(amount=7))
    await feed(pipeline, opportunity(OwnerId=OWNER))
    writes = pipeline.shards.writes

    assert await feed(pipeline, opportunity(OwnerId=OWNER)) == [Unchanged("same")]
    assert pipeline.shards.writes == writes


async def test_a_record_nobody_edited_costs_one_read_and_no_write() -> None:
    pipeline = InMemoryPipeline()
    await feed(pipeline, opportunity(OwnerId=OWNER))
    reads, writes = pipeline.shards.reads, pipeline.shards.writes

    await feed(pipeline, opportunity(OwnerId=OWNER))

    assert (pipeline.shards.reads - reads, pipeline.shards.writes - writes) == (1, 0)


async def test_an_edit_costs_one_read_and_one_write() -> None:
    pipeline = await edited(**data(amount=7))
    reads, writes = pipeline.shards.reads, pipeline.shards.writes

    await feed(pipeline, opportunity(OwnerId=OWNER))

    assert (pipeline.shards.reads - reads, pipeline.shards.writes - writes) == (1, 1)


async def test_a_part_that_does_not_speak_for_the_edited_field_cannot_tell() -> None:
    pipeline = await edited(**data(amount=7))

    await feed(pipeline, part(saved=1, Name="Rockets"))

    assert the_shard(pipeline).structured_data["amount"] == 7
    assert the_shard(pipeline).is_as_stamped
