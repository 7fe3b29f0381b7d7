"""Shards by the vendor records they stand for, in ranges of the vendor's keys: what a comparison with the vendor reads."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard


@dataclass(frozen=True)
class RecordKind:
    """One kind of record of one vendor account."""

    tenant_id: str
    system: str
    scope: str
    record_type: str
    range_field: str | None = None
    """The canonical field by whose text order ranges are bounded, where the vendor cannot list by keys; None: the record's key."""

    def shard_id(self, key: str) -> ShardId:
        """The id of a record's shard, where ids are those of the scope."""
        record = {"system": self.system, "scope": self.scope, "record_type": self.record_type}
        return shard_id(tenant_id=self.tenant_id, external_id=key, **record)


@dataclass(frozen=True)
class StoredRecord:
    """What is stored of one record."""

    external_id: str
    shard: Shard


class RecordIndex(Protocol):
    """Shards by the keys of their records."""

    def between(self, kind: RecordKind, *, after: str | None, up_to: str | None) -> AsyncIterator[StoredRecord]:
        """Every shard whose record's key, or the range field of its kind, is above ``after`` and not above ``up_to`` (text order; None: no
        bound), in no order.

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

    def within(self, tenant_id: str, fields: Sequence[str], external_id: str) -> AsyncIterator[Shard]:
        """Every shard of the tenant, but for drafts, that names a record in one of these canonical fields, in no order.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def stored(self, kind: RecordKind, key: str) -> Shard | None:
        """The shard of one record, deleted ones too, or the one that survived it; None: nothing was seen of it but its id. One point read,
        for kinds whose ids are those of their scope.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def count(self, kind: RecordKind) -> int:
        """How many active shards there are of this kind.

        Raises:
            TransientError: when the store cannot answer now.
        """
