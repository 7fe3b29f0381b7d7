"""The polled half of a first run: what the organization had before is back-filled, and all of it compared with what is stored."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from devtools.local import sample
from devtools.local.polled_connection import FAULTS, PolledConnection, counts_of, faults_in, row_of
from devtools.local.progress import bar
from devtools.local.run import Run
from devtools.local.sample import Sent
from devtools.local.tables import table
from shared.connections.connection import connection_id
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates

THERE: Final = "the organization"


@dataclass(frozen=True)
class Polling:
    """One run's organization."""

    run: Run
    folder: Path
    account: CosmosAccount
    timeout_seconds: float

    async def report(self, had: Sent) -> dict[str, Any]:
        """Back-fill, wait for what the organization had, compare; what came of it, with what is missing or wrong."""
        began = time.monotonic()
        polled = PolledConnection(self.run, self.folder, self.account, connection_id("salesforce", self.run.organization_id))
        shards, streams = CosmosShardStore(self.account), StreamStates(CosmosShardStore(self.account))
        with bar("read from the organization", len(had.records)) as seen:
            async with polled.asked_again():
                arrival = await sample.arrived(had, shards, tenant_id=self.run.tenant_id, timeout_seconds=self.timeout_seconds, seen=seen)
        seconds = time.monotonic() - began
        faults = sample.faults(had, arrival.shards)
        found = None
        if not faults:
            with bar("compared", 1) as seen:
                found = await polled.compared(self.timeout_seconds)
                seen(1)
        faults += faults_in(found, where=THERE)
        connection = await polled.stored()
        backfills = [await streams.read(connection, stream, "backfill") for stream in streams_of(connection)]
        return {
            "records": len(had.records) - _people(had),
            "people": _people(had),
            "backfilled": sum(state.record_count for state in backfills),
            "seconds": round(seconds, 2),
            "secondsToCompared": round(time.monotonic() - began, 2),
            "completeness": found,
            **counts_of(found),
            "faults": faults,
            "shards": [shard.document() for shard in arrival.shards.values()],
        }


def rendered(polled: Mapping[str, Any]) -> str:
    """For people: what was compared, stream by stream, and in a line what it comes to."""
    found = polled["completeness"]
    if found is None:
        return f"back-filled {polled['backfilled']} records; they were not compared"
    rows = [(stream["stream"], *row_of(stream["comparison"])) for stream in found["streams"]]
    had = f"{polled['records']} that no message told of, {polled['people']} people"
    counted = ", ".join(f"{polled[name]} {name}" for name in FAULTS)
    return "\n".join(
        (
            "All there is at the organization, compared with what is stored:",
            "",
            table(("object", "at the organization", "here", *FAULTS), rows),
            "",
            f"back-filled {polled['backfilled']} records ({had}) in {polled['seconds']} s; compared: {counted}",
        )
    )


def _people(had: Sent) -> int:
    return sum(record.object_name == "User" for record in had.records)
