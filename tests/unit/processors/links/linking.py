"""A desk for links: what is on it, and what people ask."""

from typing import Any

from processors.links.api import Links, Removed, Wanted, add_link, list_links, remove_link
from shared.access.tokens import Caller
from shared.linking.asked import Said
from shared.linking.shown import Link
from tests.unit.processors.suggested_links.desk import ADA, Desk

VENDORS = {
    "id": "v1",
    "targetShardId": "folder-1",
    "targetShardTypeId": "c_folder",
    "relationshipType": "child_of",
    "metadata": {
        "confidence": 0.9,
        "source": "crm",
        "extractionMethod": "vendor-id",
        "evidence": [{"feature": "vendor-id", "field": "parentFolderExternalId", "value": "1x", "weight": 0.9}],
    },
    "createdAt": "2026-11-20T12:00:00.000000Z",
    "createdBy": "enrichment",
}
"""An edge of a vendor's reference, in the form before linking had sources of evidence."""


def inferred(target: str, target_type: str, relationship_type: str, confidence: float, **evidence: Any) -> dict[str, Any]:
    """An edge that enrichment found out."""
    piece = {
        "feature": "exact-name",
        "source": "name",
        "field": "name",
        "value": "Harbour",
        "weight": 0.92,
        "strength": 1.0,
        "ceiling": 0.92,
    }
    return {
        "id": f"edge-to-{target}",
        "targetShardId": target,
        "targetShardTypeId": target_type,
        "relationshipType": relationship_type,
        "metadata": {"confidence": confidence, "source": "name", "extractionMethod": "linking", "evidence": [{**piece, **evidence}]},
        "createdAt": "2026-11-20T12:00:00.000000Z",
        "createdBy": "enrichment",
    }


class LinkDesk(Desk):
    """A folder with a file in it, which is linked to a deal, as a channel is; and a company that nothing is linked to."""

    async def lay_out(self) -> "LinkDesk":
        """All of it."""
        await self.shard("folder-1", "c_folder", "Customers")
        await self.shard("deal-1", "c_opportunity", "Harbour")
        await self.shard("company-1", "c_account", "Harbour Ltd")
        edges = (VENDORS, inferred("deal-1", "c_opportunity", "attached_to", 0.92))
        await self.shard("file-1", "c_file", "Harbour.pdf", internal_relationships=edges)
        about = inferred("deal-1", "c_opportunity", "related_to", 0.85, source="messaging", field="topic")
        await self.shard("channel-1", "c_channel", "cust-harbour", internal_relationships=(about,))
        return self

    async def links(self, shard_id: str, who: Caller = ADA) -> Links:
        """A shard's links, as somebody sees them."""
        return await list_links(shard_id, who, shards=self.shards, index=self.index)

    async def ends(self, shard_id: str, who: Caller = ADA) -> list[tuple[str, str, str]]:
        """Direction, words and other end of each."""
        return [(link.direction, link.says, link.other.shard_id) for link in (await self.links(shard_id, who)).links]

    async def add(self, shard_id: str, target: str, who: Caller = ADA, **said: Any) -> Link:
        """Somebody links by hand."""
        return await add_link(shard_id, Wanted.model_validate({"targetShardId": target, **said}), who, ports=self.ports)

    async def remove(self, shard_id: str, link_id: str, who: Caller = ADA, reason: str | None = None) -> Removed:
        """Somebody unlinks."""
        return await remove_link(shard_id, link_id, Said(reason=reason), who, ports=self.ports)
