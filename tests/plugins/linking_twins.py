"""The two twins of what linking stores, and the shards it reads: each with a door at the back."""

from typing import Any, Protocol

from typing_extensions import override

from devtools.fakes.stores import (
    InMemoryAnchorRows,
    InMemoryLinkingPolicies,
    InMemoryShards,
    InMemorySuggestedLinks,
)
from shared import topology
from shared.linking.anchor import AnchorRows
from shared.linking.policy import LinkingPolicies
from shared.linking.suggestion import SuggestedLinks
from shared.shards.store import ShardStore
from shared.storage.anchor_rows import CosmosAnchorRows
from shared.storage.cosmos import CosmosAccount
from shared.storage.linking_policy_store import CosmosLinkingPolicies
from shared.storage.shard_store import CosmosShardStore
from shared.storage.suggested_link_store import CosmosSuggestedLinks


class LinkingStores(Protocol):
    """All ports of one twin."""

    shards: ShardStore
    suggestions: SuggestedLinks
    policies: LinkingPolicies
    anchors: AnchorRows

    async def put_policy(self, tenant_id: str, document: dict[str, Any]) -> None:
        """Store a document as another deployment might."""

    async def erase_suggestion(self, tenant_id: str, suggestion: str) -> None:
        """As when its time to live is over."""


class InMemoryLinkingStores(LinkingStores):
    """The fakes."""

    def __init__(self) -> None:
        self.shards: InMemoryShards = InMemoryShards()
        self.suggestions: InMemorySuggestedLinks = InMemorySuggestedLinks()
        self.policies: InMemoryLinkingPolicies = InMemoryLinkingPolicies()
        self.anchors = InMemoryAnchorRows(self.shards)

    @override
    async def put_policy(self, tenant_id: str, document: dict[str, Any]) -> None:
        self.policies.put(tenant_id, document)

    @override
    async def erase_suggestion(self, tenant_id: str, suggestion: str) -> None:
        self.suggestions.erase(tenant_id, suggestion)


class CosmosLinkingStores(LinkingStores):
    """The adapters."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account
        self.shards = CosmosShardStore(account)
        self.suggestions = CosmosSuggestedLinks(account)
        self.policies = CosmosLinkingPolicies(account)
        self.anchors = CosmosAnchorRows(account)

    @override
    async def put_policy(self, tenant_id: str, document: dict[str, Any]) -> None:
        container = await self._account.container(topology.LINKING_POLICIES)
        await container.upsert_item({"tenantId": tenant_id, **document, "id": tenant_id})

    @override
    async def erase_suggestion(self, tenant_id: str, suggestion: str) -> None:
        await (await self._account.container(topology.SUGGESTED_LINKS)).delete_item(suggestion, partition_key=tenant_id)
