"""``integration.state``: how far one stream of one connection has been read. Guarded by its etag; one per connection and stream."""

from typing import Annotated, Final, Literal

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData


class IntegrationStateData(StructuredData):
    """Cursor, lease, run, progress, last result and budget. Moments are ISO 8601 in UTC."""

    name: Annotated[str, Field(min_length=1)]
    connection_id: Annotated[str, Field(min_length=1)]
    integration_type: Annotated[str, Field(min_length=1)]
    """The source."""
    stream: Annotated[str, Field(min_length=1)]
    """What is read: an object's name, a drive's id."""
    cursor: str | None = None
    lease_owner: str | None = None
    lease_expires_at: str | None = None
    run_id: str | None = None
    run_step: int | None = None
    progress_count: int | None = None
    last_sync_at: str | None = None
    last_sync_status: Literal["success", "failed", "partial"] | None = None
    error_message: str | None = None
    next_sync_at: str | None = None
    budget_used_count: int | None = None
    budget_limit_count: int | None = None


INTEGRATION_STATE: Final = ShardType(
    id="integration.state",
    name="Integration state",
    description="How far one stream of one connection has been read.",
    schema_version=1,
    data=IntegrationStateData,
)
