"""What linking stores, in memory: the twins of the stores of suggestions, policies, anchors and snapshots."""

import copy
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from devtools.fakes.shards import InMemoryShards, to_look_at
from shared.errors import Conflict
from shared.linking.anchor import ANCHOR_FIELDS, AnchorRow, AnchorRows, AnchorSnapshot, AnchorSnapshots
from shared.linking.policy import LinkingPolicies, StoredPolicy
from shared.linking.suggestion import Place, SuggestedLink, SuggestedLinks, SuggestionFilter
from shared.shards.model import Shard
from shared.shards.store import ALIAS_OF


class InMemorySuggestedLinks(SuggestedLinks):
    """Suggestions by tenant and id. ``reads`` and ``writes`` count requests. No time to live removes any of them: ``erase`` does."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], SuggestedLink] = {}
        self._etag = 0
        self.reads = 0
        self.writes = 0

    def erase(self, tenant_id: str, suggestion: str) -> None:
        """Its time to live is over."""
        del self.known[tenant_id, suggestion]

    @override
    async def read(self, tenant_id: str, suggestion: str) -> SuggestedLink | None:
        self.reads += 1
        return self.known.get((tenant_id, suggestion))

    @override
    async def create(self, suggestion: SuggestedLink) -> SuggestedLink:
        self.writes += 1
        if (suggestion.tenant_id, suggestion.id) in self.known:
            raise Conflict("the suggestion is there")
        return self._store(suggestion)

    @override
    async def replace(self, suggestion: SuggestedLink) -> SuggestedLink:
        self.writes += 1
        known = self.known.get((suggestion.tenant_id, suggestion.id))
        if known is None or known.etag != suggestion.etag:
            raise Conflict("the suggestion was written since")
        return self._store(suggestion)

    @override
    async def listed(
        self, tenant_id: str, wanted: SuggestionFilter, *, now: datetime, after: Place | None = None
    ) -> AsyncIterator[SuggestedLink]:
        self.reads += 1
        ours = [one for (tenant, _), one in self.known.items() if tenant == tenant_id and _is_wanted(one, wanted, now)]
        for one in sorted(ours, key=_place):
            if after is None or _place(one) > (-after.confidence, after.id):
                yield one

    def _store(self, suggestion: SuggestedLink) -> SuggestedLink:
        self._etag += 1
        stored = suggestion.model_copy(update={"etag": str(self._etag)})
        self.known[suggestion.tenant_id, suggestion.id] = stored
        return stored


def _place(suggestion: SuggestedLink) -> tuple[float, str]:
    return -suggestion.confidence, suggestion.id


def _is_wanted(one: SuggestedLink, wanted: SuggestionFilter, now: datetime) -> bool:
    return (
        one.status_at(now) == wanted.status
        and wanted.source_shard_id in {None, one.source_shard_id}
        and wanted.shard_type_id in {None, one.source_shard_type_id, one.target_shard_type_id}
        and wanted.relationship_type in {None, one.relationship_type}
        and wanted.min_confidence <= one.confidence <= wanted.max_confidence
    )


class InMemoryLinkingPolicies(LinkingPolicies):
    """Documents by tenant, as they are stored: what is not a policy can be put there, too. ``reads`` counts requests."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self._etag = 0
        self.reads = 0

    def put(self, tenant_id: str, document: dict[str, Any]) -> None:
        """Store one whatever it is, as another deployment might."""
        self._etag += 1
        self.documents[tenant_id] = {**copy.deepcopy(document), "tenantId": tenant_id, "etag": str(self._etag)}

    @override
    async def read(self, tenant_id: str) -> StoredPolicy | None:
        self.reads += 1
        document = self.documents.get(tenant_id)
        return None if document is None else StoredPolicy.read_from(document)

    @override
    async def write(self, stored: StoredPolicy) -> StoredPolicy:
        known = self.documents.get(stored.tenant_id)
        if (None if known is None else known["etag"]) != stored.etag:
            raise Conflict("the linking policy was written since")
        self.put(stored.tenant_id, stored.model_dump(mode="json", by_alias=True))
        return stored.model_copy(update={"etag": str(self._etag)})

    @override
    async def remove(self, tenant_id: str) -> bool:
        return self.documents.pop(tenant_id, None) is not None


class InMemoryAnchorRows(AnchorRows):
    """Anchors among the shards. ``queries`` counts them."""

    def __init__(self, shards: InMemoryShards) -> None:
        self.shards = shards
        self.queries = 0

    @override
    async def changed_since(self, tenant_id: str, changed_at: int) -> AsyncIterator[AnchorRow]:
        self.queries += 1
        changed = [(document, at) for document, at in self.shards.written(tenant_id) if at >= changed_at]
        for document, at in changed:
            if ALIAS_OF in document:
                yield AnchorRow.given_up(document["id"], changed_at=at)
                continue
            if document["shardTypeId"] not in ANCHOR_FIELDS or document["status"] == "draft":
                continue
            row = AnchorRow.of(Shard.model_validate(copy.deepcopy(document)), changed_at=at)
            if row is not None:
                yield row

    @override
    async def sharing(self, tenant_id: str, keys: Sequence[str]) -> AsyncIterator[Shard]:
        self.queries += 1
        wanted = set(keys)
        documents = [document for document, _ in self.shards.written(tenant_id)]
        for document in documents:
            if not wanted.isdisjoint((document.get("linking") or {}).get("keys", ())):
                yield to_look_at(Shard.model_validate(copy.deepcopy(document)))


class InMemoryAnchorSnapshots(AnchorSnapshots):
    """Snapshots by tenant. ``reads`` and ``writes`` count requests."""

    def __init__(self) -> None:
        self.known: dict[str, AnchorSnapshot] = {}
        self.reads = 0
        self.writes = 0

    @override
    async def read(self, tenant_id: str) -> AnchorSnapshot | None:
        self.reads += 1
        return self.known.get(tenant_id)

    @override
    async def write(self, tenant_id: str, snapshot: AnchorSnapshot) -> None:
        self.writes += 1
        known = self.known.get(tenant_id)
        if known is None or known.changed_at <= snapshot.changed_at:
            self.known[tenant_id] = AnchorSnapshot(tuple(snapshot.rows), snapshot.changed_at)
