"""The people of a tenant, among its shards in Cosmos DB. Who somebody is at the sources is remembered for a minute, as connections are."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from typing_extensions import override

from shared import topology
from shared.access.acl import Principal
from shared.access.directory import PERSON, Directory, principals_of_person
from shared.shards.model import Shard
from shared.storage.cosmos import CosmosAccount, queried
from shared.storage.record_index import COLUMNS

REMEMBERED: Final = timedelta(seconds=60)
"""Who was deactivated at a source is shown what they owned there no longer than this."""
MOST: Final = 10_000
"""Callers; the one asked for longest ago is forgotten first."""
PAGE_ITEMS: Final = 100

WITH_ADDRESS: Final = f"""
SELECT {COLUMNS} FROM c
WHERE c.tenantId = @tenant AND c.shardTypeId = @person AND c.status = "active" AND STRINGEQUALS(c.structuredData.email, @email, true)
"""  # noqa: S608 - of constants
"""Not more than ``principals_of_person`` looks at; it decides."""


AUDIENCES_IN_A_PAGE: Final = 1_000

OF_MEMBERS: Final = """
SELECT c.metadata.audience.principal FROM c
WHERE c.tenantId = @tenant AND c.status = "active"
AND EXISTS(SELECT VALUE m FROM m IN c.metadata.audience.members WHERE ARRAY_CONTAINS(@members, m))
"""


class CosmosDirectory(Directory):
    """The port over one account."""

    def __init__(self, account: CosmosAccount, *, now: Callable[[], datetime]) -> None:
        self._account = account
        self._now = now
        self._remembered: OrderedDict[tuple[str, str], tuple[datetime, frozenset[Principal]]] = OrderedDict()

    @override
    async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
        now = self._now()
        remembered = self._remembered.get((tenant_id, email))
        if remembered is not None and now - remembered[0] < REMEMBERED:
            return remembered[1]
        principals = await self._asked(tenant_id, email)
        self._remembered[tenant_id, email] = (now, principals)
        self._remembered.move_to_end((tenant_id, email))
        if len(self._remembered) > MOST:
            self._remembered.popitem(last=False)
        return principals

    @override
    async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
        """Asked every time: whoever was taken out of a folder finds nothing of it in the next search."""
        container = await self._account.container(topology.SHARDS)
        rows = queried(
            container,
            OF_MEMBERS,
            "look up audiences",
            page_items=AUDIENCES_IN_A_PAGE,
            partition_key=[tenant_id],
            tenant=tenant_id,
            members=sorted(members),
        )
        return frozenset([Principal(row["principal"]) async for row in rows])

    async def _asked(self, tenant_id: str, email: str) -> frozenset[Principal]:
        container = await self._account.container(topology.SHARDS)
        rows = queried(
            container,
            WITH_ADDRESS,
            "look up a person",
            page_items=PAGE_ITEMS,
            partition_key=[tenant_id],
            tenant=tenant_id,
            person=PERSON,
            email=email,
        )
        return frozenset([principal async for row in rows for principal in principals_of_person(Shard.model_validate(row), email)])
