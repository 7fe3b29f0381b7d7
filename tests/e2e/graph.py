"""What must have become of a tenant's records in the end: linked, embedded, and nothing left over that nobody knows of.

Said without the app's own code. A chunk is known by its place and its readers; where the model is the pretend one, by its text too.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from devtools.vendors.salesforce.records import Record
from tests.e2e.environment import Environment
from tests.e2e.store import Document, chunks_in
from tests.e2e.tenants import Tenant

RELATIONSHIPS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "Account": {"ParentId": ("child_of", "c_account"), "OwnerId": ("has_owner", "c_person")},
    "Contact": {"AccountId": ("contact_for", "c_account"), "OwnerId": ("has_owner", "c_person")},
    "Opportunity": {"AccountId": ("opportunity_for", "c_account"), "OwnerId": ("has_owner", "c_person")},
}
"""The vendor's field → how a record is linked to the one that the field names, and what kind of shard that is."""


async def everything_is_linked_and_embedded(environment: Environment, tenant: Tenant) -> None:
    """Every shard of a tenant, and every chunk. Records that were parked are shards that others name, or none at all."""
    shards, placeholders = await environment.shards(tenant), await environment.placeholders(tenant)
    everything = {**placeholders, **shards}
    wanted = {record.id: edges_of(record, everything) for record in tenant.records() if record.id in shards}
    assert {record_id: edges(shard) for record_id, shard in shards.items()} == wanted
    named = {target for edge_set in wanted.values() for _, _, target, _, _ in edge_set}
    assert {shard["id"] for shard in placeholders.values()} <= named, "a placeholder that nobody names"

    chunks = await environment.store.chunks(tenant.id)
    assert set(chunks) == {shard["id"] for shard in shards.values()}, "chunks of no shard, or a shard without"
    for shard in shards.values():
        is_embedded(shard, chunks[shard["id"]])
        if environment.model is not None and shard["status"] == "active":
            is_made_of_its_words(shard, environment.model.text_of(chunks_in(chunks[shard["id"]])))
    if environment.model is not None:
        assert environment.model.embedded_too_often(chunk for items in chunks.values() for chunk in chunks_in(items)) == {}


def edges_of(record: Record, shards: Mapping[str, Document]) -> set[tuple[object, ...]]:
    """The edges a record has to have: one for each of its fields that names another."""
    named = ((record.fields.get(field), relationship) for field, relationship in RELATIONSHIPS[record.object_name].items())
    return {(*relationship, shards[str(record_id)]["id"], 0.9, "crm") for record_id, relationship in named if record_id is not None}


def edges(shard: Document) -> set[tuple[object, ...]]:
    """What a shard is linked to, and how surely. The same edge twice fails here."""
    found = Counter(
        (
            edge["relationshipType"],
            edge["targetShardTypeId"],
            edge["targetShardId"],
            edge["metadata"]["confidence"],
            edge["metadata"]["source"],
        )
        for edge in shard["internal_relationships"]
    )
    assert set(found.values()) <= {1}, "an edge twice"
    return set(found)


def is_embedded(shard: Document, items: list[Document]) -> None:
    """The stamps are of this revision; chunks, manifest and summary tell the same; who may read the shard may find each of them."""
    vectors, chunks = shard["vectors"], chunks_in(items)
    [manifest] = [item for item in items if item["kind"] == "manifest"]
    assert shard["processing"]["enriched"]["revision"] == vectors["revision"] == shard["revisionNumber"]
    assert len(chunks) == vectors["chunkCount"] == (0 if shard["status"] == "deleted" else max(1, len(chunks)))
    assert set(manifest["chunks"]) == {chunk["id"] for chunk in chunks}
    assert (manifest["contentHash"], manifest["aclHash"]) == (vectors["contentHash"], vectors["aclHash"])
    assert manifest["revision"] <= shard["revisionNumber"]
    principals = sorted({entry["subject"] for entry in shard["acl"]})
    for chunk in chunks:
        assert (chunk["principals"], chunk["aclHash"], chunk["generation"]) == (principals, vectors["aclHash"], vectors["generation"])
        assert (manifest["chunks"][chunk["id"]], chunk["shardTypeId"]) == (vectors["aclHash"], shard["shardTypeId"])


def is_made_of_its_words(shard: Document, texts: list[str | None]) -> None:
    """Each chunk's vector is that of a text that names the record or is part of its description, and the description is all there."""
    name, description = shard["structuredData"]["name"], shard["structuredData"].get("description") or ""
    assert all(text is not None and (name in text or text in description) for text in texts), (name, texts)
    paragraphs = description.split("\n\n")
    assert [paragraph for paragraph in paragraphs if not any(paragraph in (text or "") for text in texts)] == [], (name, texts)
