"""The change logs of one connection: each person's own, and one of each shared drive; and what belongs to which.

A file has one home: the shared drive it lies in, or its owner's log. Other logs hold it as guests, where no log of ours is its home.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ingestion.sources.gdrive.answers import text_in
from shared.access.acl import without_capitals
from shared.connections.connection import Connection
from shared.errors import DependencyUnavailable, StreamUnreadable
from shared.streams.defaults import user_stream
from shared.streams.state import Cursor

DRIVES: Final = "drives"
"""The stream that is the list of shared drives."""
GROUPS: Final = "groups"
_USER: Final = user_stream("")
_DRIVE: Final = "drive:"

File = dict[str, Any]
"""A file resource, as read."""


def drive_stream(drive_id: str) -> str:
    """A shared drive's log."""
    return f"{_DRIVE}{drive_id}"


def is_of_people_or_drives(stream: str) -> bool:
    """Whether it is one of those that come and go with people and drives."""
    return stream.startswith((_USER, _DRIVE))


@dataclass(frozen=True, slots=True)
class KnownDrive:
    """A shared drive that is read."""

    id: str
    reader: str
    """As whom."""
    name: str
    created_time: str | None

    def cursor(self) -> dict[str, str | None]:
        """As JSON."""
        return {"reader": self.reader, "name": self.name, "createdTime": self.created_time}


def known_drives(cursor: Cursor | None) -> dict[str, KnownDrive]:
    """The drives in the cursor of the stream of drives, by id."""
    said = (cursor or {}).get("drives")
    found = {}
    for drive_id, one in said.items() if isinstance(said, Mapping) else ():
        if isinstance(one, Mapping):
            created = one.get("createdTime")
            known = KnownDrive(drive_id, str(one.get("reader", "")), str(one.get("name", "")), str(created) if created else None)
            found[drive_id] = known
    return found


class Place(Enum):
    """How a file stands to a log."""

    HOME = "home"
    GUEST = "guest"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Log:
    """A log that can be read."""

    stream: str
    user: str
    """As whom it is read."""
    drive: KnownDrive | None
    """None: it is the person's own."""
    users: frozenset[str]
    """All people of the connection."""
    drive_ids: frozenset[str]
    """The drives that have a log of their own."""

    @property
    def drive_params(self) -> dict[str, str]:
        """What names the drive in a question."""
        return {} if self.drive is None else {"driveId": self.drive.id}

    def place_of(self, file: File) -> Place:
        """Whether the file is this log's."""
        drive_id = text_in(file, "driveId")
        if self.drive is not None:
            return Place.HOME if drive_id == self.drive.id else Place.ELSEWHERE
        if drive_id is not None:
            return Place.ELSEWHERE if drive_id in self.drive_ids else Place.GUEST
        owner = owner_of(file)
        if file.get("ownedByMe") is True or owner == self.user:
            return Place.HOME
        return Place.ELSEWHERE if owner in self.users else Place.GUEST


def log_of(connection: Connection, stream: str, drives: Cursor | None) -> Log | None:
    """The log behind a stream; None where there is none any more. ``drives``: the cursor of the stream of drives.

    Raises:
        DependencyUnavailable: nobody has listed the shared drives yet.
        StreamUnreadable: it is no log at all.
    """
    known, users = known_drives(drives), frozenset(connection.users)
    ids = frozenset(known)
    if stream.startswith(_USER):
        user = stream.removeprefix(_USER)
        return Log(stream, user, None, users, ids) if user in users else None
    check_name(stream)
    if drives is None or "drives" not in drives:
        raise DependencyUnavailable(f"{stream}: the shared drives were not listed yet")
    drive = known.get(stream.removeprefix(_DRIVE))
    return None if drive is None else Log(stream, drive.reader, drive, users, ids)


def check_name(stream: str) -> None:
    """See that a stream is one of Google Drive.

    Raises:
        StreamUnreadable: it is not.
    """
    if stream not in (DRIVES, GROUPS) and not is_of_people_or_drives(stream):
        raise StreamUnreadable(f"{stream}: there is no such stream; those of Google Drive are drives, groups, user:… and drive:…")


def owner_of(file: File) -> str | None:
    """The owner's address; None where it is not told, or where nobody owns it."""
    owners = file.get("owners")
    first = owners[0] if isinstance(owners, list) and owners else None
    address = first.get("emailAddress") if isinstance(first, dict) else None
    return without_capitals(address) if isinstance(address, str) and address else None
