"""Tenants' linking policies in Cosmos DB, key ``/id``: a tenant has one, under its own id."""

from typing import Final

from azure.core import MatchConditions
from azure.cosmos.exceptions import CosmosResourceNotFoundError
from typing_extensions import override

from shared import topology
from shared.errors import Forbidden
from shared.linking.policy import LinkingPolicies, StoredPolicy
from shared.storage.azure_errors import azure_errors
from shared.storage.cosmos import CosmosAccount, etag_of, found, guarded_write

WHAT: Final = "store a linking policy"


class CosmosLinkingPolicies(LinkingPolicies):
    """The port over one account."""

    def __init__(self, account: CosmosAccount) -> None:
        self._account = account

    @override
    async def read(self, tenant_id: str) -> StoredPolicy | None:
        container = await self._account.container(topology.LINKING_POLICIES)
        document = await found(container.read_item(tenant_id, partition_key=tenant_id), "read a linking policy")
        if document is None:
            return None
        stored = StoredPolicy.read_from({**document, "etag": document["_etag"]})
        if stored.tenant_id != tenant_id:
            raise Forbidden("the store gave another tenant's linking policy")
        return stored

    @override
    async def write(self, stored: StoredPolicy) -> StoredPolicy:
        document = {**stored.model_dump(mode="json", by_alias=True), "id": stored.tenant_id}
        container = await self._account.container(topology.LINKING_POLICIES)
        async with guarded_write(WHAT):
            if stored.etag is None:
                written = await container.create_item(document, no_response=True)
            else:
                written = await container.replace_item(
                    stored.tenant_id, document, etag=stored.etag, match_condition=MatchConditions.IfNotModified, no_response=True
                )
        return stored.model_copy(update={"etag": etag_of(written)})

    @override
    async def remove(self, tenant_id: str) -> bool:
        container = await self._account.container(topology.LINKING_POLICIES)
        async with azure_errors("remove a linking policy"):
            try:
                await container.delete_item(tenant_id, partition_key=tenant_id)
            except CosmosResourceNotFoundError as error:
                if error.sub_status:
                    raise
                return False
        return True
