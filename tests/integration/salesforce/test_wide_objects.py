"""An object with more fields than an address has room for is read in several queries, and its rows are put together again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from devtools.fakes.polled import PolledSalesforce
from devtools.vendors.salesforce.records import Record
from ingestion.sources.salesforce.changes import Changes
from ingestion.sources.salesforce.describe import Description, Selection
from ingestion.sources.salesforce.rows import Row, RowPage, Rows
from ingestion.sources.salesforce.soql import all_rows, literal
from shared.http.client import http_client
from tests.integration.salesforce.worlds import Meanwhile, reading

FIELDS = tuple(f"A_name_as_long_as_there_is_any_{number:03}__c" for number in range(600))
SELECTION = Selection("Wide__c", ("Id", "SystemModstamp", "IsDeleted", *FIELDS), None, ())


@dataclass(frozen=True)
class Wide:
    """An organization with one wide object."""

    world: PolledSalesforce
    rows: Rows
    network: Meanwhile

    def create(self, count: int = 1) -> list[Record]:
        """Records with a value in every field."""
        rng = Random(7)
        return [self.world.org.create("Wide__c", **self._values(rng)) for _ in range(count)]

    def edit(self, record: Record) -> None:
        """One field moves, a second later."""
        self.world.clock.advance(seconds=1)
        change: dict[str, Any] = {FIELDS[-1]: -1.0}
        self.world.org.edit(record.id, **change)

    def _values(self, rng: Random) -> dict[str, Any]:
        return {name: float(rng.randrange(1000)) for name in FIELDS}

    async def page(self, after: str | None = None) -> RowPage:
        """The first page above an id."""
        return await self.rows.page(
            "query",
            SELECTION,
            lambda fields, last: all_rows("Wide__c", fields, after=after, last=None if last is None else str(last["Id"])),
        )


@asynccontextmanager
async def wide() -> AsyncIterator[Wide]:
    """It, and a worker that has logged in."""
    network = Meanwhile()
    async with PolledSalesforce() as world, http_client(transport=network) as http:
        world.org.define("Wide__c", [f"{name}:double" for name in FIELDS])
        client = (await world.new_poller(http)._organization(await world.connection())).client
        await client.limits()
        world.vendor.ledger.clear()
        yield Wide(world, Rows(client, share=1.0), network)


def values(row: Row) -> dict[str, object]:
    """What a row says in the fields."""
    return {name: row[name] for name in FIELDS}


async def test_the_rows_of_a_wide_object_have_all_their_fields() -> None:
    async with wide() as it:
        records = {record.id: record for record in it.create(5)}
        page = await it.page()
        assert {row["Id"]: values(row) for row in page.rows} == {
            record.id: {name: record.fields[name] for name in FIELDS} for record in records.values()
        }
        assert page.is_last


async def test_no_query_is_longer_than_an_address_may_be_and_none_is_made_in_vain() -> None:
    async with wide() as it:
        it.create(3)
        await it.page()
        assert it.world.vendor.ledger.statuses() == {200: 3}  # 26 kB of names
        lengths = [
            len(request.url.raw_path) + sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
            for request in it.network.requests
        ]
        assert max(lengths) <= 16_384


async def test_an_object_without_rows_takes_one_query() -> None:
    async with wide() as it:
        page = await it.page()
        assert (page.rows, page.is_last) == ([], True)
        assert it.world.vendor.ledger.count() == 1


async def test_later_queries_ask_for_exactly_the_rows_of_the_page() -> None:
    async with wide() as it:
        it.world.vendor.queries.page_rows = 3
        ids = sorted(record.id for record in it.create(7))
        first = await it.page()
        assert [row["Id"] for row in first.rows] == ids[:3]
        assert not first.is_last
        second = await it.page(after=ids[2])
        assert [row["Id"] for row in second.rows] == ids[3:6]
        assert all(values(row) for row in (*first.rows, *second.rows))


async def test_a_row_that_is_edited_between_two_queries_is_left_out_and_the_page_still_ends_with_it() -> None:
    async with wide() as it:
        edited, kept = sorted(it.create(2), key=lambda record: record.id, reverse=True)
        it.network.before(2, lambda: it.edit(edited))
        page = await it.page()
        assert [row["Id"] for row in page.rows] == [kept.id]
        assert page.last is not None
        assert page.last["Id"] == edited.id
        assert {row["Id"] for row in (await it.page()).rows} == {kept.id, edited.id}  # it comes again, whole


async def test_rows_by_id_of_a_wide_object_are_whole() -> None:
    async with wide() as it:
        ids = [record.id for record in it.create(4)]
        rows, there = await it.rows.by_id(SELECTION, [*ids, it.world.org.new_id("Wide__c")])
        assert {row["Id"] for row in rows} == there == set(ids)
        assert all(values(row) for row in rows)


async def test_a_row_that_is_edited_between_two_queries_by_id_is_left_out_and_yet_is_not_gone() -> None:
    async with wide() as it:
        [record] = it.create()
        it.network.before(2, lambda: it.edit(record))
        rows, there = await it.rows.by_id(SELECTION, [record.id])
        assert (rows, there) == ([], {record.id})


@pytest.mark.parametrize("count", [700])
async def test_more_ids_than_one_address_holds_are_asked_for_in_parts(count: int) -> None:
    async with wide() as it:
        ids = it.world.org.populate_fast("Account", count)
        rows, there = await it.rows.by_id(Selection("Account", ("Id", "SystemModstamp", "Name"), None, ()), ids)
        assert len(rows) == len(there) == count
        assert it.world.vendor.ledger.statuses() == {200: it.world.vendor.ledger.count()}


async def test_a_change_of_a_wide_object_that_moves_between_two_queries_is_read_by_the_next_look() -> None:
    async with wide() as it:
        [record] = it.create()
        since = literal(it.world.clock())
        it.world.clock.advance(seconds=300)
        asked = await reading(it.world, "Wide__c", cursor={"since": since, "deletedSince": since})
        description = Description("Wide__c", frozenset(SELECTION.fields), frozenset(), (), True, it.world.clock())
        changes = Changes(asked, description, SELECTION, client=it.rows._client, rows=it.rows, overlap=timedelta(minutes=10))
        look = await changes.look(asked.cursor or {}, now=it.world.clock())
        window = look.cursor["window"]
        assert isinstance(window, dict)
        it.network.before(2, lambda: it.edit(record))
        page = await changes.window(look.cursor, window)
        assert (page.events, page.is_last) == ([], True)
        it.world.clock.advance(seconds=300)
        again = await changes.look(page.cursor, now=it.world.clock())
        window = again.cursor["window"]
        assert isinstance(window, dict)
        [event] = (await changes.window(again.cursor, window)).events
        assert event.payload is not None
        assert event.payload[FIELDS[-1]] == -1.0
