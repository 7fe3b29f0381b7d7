"""``python -m benchmarks.cold_worker TENANT``: a worker that begins with a tenant it knows nothing of, and has to have all its anchors.

The settings are the environment's, as a function's are. It prints a line of JSON: seconds until the anchors are there, processor time of
that, and the longest that nobody else had a turn meanwhile. Then it saves a snapshot, if one is due, as it would behind its answer.
"""

import asyncio
import json
import sys
import time
from typing import Any, Final

import azure.cosmos.aio
import azure.storage.blob.aio  # noqa: F401 - what the services import when they are needed, so that it is no part of what is measured

from ops.ports import closing
from processors.enrichment.anchors.cache import AnchorCache
from shared.hosting.services import now, services

TURN_SECONDS: Final = 0.005


async def begin(tenant_id: str) -> dict[str, Any]:
    """Read them."""
    s = services()
    async with closing(s):
        cache = AnchorCache(s.anchor_rows, s.anchor_snapshots, s.metrics, now)
        gaps: list[float] = []
        turns = asyncio.create_task(_take_turns(gaps))
        began, used = time.perf_counter(), time.process_time()
        index = await cache.of(tenant_id)
        took, spent = time.perf_counter() - began, time.process_time() - used
        turns.cancel()
        await cache.close()
    return {
        "anchors": index.size,
        "seconds": round(took, 2),
        "processor_seconds": round(spent, 2),
        "longest_without_a_turn_ms": round(1000 * max(gaps, default=0.0), 1),
    }


async def _take_turns(gaps: list[float]) -> None:
    """How late each turn of somebody else's is."""
    while True:
        due = time.perf_counter() + TURN_SECONDS
        await asyncio.sleep(TURN_SECONDS)
        gaps.append(time.perf_counter() - due)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(begin(sys.argv[1]))))
