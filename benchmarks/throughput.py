"""Webhook → embedded: events a second, with embeddings that are made, that are known, and that somebody else makes at once.

The load is real Outbound Messages to the app in the function host, all on loopback and on the same few cores as the client and the
stand-ins. New records and their copies take turns in one run: the copies' texts are the same to the letter, so the worker remembers their
vectors and encodes nothing, and the difference between the two is the price of encoding. The third row is the way of production, 1,536
dimensions over HTTP, with a service that answers at once and means nothing.
"""

from typing import Any, Final

from benchmarks import bench, embedding_service
from benchmarks.bench import Bench
from benchmarks.measurement import say

ROUNDS: Final = 2


async def measure(events: int) -> dict[str, Any]:
    """``events``: how many each row is measured over."""
    part = events // ROUNDS
    made, known = Tally(), Tally()
    async with bench.running() as ours:
        quality = next((shard.vectors for shard in await ours.shards() if shard.vectors is not None), None)  # a placeholder has none
        for number in range(1, ROUNDS + 1):
            say(f"throughput: round {number}, {part} new records")
            ids = ours.books.opportunities(part)
            await made.add(ours, ids)
            say(f"throughput: round {number}, {part} copies of them")
            await known.add(ours, ours.books.copies(ids))
    answered = Tally()
    async with embedding_service.answering() as service, bench.running(settings=embedding_service.settings_of(service)) as ours:
        say(f"throughput: {part * ROUNDS} new records, vectors from the pretend Azure OpenAI")
        await answered.add(ours, ours.books.opportunities(part * ROUNDS))
    return {
        "events": part * ROUNDS,
        "rounds": ROUNDS,
        "encoder": quality.space if quality else None,
        "made": made.figures(),
        "known": known.figures(),
        "answered_at_once": answered.figures(),
    }


class Tally:
    """Seconds and events of one row."""

    def __init__(self) -> None:
        self.events = 0
        self.seconds: list[float] = []
        self.processor_seconds: dict[str, float] = {}

    async def add(self, ours: Bench, record_ids: list[str]) -> None:
        """Send these and wait until all is done.

        Raises:
            RuntimeError: when not every record ended embedded: then the figure would say nothing.
        """
        used, before = ours.processor_seconds(), await ours.bus_operations()
        self.seconds.append(await ours.handle(record_ids))
        self.events += len(record_ids)
        for name, seconds in bench.since(used, ours.processor_seconds()).items():
            self.processor_seconds[name] = self.processor_seconds.get(name, 0.0) + seconds
        embedded = [shard for shard in await ours.shards() if not shard.awaits_embedding and shard.vectors is not None]
        wanted = len(ours.books.org.records("Opportunity")) + len(ours.books.org.records("Account"))
        if len(embedded) != wanted:
            raise RuntimeError(f"{len(embedded)} of {wanted} records are embedded: {bench.since(before, await ours.bus_operations())}")

    def figures(self) -> dict[str, Any]:
        """For the page."""
        seconds = sum(self.seconds)
        milliseconds = {name: round(1000 * used / self.events, 1) for name, used in sorted(self.processor_seconds.items())}
        return {
            "events_per_second": round(self.events / seconds, 1),
            "seconds": [round(each, 2) for each in self.seconds],
            "processor_ms_per_event": milliseconds,
        }
