"""Linking: what a tenant's names take in memory, how fast texts are held against them, cold workers, requests an enriched shard."""

import json
import subprocess
from typing import Any, Final

from benchmarks import cold_anchors, enriched
from benchmarks.measurement import ROOT, goal, python, say

SIZES: Final = (1_000, 10_000, 50_000, 100_000)
GOAL_SIZE: Final = 10_000
LOOK_UP_MS: Final = 2
"""At 1,000, 10,000 and 50,000 names."""
EVENTS_PER_SECOND: Final = 3_000
MEGABYTES: Final = 256


async def measure(*, anchors: int, records: int) -> dict[str, Any]:
    """``anchors``: how many the larger cold start has; the smaller has a tenth. ``records``: how many shards a case of requests has."""
    sizes = [_in_a_process_of_its_own(size) for size in SIZES]
    requests = await enriched.measure(records)
    cold = await cold_anchors.measure((anchors // 10, anchors))
    return {"goals": [*_goals(sizes), *requests.pop("goals")], "sizes": sizes, "requests": requests, "cold": cold}


def _in_a_process_of_its_own(anchors: int) -> dict[str, Any]:
    say(f"linking: {anchors} anchors in memory")
    command = [python(), "-m", "benchmarks.linking_stage", str(anchors)]
    out = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    figures: dict[str, Any] = json.loads(out)
    return figures


def _goals(sizes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    of = {row["anchors"]: row for row in sizes}
    return [
        goal(
            f"events linked a second and core, {GOAL_SIZE:,} names, texts of 500 characters",
            of[GOAL_SIZE]["events_per_second"],
            at_least=EVENTS_PER_SECOND,
        ),
        *(
            goal(f"ms to look a text's names up among {size:,}", of[size]["look_up_ms_mean"], at_most=LOOK_UP_MS)
            for size in SIZES
            if size < max(SIZES)
        ),
        goal(f"MB of memory for {max(SIZES):,} anchors", of[max(SIZES)]["megabytes"], at_most=MEGABYTES),
    ]
