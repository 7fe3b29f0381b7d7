"""The stored form of a shard: its field names, and one literal document per shard type (``tests/fixtures/shards``)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.access.acl import ADMINS_ONLY
from shared.shard_types.registry import SHARD_TYPES, shard_type
from shared.shard_types.shard_type import ShardType
from shared.shards.model import Enriched, ExternalRelationship, Metadata, Normalization, Processing, Shard, fingerprint
from shared.shards.store import MAX_PATHS, ContentChange, SightingChange

FIXTURES = Path(__file__).parents[3] / "fixtures" / "shards"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)

each_type = pytest.mark.parametrize("known", SHARD_TYPES, ids=lambda known: known.id)


def stored(known: ShardType) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FIXTURES / f"{known.id}.v{known.schema_version}.json").read_text())
    return document


@each_type
def test_a_stored_shard_of_the_type_is_read_and_written_back_the_same(known: ShardType) -> None:
    shard = Shard.model_validate(stored(known))

    assert shard.shard_type_id == known.id
    assert shard.schema_version == known.schema_version
    assert shard.document() == stored(known)


@each_type
def test_the_stored_structured_data_of_the_type_is_what_the_type_asks_for(known: ShardType) -> None:
    known.check(stored(known)["structuredData"])


def test_each_stored_shard_is_of_a_known_type() -> None:
    versions = {f"{known.id}.v{version}.json" for known in SHARD_TYPES for version in range(1, known.schema_version + 1)}

    assert {path.name for path in FIXTURES.iterdir()} == versions


def test_the_envelope_has_the_fields_of_the_architecture_and_no_others() -> None:
    assert set(stored(shard_type("c_opportunity"))) == {
        "id",
        "tenantId",
        "userId",
        "shardTypeId",
        "schemaVersion",
        "structuredData",
        "unstructuredData",
        "internal_relationships",
        "external_relationships",
        "vectors",
        "mlFields",
        "acl",
        "metadata",
        "status",
        "source",
        "revisionNumber",
        "normalization",
        "processing",
        "createdAt",
        "updatedAt",
        "ttl",
    }


def test_what_the_store_adds_is_ignored() -> None:
    document = {**stored(shard_type("c_account")), "_rid": "r", "_ts": 1, "aFieldOfALaterVersion": {}}

    assert Shard.model_validate({**document, "etag": "3"}).etag == "3"
    assert "etag" not in Shard.model_validate({**document, "etag": "3"}).document()


@pytest.mark.parametrize("name", ["id", "tenantId", "shardTypeId", "acl", "metadata", "status", "revisionNumber", "createdAt", "updatedAt"])
def test_a_document_without_this_is_no_shard(name: str) -> None:
    document = stored(shard_type("c_account"))
    del document[name]

    with pytest.raises(ValidationError):
        Shard.model_validate(document)


def test_a_shard_is_announced_until_enrichment_has_stamped_its_revision() -> None:
    shard = Shard.model_validate({**stored(shard_type("c_account")), "revisionNumber": 3, "processing": {"enriched": None}})

    def stamped(revision: int) -> Shard:
        return shard.model_copy(update={"processing": Processing(enriched=Enriched(revision=revision, edge_set_hash="h"))})

    assert [shard.awaits_enrichment, stamped(2).awaits_enrichment, stamped(3).awaits_enrichment] == [True, True, False]


def edge(**changes: Any) -> ExternalRelationship:
    said: dict[str, Any] = {
        "id": "e1",
        "system": "salesforce",
        "system_type": "crm",
        "scope": "00D",
        "record_type": "Account",
        "external_id": "001",
        "label": "Northwind",
        "last_synced_at": NOON,
        "created_at": NOON,
    }
    return ExternalRelationship(**{**said, **changes})


def print_of(**changes: Any) -> str:
    said: dict[str, Any] = {
        "structured_data": {"name": "Northwind", "amount": 1},
        "acl": ADMINS_ONLY,
        "status": "active",
        "external": (edge(), edge(scope="00E")),
        "schema_version": 1,
    }
    return fingerprint(**{**said, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"external": (edge(last_synced_at=LATER), edge(scope="00E"))},
        {"external": (edge(created_at=LATER, id="e2"), edge(scope="00E"))},
        {"external": (edge(sync_status="stale"), edge(scope="00E"))},
        {"external": (edge(scope="00E"), edge())},
        {"structured_data": {"amount": 1.0, "name": "Northwind"}},
    ],
    ids=["synced later", "made later", "marked stale", "edges in another order", "1.0 for 1, keys in another order"],
)
def test_a_fingerprint_does_not_depend_on_this(changes: dict[str, Any]) -> None:
    assert print_of(**changes) == print_of()


@pytest.mark.parametrize(
    "changes",
    [
        {"structured_data": {"name": "Northwind", "amount": 2}},
        {"structured_data": {"name": "Northwind", "amount": None}},
        {"structured_data": {"name": "Northwind"}},
        {"acl": ()},
        {"status": "deleted"},
        {"schema_version": 2},
        {"external": (edge(),)},
        {"external": (edge(label="South"), edge(scope="00E"))},
        {"external": (edge(external_id="002"), edge(scope="00E"))},
        {"external": (edge(record_type="Contact"), edge(scope="00E"))},
    ],
    ids=str,
)
def test_a_fingerprint_changes_with_this(changes: dict[str, Any]) -> None:
    assert print_of(**changes) != print_of()


STAMP = Normalization(fingerprint="f", vendor_version=None, observed_at=NOON, conversion_version="c", coverage="complete")


def test_a_change_of_content_names_normalizations_fields_and_ten_at_most() -> None:
    change = ContentChange(
        structured_data={"name": "Northwind"},
        external_relationships=(edge(),),
        acl=ADMINS_ONLY,
        status="active",
        metadata=Metadata(),
        normalization=STAMP,
        revision_number=2,
        schema_version=1,
        updated_at=NOON,
        ttl=-1,
    )

    paths = change.paths()

    assert len(paths) == MAX_PATHS == 10
    assert paths["updatedAt"] == "2026-11-21T12:00:00.000000Z"
    assert not {"internal_relationships", "vectors", "mlFields", "unstructuredData", "processing", "createdAt", "id"} & set(paths)
    assert set(paths) < set(stored(shard_type("c_account")))


def test_a_sighting_of_the_same_content_moves_the_stamp_alone() -> None:
    assert list(SightingChange(STAMP).paths()) == ["normalization"]
    assert SightingChange(STAMP).paths()["normalization"]["vendorVersion"] is None
