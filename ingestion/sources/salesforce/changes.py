"""What changed since the cursor: first what the vendor's log says was deleted, then the rows whose stamp moved.

How far rows may be read is the vendor's own word: ``latestDateCovered`` of its replication log, which stays before whatever is still being
saved. A transaction takes its stamp when it saves and is seen when it ends, so that reading up to "now" would pass it by for ever. The
overlap before the cursor is a second net: what is read again unchanged costs one look at its shard.

"Get Updated" and "Get Deleted", REST API Developer Guide: deletions are kept for 15 days and fewer, updates for 30.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue

from ingestion.sources.salesforce.answers import Answer, NotRetained, QueryTooSlow, TooManyIds, objects_in
from ingestion.sources.salesforce.client import SalesforceClient
from ingestion.sources.salesforce.describe import Description, Selection
from ingestion.sources.salesforce.rows import Row, Rows, Seen, key_of
from ingestion.sources.salesforce.soql import MOST_CHARACTERS, Place, changed_rows, length_of, literal, rows_by, split_ids
from ingestion.sources.salesforce.versions import VERSION_FIELD, moment_of
from ingestion.sources.source import Ask, Page, Reading
from shared.contracts.ingestion import IngestionEvent
from shared.errors import DependencyUnavailable, StreamUnreadable
from shared.gaps.gap import GapReason
from shared.streams.defaults import streams_of

GUARD: Final = timedelta(minutes=5)
"""How long before now rows are taken for final where the vendor keeps no log of an object: as long as its longest usual transactions."""
A_SECOND: Final = timedelta(seconds=1)
"""Stamps are to the second, and one that is not over yet may get another edit."""
SHORTEST_LOOK: Final = timedelta(minutes=2)
"""The logs refuse less than a minute."""
LOG_KEPT: Final = (timedelta(days=14), timedelta(days=1), timedelta(hours=1), SHORTEST_LOOK)
"""So far back the log of deletions is asked once it refused a longer time: a day less than it promises, and less where it was purged."""
SMALLEST_WINDOW: Final = timedelta(seconds=2)

TOMBSTONE: Final = ("Id", "SystemModstamp", "IsDeleted")


@dataclass(frozen=True)
class Deletions:
    """What the log of deletions said."""

    events: Sequence[IngestionEvent]
    covered_until: datetime
    gaps: tuple[GapReason, ...] = ()
    asks: tuple[Ask, ...] = ()


class Changes:
    """Reads the changes of one object."""

    def __init__(
        self, reading: Reading, description: Description, selection: Selection, *, client: SalesforceClient, rows: Rows, overlap: timedelta
    ) -> None:
        self._reading = reading
        self._description = description
        self._selection = selection
        self._client = client
        self._rows = rows
        self._overlap = overlap
        streams = streams_of(reading.connection)
        self._children = [child for child in description.children if child.object_name in streams]

    async def first(self) -> Page:
        """The cursor of an object that was never read: from where rows are final on, and a back-fill for all before.

        Not from now on: what a transaction that is open now saves may be seen only when the back-fill has gone by.
        """
        now = self._client.vendor_now()
        since = now - GUARD
        if self._description.is_replicateable:
            try:
                answer = await self._replication("updated", since, now)
            except TooManyIds:
                pass
            else:
                since = min(moment_of(answer.body.get("latestDateCovered")) or since, answer.at)
        at = literal(since)
        asks = (Ask(self._reading.stream, "backfill"),)
        return Page(events=(), cursor={"since": at, "deletedSince": at}, is_last=True, asks=asks)

    async def look(self, cursor: Mapping[str, JsonValue], *, now: datetime) -> Page:
        """Deletions, and how far rows may be read. ``now`` is by the vendor's clock."""
        since, deleted_since = _moment(cursor, "since"), _moment(cursor, "deletedSince")
        if not self._description.is_replicateable:
            window = _window(since - self._overlap, max(now - GUARD, since))
            return Page(events=(), cursor={"since": literal(since), "deletedSince": literal(now), "window": window}, is_last=False)
        deletions = await self._deletions(deleted_since, end=now)
        target, is_quiet = await self._updates(since, end=now)
        asks = (*deletions.asks, *((Ask(self._reading.stream, "compare"),) if deletions.gaps else ()))
        following = {"since": literal(since), "deletedSince": literal(deletions.covered_until)}
        if is_quiet and not deletions.events:
            quiet = {**following, "since": literal(target)}
            covered_until = min(target, deletions.covered_until)
            return Page(events=(), cursor=quiet, is_last=True, covered_until=covered_until, gaps=deletions.gaps, asks=asks)
        window = _window(since - self._overlap, max(target, since))
        return Page(events=deletions.events, cursor={**following, "window": window}, is_last=False, gaps=deletions.gaps, asks=asks)

    async def window(self, cursor: Mapping[str, JsonValue], window: Mapping[str, JsonValue]) -> Page:
        """One page of the rows of a window; half the window, when the vendor takes too long for it."""
        place, up_to, target = Place.read(window), _moment(window, "upTo"), _moment(window, "target")

        def query_of(fields: Sequence[str], last: Row | None) -> str:
            end = None if last is None else place_of(last)
            return changed_rows(self._reading.stream, fields, after=place, up_to=up_to, last=end)

        try:
            page = await self._rows.page("queryAll", self._selection, query_of)
        except QueryTooSlow as error:
            middle = (place.stamp + (up_to - place.stamp) / 2).replace(microsecond=0)
            if up_to - place.stamp < SMALLEST_WINDOW:
                raise DependencyUnavailable(f"{error}, for a window of seconds") from error
            return Page(events=(), cursor={**cursor, "window": {**window, "upTo": literal(middle)}}, is_last=False)
        seen = Seen(self._reading.connection, self._reading.run, page.at)
        events, gaps = await seen.rows(page.rows, self._selection)
        if not page.is_last and page.last is not None:
            following = {**window, **place_of(page.last).cursor()}
            return Page(events=events, cursor={**cursor, "window": following}, is_last=False, gaps=gaps)
        is_whole = up_to >= target
        rest = {} if is_whole else {"window": {**Place(up_to, "").cursor(), "upTo": literal(target), "target": literal(target)}}
        after = {"since": literal(up_to), "deletedSince": cursor["deletedSince"], **rest}
        covered_until = min(up_to, _moment(cursor, "deletedSince")) if is_whole else None
        return Page(events=events, cursor=after, is_last=is_whole, covered_until=covered_until, gaps=gaps)

    async def _deletions(self, since: datetime, *, end: datetime) -> Deletions:
        """What was deleted, and what went with it. A gap, when the log does not reach back to where it was read last."""
        answer, start = await self._log(since, end)
        if answer is None:
            # Whatever was deleted so far the comparison finds.
            return Deletions((), max(end - GUARD, since), ("deletions-not-retained",))
        earliest = moment_of(answer.body.get("earliestDateAvailable"))
        is_whole = start <= since and (earliest is None or earliest <= since)
        gaps: tuple[GapReason, ...] = () if is_whole else ("deletions-not-retained",)
        deleted = [row for row in objects_in(answer.body.get("deletedRecords")) if isinstance(row.get("id"), str)]
        seen = Seen(self._reading.connection, self._reading.run, answer.at)
        # The row of the same second, read in the same second, says more, and is to count as the later one.
        by_log = replace(seen, at=answer.at - A_SECOND)
        events = [by_log.gone(self._reading.stream, row["id"], row.get("deletedDate")) for row in deleted]
        events += await self._cascade([row["id"] for row in deleted], seen)
        news = [row["id"] for row in deleted if (moment_of(row.get("deletedDate")) or end) >= since]
        covered = moment_of(answer.body.get("latestDateCovered")) or since
        return Deletions(events, max(min(covered, end), since), gaps, await self._children_unknown(news))

    async def _log(self, since: datetime, end: datetime) -> tuple[Answer | None, datetime]:
        """The log of deletions, as far back as it reaches, and of so short a time that it can be listed; None when it is of no help. And
        from when on."""
        starts = [since - self._overlap, since, *(end - kept for kept in LOG_KEPT if end - kept > since)]
        while starts:
            try:
                return await self._replication("deleted", starts[0], end), starts[0]
            except NotRetained:
                del starts[0]
            except TooManyIds:
                if starts[0] < since:
                    del starts[0]
                elif end - starts[0] > 2 * SHORTEST_LOOK:
                    end = starts[0] + (end - starts[0]) / 2
                else:
                    break
        return None, end

    async def _cascade(self, parents: Sequence[str], seen: Seen) -> list[IngestionEvent]:
        """Children that were deleted with their parents: the log does not list them, and their stamps need not have moved."""
        events = []
        for child in self._children:
            try:
                rows = await self._deleted_by(child.object_name, child.field, parents)
            except StreamUnreadable:
                continue  # it was hidden since its parent was described: its own stream says so
            events += [seen.row(row, Selection(child.object_name, TOMBSTONE, TOMBSTONE, ())) for row in rows]
        return events

    async def _children_unknown(self, parents: Sequence[str]) -> tuple[Ask, ...]:
        """A parent that is not in the recycle bin took its children along, and nothing tells which: only a comparison does."""
        if not parents or not self._children:
            return ()
        binned = await self._deleted_by(self._reading.stream, "Id", parents)
        if {key_of(row) for row in binned}.issuperset(parents):
            return ()
        return tuple(Ask(name, "compare") for name in sorted({child.object_name for child in self._children}))

    async def _deleted_by(self, object_name: str, field: str, ids: Sequence[str]) -> list[Row]:
        room = MOST_CHARACTERS - length_of(rows_by(object_name, TOMBSTONE, field, (), deleted_only=True))
        found: list[Row] = []
        for some in split_ids(ids, most_characters=room):
            found += await self._rows.all("queryAll", rows_by(object_name, TOMBSTONE, field, some, deleted_only=True))
        return found

    async def _updates(self, since: datetime, *, end: datetime) -> tuple[datetime, bool]:
        """How far rows are final, and whether the vendor knows of none that changed."""
        try:
            answer = await self._replication("updated", since - self._overlap, end)
        except (NotRetained, TooManyIds):
            # The rows themselves reach back for ever; only the vendor's word for how far they are final is not to be had.
            return end - GUARD, False
        covered = moment_of(answer.body.get("latestDateCovered")) or since
        return max(min(covered, answer.at - A_SECOND), since), not answer.body.get("ids")

    async def _replication(self, log: str, start: datetime, end: datetime) -> Answer:
        params = {"start": literal(min(start, end - SHORTEST_LOOK)), "end": literal(end)}
        path = f"sobjects/{self._reading.stream}/{log}/"
        return await self._client.get("replication", path, params, share=self._reading.connection.budget_share)


def place_of(row: Row) -> Place:
    """Where a row stands.

    Raises:
        DependencyUnavailable: it has no stamp.
    """
    stamp = moment_of(row.get(VERSION_FIELD))
    if stamp is None:
        raise DependencyUnavailable("Salesforce query: a row without SystemModstamp")
    return Place(stamp, str(row["Id"]))


def _window(start: datetime, end: datetime) -> dict[str, JsonValue]:
    return {**Place(start, "").cursor(), "upTo": literal(end), "target": literal(end)}


def _moment(cursor: Mapping[str, JsonValue], name: str) -> datetime:
    return datetime.fromisoformat(str(cursor[name]))
