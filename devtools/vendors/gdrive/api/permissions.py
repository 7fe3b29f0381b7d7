"""``permissions.list`` and ``permissions.get``: who is let in to a file, or to a shared drive."""

from typing import Any, Final

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.fields import PERMISSION, PERMISSIONS
from devtools.vendors.gdrive.items import WRITER, Item

_ONE: Final = "kind,id,type,role"
_DEFAULT: Final = f"kind,nextPageToken,permissions({_ONE})"


def list_permissions(asked: Question) -> Answer:
    item = _opened(asked)
    page = asked.page(asked.resources.permissions(item), "pageSize", 100, 100)
    body: dict[str, Any] = {"kind": "drive#permissionList", "permissions": list(page.rows)}
    if page.token is not None:
        body["nextPageToken"] = page.token
    return Answer(asked.wanted(_DEFAULT, PERMISSIONS).apply(body), rows=len(page.rows))


def get_permission(asked: Question) -> Answer:
    permission_id = asked.request.match_info["permission_id"]
    found = [one for one in asked.resources.permissions(_opened(asked)) if one["id"] == permission_id]
    if not found:
        raise refusals.refused(404, "notFound", f"Permission not found: {permission_id}.", "permissionId")
    return Answer(asked.wanted(_ONE, PERMISSION).apply(found[0]), rows=1)


def _opened(asked: Question) -> Item:
    """What is asked about. An administrator may ask about every shared drive; who can see a file may not always know who else can.

    Raises:
        Refused: 403, they may not know; 404, they cannot see it.
    """
    file_id = asked.request.match_info["file_id"]
    if asked.is_administrator() and file_id in asked.drive.drives:
        asked.call.file_id = file_id
        return asked.drive.item(file_id)
    item = asked.file()
    if item.drive_id is not None:
        asked.call.drive_id = item.drive_id
    if not asked.view.is_member(item.drive_id) and asked.view.rank(item) < WRITER:
        raise refusals.forbidden_file()
    return item
