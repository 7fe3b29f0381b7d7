"""All rows of an object in the order of their ids: for a back-fill, with every field, and for a comparison, with their versions alone.

What changes meanwhile is read by the changes, whose cursor was set before.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from ingestion.sources.salesforce.answers import QueryTooSlow
from ingestion.sources.salesforce.client import PAGE_RECORDS
from ingestion.sources.salesforce.describe import ALWAYS, Selection
from ingestion.sources.salesforce.rows import Row, Rows, Seen, key_of
from ingestion.sources.salesforce.soql import all_rows
from ingestion.sources.salesforce.versions import VERSION_FIELD, moment_of, vendor_version
from ingestion.sources.source import Page, Reading, RecordVersion, Versions
from shared.errors import DependencyUnavailable

FEWEST: Final = 50
"""When the vendor takes too long for even so few rows, it is not for their number."""


async def crawled(reading: Reading, selection: Selection, rows: Rows) -> Page:
    """The next page of a back-fill; a promise of fewer rows, when the vendor takes too long. Raises as ``Rows.page``."""
    cursor = dict(reading.cursor or {})
    after, most = cursor.get("after"), cursor.get("most")
    limit = most if isinstance(most, int) else None

    def query_of(fields: Sequence[str], last: Row | None) -> str:
        end = None if last is None else str(last["Id"])
        return all_rows(selection.object_name, fields, after=_text(after), last=end, most=None if end else limit)

    try:
        page = await rows.page("query", selection, query_of)
    except QueryTooSlow as error:
        fewer = (limit or PAGE_RECORDS) // 2
        if fewer < FEWEST:
            raise DependencyUnavailable(f"{error}, for {limit} rows") from error
        return Page(events=(), cursor={**cursor, "most": fewer}, is_last=False)
    seen = Seen(reading.connection, reading.run, page.at, reading.give_way)
    # With a limit the vendor says "done" after so many rows, and counts no more than these.
    is_last = page.last is None or (page.is_last and (limit is None or page.total_count < limit))
    events, gaps = await seen.rows(page.rows, selection)
    return Page(
        events=events,
        gaps=gaps,
        cursor=_following(cursor, page.last),
        is_last=is_last,
        total_count=page.total_count if after is None and limit is None else None,
    )


async def versions_above(object_name: str, rows: Rows, *, after: str | None) -> Versions:
    """Ids and stamps above an id. Raises as ``Rows.page``."""
    page = await rows.page("query", Selection(object_name, ALWAYS, None, ()), lambda fields, _: all_rows(object_name, fields, after=after))
    return Versions(
        by_key={key_of(row): _version(row) for row in page.rows},
        up_to=None if page.is_last or page.last is None else key_of(page.last),
        read_at=page.at,
        total_count=page.total_count if after is None else None,
    )


def _following(cursor: Mapping[str, JsonValue], last: Row | None) -> dict[str, JsonValue]:
    return dict(cursor) if last is None else {**cursor, "after": str(last["Id"])}


def _version(row: Row) -> RecordVersion:
    stamp = row.get(VERSION_FIELD)
    return RecordVersion(vendor_version(stamp), moment_of(stamp))


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
