"""A page of rows is made into events in turns: others go first every few rows."""

from datetime import UTC, datetime

from ingestion.sources.salesforce.describe import Selection
from ingestion.sources.salesforce.rows import Seen
from shared.connections.connection import Connection
from shared.contracts.ingestion import IN_A_TURN

AT = datetime(2026, 1, 1, tzinfo=UTC)


async def test_others_go_first_every_few_rows() -> None:
    turns = list[None]()

    async def give_way() -> None:
        turns.append(None)

    connection = Connection(
        id="salesforce:00D", tenant_id="t", source="salesforce", account="00D", created_at=AT, streams=("Account",), next_due_at=AT
    )
    rows = [{"Id": "001000000000001"} for _ in range(2 * IN_A_TURN + 1)]

    events, gaps = await Seen(connection, "r1", AT, give_way).rows(rows, Selection("Account", ("Id",), None, ()))

    assert (len(events), gaps, len(turns)) == (2 * IN_A_TURN + 1, (), 2)
