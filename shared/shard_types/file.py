"""``c_file``: a file of a file store, or a shortcut to one. Field names are those of the product's core shard types."""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

PROVIDERS: Final = ("gdrive", "sharepoint", "onedrive", "dropbox")


class FileData(StructuredData):
    """The fields of a file. Moments are ISO 8601 in UTC, ids the vendor's, sizes bytes."""

    name: Annotated[str, Field(min_length=1)]
    provider: Annotated[str, Field(json_schema_extra={"examples": list(PROVIDERS)})]
    external_id: str
    mime_type: str | None = None
    size: Annotated[int | None, Field(ge=0)] = None
    checksum: str | None = None
    """MD5 in hexadecimal, of what has bytes."""
    source_url: str | None = None
    parent_folder_external_id: str | None = None
    owner: str | None = None
    """The vendor's id of the person. A shared drive's items have none."""
    owner_name: str | None = None
    owner_email: str | None = None
    description: str | None = None
    drive_id: str | None = None
    web_url: str | None = None
    download_url: str | None = None
    thumbnail_url: str | None = None
    permissions: str | None = None
    """JSON: a list of who has which role, what it stands for as a principal, and whether that comes from a folder above. None: not told."""
    is_limited: bool | None = None
    shortcut_target_id: str | None = None
    """Of a shortcut to a file."""
    shortcut_target_folder_id: str | None = None
    """Of a shortcut to a folder."""
    created_date: str | None = None
    last_modified: str | None = None
    last_modified_by_name: str | None = None
    last_modified_by_email: str | None = None


FILE: Final = ShardType(
    id="c_file",
    name="File",
    description="A file of a file store.",
    schema_version=1,
    data=FileData,
    text=TextTemplate(
        noun="File",
        title="name",
        facts=(("Kind", ("mimeType",)), ("Owner", ("ownerName",)), ("Last edited by", ("lastModifiedByName",))),
        passages=("description",),
    ),
)
