"""Every tenant's connections: for an operator alone, which is why no port of the app has it."""

from typing import Final

from shared import topology
from shared.connections.connection import Connection
from shared.storage.cosmos import CosmosAccount, queried

EVERYONE: Final = "SELECT * FROM c WHERE IS_DEFINED(c.source)"
"""An alias has no source."""
PAGE_ITEMS: Final = 100


async def all_connections(account: CosmosAccount) -> list[Connection]:
    """By id.

    Raises:
        TransientError: when the store cannot answer now.
    """
    container = await account.container(topology.CONNECTIONS)
    rows = [row async for row in queried(container, EVERYONE, "list connections", page_items=PAGE_ITEMS)]
    return sorted((Connection.model_validate({**row, "etag": row["_etag"]}) for row in rows), key=lambda connection: connection.id)
