"""One connection of a run, asked by the app's own functions: the timer is run by hand, for nobody waits minutes for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp

from devtools.local.run import Run
from devtools.local.token import sample_token
from shared.connections.connection import Connection
from shared.errors import Conflict, TransientError
from shared.storage.connection_store import CosmosConnections
from shared.storage.cosmos import CosmosAccount

AGAIN_SECONDS: Final = 40.0
"""When something went wrong on purpose, the vendor is asked again: much sooner than the timer would."""
LOOK_SECONDS: Final = 0.1
FAULTS: Final = ("missing", "extra", "stale")


@dataclass(frozen=True)
class PolledConnection:
    """``id`` is the connection's; ``folder`` the run's."""

    run: Run
    folder: Path
    account: CosmosAccount
    id: str

    async def make_due(self, *, with_comparison: bool = False) -> Connection:
        """Let the next run of the timer ask for what is new, or also compare all of it.

        Raises:
            Conflict: somebody else wrote the connection just now.
            TransientError: the store cannot answer now.
        """
        connections, now = CosmosConnections(self.account), datetime.now(UTC)
        connection = await self.stored()
        due = {"next_due_at": now, **({"next_compare_at": now} if with_comparison else {})}
        return await connections.replace(connection.model_copy(update=due))

    async def stored(self) -> Connection:
        """As it is now.

        Raises:
            TransientError: the store cannot answer now.
        """
        connection = await CosmosConnections(self.account).find(self.id)
        if connection is None:
            raise LookupError(f"{self.id} is not connected")
        return connection

    async def ask(self, *, with_comparison: bool = False) -> None:
        """Let the app ask for what is new, at once.

        Raises:
            Conflict, TransientError: as ``make_due``.
            ClientError: the timer failed, or the host does not answer.
        """
        await self.make_due(with_comparison=with_comparison)
        timer = f"ingestion-{self.id.partition(':')[0]}-poll"
        async with aiohttp.ClientSession() as http, http.post(f"{self.run.host}/admin/functions/{timer}", json={}) as answer:
            answer.raise_for_status()

    @asynccontextmanager
    async def asked_again(self, *, with_comparison: bool = False) -> AsyncIterator[None]:
        """Ask now and, while the block goes on, every now and then."""

        async def ask() -> None:
            while True:
                with suppress(Conflict, TransientError, aiohttp.ClientError, TimeoutError):
                    await self.ask(with_comparison=with_comparison)
                    await asyncio.sleep(AGAIN_SECONDS)
                await asyncio.sleep(LOOK_SECONDS)

        asking = asyncio.create_task(ask())
        try:
            yield
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking

    async def compared(self, seconds: float) -> dict[str, Any] | None:
        """What the app's API says once every stream was compared since now; None, when it does not come to that in this time."""
        asked_at, give_up_at = datetime.now(UTC), time.monotonic() + seconds
        async with self.asked_again(with_comparison=True):
            while time.monotonic() < give_up_at:
                found = await self._completeness()
                if found is not None and all(is_compared(stream, asked_at) for stream in found["streams"]):
                    return found
                await asyncio.sleep(LOOK_SECONDS)
        return None

    async def _completeness(self) -> dict[str, Any] | None:
        """What an admin of the tenant is told; None, when the app cannot say now."""
        bearer = sample_token(self.run, self.folder)
        url = f"{self.run.host}/api/v1/connections/{self.id}/completeness"
        try:
            async with aiohttp.ClientSession() as http, http.get(url, headers={"Authorization": f"Bearer {bearer}"}) as answer:
                found: dict[str, Any] = await answer.json()
                return found if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None


def is_compared(stream: Mapping[str, Any], since: datetime) -> bool:
    """Whether a comparison of a stream has ended that was asked for since a moment."""
    finished_at = (stream["comparison"] or {}).get("finishedAt")
    return finished_at is not None and datetime.fromisoformat(finished_at) >= since


def faults_in(found: Mapping[str, Any] | None, *, where: str) -> list[str]:
    """What a comparison says is wrong, a line each. That there was none is wrong, too. ``where``: what it was compared with."""
    if found is None:
        return [f"what is at {where} was not compared with what is stored"]
    lines = []
    for stream in found["streams"]:
        comparison = stream["comparison"]
        for fault in FAULTS:
            if comparison[fault]:
                named = ", ".join(comparison["named"].get(fault, ()))
                lines.append(f"{stream['stream']}: compared with {where} {comparison[fault]} {fault}: {named}")
    return [*lines, *(f"a gap is open: {gap['reason']} in {gap['stream']}" for gap in found["gaps"])]


def counts_of(found: Mapping[str, Any] | None) -> dict[str, int]:
    """All streams together."""
    compared = [] if found is None else [stream["comparison"] for stream in found["streams"]]
    return {name: sum(one[name] for one in compared) for name in FAULTS}


def row_of(comparison: Mapping[str, Any]) -> tuple[object, ...]:
    """For people: how many are at the vendor and here, and what is wrong."""
    return tuple(comparison[name] for name in ("vendorCount", "storedCount", *FAULTS))
