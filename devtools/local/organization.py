"""The invented organization of a run, and the tenant that has connected it."""

from datetime import UTC, datetime
from typing import Final

from devtools.local.run import SALESFORCE_SECRET_NAME, Run
from ingestion.sources.salesforce.webhook import key_handle
from shared.connections.connection import Connection, Credential, connection_id
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount

TENANT: Final = "sample-tenant"
POLL_SECONDS: Final = 60
"""Who runs the timer by hand half a minute after it ran before has the organization asked again (``ingestion/scheduler.py``)."""


async def connect(run: Run, account: CosmosAccount, *, is_polled: bool = False, due_at: datetime | None = None) -> None:
    """Let the run's organization be connected by its tenant. With ``is_polled`` with a credential; polled from ``due_at`` on, if ever."""
    now = datetime.now(UTC)
    credential = Credential(
        kind="client-credentials", base_url=run.salesforce, client_id=run.salesforce_client_id, secret_name=SALESFORCE_SECRET_NAME
    )
    connection = Connection(
        id=connection_id("salesforce", run.organization_id),
        tenant_id=run.tenant_id,
        source="salesforce",
        account=run.organization_id,
        credential=credential if is_polled else None,
        poll_seconds=POLL_SECONDS,
        created_at=now,
        next_due_at=due_at,
    )
    await CosmosConnections(account).add(connection, handles=(key_handle(run.key),))
