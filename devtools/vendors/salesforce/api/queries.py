"""``query``, ``queryAll`` and the pages after the first.

A locator holds the rows as they were when the query was made, for two days; its page can be asked for again and is the same. Lacks: the
limit of open cursors, the smaller pages of rows with many or long fields (``page_rows`` sets them).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from random import Random
from typing import Any, Final

from devtools.vendors.salesforce.api import refusals
from devtools.vendors.salesforce.api.misbehaviour import Answer
from devtools.vendors.salesforce.ids import random_id_of
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.soql.execution import run
from devtools.vendors.salesforce.soql.parser import parse
from devtools.vendors.salesforce.soql.paths import object_type, resolve
from devtools.vendors.salesforce.soql.rows import Render, renderer
from devtools.vendors.salesforce.soql.tree import Query, SoqlError

FEWEST_ROWS: Final = 200
MOST_ROWS: Final = 2000
LOCATOR_LIFE: Final = timedelta(days=2)


@dataclass(frozen=True)
class Cursor:
    """The result of one query."""

    org: PretendOrg
    object_name: str
    query: Query
    rows: Sequence[Record]
    render: Render
    began_at: datetime
    page_rows: int
    version: str


class Queries:
    """Of all organizations. ``page_rows``: no page has more rows, whatever was asked for; it may be changed at any time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.page_rows = MOST_ROWS
        self._now = now
        self._rng = Random("locators")
        self._cursors: dict[str, Cursor] = {}

    def first(self, org: PretendOrg, text: str, *, deleted: bool, asked_rows: int | None, version: str) -> tuple[str, Answer]:
        """The object's name and the first page.

        Raises:
            Refused: 400, in the words that the query deserves.
        """
        try:
            query = parse(text)
            known = object_type(org.objects, query.object_name)
            render = renderer(query.fields, known, org.objects, org.store, version=version)
            rows = run(query, org.objects, org.store, deleted=deleted)
        except SoqlError as error:
            raise refusals.of_soql(error) from error
        if not query.fields:
            return known.name, Answer({"totalSize": len(rows), "done": True, "records": []})
        wanted = MOST_ROWS if asked_rows is None else min(max(asked_rows, FEWEST_ROWS), MOST_ROWS)
        cursor = Cursor(org, known.name, query, rows, render, self._now(), min(wanted, self.page_rows), version)
        return known.name, self._page(cursor, None, 0)

    def more(self, org: PretendOrg, locator: str) -> tuple[str, Answer]:
        """The object's name and another page.

        Raises:
            Refused: 400, there is no such locator, or no longer, or it is another organization's.
        """
        name, _, start = locator.rpartition("-")
        cursor = self._cursors.get(name)
        if cursor is None or cursor.org is not org or not start.isdecimal() or int(start) >= len(cursor.rows):
            raise refusals.invalid_query_locator()
        if self._now() - cursor.began_at >= LOCATOR_LIFE:
            del self._cursors[name]
            raise refusals.invalid_query_locator()
        return cursor.object_name, self._page(cursor, name, int(start))

    def forget_locators(self) -> None:
        """None of those that are out is good any more."""
        self._cursors.clear()

    def _page(self, cursor: Cursor, name: str | None, start: int) -> Answer:
        end = start + cursor.page_rows
        rows = cursor.rows[start:end]
        records = [cursor.render(row) for row in rows]
        body: dict[str, Any] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
        if not body["done"]:
            name = name or self._kept(cursor)
            body["nextRecordsUrl"] = f"/services/data/v{cursor.version}/query/{name}-{end}"
        body["records"] = records
        return Answer(body, items=records, ties=_ties(cursor, rows))

    def _kept(self, cursor: Cursor) -> str:
        expired = self._now() - LOCATOR_LIFE
        self._cursors = {name: one for name, one in self._cursors.items() if one.began_at > expired}
        name = random_id_of("0r8", self._rng)
        self._cursors[name] = cursor
        return name


def _ties(cursor: Cursor, rows: Sequence[Record]) -> list[list[int]]:
    """Positions of rows whose order the query leaves open."""
    paths = [order.path for order in cursor.query.order]
    if not paths:
        return [list(range(len(rows)))]
    if any(path[-1].lower() == "id" and len(path) == 1 for path in paths):
        return []
    known = cursor.org.objects[cursor.object_name]
    find = partial(resolve, known=known, objects=cursor.org.objects, store=cursor.org.store)
    try:
        reads = [find(path).read for path in paths]
    except SoqlError:  # a field went away since: the order it made is still that of the rows
        return []
    keyed = groupby(range(len(rows)), key=lambda position: [read(rows[position]) for read in reads])
    return [list(positions) for _, positions in keyed]
