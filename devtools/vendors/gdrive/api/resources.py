"""Files, permissions, people and drives as the API writes them, for whoever asks: only what was asked for is worked out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from devtools.vendors.gdrive.api.fields import Selection
from devtools.vendors.gdrive.drive import PretendDrive, SharedDrive
from devtools.vendors.gdrive.items import DOCUMENT, NATIVE, RANKS, READER, SHORTCUT, WRITER, Grant, Item
from devtools.vendors.gdrive.people import ANYONE
from devtools.vendors.gdrive.view import Source, View, sources

EXPORTS: Final[Mapping[str, tuple[str, ...]]] = {
    DOCUMENT: ("text/plain", "text/markdown", "application/pdf", "application/rtf", "application/epub+zip"),
    f"{NATIVE}spreadsheet": ("text/csv", "text/tab-separated-values", "application/pdf"),
    f"{NATIVE}presentation": ("text/plain", "application/pdf"),
    f"{NATIVE}drawing": ("image/png", "image/jpeg", "image/svg+xml", "application/pdf"),
    f"{NATIVE}script": ("application/vnd.google-apps.script+json",),
}
"""Into what the vendor's own kinds can be turned; a part of its list."""
_EDITORS: Final = {DOCUMENT: "document", f"{NATIVE}spreadsheet": "spreadsheets", f"{NATIVE}presentation": "presentation"}


