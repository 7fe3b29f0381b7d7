"""What a run holds: counted through the same doors as everybody uses, so that under a fault plan counting may meet its faults, too."""

import asyncio
from collections import Counter
from collections.abc import Collection, Coroutine, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from azure.core.exceptions import AzureError

from devtools.local.clients import blob_client, cosmos_client
from devtools.local.queues import Place, peek_all
from devtools.local.run import DATABASE, Run
from devtools.local.tables import table
from shared.topology import TOPOLOGY

STORES: Final = frozenset({"service-bus", "cosmos", "azurite"})
COUNT_SECONDS: Final = 60.0
MOST: Final = 5_000
"""So many messages of a queue are counted; where there are more, it is said."""

Counted = TypeVar("Counted")


@dataclass(frozen=True)
class QueueCount:
    """The messages of one queue. A locked one is active, here as for everybody who peeks: Service Bus does not tell which those are."""

    name: str
    active: int
    scheduled: int
    dead: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.active + self.scheduled + self.dead


@dataclass(frozen=True)
class Contents:
    """Messages by queue, items by container and blobs by blob container; None for what does not answer."""

    queues: tuple[QueueCount, ...] | None
    items: Mapping[str, int] | None
    blobs: Mapping[str, int] | None

    @classmethod
    async def of(cls, run: Run, *, answering: Collection[str] = STORES) -> "Contents":
        """Count what is in those that answer. What does not answer after all is None, too."""
        queues, items, blobs = await asyncio.gather(
            _within(_queues(run)) if "service-bus" in answering else _nothing(),
            _within(_items(run)) if "cosmos" in answering else _nothing(),
            _within(_blobs(run)) if "azurite" in answering else _nothing(),
        )
        return cls(queues, items, blobs)

    @property
    def is_known(self) -> bool:
        """Whether all could be counted."""
        return None not in (self.queues, self.items, self.blobs)

    def plain(self) -> dict[str, Any]:
        """For machines."""
        queues = None if self.queues is None else [asdict(queue) for queue in self.queues]
        return {"queues": queues, "items": self.items, "blobs": self.blobs}

    def rendered(self) -> str:
        """For people: a table of the queues, and one of the stores."""
        queues = [(queue.name, *map(_capped, (queue.active, queue.scheduled, queue.dead))) for queue in self.queues or ()]
        items = [(name, "items", count) for name, count in (self.items or {}).items()]
        blobs = [(name, "blobs", count) for name, count in (self.blobs or {}).items()]
        return "\n\n".join(
            (
                table(("queue", "active", "scheduled", "dead"), queues) if queues else "the queues do not answer",
                table(("container", "holds", "number"), [*items, *blobs]) if items or blobs else "the stores do not answer",
            )
        )


async def _queues(run: Run) -> tuple[QueueCount, ...]:
    names = [queue.name for queue in TOPOLOGY.queues]
    places = [Place(name, dead=dead) for name in names for dead in (False, True)]
    looked = await peek_all(run, places, most=MOST, at_once=run.looks_at_once)
    found = [Counter(message["state"] for message in messages) for messages in looked]
    return tuple(
        QueueCount(name, alive.total() - alive["scheduled"], alive["scheduled"], dead.total())
        for name, alive, dead in zip(names, found[::2], found[1::2], strict=True)
    )


async def _items(run: Run) -> dict[str, int]:
    async with cosmos_client(run, retry_total=1) as client:
        database = client.get_database_client(DATABASE)
        counts = {}
        for container in TOPOLOGY.containers:
            found = database.get_container_client(container.name).query_items("SELECT c.id FROM c")
            counts[container.name] = len([item async for item in found])
    return counts


async def _blobs(run: Run) -> dict[str, int]:
    async with blob_client(run, retry_total=1) as client:
        return {
            name: len([blob async for blob in client.get_container_client(name).list_blob_names()]) for name in TOPOLOGY.blob_containers
        }


async def _within(counting: Coroutine[Any, Any, Counted]) -> Counted | None:
    try:
        async with asyncio.timeout(COUNT_SECONDS):
            return await counting
    except (AzureError, TimeoutError):
        return None


async def _nothing() -> None:
    return None


def _capped(count: int) -> str:
    return f"{count:,}" + ("+" if count >= MOST else "")
