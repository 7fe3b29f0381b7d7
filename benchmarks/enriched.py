"""Cosmos DB requests an enriched shard, counted by the stand-in at the wire: the handler in this process, over the deployment's own stores.

Every case is so many shards; each message carries its shard, as normalization's do, but for a relink, which carries none. What a worker
asks now and then, whatever it enriches (a tenant's policy, what changed of its anchors), is counted by itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from azure.cosmos.aio import CosmosClient

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.measurement import goal, say
from benchmarks.tenant_names import ORGANIZATION, TENANT
from devtools.fakes.clock import Clock
from devtools.fakes.linking import InMemoryAnchorSnapshots
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import sample_change
from devtools.fakes.stores import InMemoryClaims
from devtools.fakes.transport import InMemoryTransport
from devtools.local.run import DATABASE
from processors.enrichment.anchors.cache import REFRESHED_EVERY, AnchorCache
from processors.enrichment.folders import KnownFolders
from processors.enrichment.handler import enrich
from processors.enrichment.ports import LinkingPorts
from shared.access.acl import ADMINS_ONLY
from shared.contracts.canonical import digest
from shared.contracts.shard_emitted import ShardEmitted
from shared.hosting.services import now
from shared.linking.remembered_policies import RememberedPolicies
from shared.messaging.publisher import QueuePublisher
from shared.shards.carried import CarriedShard
from shared.shards.ids import ShardId, external_edge_id, shard_id
from shared.shards.known import KnownShards
from shared.shards.model import ExternalRelationship, Metadata, Shard
from shared.storage.anchor_rows import CosmosAnchorRows
from shared.storage.cosmos import CosmosAccount
from shared.storage.linking_policy_store import CosmosLinkingPolicies
from shared.storage.shard_store import CosmosShardStore
from shared.storage.suggested_link_store import CosmosSuggestedLinks

MOST_REQUESTS: Final = 2
SYSTEMS: Final = {"c_file": "gdrive", "c_account": "salesforce", "c_opportunity": "salesforce"}
RECORDS: Final = {"c_file": "File", "c_account": "Account", "c_opportunity": "Opportunity"}
NOTHING_NEW: Final = (
    "a new file that names nobody",
    "a file whose text changed",
    "a file announced again",
    "a new company nobody has named",
)
TALK: Final = "We went through the open questions of the contract and the plan with the team. "


class _Worker:
    """One worker over the run's database."""

    def __init__(self, ours: Bench, account: CosmosAccount) -> None:
        self._ours = ours
        self._clock = Clock(now())
        self.shards, rows = CosmosShardStore(account), CosmosAnchorRows(account)
        metrics = InMemoryMetrics()
        self._transport = InMemoryTransport(self._clock)
        self._ports: dict[str, Any] = {
            "shards": self.shards,
            "known": KnownShards(self._clock),
            "linking": LinkingPorts(
                AnchorCache(rows, InMemoryAnchorSnapshots(), metrics, self._clock),
                rows,
                CosmosSuggestedLinks(account),
                RememberedPolicies(CosmosLinkingPolicies(account), now=self._clock),
                KnownFolders(self._clock),
            ),
            "publisher": QueuePublisher(self._transport, claims=InMemoryClaims(), metrics=metrics, traceparent=lambda: None),
            "metrics": metrics,
            "now": self._clock,
        }

    async def create(self, shards: Sequence[Shard]) -> list[Shard]:
        """Store them, as normalization does."""
        return [await self.shards.create(shard) for shard in shards]

    async def enrich(self, shards: Sequence[Shard], *, cause: str = "content") -> None:
        """Enrich each."""
        for shard in shards:
            carried = None if cause.startswith("relink:") else CarriedShard.of(shard, at=self._clock())
            about = {"tenant_id": TENANT, "shard_id": shard.id, "shard_type_id": shard.shard_type_id, "revision": shard.revision_number}
            await enrich(ShardEmitted.model_validate({**about, "cause": cause, "carried": carried}), **self._ports)

    async def reworded(self, shards: Sequence[Shard]) -> list[Shard]:
        """Change their texts, as normalization does."""
        changed = []
        for known in shards:
            shard = await self._stored(known)
            said = {**shard.structured_data, "description": f"{TALK} Again."}
            changed.append(await self.shards.change(shard, replace(sample_change(""), structured_data=said, metadata=shard.metadata)))
        return changed

    async def _stored(self, shard: Shard) -> Shard:
        found = await self.shards.read(TENANT, ShardId(shard.id))
        if found is None:
            raise RuntimeError("a shard that was stored is not there")
        return found

    async def counted(self, shards: Sequence[Shard], *, cause: str = "content") -> dict[str, float]:
        """Requests a shard while these are enriched, by container and kind."""
        before = await self._ours.cosmos_requests()
        await self.enrich(shards, cause=cause)
        return {name: round(count / len(shards), 2) for name, count in bench.since(before, await self._ours.cosmos_requests()).items()}

    async def later(self, shard: Shard) -> dict[str, float]:
        """What is asked besides when what is remembered is too old; the shard itself is read, and that is all of it."""
        self._clock.advance(seconds=2 * REFRESHED_EVERY.total_seconds())
        before = await self._ours.cosmos_requests()
        await self.enrich([shard], cause=f"relink:{digest('later')}")
        asked = bench.since(before, await self._ours.cosmos_requests())
        return {name: count for name, count in asked.items() if name != "shards read"}