def written(at: datetime) -> str:
    """``2026-03-02T12:00:30.000Z``"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Resources:
    """Of one person, for one answer."""

    def __init__(self, drive: PretendDrive, view: View) -> None:
        self.drive = drive
        self.view = view
        self._people: dict[str, dict[str, Any]] = {}

    def file(self, item: Item, wanted: Selection) -> dict[str, Any]:
        """A field that has no value there is left out."""
        if wanted.fields is None:
            found = {name: write(self, item) for name, write in _FILE.items()}
            return {name: value for name, value in found.items() if value is not None}
        said = {}
        for name, inner in wanted.fields.items():
            write = _FILE.get(name)
            value = write(self, item) if write else None
            if value is not None:
                said[name] = inner.apply(value)
        return said

    def person(self, email: str | None) -> dict[str, Any] | None:
        if email is None:
            return None
        if email not in self._people:
            user = self.drive.people.users.get(email)
            said: dict[str, Any] = {"kind": "drive#user", "displayName": user.name if user else email, "me": email == self.view.email}
            said |= {"permissionId": user.id, "emailAddress": email} if user else {}
            self._people[email] = said
        return self._people[email]

    def shared_drive(self, drive: SharedDrive) -> dict[str, Any]:
        rank = self.view.rank(self.drive.item(drive.id))
        return {
            "kind": "drive#drive",
            "id": drive.id,
            "name": drive.name,
            "createdTime": written(drive.created_at),
            "hidden": False,
            "colorRgb": "#0f9d58",
            "capabilities": {
                "canListChildren": rank >= READER,
                "canReadRevisions": rank >= READER,
                "canDownload": rank >= READER,
                "canEdit": rank >= WRITER,
                "canAddChildren": rank >= WRITER,
                "canManageMembers": rank >= RANKS["organizer"],
                "canRenameDrive": rank >= RANKS["organizer"],
            },
            "restrictions": {"domainUsersOnly": False, "driveMembersOnly": False, "copyRequiresWriterPermission": False},
        }

    def permissions(self, item: Item) -> list[dict[str, Any]]:
        """Of everybody who is let in, whoever has the first grant first."""
        found = sources(self.drive.tree.items, item, self.drive.people, self.drive.now())
        return [self._permission(permission_id, of_them, item) for permission_id, of_them in found.items()]

    def parents(self, item: Item) -> list[str] | None:
        """What lies above is told to those only who can see it."""
        return [item.parent_id] if item.parent_id is not None and self.view.is_open(item.parent_id) else None

    def can_share(self, item: Item) -> bool:
        return self.view.rank(item) >= WRITER

    def shown_permissions(self, item: Item) -> list[dict[str, Any]] | None:
        return self.permissions(item) if item.drive_id is None and self.can_share(item) else None

    def grant_to_me(self, item: Item) -> Grant | None:
        """By which it was shared with whoever asks; None for what is their own, and in shared drives they are members of."""
        if item.owner == self.view.email or self.view.is_member(item.drive_id):
            return None
        ids = self.drive.people.permission_ids(self.view.email)
        found = sources(self.drive.tree.items, item, self.drive.people, self.drive.now())
        return next((source.grant for key, of_them in found.items() if key in ids for source in of_them), None)

    def trashed_item(self, item: Item) -> Item | None:
        """What was trashed explicitly: it, or the folder that took it along."""
        return next((one for one in (item, *self.drive.tree.above(item)) if one.is_trashed), None)

    def _permission(self, permission_id: str, of_them: list[Source], item: Item) -> dict[str, Any]:
        first = max(of_them, key=lambda source: RANKS[source.grant.role]).grant
        is_of_drive = item.drive_id is not None
        said: dict[str, Any] = {"kind": "drive#permission", "id": permission_id, "type": first.kind, "role": first.role}
        if first.kind == ANYONE:
            said |= {"id": ANYONE if first.is_discoverable else "anyoneWithLink"}
        if first.kind in {ANYONE, "domain"}:
            said |= {"allowFileDiscovery": first.is_discoverable}
        if first.kind == "domain":
            said |= {"domain": first.grantee, "displayName": first.grantee}
        if first.kind in {"user", "group"}:
            said |= self._grantee(first)
            said |= {"pendingOwner": False} if first.kind == "user" and not is_of_drive else {}
        if first.expires_at is not None:
            said["expirationTime"] = written(first.expires_at)
        said["permissionDetails"] = [_detail(source, item.drive_id) for source in of_them]
        return said

    def _grantee(self, grant: Grant) -> dict[str, Any]:
        people = self.drive.people
        one = people.groups.get(grant.grantee) or people.user(grant.grantee)
        is_gone = grant.kind == "user" and people.user(grant.grantee).is_deleted
        return {"emailAddress": grant.grantee, "displayName": one.name, "deleted": is_gone}


def _detail(source: Source, drive_id: str | None) -> dict[str, Any]:
    kind = "member" if source.item_id == drive_id else "file"
    said: dict[str, Any] = {"permissionType": kind, "role": source.grant.role, "inherited": source.is_inherited}
    if drive_id is not None and source.is_inherited:
        said["inheritedFrom"] = source.item_id
    return said


def _capabilities(of: Resources, item: Item) -> dict[str, bool]:
    rank = of.view.rank(item)
    writes, is_member = rank >= WRITER, of.view.is_member(item.drive_id)
    said = {"canDownload": rank >= READER and not item.is_folder, "canListChildren": rank >= READER and item.is_folder}
    said |= {"canCopy": not item.is_folder, "canReadRevisions": writes, "canComment": rank > READER, "canShare": of.can_share(item)}
    said |= dict.fromkeys(("canEdit", "canRename", "canModifyContent"), writes)
    said |= dict.fromkeys(("canTrash", "canUntrash", "canDelete"), rank >= RANKS["owner" if item.drive_id is None else "fileOrganizer"])
    said |= {"canAddChildren": writes and item.is_folder, "canRemoveChildren": writes and item.is_folder}
    return said | ({"canReadDrive": is_member, "canMoveItemOutOfDrive": rank >= RANKS["organizer"]} if item.drive_id else {})


def _web_view_link(item: Item) -> str:
    if item.is_folder:
        return f"https://drive.google.com/drive/folders/{item.id}"
    if item.mime_type in _EDITORS:
        return f"https://docs.google.com/{_EDITORS[item.mime_type]}/d/{item.id}/edit?usp=drivesdk"
    return f"https://drive.google.com/file/d/{item.id}/view?usp=drivesdk"


def _size(item: Item) -> str | None:
    return None if item.is_folder or item.mime_type == SHORTCUT or item.size is None else str(item.size)


def _shortcut(of: Resources, item: Item) -> dict[str, str] | None:
    if item.target_id is None:
        return None
    target = of.drive.tree.items.get(item.target_id)
    return {"targetId": item.target_id, **({"targetMimeType": target.mime_type} if target else {})}


def _is_shared(of: Resources, item: Item) -> bool | None:
    if item.drive_id is not None:
        return None
    return len(sources(of.drive.tree.items, item, of.drive.people, of.drive.now())) > 1


def _trashed_time(of: Resources, item: Item) -> str | None:
    trashed = of.trashed_item(item) if item.drive_id else None
    return written(trashed.trashed_at) if trashed and trashed.trashed_at else None


def _extension(item: Item) -> str | None:
    return item.name.rpartition(".")[2] if not item.is_native and "." in item.name else None


def _sharing(write: Callable[[Resources, Grant], Any]) -> Callable[[Resources, Item], Any]:
    def of_grant(of: Resources, item: Item) -> Any:
        grant = of.grant_to_me(item)
        return None if grant is None else write(of, grant)

    return of_grant


def _mine(value: Callable[[Resources, Item], Any]) -> Callable[[Resources, Item], Any]:
    """Of what lies in somebody's My Drive alone."""
    return lambda of, item: None if item.drive_id else value(of, item)


