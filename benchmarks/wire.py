"""Requests an event, counted by the stand-ins at the wire, and the queues a record goes through, counted by the broker.

Each case is the same number of records. A message is two operations of the broker, its sending and its receiving (Azure documentation,
"Throttling operations on Azure Service Bus": a credit each); settling one is counted apart. Several messages may share one send request.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from benchmarks import bench, embedding_service
from benchmarks.bench import Bench
from benchmarks.measurement import goal, say

RECORDS: Final = 100
HOPS: Final = ("ingestion-events", "shard-emission", "enrichment-jobs", "embedding-jobs")


async def measure(records: int = RECORDS) -> dict[str, Any]:
    """By case: requests of both services and messages by queue, an event each."""
    async with embedding_service.answering() as service, bench.running(settings=embedding_service.settings_of(service)) as ours:
        ids = ours.books.opportunities(records)  # of the one account that is known from the warm-up
        cases: dict[str, Callable[[], Awaitable[Any]]] = {
            "new opportunity": lambda: ours.handle(ids),
            "new account": lambda: ours.handle(ours.books.accounts(records)),
            "changed text": lambda: _edited(ours, ids, ours.books.reword),
            "changed field outside the text": lambda: _edited(ours, ids, ours.books.recount),
            "unchanged": lambda: ours.handle(ids),
        }
        counted = {}
        for name, act in cases.items():
            say(f"wire: {records} × {name}")
            counted[name] = await _counted(ours, act, records)
    return {"records": records, "cases": counted, "goals": list(_goals(counted))}


async def _edited(ours: Bench, ids: list[str], edit: Callable[[list[str]], None]) -> None:
    edit(ids)
    await ours.handle(ids)


async def _counted(ours: Bench, act: Callable[[], Awaitable[Any]], records: int) -> dict[str, Any]:
    cosmos, bus, enqueued = await ours.cosmos_requests(), await ours.bus_operations(), ours.enqueued()
    await act()
    after = {
        "cosmos": bench.since(cosmos, await ours.cosmos_requests()),
        "service_bus": bench.since(bus, await ours.bus_operations()),
        "queues": bench.since(enqueued, ours.enqueued()),
    }
    return {service: {name: round(count / records, 2) for name, count in counts.items()} for service, counts in after.items()}


def _goals(counted: dict[str, Any]) -> list[dict[str, Any]]:
    looks = {"shard-emission": 2}
    new, account = counted["new opportunity"], counted["new account"]
    counted = new["service_bus"]
    # The SDK gives back a message that arrives just as a call for messages ends. It is received again, and once is what the app needs.
    operations = counted.get("sent-messages", 0) + counted.get("receive", 0) - counted.get("release", 0)
    other = sum(count for queue, count in new["queues"].items() if queue not in HOPS)
    return [
        goal("Cosmos DB requests a new opportunity, to embedded", round(sum(new["cosmos"].values()), 2), at_most=7, hope=5),
        goal("Cosmos DB requests a new account, to embedded", round(sum(account["cosmos"].values()), 2), at_most=7, hope=5),
        # Four messages sent and received, and the second look, which is sent now and received when this is long over.
        goal("Service Bus operations a new record", round(operations, 2), at_least=9, at_most=9),
        *(
            goal(f"messages a new record on `{queue}`", new["queues"].get(queue, 0), at_least=(n := looks.get(queue, 1)), at_most=n)
            for queue in HOPS
        ),
        goal("messages a new record on any other queue", round(other, 2), at_least=0, at_most=0),
    ]
