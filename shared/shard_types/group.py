"""``c_group``: a set of people that a source keeps, so that access may be given to all of them. For the directory; nobody looks for it."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData


class GroupData(StructuredData):
    """The fields of a group."""

    name: Annotated[str, Field(min_length=1)]
    email: str
    description: str | None = None
    members: str | None = None
    """JSON: a list of principals, those of groups within it among them."""


GROUP: Final = ShardType(
    id="c_group",
    name="Group",
    description="A set of people that a source keeps, for giving access to all of them.",
    schema_version=1,
    data=GroupData,
)
