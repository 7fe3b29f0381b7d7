"""A message may carry the shard it names, and never another."""

import json
from typing import Any

import pytest

from devtools.fakes.samples import NOON, sample_shard, sample_vectors
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import ContractViolation
from shared.shards.carried import CarriedShard

SHARD = sample_shard("tenant-1").model_copy(update={"etag": '"1"', "vectors": sample_vectors(revision=1)})
NAMED = {"tenantId": "tenant-1", "shardId": SHARD.id, "shardTypeId": "c_account", "revision": 1}
EMITTED = {**NAMED, "cause": "content"}
ENRICHED = {**NAMED, "edgeSetHash": "0" * 32}

each_message = pytest.mark.parametrize(
    ("kind", "said"), [(ShardEmitted, EMITTED), (EnrichmentDone, ENRICHED)], ids=["ShardEmitted", "EnrichmentDone"]
)
Kind = type[ShardEmitted] | type[EnrichmentDone]


def carried(**changes: Any) -> dict[str, Any]:
    return {"shard": {**SHARD.document(), **changes}, "etag": '"1"', "storedAt": "2026-11-21T12:00:00Z"}


@each_message
def test_a_shard_arrives_as_a_read_would_have_given_it(kind: Kind, said: dict[str, Any]) -> None:
    sent = kind.from_object(
        {**said, "carried": CarriedShard(shard=SHARD, etag='"1"', stored_at=NOON).model_dump(mode="json", by_alias=True)}
    )

    read = kind.decode(sent.encode())

    assert read.carried is not None
    assert read.carried.restored() == SHARD
    assert read.carried.stored_at == NOON


@each_message
@pytest.mark.parametrize("other", [{"tenantId": "tenant-2"}, {"id": "f" * 32}, {"tenantId": "tenant-2", "id": "f" * 32}], ids=str)
def test_another_shard_than_the_one_that_is_named_is_refused(kind: Kind, said: dict[str, Any], other: dict[str, str]) -> None:
    with pytest.raises(ContractViolation) as refused:
        kind.decode(json.dumps({**said, "carried": carried(**other)}).encode())

    assert str(refused.value) == f"{kind.TYPE}: message: value_error"


@each_message
@pytest.mark.parametrize("broken", [{"revisionNumber": "many"}, {"status": "a status of a later deployment"}], ids=["broken", "newer"])
def test_a_carried_shard_that_cannot_be_read_here_is_read_from_the_store(kind: Kind, said: dict[str, Any], broken: dict[str, Any]) -> None:
    read = kind.decode(json.dumps({**said, "carried": carried(**broken)}).encode())

    assert read.carried is None


@each_message
def test_what_is_carried_is_no_part_of_the_id(kind: Kind, said: dict[str, Any]) -> None:
    assert kind.from_object({**said, "carried": carried()}).id == kind.from_object(said).id


@each_message
def test_a_message_of_a_deployment_that_carries_nothing_is_read(kind: Kind, said: dict[str, Any]) -> None:
    assert kind.from_object(said).carried is None


def test_a_shard_without_the_stores_mark_is_not_carried() -> None:
    assert CarriedShard.of(sample_shard("tenant-1"), at=NOON) is None
    assert CarriedShard.of(SHARD, at=NOON) == CarriedShard(shard=SHARD, etag='"1"', stored_at=NOON)
