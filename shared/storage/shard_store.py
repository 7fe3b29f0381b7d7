"""Shards in Cosmos DB: hierarchical key ``/tenantId`` + ``/id``, one point read, one patch guarded by the etag."""

from typing import Any

from azure.core import MatchConditions
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosResourceNotFoundError
from typing_extensions import override

from shared import topology
from shared.errors import Conflict, Forbidden, OwnershipConflict
from shared.shards.ids import ShardId
from shared.shards.model import Shard, Vectors
from shared.shards.store import ALIAS_OF, MAX_ALIAS_STEPS, MAX_PATHS, Alias, Change, ShardStore, VectorsChange, alias_of
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, etag_of, found, guarded_write


class CosmosShardStore(ShardStore):
    """The store port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        _, document = await self._followed(tenant_id, shard_id)
        return None if document is None else _shard(tenant_id, document)

    @override
    async def entry(self, tenant_id: str, shard_id: ShardId) -> Shard | Alias | None:
        container = await self._account.container(topology.SHARDS)
        document = await found(container.read_item(shard_id, partition_key=[tenant_id, shard_id]), "read a shard")
        if document is None:
            return None
        return alias_of(document, etag=document["_etag"]) or _shard(tenant_id, document)

    @override
    async def create(self, shard: Shard) -> Shard:
        container = await self._account.container(topology.SHARDS)
        async with azure_errors("create a shard"):
            created = await container.create_item(shard.document(), no_response=True)
        return shard.model_copy(update={"etag": etag_of(created)})

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        paths = change.paths()
        if len(paths) > MAX_PATHS:
            raise ValueError(f"a partial update may name {MAX_PATHS} paths, and this one names {len(paths)}")
        container = await self._account.container(topology.SHARDS)
        operations = [{"op": "set", "path": f"/{path}", "value": value} for path, value in paths.items()]
        async with guarded_write("patch a shard"):
            changed = await container.patch_item(
                shard.id,
                partition_key=[shard.tenant_id, shard.id],
                patch_operations=operations,
                etag=shard.etag,
                match_condition=MatchConditions.IfNotModified,
                no_response=True,
            )
        return Shard.model_validate({**shard.document(), **paths, "etag": etag_of(changed)})

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        container = await self._account.container(topology.SHARDS)
        operations = [{"op": "set", "path": f"/{path}", "value": value} for path, value in VectorsChange(vectors).paths().items()]
        async with azure_errors("record a shard's vectors"):
            try:
                await container.patch_item(
                    shard_id,
                    partition_key=[tenant_id, shard_id],
                    patch_operations=operations,
                    filter_predicate=f"FROM c WHERE NOT IS_DEFINED(c.{ALIAS_OF}) AND c.revisionNumber >= {vectors.revision}"
                    f" AND (NOT IS_DEFINED(c.vectors.revision) OR c.vectors.revision <= {vectors.revision})",
                    no_response=True,
                )
            except CosmosAccessConditionFailedError:
                return False
            except CosmosResourceNotFoundError as error:
                if error.sub_status:
                    raise
                return False
        return True

    @override
    async def add_alias(self, alias: Alias, *, instead_of: Shard | Alias | None) -> None:
        path, _ = await self._followed(alias.tenant_id, alias.surviving_id)
        if alias.id in path:
            raise OwnershipConflict("the surviving shard is itself an alias of the old one")
        if instead_of is not None:
            await self._replace(alias.tenant_id, alias.document(), instead_of.etag)
            return
        container = await self._account.container(topology.SHARDS)
        async with azure_errors("store an alias"):
            await container.create_item(alias.document(), no_response=True)

    @override
    async def end_alias(self, alias: Alias, shard: Shard) -> Shard:
        return shard.model_copy(update={"etag": await self._replace(alias.tenant_id, shard.document(), alias.etag)})

    async def _replace(self, tenant_id: str, document: dict[str, Any], etag: str | None) -> str:
        container = await self._account.container(topology.SHARDS)
        async with guarded_write("replace a shard or an alias"):
            replaced = await container.replace_item(
                document["id"],
                document,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
                no_response=True,
            )
        return etag_of(replaced)

    async def _followed(self, tenant_id: str, shard_id: str) -> tuple[list[str], dict[str, Any] | None]:
        """All ids on the way along the aliases, and what is stored at its end."""
        container = await self._account.container(topology.SHARDS)
        path = [shard_id]
        for _ in range(MAX_ALIAS_STEPS + 1):
            document = await found(container.read_item(path[-1], partition_key=[tenant_id, path[-1]]), "read a shard")
            if document is None or ALIAS_OF not in document:
                return path, document
            path.append(document[ALIAS_OF])
        raise Conflict("the chain of aliases does not end")


def _shard(tenant_id: str, document: dict[str, Any]) -> Shard:
    if document.get("tenantId") != tenant_id:
        raise Forbidden("the store gave another tenant's shard")
    return Shard.model_validate({**document, "etag": document["_etag"]})
