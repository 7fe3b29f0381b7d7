"""Listing the files of a log: for a back-fill all of them, page by page, and for a comparison those of a range.

What changes meanwhile is read by the changes, whose token was taken before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ingestion.sources.gdrive.answers import PageTokenRejected, objects_in, text_in
from ingestion.sources.gdrive.client import DriveClient
from ingestion.sources.gdrive.events import Seen, Told, owners_in
from ingestion.sources.gdrive.fields import file_fields
from ingestion.sources.gdrive.logs import File, Log
from ingestion.sources.gdrive.sharing import FOLDER, with_permissions
from ingestion.sources.source import Ask, Page, Reading
from shared.errors import DependencyUnavailable

PAGE_FILES: Final = 1000
"""The most there are in one answer; the vendor may give fewer."""
LIVING: Final = "trashed = false"
MOST_RESTARTS: Final = 5


@dataclass(frozen=True)
class Listing:
    """One page of a list."""

    files: list[File]
    following: str | None
    """The next page's token."""
    is_incomplete: bool
    """The vendor has not looked everywhere: nothing follows from what is not in the list."""
    at: datetime


async def listed(log: Log, client: DriveClient, *, query: str, page: str | None) -> Listing:
    """A page of the files that whoever reads the log can see there, those of other logs among them.

    Raises:
        PageTokenRejected: the list has to be begun anew.
        PipelineError: as ``DriveClient.drive``.
    """
    params = {
        "q": query,
        "pageSize": str(PAGE_FILES),
        "fields": f"nextPageToken,incompleteSearch,files({file_fields()})",
        "corpora": "user" if log.drive is None else "drive",
        "includeItemsFromAllDrives": "true",
        "supportsAllDrives": "true",
        **log.drive_params,
    }
    answer = await client.drive("files-list", "files", {**params, "pageToken": page} if page else params, user=log.user)
    if not isinstance(answer.body.get("files"), list):
        raise DependencyUnavailable("Google Drive files-list: the answer holds no files")
    is_incomplete = answer.body.get("incompleteSearch") is True
    return Listing(objects_in(answer.body["files"]), text_in(answer.body, "nextPageToken"), is_incomplete, answer.at)


async def crawled(reading: Reading, log: Log, client: DriveClient, told: Told) -> Page:
    """The next page of a back-fill; the first one again, when its token is not known any more. Raises as ``listed``."""
    cursor = dict(reading.cursor or {})
    page, restarts = text_in(cursor, "page"), cursor.get("restarts")
    try:
        listing = await listed(log, client, query=LIVING, page=page)
    except PageTokenRejected as error:
        times = (restarts if isinstance(restarts, int) else 0) + 1
        if page is None or times > MOST_RESTARTS:
            raise DependencyUnavailable(f"{error}, {times} times") from error
        return Page(events=(), cursor={"restarts": times}, is_last=False)
    # Folders first, the older ones before: what stands in a folder that was not stored yet has to be stored once more.
    ordered = sorted(listing.files, key=lambda file: (file.get("mimeType") != FOLDER, str(file.get("createdTime"))))
    files, unknown = await with_permissions(ordered, log, client)
    seen = Seen(reading.connection, reading.run, reading.stream, listing.at, reading.give_way)
    people = told.new(owners_in(files), run=reading.run, page=page or "")
    events, rejected = await seen.files(files, log)
    following = {**cursor, "page": listing.following} if listing.following else cursor
    return Page(
        events=[*seen.people(people), *events],
        cursor=following,
        is_last=listing.following is None,
        gaps=(*unknown, *rejected, *(("incomplete-search",) if listing.is_incomplete else ())),
        asks=(Ask(reading.stream, "compare"),) if listing.is_incomplete else (),
    )
