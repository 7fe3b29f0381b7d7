"""``changes.getStartPageToken`` and ``changes.list``: what a log says to whoever asks, of things as they are by then.

A token is bound to its log. With ``driveId`` it is the shared drive's, without it the person's own.
"""

from datetime import datetime
from typing import Any, Final

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.fields import CHANGES, START, Selection
from devtools.vendors.gdrive.api.resources import written
from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.logs import DRIVE, Entry, mine

_DEFAULT: Final = (
    "kind,nextPageToken,newStartPageToken,changes(kind,type,changeType,time,removed,fileId,driveId,teamDriveId,"
    "file(kind,id,name,mimeType,driveId,teamDriveId),drive(kind,id,name))"
)


def start_page_token(asked: Question) -> Answer:
    wanted = asked.wanted("kind,startPageToken", START)
    log = log_of(asked)
    position = asked.drive.recorder.logs.end(log, _until(asked))
    token = asked.served.change_tokens.token(log, position)
    return Answer(wanted.apply({"kind": "drive#startPageToken", "startPageToken": token}), rows=1)


def list_changes(asked: Question) -> Answer:
    size, token = asked.page_size(100, 1000), asked.page_token()
    if not token:
        raise refusals.required("pageToken")
    wanted = asked.wanted(_DEFAULT, CHANGES)
    log = log_of(asked)
    position = asked.served.change_tokens.position(log, token)
    is_of_all = asked.includes_drives()
    name = log if log != asked.user.email or is_of_all else mine(log)
    read = asked.drive.recorder.logs.read(name, position, size, _until(asked))
    row_wanted = wanted.of("changes") if "changes" in wanted else Selection({})
    rows = [row for entry in read.entries if (row := _row(asked, name, entry, row_wanted)) is not None]
    said: dict[str, Any] = {"kind": "drive#changeList", "changes": rows}
    said["nextPageToken" if read.has_more else "newStartPageToken"] = asked.served.change_tokens.token(log, read.position)
    return Answer({key: value for key, value in said.items() if key in wanted}, rows=len(rows))


def log_of(asked: Question) -> str:
    """Whose log it is about.

    Raises:
        Refused: 403, they do not know of shared drives; 404, there is no such drive, or they cannot see it.
    """
    drive_id = asked.text("driveId") or asked.text("teamDriveId")
    asked.call.drive_id = drive_id
    if not drive_id:
        return asked.user.email
    if not asked.supports_drives():
        raise refusals.not_supporting_drives()
    if drive_id not in asked.drive.drives or not asked.view.is_member(drive_id):
        raise refusals.drive_not_found(drive_id)
    return drive_id


def _until(asked: Question) -> datetime:
    return asked.drive.now() - asked.drive.knobs.log_lag


def _row(asked: Question, log: str, entry: Entry, wanted: Selection) -> dict[str, Any] | None:
    """None: this one was not asked for."""
    if entry.key.startswith(DRIVE):
        said = _of_drive(asked, entry.key.removeprefix(DRIVE))
    else:
        item = asked.drive.tree.items.get(entry.key)
        if asked.flag("restrictToMyDrive") and item is not None and asked.drive.tree.root_of(item).id != asked.user.root_id:
            return None
        said = _of_file(asked, log, entry.key, item, wanted.of("file") if "file" in wanted else None)
    if said["removed"] and not asked.flag("includeRemoved", default=True):
        return None
    said |= {"kind": "drive#change", "type": said["changeType"], "time": written(entry.at)}
    return {key: (value if key == "file" else wanted.of(key).apply(value)) for key, value in said.items() if key in wanted}


def _of_drive(asked: Question, drive_id: str) -> dict[str, Any]:
    said: dict[str, Any] = {"changeType": "drive", "driveId": drive_id, "teamDriveId": drive_id}
    drive = asked.drive.drives.get(drive_id)
    if drive is None or not asked.view.is_member(drive_id):
        return said | {"removed": True}
    return said | {"removed": False, "drive": asked.resources.shared_drive(drive)}


def _of_file(asked: Question, log: str, file_id: str, item: Item | None, wanted: Selection | None) -> dict[str, Any]:
    said: dict[str, Any] = {"changeType": "file", "fileId": file_id}
    is_there = item is not None and _is_in(asked, log, item)
    can_be_read = item is not None and asked.view.rank(item) > 0
    shows_file = is_there or (can_be_read and asked.flag("includeCorpusRemovals"))
    if item is not None and shows_file and wanted is not None:
        said["file"] = asked.resources.file(item, wanted)
    return said | {"removed": not is_there}


def _is_in(asked: Question, log: str, item: Item) -> bool:
    """Whether a thing belongs to a log as things are now."""
    if log in asked.drive.drives:
        return item.drive_id == log and asked.view.rank(item) > 0
    if not asked.view.is_listed(item):
        return False
    if item.drive_id is None:
        return True
    return log == asked.user.email and (asked.drive.knobs.drive_items_in_user_log or not asked.view.is_member(item.drive_id))
