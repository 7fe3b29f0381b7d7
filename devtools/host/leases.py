"""Which host reads which range of a change feed, and from where: documents of the lease container, one for each range.

The form follows .NET's change feed processor: ``id`` from prefix, account and resource ids, ``Owner`` (a new name for every start of a
host), ``ContinuationToken`` and ``timestamp``. Every write has the document's etag as a condition, so a lease that somebody else took is
noticed at the next renewal or checkpoint. A host that stops gives its leases back; those of a killed one run out.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol


class LeaseLost(Exception):
    """Another host has the lease now, or it is gone."""


class WriteRefused(Exception):
    """The document exists already, or is not as it was read."""


class LeaseDocuments(Protocol):
    """What leases need of their container."""

    async def create(self, document: dict[str, Any]) -> None:
        """Raises WriteRefused when it exists."""
        ...

    async def replace(self, document: dict[str, Any], etag: str) -> dict[str, Any]:
        """The document as it is stored. Raises WriteRefused when it is gone or has another etag."""
        ...

    async def beginning_with(self, prefix: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Lease:
    """A range's lease as its document was read."""

    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def owner(self) -> str | None:
        owner: str | None = self.document["Owner"]
        return owner

    @property
    def continuation(self) -> str | None:
        """Where the next read begins; None before the first batch."""
        token: str | None = self.document["ContinuationToken"]
        return token

    @property
    def feed_range(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["FeedRange"]
        return found

    def has_expired(self, now: datetime, expire_seconds: float) -> bool:
        """Whether nobody holds it any more."""
        return self.owner is None or datetime.fromisoformat(self.document["timestamp"]) + timedelta(seconds=expire_seconds) < now


@dataclass(frozen=True)
class Leases:
    """The leases of one function's change feed, for one host."""

    documents: LeaseDocuments
    prefix: str
    owner: str
    now: Callable[[], datetime]

    async def ensure(self, ranges: Sequence[Mapping[str, Any]]) -> None:
        """Make those that are missing, owned by nobody."""
        known = {lease.id for lease in await self.all()}
        for number, feed_range in enumerate(ranges):
            id_ = f"{self.prefix}..{number}"
            if id_ not in known:
                await self._create(id_, number, feed_range)

    async def all(self) -> list[Lease]:
        return [Lease(document) for document in await self.documents.beginning_with(f"{self.prefix}..")]

    async def take(self, lease: Lease) -> Lease:
        """Become its owner.

        Raises:
            LeaseLost: another host was quicker.
        """
        return await self._write(lease, Owner=self.owner)

    async def renew(self, lease: Lease) -> Lease:
        """Say that its owner lives.

        Raises:
            LeaseLost: see there.
        """
        return await self._write(lease)

    async def checkpoint(self, lease: Lease, continuation: str) -> Lease:
        """Note how far the changes were handed over.

        Raises:
            LeaseLost: see there.
        """
        return await self._write(lease, ContinuationToken=continuation)

    async def give_back(self, lease: Lease) -> None:
        """Let others have it at once.

        Raises:
            LeaseLost: they have it already.
        """
        await self._write(lease, Owner=None)

    async def _create(self, id_: str, number: int, feed_range: Mapping[str, Any]) -> None:
        document = {"id": id_, "LeaseToken": str(number), "FeedRange": dict(feed_range), "Owner": None, "ContinuationToken": None}
        try:
            await self.documents.create({**document, "properties": {}, "timestamp": self.now().isoformat()})
        except WriteRefused:  # another host starts at the same moment
            return

    async def _write(self, lease: Lease, **changes: str | None) -> Lease:
        document = {**lease.document, **changes, "timestamp": self.now().isoformat()}
        try:
            return replace(lease, document=await self.documents.replace(document, str(lease.document["_etag"])))
        except WriteRefused as refusal:
            raise LeaseLost(lease.id) from refusal


def to_take(leases: Sequence[Lease], owner: str, now: datetime, expire_seconds: float) -> list[Lease]:
    """What this host should take now: those nobody holds, up to its share, or else one of the host that holds most above its own."""
    free = [lease for lease in leases if lease.has_expired(now, expire_seconds)]
    held = Counter(lease.owner for lease in leases if lease not in free)
    hosts = len(held.keys() | {owner})
    share = math.ceil(len(leases) / hosts)
    needed = share - held[owner]
    if needed <= 0:
        return []
    if free:
        return free[:needed]
    richest, most = max(((host, count) for host, count in held.items() if host != owner), key=lambda entry: entry[1], default=(owner, 0))
    if most <= share - (1 if needed > 1 else 0):
        return []
    return [next(lease for lease in leases if lease.owner == richest)]
