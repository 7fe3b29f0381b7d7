"""Rows of one object, fetched: pages, wide objects in several queries, and each row as an event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from ingestion.sources.salesforce.client import SalesforceClient
from ingestion.sources.salesforce.describe import ALWAYS, Selection
from ingestion.sources.salesforce.soql import MOST_CHARACTERS, Operation, length_of, rows_by, split_fields, split_ids
from ingestion.sources.salesforce.versions import VERSION_FIELD, vendor_version
from ingestion.sources.source import GiveWay, to_nobody
from shared.connections.connection import Connection
from shared.contracts.ingestion import IN_A_TURN, IngestionEvent
from shared.conversions.identifiers import salesforce_id
from shared.errors import DependencyUnavailable
from shared.gaps.gap import GapReason

Row = dict[str, Any]
QueryOf = Callable[[Sequence[str], Row | None], str]
"""The query for some fields; given the last row of a page, for exactly that page once more."""


@dataclass(frozen=True)
class RowPage:
    """What one query gave."""

    rows: Sequence[Row]
    at: datetime
    """When it was answered, by the vendor's clock."""
    is_last: bool
    total_count: int
    last: Row | None
    """The row it ends with, be it among ``rows`` or not."""


class Rows:
    """Fetches the rows of one organization."""

    def __init__(self, client: SalesforceClient, *, share: float) -> None:
        self._client = client
        self._share = share

    async def page(self, operation: Operation, selection: Selection, query_of: QueryOf) -> RowPage:
        """The first rows a query gives, with all fields of a selection.

        An object with many fields takes several queries. A row that was edited between two of them is left out: its stamp has moved, so
        that it comes again.

        Raises:
            PipelineError: as ``SalesforceClient.get``.
        """
        room = MOST_CHARACTERS - length_of(query_of((), {"Id": "0" * 18, VERSION_FIELD: "2000-01-01T00:00:00Z"}))
        first, *others = split_fields(ALWAYS, selection.fields, most_characters=room)
        answer = await self._client.get(operation, operation, {"q": query_of(first, None)}, share=self._share)
        rows = rows_in(answer.body)
        last = rows[-1] if rows else None
        for fields in others if last else ():
            rows = _joined(rows, await self.all(operation, query_of(fields, last)))
        return RowPage(rows, answer.at, bool(answer.body.get("done")), total_in(answer.body), last)

    async def all(self, operation: Operation, query: str) -> list[Row]:
        """All rows of a query that gives few."""
        answer = await self._client.get(operation, operation, {"q": query}, share=self._share)
        rows = rows_in(answer.body)
        while not answer.body.get("done"):
            answer = await self._client.more("query-more", str(answer.body.get("nextRecordsUrl")), share=self._share)
            rows += rows_in(answer.body)
        return rows

    async def by_id(self, selection: Selection, ids: Sequence[str]) -> tuple[list[Row], set[str]]:
        """The rows with these ids, those in the recycle bin too, with all fields of a selection; and the keys of all that are there: a row
        that was edited between two queries is, and is left out."""
        half = MOST_CHARACTERS // 2
        groups = split_fields(ALWAYS, selection.fields, most_characters=half)
        found: list[Row] = []
        there: set[str] = set()
        for some in split_ids(ids, most_characters=half - length_of(rows_by(selection.object_name, (), "Id", ()))):
            rows: list[Row] | None = None
            for fields in groups:
                more = await self.all("queryAll", rows_by(selection.object_name, fields, "Id", some))
                there.update(key_of(row) for row in more)
                rows = more if rows is None else _joined(rows, more)
            found += rows or []
        return found, there


def rows_in(body: dict[str, Any]) -> list[Row]:
    """The rows of an answer.

    Raises:
        DependencyUnavailable: it holds none, not even an empty list.
    """
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("Id"), str) for row in rows):
        raise DependencyUnavailable("Salesforce query: the answer holds no rows")
    return rows


def key_of(row: Row) -> str:
    """A row's id in the form shards keep it; as the vendor wrote it, where it is none of its own."""
    try:
        return salesforce_id(row["Id"])
    except ValueError:
        return str(row["Id"])


def total_in(body: dict[str, Any]) -> int:
    """How many rows the whole query has, as far as the answer says."""
    total = body.get("totalSize")
    return total if isinstance(total, int) else 0


def _joined(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    known = {(row["Id"], row.get(VERSION_FIELD)): row for row in others}
    return [{**known[key], **row} for row in rows if (key := (row["Id"], row.get(VERSION_FIELD))) in known]


@dataclass(frozen=True)
class Seen:
    """Who saw rows, and when."""

    connection: Connection
    run: str
    at: datetime
    give_way: GiveWay = to_nobody

    def row(self, row: Row, selection: Selection) -> IngestionEvent:
        """A row as it is, be it in the recycle bin."""
        version = vendor_version(row.get(VERSION_FIELD))
        is_deleted = row.get("IsDeleted") is True
        return self._event(
            selection.object_name, row["Id"], is_deleted=is_deleted, version=version, payload=row, coverage=selection.coverage
        )

    async def rows(self, rows: Sequence[Row], selection: Selection) -> tuple[list[IngestionEvent], tuple[GapReason, ...]]:
        """All rows, and the gap that those leave which cannot be put into an event: one bad row must not cost the others.

        After some of them others may go first: a page of two thousand takes long.
        """
        events, unreadable = [], 0
        for number, row in enumerate(rows, 1):
            if number % IN_A_TURN == 0:
                await self.give_way()
            try:
                events.append(self.row(row, selection))
            except ValueError:  # no Salesforce id, or what is no JSON value; pydantic's own is one as well
                unreadable += 1
        return events, ("rejected",) if unreadable else ()

    def gone(self, object_name: str, record_id: str, deleted_at: JsonValue = None) -> IngestionEvent:
        """A record of which nothing is left, or only that it was deleted."""
        version = None if deleted_at is None else vendor_version(deleted_at)
        return self._event(object_name, record_id, is_deleted=True, version=version, payload=None, coverage=None)

    def _event(
        self,
        object_name: str,
        record_id: str,
        *,
        is_deleted: bool,
        version: str | None,
        payload: dict[str, JsonValue] | None,
        coverage: tuple[str, ...] | None,
    ) -> IngestionEvent:
        return IngestionEvent(
            tenant_id=self.connection.tenant_id,
            correlation_id=self.run,
            source="salesforce",
            source_id=salesforce_id(record_id),
            event_type="delete" if is_deleted else "update",
            observed_at=self.at,
            payload=payload,
            connection_id=self.connection.id,
            record_type=object_name,
            vendor_version=version,
            coverage="complete" if coverage is None else coverage,
            run=self.run,
        )
