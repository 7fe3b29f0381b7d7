"""Anchors: the shards that others are linked to, by what they are recognised by. And the ports that bring a worker all of a tenant's.

Accounts, contacts, opportunities and projects are recognised by names, addresses and numbers; people and channels by ids and addresses
alone. A worker keeps a tenant's anchors in memory (``processors/enrichment/anchors``): what it needs at first comes from a snapshot, one
blob, and from then on what has changed, by one query.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from shared.shards.model import Shard, Status

ANCHOR_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "c_account": ("name", "website", "phone", "billingCountry", "billingCountryCode", "parentId"),
    "c_contact": ("name", "email", "phone", "mobilePhone", "accountId", "mailingCountry", "mailingCountryCode"),
    "c_opportunity": ("name", "accountId", "contactId", "ownerId", "amount", "currency", "closeDate", "isClosed"),
    "c_project": ("name", "code", "accountId", "ownerId", "status"),
    "c_person": ("name", "email", "isActive"),
    "c_channel": ("name",),
}
"""By shard type: the canonical fields it is recognised by. Whatever is not here never reaches a worker's memory."""


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """What a store tells of one anchor."""

    shard_id: str
    shard_type_id: str
    status: Status
    records: tuple[tuple[str, str, str, str], ...]
    """Of each vendor record: system, scope, kind, id."""
    fields: Mapping[str, Any]
    """Those of ``ANCHOR_FIELDS`` that are there."""
    changed_at: int
    """When the store wrote it, in seconds since 1970 by the store's clock (``_ts``). 0: not stored yet."""

    @classmethod
    def of(cls, shard: Shard, *, changed_at: int = 0) -> "AnchorRow | None":
        """A shard's; None for a type that nothing is linked to."""
        fields = ANCHOR_FIELDS.get(shard.shard_type_id)
        if fields is None:
            return None
        data = shard.structured_data
        return cls(
            shard_id=shard.id,
            shard_type_id=shard.shard_type_id,
            status=shard.status,
            records=tuple((edge.system, edge.scope, edge.record_type, edge.external_id) for edge in shard.external_relationships),
            fields={field: data[field] for field in fields if data.get(field) is not None},
            changed_at=changed_at,
        )

    @classmethod
    def given_up(cls, shard_id: str, *, changed_at: int) -> "AnchorRow":
        """Of an id that leads to another shard by now: whatever it was, it is gone. Its type is not known any more."""
        return cls(shard_id=shard_id, shard_type_id="", status="deleted", records=(), fields={}, changed_at=changed_at)


@dataclass(frozen=True)
class AnchorSnapshot:
    """All of a tenant's anchors at a moment."""

    rows: Sequence[AnchorRow]
    changed_at: int
    """Everything the store wrote before this second is in it."""


class AnchorRows(Protocol):
    """A tenant's anchors, as the store has them."""

    def changed_since(self, tenant_id: str, changed_at: int) -> AsyncIterator[AnchorRow]:
        """Every anchor written in this second (of the store's clock) or later, in no order, gone ones too. 0: all there are. Streamed.

        An id that a shard was merged away from comes as ``AnchorRow.given_up``. Drafts do not come: they are
        no anchors before they are seen.

        Raises:
            TransientError: when the store cannot answer now.
        """

    def sharing(self, tenant_id: str, keys: Sequence[str]) -> AsyncIterator[Shard]:
        """Every shard whose ``linking.keys`` holds one of these, as ``RecordIndex`` gives them: not to be written. In no order, streamed.

        Raises:
            TransientError: when the store cannot answer now.
        """


class AnchorSnapshots(Protocol):
    """Where snapshots are."""

    async def read(self, tenant_id: str) -> AnchorSnapshot | None:
        """The newest; None when there is none, or none this deployment can read.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def write(self, tenant_id: str, snapshot: AnchorSnapshot) -> None:
        """Keep it instead of the one before.

        Raises:
            TransientError: when the store cannot take it now.
        """
