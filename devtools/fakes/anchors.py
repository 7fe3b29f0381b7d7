"""Anchors as one worker knows them, and policies, without an event loop: what the cache of ``processors/enrichment/anchors`` does."""

from datetime import datetime, timedelta

from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.shards import InMemoryShards
from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.ports import Anchors, Policies
from shared.linking.anchor import ANCHOR_FIELDS, AnchorRow
from shared.linking.policy import LinkingPolicies, LinkingPolicy
from shared.shards.model import Shard
from shared.shards.store import ALIAS_OF


class InMemoryAnchors(Anchors):
    """One worker's. What it knows may be as old as ``refreshed_every``, and is of now where that is asked for."""

    def __init__(self, shards: InMemoryShards, clock: Clock, *, refreshed_every: timedelta = timedelta(0)) -> None:
        self.shards = shards
        self._clock = clock
        self._refreshed_every = refreshed_every
        self._indexes: dict[tuple[str, str], AnchorIndex] = {}
        self._put: dict[tuple[str, str], dict[str, str]] = {}
        self._read_at: dict[tuple[str, str], datetime] = {}

    @override
    async def of(self, tenant_id: str, *, fresh: bool = False, default_country: str = "US") -> AnchorIndex:
        place = (tenant_id, default_country)
        read_at = self._read_at.get(place)
        if fresh or read_at is None or self._clock() - read_at >= self._refreshed_every:
            self._read(place)
            self._read_at[place] = self._clock()
        return self._indexes[place]

    @override
    def noticed(self, tenant_id: str, row: AnchorRow) -> None:
        """Nothing: what is noticed here would be known by itself at the next look."""

    def _read(self, place: tuple[str, str]) -> None:
        tenant_id, default_country = place
        index = self._indexes.setdefault(place, AnchorIndex(tenant_id, default_country=default_country))
        put = self._put.setdefault(place, {})
        for document, _ in self.shards.written(tenant_id):
            if put.get(document["id"]) == document["etag"]:
                continue
            put[document["id"]] = document["etag"]
            if ALIAS_OF in document:
                index.put(AnchorRow.given_up(document["id"], changed_at=0))
            elif document["shardTypeId"] in ANCHOR_FIELDS and (row := AnchorRow.of(Shard.model_validate(document))) is not None:
                index.put(row)


class UnrememberedPolicies(Policies):
    """Tenants' policies as they are stored at this moment."""

    def __init__(self, store: LinkingPolicies) -> None:
        self._store = store

    @override
    async def of(self, tenant_id: str, *, fresh: bool = False) -> LinkingPolicy:
        stored = await self._store.read(tenant_id)
        return LinkingPolicy() if stored is None else stored.policy
