"""``c_channel``: a place where people write to each other. Field names are those of the product's core shard types."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

PLATFORMS: Final = ("slack", "teams", "discord")
TYPES: Final = ("public", "private", "direct", "group")


class ChannelData(StructuredData):
    """The fields of a channel. Moments are ISO 8601 in UTC, ids the vendor's."""

    name: Annotated[str, Field(min_length=1)]
    """Its id, while nobody has told a name."""
    platform: Annotated[str, Field(json_schema_extra={"examples": list(PLATFORMS)})]
    external_id: str
    team_external_id: str | None = None
    """The team it is seen in."""
    topic: str | None = None
    description: str | None = None
    purpose: str | None = None
    is_private: bool | None = None
    type: Annotated[str | None, Field(json_schema_extra={"examples": list(TYPES)})] = None
    """None: not known. Whoever takes that for public tells everybody."""
    members: str | None = None
    """JSON: a list of the ids of those who are in it. An object of ids and true or false, where it is known of these people alone."""
    member_count: Annotated[int | None, Field(ge=0)] = None
    """None where it is not known of everybody whether they are in it."""
    is_archived: bool | None = None
    is_externally_shared: bool | None = None
    external_teams: str | None = None
    """JSON: a list of ids, of other organizations' teams it is shared with."""
    workspaces: str | None = None
    """JSON: a list of ids, of the organization's own teams it is in, where it is in several."""
    is_lost: bool | None = None
    """Whether the vendor does not show it to us any longer."""
    creator_id: str | None = None
    created_date: str | None = None
    web_url: str | None = None


CHANNEL: Final = ShardType(
    id="c_channel",
    name="Channel",
    description="A place where people write to each other.",
    schema_version=1,
    data=ChannelData,
    text=TextTemplate(
        noun="Channel",
        title="name",
        facts=(("Topic", ("topic",)),),
        passages=("description",),
    ),
)
