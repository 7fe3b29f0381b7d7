"""Stores in memory: the twins of those in ``shared/storage``. ``tests/contract`` holds both to one suite for each port."""

import copy
from typing import Any

from typing_extensions import override

from devtools.fakes.connections import InMemoryConnections, InMemorySecrets
from devtools.fakes.linking import InMemoryAnchorRows, InMemoryAnchorSnapshots, InMemoryLinkingPolicies, InMemorySuggestedLinks
from devtools.fakes.shards import InMemoryDirectory, InMemoryRecordIndex, InMemoryShards
from shared.contracts.claim import Claim, ClaimStore
from shared.contracts.message import Instant
from shared.errors import ClaimLost
from shared.gaps.gap import Gap, Gaps
from shared.shard_types.ensure import ShardTypeStore

__all__ = [
    "InMemoryAnchorRows",
    "InMemoryAnchorSnapshots",
    "InMemoryClaims",
    "InMemoryConnections",
    "InMemoryDirectory",
    "InMemoryGaps",
    "InMemoryLinkingPolicies",
    "InMemoryRecordIndex",
    "InMemorySecrets",
    "InMemoryShardTypes",
    "InMemoryShards",
    "InMemorySuggestedLinks",
]


class InMemoryGaps(Gaps):
    """Gaps by id."""

    def __init__(self) -> None:
        self.known: dict[str, Gap] = {}
        self._etag = 0

    @override
    async def open(self, gap: Gap) -> None:
        known = self.known.get(gap.id)
        if known is None or known.status != "open":
            self._store(gap)
        elif not known.says(gap):
            self._store(known.model_copy(update={"seen_at": gap.seen_at}))

    @override
    async def open_ones(self, tenant_id: str, connection_id: str) -> list[Gap]:
        ours = [gap for gap in self.known.values() if (gap.tenant_id, gap.connection_id) == (tenant_id, connection_id)]
        return sorted((gap for gap in ours if gap.status == "open"), key=lambda gap: gap.opened_at)

    @override
    async def open_of_source(self, source: str) -> list[Gap]:
        ours = [gap for gap in self.known.values() if gap.status == "open" and gap.connection_id.startswith(f"{source}:")]
        return sorted(ours, key=lambda gap: gap.opened_at)

    @override
    async def close(self, gap: Gap, *, at: Instant) -> bool:
        known = self.known.get(gap.id)
        if known is None or known.etag != gap.etag:
            return False
        self._store(gap.model_copy(update={"status": "closed", "closed_at": at}))
        return True

    def _store(self, gap: Gap) -> None:
        self._etag += 1
        self.known[gap.id] = gap.model_copy(update={"etag": str(self._etag)})


class InMemoryShardTypes(ShardTypeStore):
    """Definitions by id."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}

    @override
    async def read(self, shard_type_id: str) -> dict[str, Any] | None:
        return copy.deepcopy(self.known.get(shard_type_id))

    @override
    async def write(self, document: dict[str, Any]) -> None:
        self.known[document["id"]] = copy.deepcopy(document)


class InMemoryClaims(ClaimStore):
    """Bodies by blob name."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    @override
    async def put(self, claim: Claim, body: bytes) -> None:
        self.blobs[claim.blob] = body

    @override
    async def redeem(self, claim: Claim) -> bytes:
        if claim.blob not in self.blobs:
            raise ClaimLost(f"blob {claim.blob} is gone")
        return claim.check(self.blobs[claim.blob])
