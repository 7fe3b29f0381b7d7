"""The shared drives there are for the people of a connection, and as whom each of them is read.

Its cursor holds them, and others read them there. A drive that nobody lists any more is asked for by its id before it is left out: a list
may come late, and an access that is lost is no deletion. What a drive held departs by a comparison of its stream, which finds nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from ingestion.sources.gdrive.answers import AccessDenied, NotThere, PageTokenRejected, objects_in, text_in
from ingestion.sources.gdrive.at_once import each
from ingestion.sources.gdrive.client import DriveClient, segment
from ingestion.sources.gdrive.fields import DRIVE
from ingestion.sources.gdrive.logs import (
    DRIVES,
    KnownDrive,
    drive_stream,
    is_of_people_or_drives,
    known_drives,
)
from ingestion.sources.source import Ask, Page, Reading
from shared.connections.connection import Connection
from shared.errors import DependencyUnavailable, StreamUnreadable
from shared.streams.defaults import streams_of, user_stream

PAGE: Final = "100"
"""The most there are in one answer."""


async def drives_page(reading: Reading, client: DriveClient) -> Page:
    """What one person more can list; the last page says which drives and streams there are from now on.

    The cursor: ``drives``, as they were last known, and ``look``, while the people are gone through.

    Raises:
        PipelineError: as ``Poller.page``; StreamUnreadable, when nobody may list any.
    """
    cursor = dict(reading.cursor or {})
    known, users = known_drives(cursor), reading.connection.users
    look = cursor.get("look")
    look = dict(look) if isinstance(look, Mapping) else {"at": client.vendor_now().isoformat(), "drives": {}}
    user = _next_user(users, look.get("last"))
    if user is None:
        return await _whole(reading, client, known, look)
    page, kept = text_in(look, "page"), {name: value for name, value in cursor.items() if name == "drives"}
    try:
        rows, following = await _listed(client, user, page)
    except PageTokenRejected as error:
        if page is None:
            raise DependencyUnavailable(str(error)) from error
        return Page(events=(), cursor=kept, is_last=False)
    except StreamUnreadable as error:  # this person has no Drive, or is suspended: their own stream says so
        if user == users[-1] and not look.get("isAnswered"):
            raise
        look = {**look, "last": user, "page": None, "refused": type(error).__name__}
    else:
        drives = _merged(known_drives(look), rows, user, known)
        look = {
            **look,
            "drives": _cursor_of(drives),
            "isAnswered": True,
            "page": following,
            "last": look.get("last") if following else user,
        }
    if _next_user(users, look.get("last")) is None:
        return await _whole(reading, client, known, look)
    return Page(events=(), cursor={**kept, "look": look}, is_last=False)


def streams_with(connection: Connection, drives: Mapping[str, KnownDrive]) -> tuple[str, ...]:
    """The streams of a connection with these drives: those it has keep their order."""
    before = streams_of(connection)
    others = [stream for stream in before if not is_of_people_or_drives(stream)]
    wanted = [DRIVES, *map(user_stream, connection.users), *map(drive_stream, drives), *others]
    kept = [stream for stream in before if stream in set(wanted)]
    return tuple(dict.fromkeys([*kept, *wanted]))


async def _whole(reading: Reading, client: DriveClient, known: Mapping[str, KnownDrive], look: Mapping[str, JsonValue]) -> Page:
    found = known_drives(look)
    missing = [drive for drive in known.values() if drive.id not in found and drive.reader in reading.connection.users]
    for drive in await each(missing, lambda drive: _confirmed(drive, client)):
        if drive is not None:
            found[drive.id] = drive
    changed = [drive for drive in found.values() if drive.id in known and drive != known[drive.id]]
    return Page(
        events=(),
        cursor={"drives": _cursor_of(found), "readAt": look.get("at")},
        is_last=True,
        asks=tuple(Ask(drive_stream(drive.id), "changes") for drive in changed),
        streams=streams_with(reading.connection, found),
    )


async def _listed(client: DriveClient, user: str, page: str | None) -> tuple[list[dict[str, Any]], str | None]:
    params = {"pageSize": PAGE, "fields": f"nextPageToken,drives({DRIVE})"}
    answer = await client.drive("drives", "drives", {**params, "pageToken": page} if page else params, user=user)
    return objects_in(answer.body.get("drives")), text_in(answer.body, "nextPageToken")


async def _confirmed(drive: KnownDrive, client: DriveClient) -> KnownDrive | None:
    """The drive, when it is there all the same; None when whoever read it cannot see it any more."""
    try:
        answer = await client.drive("drives", f"drives/{segment(drive.id)}", {"fields": DRIVE}, user=drive.reader)
    except (NotThere, AccessDenied):
        return None
    except StreamUnreadable:
        return drive  # nobody can tell: its own stream says that it cannot be read
    return _drive_of(answer.body, drive.reader) or drive


def _merged(found: dict[str, KnownDrive], rows: list[dict[str, Any]], user: str, known: Mapping[str, KnownDrive]) -> dict[str, KnownDrive]:
    """With what one person lists. Whoever reads a drive goes on reading it; otherwise the first one does."""
    merged = dict(found)
    for row in rows:
        drive = _drive_of(row, user)
        if drive is not None and (drive.id not in merged or (drive.id in known and known[drive.id].reader == user)):
            merged[drive.id] = drive
    return merged


def _drive_of(row: Mapping[str, Any], reader: str) -> KnownDrive | None:
    drive_id = text_in(row, "id")
    return None if drive_id is None else KnownDrive(drive_id, reader, text_in(row, "name") or "", text_in(row, "createdTime"))


def _cursor_of(drives: Mapping[str, KnownDrive]) -> dict[str, JsonValue]:
    return {drive.id: {**drive.cursor()} for drive in drives.values()}


def _next_user(users: tuple[str, ...], last: JsonValue) -> str | None:
    """Who comes after somebody; the first one after nobody, or after one who is not among them any more."""
    place = users.index(last) + 1 if isinstance(last, str) and last in users else 0
    return users[place] if place < len(users) else None
