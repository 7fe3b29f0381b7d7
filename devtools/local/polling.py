"""The polled half of a first run: what the organization had before is back-filled, and all of it compared with what is stored."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp

from devtools.local import sample
from devtools.local.organization import make_due
from devtools.local.progress import bar
from devtools.local.run import Run
from devtools.local.sample import Sent
from devtools.local.tables import table
from devtools.local.token import sample_token
from shared.errors import Conflict, TransientError
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore
from shared.streams.defaults import streams_of
from shared.streams.state import StreamStates

TIMER: Final = "ingestion-salesforce-poll"
AGAIN_SECONDS: Final = 40.0
"""When something went wrong on purpose, the vendor is asked again: much sooner than the timer would."""
LOOK_SECONDS: Final = 0.1
FAULTS: Final = ("missing", "extra", "stale")


@dataclass(frozen=True)
class Polling:
    """One run's organization, asked by the app's own functions: the timer is run by hand, for nobody waits five minutes for it."""

    run: Run
    folder: Path
    account: CosmosAccount
    timeout_seconds: float

    async def report(self, had: Sent) -> dict[str, Any]:
        """Back-fill, wait for what the organization had, compare; what came of it, with what is missing or wrong."""
        began = time.monotonic()
        shards, streams = CosmosShardStore(self.account), StreamStates(CosmosShardStore(self.account))
        with bar("read from the organization", len(had.records)) as seen:
            async with self._asked_again(with_comparison=False):
                arrival = await sample.arrived(had, shards, tenant_id=self.run.tenant_id, timeout_seconds=self.timeout_seconds, seen=seen)
        seconds = time.monotonic() - began
        faults = sample.faults(had, arrival.shards)
        found = await self.compared() if not faults else None
        compared = [] if found is None else [stream["comparison"] for stream in found["streams"]]
        faults += _faults(found)
        connection = await make_due(self.run, self.account)
        backfills = [await streams.read(connection, stream, "backfill") for stream in streams_of(connection)]
        return {
            "records": len(had.records) - _people(had),
            "people": _people(had),
            "backfilled": sum(state.record_count for state in backfills),
            "seconds": round(seconds, 2),
            "secondsToCompared": round(time.monotonic() - began, 2),
            "completeness": found,
            **{name: sum(one[name] for one in compared) for name in FAULTS},
            "faults": faults,
            "shards": [shard.document() for shard in arrival.shards.values()],
        }

    async def compared(self) -> dict[str, Any] | None:
        """What the app's API says once every stream was compared since now; None, when it does not come to that."""
        asked_at = datetime.now(UTC)
        give_up_at = time.monotonic() + self.timeout_seconds
        with bar("compared", 1) as seen:
            async with self._asked_again(with_comparison=True):
                while time.monotonic() < give_up_at:
                    found = await self._completeness()
                    if found is not None and all(_is_compared(stream, asked_at) for stream in found["streams"]):
                        seen(1)
                        return found
                    await asyncio.sleep(LOOK_SECONDS)
        return None

    async def _completeness(self) -> dict[str, Any] | None:
        """What an admin of the tenant is told; None, when the app cannot say now."""
        url = f"{self.run.host}/api/v1/connections/salesforce:{self.run.organization_id}/completeness"
        bearer = sample_token(self.run, self.folder)
        try:
            async with aiohttp.ClientSession() as http, http.get(url, headers={"Authorization": f"Bearer {bearer}"}) as answer:
                found: dict[str, Any] = await answer.json()
                return found if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    @asynccontextmanager
    async def _asked_again(self, *, with_comparison: bool) -> AsyncIterator[None]:
        """Run the timer now and, while the block goes on, every now and then."""

        async def ask() -> None:
            while True:
                with suppress(Conflict, TransientError, aiohttp.ClientError, TimeoutError):
                    await make_due(self.run, self.account, with_comparison=with_comparison)
                    await run_timer(self.run)
                    await asyncio.sleep(AGAIN_SECONDS)
                await asyncio.sleep(LOOK_SECONDS)

        asking = asyncio.create_task(ask())
        try:
            yield
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking


async def run_timer(run: Run) -> None:
    """Let the host run the timer that asks for what is due.

    Raises:
        ClientError: it failed, or the host does not answer.
    """
    async with aiohttp.ClientSession() as http, http.post(f"{run.host}/admin/functions/{TIMER}", json={}) as answer:
        answer.raise_for_status()


def rendered(polled: Mapping[str, Any]) -> str:
    """For people: what was compared, stream by stream, and in a line what it comes to."""
    found = polled["completeness"]
    if found is None:
        return f"back-filled {polled['backfilled']} records; they were not compared"
    rows = [(stream["stream"], *_counts(stream["comparison"])) for stream in found["streams"]]
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


def _counts(comparison: Mapping[str, Any]) -> Sequence[object]:
    return [comparison[name] for name in ("vendorCount", "storedCount", *FAULTS)]


def _is_compared(stream: Mapping[str, Any], since: datetime) -> bool:
    finished_at = (stream["comparison"] or {}).get("finishedAt")
    return finished_at is not None and datetime.fromisoformat(finished_at) >= since


def _faults(found: Mapping[str, Any] | None) -> list[str]:
    """What the comparison says is wrong, a line each. That there was none is wrong, too."""
    if found is None:
        return ["what is at the organization was not compared with what is stored"]
    lines = []
    for stream in found["streams"]:
        comparison = stream["comparison"]
        for fault in FAULTS:
            if comparison[fault]:
                named = ", ".join(comparison["named"].get(fault, ()))
                lines.append(f"{stream['stream']}: compared with the organization {comparison[fault]} {fault}: {named}")
    return [*lines, *(f"a gap is open: {gap['reason']} in {gap['stream']}" for gap in found["gaps"])]


def _people(had: Sent) -> int:
    return sum(record.object_name == "User" for record in had.records)
