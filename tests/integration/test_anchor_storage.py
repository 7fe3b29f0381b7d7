"""Snapshots against Azurite: what is there and is not readable, who was quicker, and what is missing altogether."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.storage.blob.aio import BlobServiceClient

from shared.contracts.claim import tenant_prefix
from shared.errors import ConfigurationError
from shared.linking.anchor import AnchorRow, AnchorSnapshot
from shared.storage.anchor_snapshots import BlobAnchorSnapshots, packed

pytestmark = pytest.mark.integration

ROW = AnchorRow("a", "c_account", "active", (), {"name": "Acme"}, 7)
SNAPSHOT = AnchorSnapshot([ROW], 7)


def blob_of(tenant_id: str) -> str:
    return f"{tenant_prefix(tenant_id)}/anchors.jsonl.gz"


async def put(blobs: BlobServiceClient, tenant_id: str, body: bytes, **metadata: Any) -> None:
    await blobs.get_blob_client("anchors", blob_of(tenant_id)).upload_blob(body, overwrite=True, metadata=metadata)


async def test_a_snapshot_is_one_blob_under_its_tenants_prefix(
    blob_snapshots: BlobAnchorSnapshots, blobs: BlobServiceClient, tenant_id: str
) -> None:
    for changed_at in (1, 2, 3):
        await blob_snapshots.write(tenant_id, AnchorSnapshot([ROW], changed_at))

    names = [name async for name in blobs.get_container_client("anchors").list_blob_names(name_starts_with=tenant_prefix(tenant_id))]

    assert names == [blob_of(tenant_id)]


@pytest.mark.parametrize("body", [b"", b"no gzip", packed("t", SNAPSHOT)[:-9]], ids=["empty", "no gzip", "cut off"])
async def test_a_broken_one_counts_as_none_and_the_next_takes_its_place(
    blob_snapshots: BlobAnchorSnapshots, blobs: BlobServiceClient, tenant_id: str, body: bytes
) -> None:
    await put(blobs, tenant_id, body, changed_at="7")

    assert await blob_snapshots.read(tenant_id) is None
    await blob_snapshots.write(tenant_id, SNAPSHOT)
    assert await blob_snapshots.read(tenant_id) == SNAPSHOT


@pytest.mark.parametrize("metadata", [{}, {"changed_at": "soon"}, {"changed_at": "-9"}], ids=["nothing", "no number", "no second"])
async def test_one_that_does_not_say_how_new_it_is_may_be_overwritten(
    blob_snapshots: BlobAnchorSnapshots, blobs: BlobServiceClient, tenant_id: str, metadata: dict[str, str]
) -> None:
    await put(blobs, tenant_id, packed(tenant_id, AnchorSnapshot([], 99)), **metadata)

    await blob_snapshots.write(tenant_id, SNAPSHOT)

    assert await blob_snapshots.read(tenant_id) == SNAPSHOT


async def test_another_tenants_body_under_our_name_counts_as_none(
    blob_snapshots: BlobAnchorSnapshots, blobs: BlobServiceClient, tenant_id: str
) -> None:
    await put(blobs, tenant_id, packed(f"{tenant_id}-other", SNAPSHOT))

    assert await blob_snapshots.read(tenant_id) is None


async def test_of_many_who_write_at_once_the_newest_is_kept(blob_snapshots: BlobAnchorSnapshots, tenant_id: str) -> None:
    """None may be there before, and one that looked at an older one must not put it back: the mark of what was looked at guards it."""
    writes = [blob_snapshots.write(tenant_id, AnchorSnapshot([ROW] * number, number)) for number in (3, 1, 4, 2)]

    await asyncio.gather(*writes)

    assert await blob_snapshots.read(tenant_id) == AnchorSnapshot([ROW] * 4, 4)


@pytest.fixture
async def emptied(blobs: BlobServiceClient) -> AsyncIterator[None]:
    """The storage account without its container, which comes back afterwards."""
    await blobs.delete_container("anchors")
    yield
    await blobs.create_container("anchors")


@pytest.mark.usefixtures("emptied")
async def test_a_missing_container_is_for_a_person(blob_snapshots: BlobAnchorSnapshots, tenant_id: str) -> None:
    with pytest.raises(ConfigurationError):
        await blob_snapshots.read(tenant_id)
    with pytest.raises(ConfigurationError):
        await blob_snapshots.write(tenant_id, SNAPSHOT)
