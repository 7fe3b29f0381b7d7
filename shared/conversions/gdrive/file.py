"""File → ``c_folder`` or ``c_file``: to Google a folder is a file of a kind of its own, and so is a shortcut.

``modifiedTime`` does not move when a file is moved, trashed, restored or shared; ``version`` does, and orders what was seen.
"""

from typing import Final

from shared.conversions.conversion import Conversion, Placement
from shared.conversions.derivations import Address, Constant
from shared.conversions.fields import (
    Email,
    FieldKind,
    Flag,
    Identifier,
    IdentifierWhen,
    Moment,
    Permissions,
    Text,
    WholeNumber,
)

SOURCE: Final = "gdrive"
RECORD_TYPE: Final = "File"
FOLDER_KIND: Final = "application/vnd.google-apps.folder"

_OF_THE_OWNER: Final = {"ownerName": "owner", "ownerEmail": "owner"}
_SHARED: Final[dict[str, FieldKind]] = {
    "name": Text(field="name"),
    "externalId": Identifier(field="id"),
    "owner": Identifier(field="owners.0.permissionId"),
    "ownerName": Text(field="owners.0.displayName"),
    "ownerEmail": Email(field="owners.0.emailAddress"),
    "description": Text(field="description"),
    "driveId": Identifier(field="driveId"),
    "webUrl": Text(field="webViewLink"),
    "permissions": Permissions(field="permissions", source=SOURCE),
    "isLimited": Flag(field="inheritedPermissionsDisabled"),
    "createdDate": Moment(field="createdTime"),
    "lastModified": Moment(field="modifiedTime"),
    "lastModifiedByName": Text(field="lastModifyingUser.displayName"),
    "lastModifiedByEmail": Email(field="lastModifyingUser.emailAddress"),
}

FOLDER: Final = Conversion(
    source=SOURCE,
    record_type=RECORD_TYPE,
    when=("mimeType", FOLDER_KIND),
    shard_type_id="c_folder",
    system_type="storage",
    scope="none",
    readers="permissions",
    placement=Placement(parent="parentExternalId", path="path"),
    deleted_flag="trashed",
    deleted_itself="explicitlyTrashed",
    belongs=_OF_THE_OWNER,
    fields={**_SHARED, "parentExternalId": Identifier(field="parents.0")},
    derived={"provider": Constant(value=SOURCE)},
)

FILE: Final = Conversion(
    source=SOURCE,
    record_type=RECORD_TYPE,
    shard_type_id="c_file",
    system_type="storage",
    scope="none",
    readers="permissions",
    placement=Placement(parent="parentFolderExternalId"),
    deleted_flag="trashed",
    deleted_itself="explicitlyTrashed",
    belongs=_OF_THE_OWNER,
    fields={
        **_SHARED,
        "mimeType": Text(field="mimeType"),
        "size": WholeNumber(field="size"),
        "checksum": Text(field="md5Checksum"),
        "sourceUrl": Text(field="webViewLink"),
        "parentFolderExternalId": Identifier(field="parents.0"),
        "downloadUrl": Text(field="webContentLink"),
        "shortcutTargetId": IdentifierWhen(
            field="shortcutDetails.targetId", says="shortcutDetails.targetMimeType", values=(FOLDER_KIND,), is_not=True
        ),
        "shortcutTargetFolderId": IdentifierWhen(
            field="shortcutDetails.targetId", says="shortcutDetails.targetMimeType", values=(FOLDER_KIND,)
        ),
    },
    derived={
        "provider": Constant(value=SOURCE),
        # ``thumbnailLink`` is another one at every read.
        "thumbnailUrl": Address(begins="https://drive.google.com/thumbnail?id=", ends="externalId"),
    },
)
