"""``c_project``: work that is done for a company, or for nobody outside.

No source writes this type yet: enrichment knows it as one of those that others are linked to, and a source that reads projects fills it.
Field names and known values are those of the product's core shard types; a value outside them is kept as it is.
"""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

STATUSES: Final = ("planned", "in_progress", "on_hold", "completed", "cancelled")
PRIORITIES: Final = ("critical", "high", "medium", "low")


class ProjectData(StructuredData):
    """The fields of a project. Dates are ``YYYY-MM-DD``, moments ISO 8601 in UTC; ids the vendor's, or shards' where there is no vendor."""

    name: Annotated[str, Field(min_length=1)]
    code: str | None = None
    """What it is called in short, such as ``PRJ-2041``: as good as its name in a text."""
    description: str | None = None
    status: Annotated[str | None, Field(json_schema_extra={"examples": list(STATUSES)})] = None
    priority: Annotated[str | None, Field(json_schema_extra={"examples": list(PRIORITIES)})] = None
    owner_id: str | None = None
    account_id: str | None = None
    opportunity_id: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    """When it is to be done or, of one that is over, was."""
    last_activity_at: str | None = None
    team_members: str | None = None
    """JSON: a list of the ids of those who work on it."""
    tags: str | None = None
    """JSON: a list of words."""
    created_date: str | None = None
    last_modified_date: str | None = None
    web_url: str | None = None


PROJECT: Final = ShardType(
    id="c_project",
    name="Project",
    description="Work that is done for a company, or for nobody outside.",
    schema_version=1,
    data=ProjectData,
    text=TextTemplate(
        noun="Project",
        title="name",
        facts=(
            ("Code", ("code",)),
            ("Status", ("status",)),
            ("Start date", ("startDate",)),
            ("End date", ("endDate",)),
        ),
        passages=("description",),
    ),
)
