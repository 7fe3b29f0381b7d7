"""``fields``: which parts of an answer somebody wants, in the vendor's small language (``nextPageToken,files(id,owners/emailAddress)``).

What is not a field of the answer is refused, as at the vendor, so that a client's typing error does not pass here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.vendors.gdrive.api import refusals

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|\*")

Schema = Mapping[str, "Schema | None"]
"""The fields of something; None: it has no fields itself. An empty one is open: nothing in it is checked."""

_OPEN: Final[Schema] = {}


def _schema(names: str, **nested: Schema) -> Schema:
    return {**dict.fromkeys(names.split()), **nested}


USER: Final = _schema("kind displayName photoLink me permissionId emailAddress")
PERMISSION: Final = _schema(
    "kind id type role emailAddress displayName domain allowFileDiscovery expirationTime deleted pendingOwner view photoLink"
    " inheritedPermissionsDisabled",
    permissionDetails=_schema("permissionType role inherited inheritedFrom"),
    teamDrivePermissionDetails=_schema("teamDrivePermissionType role inherited inheritedFrom"),
)
FILE: Final = _schema(
    "kind id name mimeType description parents trashed explicitlyTrashed trashedTime createdTime modifiedTime modifiedByMe"
    " modifiedByMeTime viewedByMe viewedByMeTime sharedWithMeTime version md5Checksum sha1Checksum sha256Checksum size quotaBytesUsed"
    " headRevisionId ownedByMe shared webViewLink webContentLink iconLink hasThumbnail thumbnailLink thumbnailVersion driveId teamDriveId"
    " permissionIds hasAugmentedPermissions inheritedPermissionsDisabled resourceKey starred spaces originalFilename fileExtension"
    " fullFileExtension folderColorRgb isAppAuthorized writersCanShare viewersCanCopyContent copyRequiresWriterPermission",
    owners=USER,
    lastModifyingUser=USER,
    sharingUser=USER,
    trashingUser=USER,
    permissions=PERMISSION,
    capabilities=_OPEN,
    shortcutDetails=_schema("targetId targetMimeType targetResourceKey"),
    linkShareMetadata=_schema("securityUpdateEligible securityUpdateEnabled"),
    properties=_OPEN,
    appProperties=_OPEN,
    contentHints=_OPEN,
    imageMediaMetadata=_OPEN,
    videoMediaMetadata=_OPEN,
    exportLinks=_OPEN,
    labelInfo=_OPEN,
    contentRestrictions=_OPEN,
    downloadRestrictions=_OPEN,
    clientEncryptionDetails=_OPEN,
)
DRIVE: Final = _schema(
    "kind id name createdTime hidden colorRgb themeId backgroundImageLink orgUnitId",
    capabilities=_OPEN,
    restrictions=_OPEN,
    backgroundImageFile=_OPEN,
)
CHANGE: Final = _schema("kind changeType type time removed fileId driveId teamDriveId", file=FILE, drive=DRIVE, teamDrive=DRIVE)
CHANGES: Final = _schema("kind nextPageToken newStartPageToken", changes=CHANGE)
FILES: Final = _schema("kind nextPageToken incompleteSearch", files=FILE)
PERMISSIONS: Final = _schema("kind nextPageToken", permissions=PERMISSION)
DRIVES: Final = _schema("kind nextPageToken", drives=DRIVE)
START: Final = _schema("kind startPageToken")
ABOUT: Final = _schema(
    "kind maxUploadSize appInstalled canCreateDrives canCreateTeamDrives driveThemes teamDriveThemes folderColorPalette maxImportSizes",
    user=USER,
    storageQuota=_schema("limit usage usageInDrive usageInDriveTrash"),
    exportFormats=_OPEN,
    importFormats=_OPEN,
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted of one thing: the fields by name, each with what is wanted of it; None is everything."""

    fields: Mapping[str, "Selection"] | None = None

    def __contains__(self, name: str) -> bool:
        return self.fields is None or name in self.fields

    def of(self, name: str) -> "Selection":
        """What is wanted of a field."""
        return EVERYTHING if self.fields is None else self.fields[name]

    def apply(self, value: Any) -> Any:
        """What is wanted of a value: of each, where it is a list."""
        if self.fields is None:
            return value
        if isinstance(value, list):
            return [self.apply(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        return {name: self.fields[name].apply(one) for name, one in value.items() if name in self.fields}


EVERYTHING: Final = Selection()


def selection(text: str | None, default: str, schema: Schema) -> Selection:
    """What is wanted, from ``fields``, or from what the vendor answers without it.

    Raises:
        Refused: 400, it cannot be read, or names what there is not.
    """
    reader = _Reader(default if text is None else text)
    read = reader.read_list() if reader.text else {}
    if reader.at != len(reader.text):
        raise _not_there(reader.text)
    return _checked(read, schema)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = "".join(text.split())
        self.at = 0

    def read_list(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            self._read_one(found)
            if not self._takes(","):
                return found

    def _read_one(self, found: dict[str, Any]) -> None:
        path = [self._name()]
        while self._takes("/"):
            path.append(self._name())
        inner: dict[str, Any] = {}
        if self._takes("("):
            inner = self.read_list()
            if not self._takes(")"):
                raise _not_there(self.text)
        inner = inner or {"*": {}}
        for name in reversed(path):
            inner = {name: inner}
        _merge(found, inner)

    def _name(self) -> str:
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise _not_there(self.text)
        self.at = match.end()
        return match.group()

    def _takes(self, character: str) -> bool:
        if self.text[self.at : self.at + 1] != character:
            return False
        self.at += 1
        return True


def _merge(found: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, inner in more.items():
        _merge(found.setdefault(name, {}), inner)


def _checked(read: Mapping[str, Any], schema: Schema | None) -> Selection:
    if "*" in read:
        return EVERYTHING
    wanted: dict[str, Selection] = {}
    for name, inner in read.items():
        if schema is None or (schema and name not in schema):
            raise _not_there(name)
        wanted[name] = _checked(inner, schema[name] if schema else _OPEN)
    return Selection(wanted)


def _not_there(name: str) -> refusals.Refused:
    return refusals.refused(400, "invalidParameter", f"Invalid field selection {name}", "fields")
