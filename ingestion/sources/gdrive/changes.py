"""What changed since a log's page token. Each entry shows its file as it is now, whatever it was like in between.

The token is taken before the first back-fill is asked for, and stored before that begins. One that is not accepted any more is replaced by
one of now, and what lies between them is left to a comparison. "Retrieve changes", Google Drive API guides.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ingestion.sources.gdrive.answers import AccessDenied, Answer, NotThere, PageTokenRejected, objects_in, text_in
from ingestion.sources.gdrive.client import DriveClient
from ingestion.sources.gdrive.events import Seen, Told, owners_in
from ingestion.sources.gdrive.fields import file_fields
from ingestion.sources.gdrive.logs import DRIVES, File, Log, Place, owner_of
from ingestion.sources.gdrive.sharing import drive_root, my_drive_root, with_permissions
from ingestion.sources.source import Ask, Page, Reading
from shared.contracts.canonical import digest
from shared.contracts.ingestion import IngestionEvent
from shared.errors import ConfigurationError, DependencyUnavailable
from shared.gaps.gap import GapReason
from shared.streams.state import Cursor

PAGE_CHANGES: Final = "1000"
"""The most there are in one answer."""
ASK_DRIVES: Final = Ask(DRIVES, "changes")


class Changes:
    """Reads one log."""

    def __init__(self, reading: Reading, log: Log, *, client: DriveClient, told: Told) -> None:
        self._reading = reading
        self._log = log
        self._client = client
        self._told = told

    async def page(self) -> Page:
        """The next page. Raises as ``Poller.page``."""
        cursor = self._reading.cursor or {}
        token = text_in(cursor, "token")
        try:
            if token is None:
                started = await self._started()
                return Page(events=(), cursor={"token": text_in(started.body, "startPageToken"), "isNew": True}, is_last=False)
            if cursor.get("isNew") is True:
                return await self._begun(token)
            return await self._look(cursor, token)
        except (NotThere, AccessDenied):
            if self._log.drive is None:
                raise
            return self._closed(cursor)

    async def _started(self) -> Answer:
        params = {"fields": "startPageToken", "supportsAllDrives": "true", **self._log.drive_params}
        answer = await self._client.drive("start-page-token", "changes/startPageToken", params, user=self._log.user)
        if text_in(answer.body, "startPageToken") is None:
            raise DependencyUnavailable("Google Drive start-page-token: the answer holds no token")
        return answer

    async def _begun(self, token: str) -> Page:
        """The token is stored: all that is there may be read from now on. The root is in no list and no log."""
        events, gaps, mark = await self._root(self._client.vendor_now(), None)
        asks = (Ask(self._reading.stream, "backfill"),)
        return Page(events=events, cursor={"token": token, **mark}, is_last=True, gaps=gaps, asks=asks)

    async def _look(self, cursor: Cursor, token: str) -> Page:
        params = {
            "pageToken": token,
            "pageSize": PAGE_CHANGES,
            "fields": f"nextPageToken,newStartPageToken,changes(changeType,removed,fileId,file({file_fields()}))",
            "includeItemsFromAllDrives": "true",
            "supportsAllDrives": "true",
            "includeRemoved": "true",
            "includeCorpusRemovals": "true",
            **self._log.drive_params,
        }
        try:
            answer = await self._client.drive("changes", "changes", params, user=self._log.user)
        except (PageTokenRejected, NotThere):
            return await self._lost(cursor)
        following, last = text_in(answer.body, "nextPageToken"), text_in(answer.body, "newStartPageToken")
        if following is None and last is None:
            raise DependencyUnavailable("Google Drive changes: the answer does not say where to go on")
        changes = objects_in(answer.body.get("changes"))
        events, gaps = await self._events(changes, answer.at, page=token)
        asks = (ASK_DRIVES,) if any(change.get("changeType") == "drive" for change in changes) else ()
        kept = {name: value for name, value in cursor.items() if name == "root"}
        if following is not None:
            return Page(events=events, cursor={**kept, "token": following}, is_last=False, gaps=gaps, asks=asks)
        roots, unknown, mark = await self._root(answer.at, cursor) if self._log.drive else ([], (), {})
        return Page(
            events=[*events, *roots],
            cursor={**kept, "token": last, **mark},
            is_last=True,
            covered_until=answer.at,
            gaps=(*gaps, *unknown),
            asks=asks,
        )

    async def _events(
        self, changes: list[dict[str, Any]], at: datetime, *, page: str
    ) -> tuple[list[IngestionEvent], tuple[GapReason, ...]]:
        """States of what is the log's, departures of what is not any more."""
        seen = Seen(self._reading.connection, self._reading.run, self._reading.stream, at)
        shown: list[File] = []
        gone: list[str] = []
        unreadable = 0
        for change in changes:
            file, file_id = change.get("file"), text_in(change, "fileId")
            is_removed = change.get("removed") is True
            if isinstance(file, dict) and not self._is_over(file, is_removed=is_removed):
                shown.append(file)
            elif file_id is not None and is_removed:
                gone.append(file_id)
            elif change.get("changeType") != "drive" and not isinstance(file, dict):
                unreadable += 1  # neither a file nor the lack of one
        files, unknown = await with_permissions(shown, self._log, self._client)
        people = self._told.new(owners_in(files), run=self._reading.run, page=page)
        events, rejected = await seen.files(files, self._log)
        departures = [seen.gone(file_id) for file_id in gone]
        return [*seen.people(people), *events, *departures], (*unknown, *(("rejected",) if unreadable or rejected else ()))

    def _is_over(self, file: File, *, is_removed: bool) -> bool:
        """Whether the log holds the file no more: it is at home elsewhere, or somebody else's that a link opens and no list shows."""
        place = self._log.place_of(file)
        is_unlisted = is_removed and place is Place.GUEST and text_in(file, "driveId") is None
        return place is Place.ELSEWHERE or is_unlisted

    async def _root(self, at: datetime, cursor: Cursor | None) -> tuple[list[IngestionEvent], tuple[GapReason, ...], dict[str, str]]:
        """The root folder, with the gap it leaves and the mark by which it is known again; nothing new, when the mark is the cursor's."""
        log = self._log
        seen = Seen(self._reading.connection, self._reading.run, self._reading.stream, at)
        if log.drive is None:
            root = await my_drive_root(log, self._client)
            check_owner(root, log)
            return [seen.file(root, is_home=True)], (), {}
        root, gaps = await drive_root(log.drive, log, self._client)
        mark = digest(_in_one_order(root))
        if cursor is not None and cursor.get("root") == mark:
            return [], gaps, {"root": mark}
        return [seen.file(root, is_home=True)], gaps, {"root": mark}

    async def _lost(self, cursor: Cursor) -> Page:
        """The token is not accepted: begin at now, and compare. A drive that is not there has no new token, either."""
        started = await self._started()
        return Page(
            events=(),
            cursor={**cursor, "token": text_in(started.body, "startPageToken")},
            is_last=True,
            gaps=("changes-not-retained",),
            asks=(Ask(self._reading.stream, "compare"),),
        )

    def _closed(self, cursor: Cursor) -> Page:
        """Whoever read the drive cannot any more. Whether it is gone, or another may read it, the stream of drives finds out."""
        return Page(events=(), cursor=dict(cursor), is_last=True, gaps=("not-readable",), asks=(ASK_DRIVES,))


def check_owner(root: File, log: Log) -> None:
    """Hold the owner of a My Drive against whose it should be.

    Raises:
        ConfigurationError: it is somebody else's, whose files would be taken for this person's.
    """
    owner = owner_of(root)
    if owner is not None and owner != log.user:
        raise ConfigurationError("the credential opens another person's Drive than the one that is connected: connect it again")


def _in_one_order(root: Mapping[str, Any]) -> dict[str, Any]:
    permissions = root.get("permissions")
    return {**root, "permissions": sorted(digest(one) for one in permissions) if isinstance(permissions, list) else None}