def _permission_ids(of: Resources, item: Item) -> list[str] | None:
    shown = of.shown_permissions(item)
    return None if shown is None else [one["id"] for one in shown]


def _export_links(_: Resources, item: Item) -> dict[str, str] | None:
    kinds = EXPORTS.get(item.mime_type, ())
    links = {kind: f"https://docs.google.com/feeds/download/documents/export/Export?id={item.id}&exportFormat={kind}" for kind in kinds}
    return links or None


def _blob(value: Callable[[Item], Any]) -> Callable[[Resources, Item], Any]:
    """Of files with bytes of their own alone."""
    return lambda _, item: None if item.is_native else value(item)


_FILE: Final[Mapping[str, Callable[[Resources, Item], Any]]] = {
    "kind": lambda _, item: "drive#file",
    "id": lambda _, item: item.id,
    "name": lambda _, item: item.name,
    "mimeType": lambda _, item: item.mime_type,
    "description": lambda _, item: item.description,
    "parents": lambda of, item: of.parents(item),
    "trashed": lambda of, item: of.view.is_trashed(item),
    "explicitlyTrashed": lambda _, item: item.is_trashed,
    "trashedTime": _trashed_time,
    "trashingUser": lambda of, item: of.person(item.trashed_by) if item.drive_id else None,
    "createdTime": lambda _, item: written(item.created_at),
    "modifiedTime": lambda _, item: written(item.modified_at),
    "modifiedByMe": lambda of, item: item.modified_by == of.view.email,
    "version": lambda _, item: str(item.version),
    "md5Checksum": lambda _, item: item.checksum("md5"),
    "sha1Checksum": lambda _, item: item.checksum("sha1"),
    "sha256Checksum": lambda _, item: item.checksum("sha256"),
    "size": lambda _, item: _size(item),
    "quotaBytesUsed": lambda _, item: _size(item) or "0",
    "headRevisionId": _blob(lambda item: f"0B{item.id[1:12]}{item.revision}"),
    "originalFilename": _blob(lambda item: item.name),
    "fileExtension": _blob(_extension),
    "fullFileExtension": _blob(_extension),
    "owners": _mine(lambda of, item: [of.person(item.owner)]),
    "ownedByMe": _mine(lambda of, item: item.owner == of.view.email),
    "shared": _is_shared,
    "writersCanShare": _mine(lambda of, item: True),
    "lastModifyingUser": lambda of, item: of.person(item.modified_by),
    "sharingUser": _sharing(lambda of, grant: of.person(grant.by)),
    "sharedWithMeTime": _sharing(lambda _, grant: written(grant.at)),
    "webViewLink": lambda _, item: _web_view_link(item),
    "webContentLink": _blob(lambda item: f"https://drive.google.com/uc?id={item.id}&export=download"),
    "driveId": lambda _, item: item.drive_id,
    "teamDriveId": lambda _, item: item.drive_id,
    "permissions": lambda of, item: of.shown_permissions(item),
    "permissionIds": _permission_ids,
    "hasAugmentedPermissions": lambda _, item: bool(item.grants) if item.drive_id else None,
    "inheritedPermissionsDisabled": lambda _, item: item.is_limited if item.is_folder else None,
    "capabilities": _capabilities,
    "shortcutDetails": _shortcut,
    "exportLinks": _export_links,
    "linkShareMetadata": lambda _, item: {"securityUpdateEligible": False, "securityUpdateEnabled": True},
    "spaces": lambda _, item: ["drive"],
    "starred": lambda _, item: False,
    "viewedByMe": lambda _, item: False,
    "isAppAuthorized": lambda _, item: False,
    "copyRequiresWriterPermission": lambda _, item: False,
    "hasThumbnail": lambda _, item: False,
}
"""How each field of a file is written; None where it has none."""
