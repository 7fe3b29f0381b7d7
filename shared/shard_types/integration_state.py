"""``integration.state``: how far one stream of one connection has been read. Guarded by its etag; one per connection, stream and kind."""

from typing import Annotated, Final, Literal

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData


class IntegrationStateData(StructuredData):
    """Cursor, lease, run, progress and last result. Moments are ISO 8601 in UTC."""

    name: Annotated[str, Field(min_length=1)]
    connection_id: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    stream: Annotated[str, Field(min_length=1)]
    """What is read: an object's name, a drive's id."""
    kind: Literal["changes", "backfill", "compare", "account", "record"]
    cursor: str | None = None
    """JSON that only the source's poller understands."""
    covered_until: str | None = None
    run: str | None = None
    requested_at: str | None = None
    step: int | None = None
    is_running: bool | None = None
    lease_until: str | None = None
    waits_until: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    touched_at: str | None = None
    record_count: int | None = None
    total_count: int | None = None
    last_status: Literal["success", "failed", "partial"] | None = None
    last_error: str | None = None
    report: str | None = None
    """JSON: what the last finished comparison found."""


INTEGRATION_STATE: Final = ShardType(
    id="integration.state",
    name="Integration state",
    description="How far one stream of one connection has been read.",
    schema_version=2,
    data=IntegrationStateData,
)
