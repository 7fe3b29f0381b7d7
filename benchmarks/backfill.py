"""A back-fill: up to the queue, and what it costs live events meanwhile."""

from typing import Any

from benchmarks import beside, reading


async def measure(*, records: int, live: int) -> dict[str, Any]:
    """``records``: how many the larger back-fill has, a tenth of them the smaller; ``live``: events idle, and as many beside it."""
    parts = {"reading": await reading.measure((records // 10, records)), "beside": await beside.measure(records=records, events=live)}
    return {"goals": [line for part in parts.values() for line in part.pop("goals")], **parts}
