"""The invented organization of a run, and the tenant that has connected it."""

from datetime import UTC, datetime
from typing import Final

from devtools.local.run import Run
from ingestion.sources.salesforce.webhook import key_handle
from shared.connections.connection import Connection, connection_id
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount

TENANT: Final = "sample-tenant"


async def connect(run: Run, account: CosmosAccount) -> None:
    """Let the run's organization be connected by its tenant."""
    connection = Connection(
        id=connection_id("salesforce", run.organization_id),
        tenant_id=run.tenant_id,
        source="salesforce",
        account=run.organization_id,
        created_at=datetime.now(UTC),
    )
    await CosmosConnections(account).add(connection, handles=(key_handle(run.key),))
