"""Something to decide about, written into a running app's store as enrichment leaves it; and somebody of the tenant who asks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from devtools.fakes.samples import sample_shard
from shared.access.acl import TENANT, readers
from shared.linking.evidence import Evidence, plain
from shared.linking.suggestion import SuggestedLink, suggestion_id
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from shared.storage.shard_store import CosmosShardStore
from shared.storage.suggested_link_store import CosmosSuggestedLinks
from tests.e2e.asking import bearer
from tests.e2e.environment import Environment
from tests.e2e.tenants import account_of


@dataclass(frozen=True)
class Desk:
    """A tenant with a file, two deals, and a suggestion for each."""

    environment: Environment
    tenant_id: str
    file: str
    deals: tuple[str, str]
    suggestions: tuple[str, str]

    async def call(self, method: str, path: str, *, tenant_id: str | None = None, **sent: Any) -> tuple[int, Any]:
        """What somebody of the tenant, or of another, is answered."""
        token = bearer(self.environment, tenant_id or self.tenant_id, email="ada@acme.example")
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.environment.run.host}/api/v1/{path}"
        async with self.environment.http.request(method, url, headers=headers, **sent) as response:
            return response.status, await response.json()


async def laid_out(environment: Environment, tenant_id: str) -> Desk:
    """A desk of this tenant."""
    at = datetime.now(UTC)
    file = _shard(tenant_id, "gdrive", "File", "c_file", "Minutes.pdf")
    deals = [_shard(tenant_id, "salesforce", "Opportunity", "c_opportunity", name) for name in ("Harbour", "Quay")]
    suggestions = [_suggestion(file, deal, confidence, at) for deal, confidence in zip(deals, (0.75, 0.65), strict=True)]
    async with account_of(environment.run) as account:
        for shard in (file, *deals):
            await CosmosShardStore(account).create(shard)
        for suggestion in suggestions:
            await CosmosSuggestedLinks(account).create(suggestion)
    harbour, quay = suggestions
    return Desk(environment, tenant_id, file.id, (deals[0].id, deals[1].id), (harbour.id, quay.id))


def _shard(tenant_id: str, system: str, record_type: str, shard_type_id: str, name: str) -> Shard:
    record = {"system": system, "scope": "", "record_type": record_type, "external_id": name}
    fields = {"shard_type_id": shard_type_id, "structured_data": {"name": name}, "acl": readers([TENANT])}
    return sample_shard(tenant_id).model_copy(update={"id": ShardId(shard_id(tenant_id=tenant_id, **record)), **fields})


def _suggestion(file: Shard, deal: Shard, confidence: float, at: datetime) -> SuggestedLink:
    statement = {"source_shard_id": file.id, "relationship_type": "attached_to", "target_shard_id": deal.id}
    evidence = Evidence(feature="amount", source="amount", field="name", value="EUR 12000.00", weight=0.3, ceiling=0.3)
    return SuggestedLink(
        id=suggestion_id(tenant_id=file.tenant_id, **statement),
        tenant_id=file.tenant_id,
        source_shard_type_id=file.shard_type_id,
        target_shard_type_id=deal.shard_type_id,
        confidence=confidence,
        evidence=(plain(evidence),),
        created_at=at,
        updated_at=at,
        expires_at=at + timedelta(days=30),
        ttl=3600,
        **statement,
    )
