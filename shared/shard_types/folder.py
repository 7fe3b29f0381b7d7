"""``c_folder``: a folder of a file store; a shared drive is its root folder. Field names are those of the product's core shard types."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

PROVIDERS: Final = ("gdrive", "sharepoint", "onedrive", "dropbox")


class FolderData(StructuredData):
    """The fields of a folder. Moments are ISO 8601 in UTC, ids the vendor's."""

    name: Annotated[str, Field(min_length=1)]
    provider: Annotated[str, Field(json_schema_extra={"examples": list(PROVIDERS)})]
    external_id: str
    path: str | None = None
    """The names from the root down to this one, each after a slash. None while a folder above it was not read.

    It names folders that not everybody may see who may see this one: it is no part of the text that search finds and shows.
    """
    parent_external_id: str | None = None
    owner: str | None = None
    """The vendor's id of the person. A shared drive's items have none."""
    owner_name: str | None = None
    owner_email: str | None = None
    description: str | None = None
    drive_id: str | None = None
    web_url: str | None = None
    permissions: str | None = None
    """JSON: a list of who has which role, what it stands for as a principal, and whether that comes from a folder above. None: not told."""
    is_limited: bool | None = None
    """Only those it is shared with itself may look inside."""
    created_date: str | None = None
    last_modified: str | None = None
    last_modified_by_name: str | None = None
    last_modified_by_email: str | None = None


FOLDER: Final = ShardType(
    id="c_folder",
    name="Folder",
    description="A folder of a file store, or a whole shared drive.",
    schema_version=1,
    data=FolderData,
    text=TextTemplate(
        noun="Folder",
        title="name",
        facts=(("Owner", ("ownerName",)),),
        passages=("description",),
    ),
)
