"""Snapshots of tenants' anchors in Blob Storage, one blob each under the tenant's prefix: gzip, JSON lines, what it is first.

A snapshot is a saving and no more: whatever is not readable here counts as none, and the anchors are read from the shards. What an earlier
or a later deployment knew anchors by is not readable. A hundred thousand rows are some 5 MB and are packed and unpacked in a thread.
"""

import asyncio
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, get_args

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobProperties, StorageErrorCode
from azure.storage.blob.aio import BlobClient, BlobServiceClient
from typing_extensions import override

from shared import topology
from shared.contracts.canonical import digest
from shared.contracts.claim import tenant_prefix
from shared.errors import Conflict
from shared.linking.anchor import ANCHOR_FIELDS, AnchorRow, AnchorSnapshot, AnchorSnapshots
from shared.shards.model import Status
from shared.storage.azure_errors import azure_errors
from shared.storage.blobs import Blobs

VERSION: Final = 1
"""Of the lines below."""
KNOWN_BY: Final = digest({shard_type_id: list(fields) for shard_type_id, fields in ANCHOR_FIELDS.items()})
"""A row has its fields in the order of ``ANCHOR_FIELDS``: with other ones it says something else."""
CHANGED_AT: Final = "changed_at"
"""The blob's metadata that says how new it is."""
ANSWER_SECONDS: Final = 30.0
"""For megabytes, and a worker waits for them once."""
ATTEMPTS: Final = 5
COMPRESSION: Final = 5
STATUSES: Final[dict[str, Status]] = {status: status for status in get_args(Status)}
UNREADABLE: Final = (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading a blob that was cut off, altered or written by others may end in."""


class BlobAnchorSnapshots(AnchorSnapshots):
    """The port over one storage account."""

    def __init__(self, client: Callable[[], BlobServiceClient]) -> None:
        self._blobs = Blobs(client)

    @override
    async def read(self, tenant_id: str) -> AnchorSnapshot | None:
        async with azure_errors("read a snapshot of anchors", answer_seconds=ANSWER_SECONDS):
            try:
                stream = await self._blob(tenant_id).download_blob()
                body = await stream.readall()
            except ResourceNotFoundError as error:
                _check_that_only_the_blob_is_missing(error)
                return None
        try:
            return await asyncio.to_thread(unpacked, tenant_id, body)
        except UNREADABLE:
            return None

    @override
    async def write(self, tenant_id: str, snapshot: AnchorSnapshot) -> None:
        body = await asyncio.to_thread(packed, tenant_id, AnchorSnapshot(tuple(snapshot.rows), snapshot.changed_at))
        for _ in range(ATTEMPTS):
            if await self._written(tenant_id, body, snapshot.changed_at):
                return
        raise Conflict("write a snapshot of anchors: others write it again and again")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._blobs.close()

    async def _written(self, tenant_id: str, body: bytes, changed_at: int) -> bool:
        """Whether it is there, or a newer one; not when somebody else wrote it meanwhile."""
        blob = self._blob(tenant_id)
        async with azure_errors("look at a snapshot of anchors", answer_seconds=ANSWER_SECONDS):
            try:
                known = await blob.get_blob_properties()
            except ResourceNotFoundError as error:
                _check_that_only_the_blob_is_missing(error)
                known = None
        if known is not None and _changed_at(known) > changed_at:
            return True
        over: dict[str, Any] = {"overwrite": False}
        if known is not None:
            over = {"overwrite": True, "etag": known.etag, "match_condition": MatchConditions.IfNotModified}
        try:
            async with azure_errors("write a snapshot of anchors", answer_seconds=ANSWER_SECONDS):
                await blob.upload_blob(body, metadata={CHANGED_AT: str(changed_at)}, **over)
        except Conflict:
            return False
        return True

    def _blob(self, tenant_id: str) -> BlobClient:
        return self._blobs.named(topology.ANCHORS, f"{tenant_prefix(tenant_id)}/anchors.jsonl.gz")


def packed(tenant_id: str, snapshot: AnchorSnapshot) -> bytes:
    """A snapshot as a blob's body: a line that says what it is, and one for each row."""
    body = io.BytesIO()
    with gzip.GzipFile(fileobj=body, mode="wb", compresslevel=COMPRESSION, mtime=0) as lines:
        for line in _lines(tenant_id, snapshot):
            lines.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return body.getvalue()


def unpacked(tenant_id: str, body: bytes) -> AnchorSnapshot | None:
    """The snapshot of a body; None: it is of another version.

    Raises:
        OSError, EOFError, ValueError, LookupError, TypeError: one of ``UNREADABLE``, when it is not whole or none at all.
    """
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as lines:
        head = json.loads(lines.readline())
        if (head["version"], head["knownBy"], head["tenantId"]) != (VERSION, KNOWN_BY, tenant_id):
            return None
        rows = [_row(json.loads(line)) for line in lines]
    if len(rows) != head["rows"]:
        raise ValueError("there are lines missing")
    return AnchorSnapshot(rows, int(head["changedAt"]))


def _lines(tenant_id: str, snapshot: AnchorSnapshot) -> Iterator[Any]:
    yield {
        "version": VERSION,
        "knownBy": KNOWN_BY,
        "tenantId": tenant_id,
        "changedAt": snapshot.changed_at,
        "rows": len(snapshot.rows),
    }
    for row in snapshot.rows:
        fields = [row.fields.get(field) for field in ANCHOR_FIELDS.get(row.shard_type_id, ())]
        yield [row.shard_id, row.shard_type_id, row.status, row.records, fields, row.changed_at]


def _row(line: Sequence[Any]) -> AnchorRow:
    """What a hundred thousand rows repeat is kept once: types, and the names of fields, systems and kinds."""
    shard_id, shard_type_id, status, records, values, changed_at = line
    return AnchorRow(
        shard_id=shard_id,
        shard_type_id=sys.intern(shard_type_id),
        status=STATUSES[status],
        records=tuple(
            (sys.intern(system), sys.intern(scope), sys.intern(kind), external_id) for system, scope, kind, external_id in records
        ),
        fields={field: value for field, value in zip(ANCHOR_FIELDS.get(shard_type_id, ()), values, strict=True) if value is not None},
        changed_at=changed_at,
    )


def _changed_at(known: BlobProperties) -> int:
    """How new the stored one is. What does not say so may be overwritten."""
    said = (known.metadata or {}).get(CHANGED_AT, "")
    return int(said) if said.isdecimal() else 0


def _check_that_only_the_blob_is_missing(error: ResourceNotFoundError) -> None:
    if error.error_code != StorageErrorCode.BLOB_NOT_FOUND:  # type: ignore[attr-defined]  # the storage SDK adds it
        raise error
