"""Webhook → embedded: what an event costs in time and in requests."""

from typing import Any

from benchmarks import throughput, wire


async def measure(events: int, records: int = wire.RECORDS) -> dict[str, Any]:
    """Requests an event over ``records``, then events a second over ``events``."""
    counted = await wire.measure(records)
    return {"goals": counted.pop("goals"), "wire": counted, "throughput": await throughput.measure(events)}
