"""``drives.list``, ``drives.get`` and ``about.get``."""

from typing import Any, Final

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.fields import ABOUT, DRIVE, DRIVES
from devtools.vendors.gdrive.api.resources import EXPORTS

_ONE: Final = "kind,id,name"
_DEFAULT: Final = f"kind,nextPageToken,drives({_ONE})"


def list_drives(asked: Question) -> Answer:
    """Lacks ``q``."""
    is_administrator = asked.is_administrator()
    seen = set(asked.drive.drives_of(asked.user.email))
    found = [drive for drive in asked.drive.drives.values() if is_administrator or drive.id in seen]
    page = asked.page([drive.id for drive in found], "pageSize", 10, 100)
    rows = [asked.resources.shared_drive(asked.drive.drives[one]) for one in page.rows if one in asked.drive.drives]
    body: dict[str, Any] = {"kind": "drive#driveList", "drives": rows}
    if page.token is not None:
        body["nextPageToken"] = page.token
    return Answer(asked.wanted(_DEFAULT, DRIVES).apply(body), rows=len(rows))


def get_drive(asked: Question) -> Answer:
    drive_id = asked.request.match_info["drive_id"]
    asked.call.drive_id = drive_id
    drive = asked.drive.drives.get(drive_id)
    if drive is None or not (asked.is_administrator() or asked.view.is_member(drive_id)):
        raise refusals.drive_not_found(drive_id)
    return Answer(asked.wanted(_ONE, DRIVE).apply(asked.resources.shared_drive(drive)), rows=1)


def about(asked: Question) -> Answer:
    if "fields" not in asked.request.query:
        raise refusals.refused(400, "required", "The 'fields' parameter is required for this method.", "fields")
    used = sum(item.size or 0 for item in asked.drive.tree.items.values() if item.owner == asked.user.email)
    quota = {"limit": str(30 * 2**30), "usage": str(used), "usageInDrive": str(used), "usageInDriveTrash": "0"}
    body = {
        "kind": "drive#about",
        "user": asked.resources.person(asked.user.email),
        "storageQuota": quota,
        "maxUploadSize": str(5 * 2**40),
        "canCreateDrives": True,
        "exportFormats": {kind: list(kinds) for kind, kinds in EXPORTS.items()},
    }
    return Answer(asked.wanted("", ABOUT).apply(body), rows=1)
