"""All files of a log as they are now, a range of times of creation at a time: the vendor lists files in no order, and not by their ids.

Ranges follow each other without a gap, from the first moment there is to the last. The files of the last range are kept: a comparison asks
next for those of them that differ.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from ingestion.sources.gdrive.answers import PageTokenRejected, text_in
from ingestion.sources.gdrive.client import DriveClient
from ingestion.sources.gdrive.crawl import listed
from ingestion.sources.gdrive.events import vendor_version
from ingestion.sources.gdrive.logs import File, Log, Place
from ingestion.sources.gdrive.ranges import Range, Ranges, is_narrowest, is_within, query_of
from ingestion.sources.gdrive.sharing import my_drive_root
from ingestion.sources.source import RecordVersion, Versions
from shared.contracts.message import timestamp
from shared.errors import DependencyUnavailable

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""A change that lies further ahead is what somebody wrote there."""


@dataclass
class _Reading:
    """The pages of a range read so far."""

    files: list[File] = field(default_factory=list)
    at: datetime | None = None
    is_whole: bool = False

    @property
    def moments(self) -> list[datetime]:
        """When they were made."""
        return [moment for file in self.files if (moment := created_at(file))]


async def versions_above(log: Log, client: DriveClient, ranges: Ranges, *, after: str | None) -> Versions:
    """The next range. Raises as ``Poller.versions``."""
    start = None if after is None else datetime.fromisoformat(after).astimezone(UTC)
    now = client.vendor_now()
    root = await _root(log, client, ranges, is_first=after is None)
    end = ranges.end_after(start, now)
    ranges.last = None
    while True:
        read = await _read(log, client, start, end, most_files=None if is_narrowest(start, end) else ranges.most_files)
        if read.is_whole:
            break
        end = ranges.cut(start, end, read.moments, now=now, anchor=created_at(root))
    ranges.read(start, end, read.moments, now=now)
    at = read.at or now
    files = {str(file["id"]): file for file in read.files if log.place_of(file) is not Place.ELSEWHERE and text_in(file, "id")}
    if is_within(created_at(root), start, end):
        files.setdefault(str(root.get("id")), root)
    ranges.last = Range(files, at)
    return Versions(
        by_key={key: RecordVersion(vendor_version(file), changed_at(file, at), _is_whole(file, log)) for key, file in files.items()},
        up_to=None if end is None else timestamp(end),
        read_at=at,
    )


def _is_whole(file: File, log: Log) -> bool:
    """Whether it can be told with whom a file is shared: of a shared drive's own files, if it was refused once, it is asked again."""
    return log.drive is not None and file.get("hasAugmentedPermissions") is True


def created_at(file: File) -> datetime | None:
    """When a file was made, as it says."""
    return _moment(file.get("createdTime"))


def changed_at(file: File, at: datetime) -> datetime | None:
    """When a file's content was changed last; None where what it says cannot be."""
    moment = _moment(file.get("modifiedTime"))
    return moment if moment is not None and moment <= at + CLOCKS_DIFFER else None


async def _read(log: Log, client: DriveClient, start: datetime | None, end: datetime | None, *, most_files: int | None) -> _Reading:
    read, page = _Reading(), None
    while most_files is None or len(read.files) < most_files:
        try:
            listing = await listed(log, client, query=query_of(start, end), page=page)
        except PageTokenRejected as error:
            raise DependencyUnavailable(f"{error}, within a range") from error
        if listing.is_incomplete:
            raise DependencyUnavailable("Google Drive files-list: the search was not complete, and nothing follows from what it left out")
        read.files += listing.files
        read.at = read.at or listing.at
        page = listing.following
        if page is None:
            read.is_whole = True
            break
    return read


async def _root(log: Log, client: DriveClient, ranges: Ranges, *, is_first: bool) -> File:
    """The root folder, which no list has; of a My Drive asked for once in a comparison."""
    if log.drive is not None:
        return {"id": log.drive.id, "driveId": log.drive.id, "createdTime": log.drive.created_time}
    if ranges.root is None or is_first:
        ranges.root = await my_drive_root(log, client)
    return ranges.root


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