async def measure(records: int) -> dict[str, Any]:
    """By case: requests a shard."""
    async with bench.standing() as ours:
        account = CosmosAccount(lambda: CosmosClient.from_connection_string(ours.run.cosmos), database=DATABASE)
        try:
            worker = _Worker(ours, account)
            [company] = await worker.create([_account(0)])
            await worker.enrich([company])
            besides = await worker.later(company)
            cases = await _cases(worker, records)
        finally:
            await account.close()
    return {
        "records": records,
        "besides": besides,
        "cases": cases,
        "goals": [goal(f"Cosmos DB requests, {name}", round(sum(cases[name].values()), 2), at_most=MOST_REQUESTS) for name in NOTHING_NEW],
    }


async def _cases(worker: _Worker, records: int) -> dict[str, dict[str, float]]:
    silent = await worker.create([_file(number, TALK) for number in range(records)])
    naming = await worker.create([_file(records + number, f"{TALK} Signed by Harbour Cranesmith.") for number in range(records)])
    companies = await worker.create([_account(1 + number) for number in range(records)])
    say(f"linking: {records} shards of each kind are enriched")
    cases = {"a new file that names nobody": await worker.counted(silent)}
    cases["a new file that names a company and is linked"] = await worker.counted(naming)
    cases["a file whose text changed"] = await worker.counted(await worker.reworded(silent))
    cases["a file announced again"] = await worker.counted(silent, cause=f"relink:{digest('again')}")
    cases["a new company nobody has named"] = await worker.counted(companies)
    return cases


def _file(number: int, text: str) -> Shard:
    said = {"name": f"Minutes {number}", "provider": "gdrive", "externalId": f"file-{number}", "description": text}
    return _shard("c_file", "", f"file-{number}", said)


def _account(number: int) -> Shard:
    name = "Harbour Cranesmith" if number == 0 else f"Qu{'aeiou'[number % 5]}rt{number}ville"
    return _shard("c_account", ORGANIZATION, f"001{number:012}AAA", {"name": name})


def _shard(shard_type_id: str, scope: str, external_id: str, said: dict[str, Any]) -> Shard:
    at: datetime = now()
    record = {"system": SYSTEMS[shard_type_id], "scope": scope, "record_type": RECORDS[shard_type_id], "external_id": external_id}
    edge = ExternalRelationship(id=external_edge_id(**record), system_type="other", last_synced_at=at, created_at=at, **record)
    return Shard(
        id=ShardId(shard_id(tenant_id=TENANT, **record)),
        tenant_id=TENANT,
        shard_type_id=shard_type_id,
        schema_version=1,
        structured_data=said,
        external_relationships=(edge,),
        acl=ADMINS_ONLY,
        metadata=Metadata(),
        status="active",
        revision_number=1,
        created_at=at,
        updated_at=at,
    )
