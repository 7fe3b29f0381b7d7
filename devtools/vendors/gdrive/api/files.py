"""``files.list`` and ``files.get``."""

from collections.abc import Iterable
from typing import Final

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.fields import FILE, FILES, Selection
from devtools.vendors.gdrive.api.pages import Page
from devtools.vendors.gdrive.api.queries import Query, in_order, query_of
from devtools.vendors.gdrive.items import Item

_DEFAULT: Final = "kind,nextPageToken,incompleteSearch,files(kind,id,name,mimeType,driveId,teamDriveId,resourceKey)"
_ONE: Final = "kind,id,name,mimeType,driveId,teamDriveId,resourceKey"
_CORPORA: Final = ("user", "domain", "drive", "allDrives")
_LEFT_OUT: Final = 3
"""An incomplete search leaves out every third file."""


def get_file(asked: Question) -> Answer:
    wanted = asked.wanted(_ONE, FILE)
    return Answer(asked.resources.file(asked.file(), wanted), rows=1)


def list_files(asked: Question) -> Answer:
    size, token, wanted = asked.page_size(100, 1000), asked.page_token(), asked.wanted(_DEFAULT, FILES)
    asked.call.query = asked.text("q")
    corpora, drive_id = _corpora(asked)
    query = query_of(asked.text("q"), asked.user.root_id)
    includes_drives = asked.includes_drives()
    said = [asked.text(name) for name in ("q", "orderBy", "spaces")]
    question = f"files {asked.user.email} {corpora} {drive_id} {includes_drives} {said}"
    if token:
        page = asked.served.listings.next(question, token, size)
    else:
        found = in_order(_found(asked, query, drive_id, includes_drives=includes_drives), asked.text("orderBy"))
        page = _first(asked, question, found, size)
    row_wanted = wanted.of("files") if "files" in wanted else Selection({})
    rows = [asked.resources.file(item, row_wanted) for item in page.rows if _is_there(asked, item)]
    body = {"kind": "drive#fileList", "incompleteSearch": page.is_incomplete, "files": rows}
    if page.token is not None:
        body["nextPageToken"] = page.token
    return Answer({key: value for key, value in body.items() if key in wanted}, rows=len(rows))


def _first(asked: Question, question: str, found: list[Item], size: int) -> Page[Item]:
    knobs = asked.drive.knobs
    if not knobs.incomplete_searches:
        return asked.served.listings.first(question, found, size)
    knobs.incomplete_searches -= 1
    kept = [item for number, item in enumerate(found, 1) if number % _LEFT_OUT]
    return asked.served.listings.first(question, kept, size, is_incomplete=True)


def _corpora(asked: Question) -> tuple[str, str]:
    """Where to look.

    Raises:
        Refused: 400, what was said does not go together; 403, they do not know of shared drives; 404, there is no such drive for them.
    """
    drive_id = asked.text("driveId") or asked.text("teamDriveId")
    corpora = asked.text("corpora", "drive" if drive_id else "user")
    asked.call.drive_id = drive_id
    if corpora not in _CORPORA:
        raise refusals.invalid("corpora")
    if bool(drive_id) != (corpora == "drive"):
        raise refusals.invalid("driveId", "The driveId parameter must be specified if and only if corpora is set to drive.")
    if corpora in {"drive", "allDrives"} and not asked.includes_drives():
        message = f"The includeItemsFromAllDrives parameter must be set to true with corpora {corpora}."
        raise refusals.refused(403, "teamDrivesParameterRequired", message, "includeItemsFromAllDrives")
    if drive_id and (drive_id not in asked.drive.drives or not asked.view.is_member(drive_id)):
        raise refusals.drive_not_found(drive_id)
    return corpora, drive_id


def _found(asked: Question, query: Query, drive_id: str, *, includes_drives: bool) -> Iterable[Item]:
    drive, view = asked.drive, asked.view
    is_behind = bool(drive.knobs.index_lag)
    near = drive.children(query.parent_id) if query.parent_id is not None and not is_behind else None
    for item in near if near is not None else drive.recorder.indexed():
        is_of_it = item.drive_id == drive_id if drive_id else item.drive_id is None or includes_drives
        if is_of_it and view.is_listed(item) and query.matches(item, view):
            yield item


def _is_there(asked: Question, item: Item) -> bool:
    """What was found may be gone by the time its page is asked for. An index that is behind knows nothing of that."""
    if asked.drive.knobs.index_lag:
        return True
    return item.id in asked.drive.tree.items and asked.view.is_listed(item)
