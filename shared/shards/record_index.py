"""Shards by the vendor records they stand for, in ranges of the vendor's keys: what a comparison with the vendor reads."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from shared.shards.ids import ShardId
from shared.shards.model import Shard


@dataclass(frozen=True)
class RecordKind:
    """One kind of record of one vendor account."""

    tenant_id: str
    system: str
    scope: str
    record_type: str


@dataclass(frozen=True)
class StoredRecord:
    """What is stored of one record."""

    external_id: str
    shard: Shard


class RecordIndex(Protocol):
    """Shards by the keys of their records."""

    def between(self, kind: RecordKind, *, after: str | None, up_to: str | None) -> AsyncIterator[StoredRecord]:
        """Every shard whose record's key is above ``after`` and not above ``up_to`` (text order; None: no bound), in no order.

        Aliases and placeholders are left out; deleted shards are not: the caller looks at their status. Streamed: memory does not grow with
        the number of shards.

        Raises:
            TransientError: when the store cannot answer now.
        """

    def naming(self, tenant_id: str, target: ShardId) -> AsyncIterator[Shard]:
        """Every shard of the tenant with an edge to ``target``, in no order.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def count(self, kind: RecordKind) -> int:
        """How many active shards there are of this kind.

        Raises:
            TransientError: when the store cannot answer now.
        """
