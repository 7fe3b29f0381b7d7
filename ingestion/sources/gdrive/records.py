"""Single files of a log as they are now: those of the last range of a comparison are known, the others are asked for, one by one."""

from collections.abc import Sequence
from datetime import datetime

from ingestion.sources.gdrive.answers import AccessDenied, NotThere
from ingestion.sources.gdrive.at_once import each
from ingestion.sources.gdrive.client import DriveClient, segment
from ingestion.sources.gdrive.events import Seen, Told, owners_in
from ingestion.sources.gdrive.fields import file_fields
from ingestion.sources.gdrive.logs import File, Log, Place
from ingestion.sources.gdrive.ranges import Range
from ingestion.sources.gdrive.sharing import drive_root, with_permissions
from ingestion.sources.source import Reading
from shared.contracts.ingestion import IngestionEvent


class Records:
    """Asks for the files of one log."""

    def __init__(self, reading: Reading, log: Log, *, client: DriveClient, told: Told) -> None:
        self._reading = reading
        self._log = log
        self._client = client
        self._told = told

    async def events(self, keys: Sequence[str], known: Range | None) -> list[IngestionEvent]:
        """An event for each: the file as it is, or that the log does not hold it. A file that nobody can see is asked for by its id before
        that is said. Raises as ``Poller.page``."""
        wanted, drive = set(keys), self._log.drive
        events = [] if drive is None or drive.id not in wanted else [await self._root()]
        rest = [key for key in keys if drive is None or key != drive.id]
        there = {} if known is None else {key: known.files[key] for key in rest if key in known.files}
        if known is not None and there:
            events += await self._states(list(there.values()), known.at)
        confirmed = await each([key for key in rest if key not in there], lambda key: self._confirmed(key, is_listed=known is None))
        return events + [event for found in confirmed for event in found]

    async def _confirmed(self, key: str, *, is_listed: bool) -> list[IngestionEvent]:
        """``is_listed``: as far as is known. Of what no list shows, others' files that a link opens are not held."""
        params = {"fields": file_fields(), "supportsAllDrives": "true"}
        try:
            answer = await self._client.drive("file", f"files/{segment(key)}", params, user=self._log.user)
        except (NotThere, AccessDenied):
            return [self._seen(self._client.vendor_now()).gone(key)]
        place = self._log.place_of(answer.body)
        is_link_alone = place is Place.GUEST and not is_listed and answer.body.get("trashed") is not True
        if place is Place.ELSEWHERE or is_link_alone:
            return [self._seen(answer.at).gone(key)]
        return await self._states([answer.body], answer.at)

    async def _states(self, files: list[File], at: datetime) -> list[IngestionEvent]:
        seen = self._seen(at)
        shown, _ = await with_permissions(files, self._log, self._client)
        people = self._told.new(owners_in(shown), run=self._reading.run, page=str(files[0].get("id")))
        events, _ = await seen.files(shown, self._log)
        return [*seen.people(people), *events]

    async def _root(self) -> IngestionEvent:
        if self._log.drive is None:
            raise LookupError(self._log.stream)
        at = self._client.vendor_now()
        try:
            root, _ = await drive_root(self._log.drive, self._log, self._client)
        except NotThere:
            return self._seen(at).gone(self._log.drive.id)
        return self._seen(at).file(root, is_home=True)

    def _seen(self, at: datetime) -> Seen:
        return Seen(self._reading.connection, self._reading.run, self._reading.stream, at, self._reading.give_way)
