"""The host's ping while 1,000 texts are embedded in the very same process: who asks must not wait for the encoder.

Three spells are told apart: nothing to do; the first thousand texts of a host that was just started, imports, connections and the loading
of the weights included; and another thousand. A second process that does nothing but answer is asked at the same moments: on a machine
whose cores are all busy nobody is answered at once, and only what lies above that is the host's doing.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

from benchmarks import bench
from benchmarks.measurement import ROOT, goal, python, say

MOST_MILLISECONDS: Final = 100
PARAGRAPHS: Final = 19
IDLE_SECONDS: Final = 3.0


async def measure(texts: int) -> dict[str, Any]:
    """``texts``: about how many a spell."""
    spells: dict[str, tuple[float, float]] = {}
    async with (
        bench.running(is_warm=False) as ours,
        _idle_server() as idle_url,
        _pinging([f"{ours.run.host}/admin/host/ping", idle_url]) as pings,
    ):
        ours.books.accounts(1)
        records = -(-texts // (PARAGRAPHS + 1))
        for name in ("idle", "first", "again"):
            say(f"ping: {name}" + ("" if name == "idle" else f", {records * (PARAGRAPHS + 1)} texts"))
            started = monotonic()
            if name == "idle":
                await asyncio.sleep(IDLE_SECONDS)
            else:
                await ours.handle(ours.books.long_opportunities(records, paragraphs=PARAGRAPHS))
            spells[name] = (started, monotonic())
        chunks = sum(shard.vectors.chunk_count for shard in await ours.shards() if shard.vectors)
    told = {name: _told(pings, *spell) for name, spell in spells.items()}
    return {
        "texts": chunks,
        "spells": told,
        "goals": [
            goal(f"ms of the longest ping while 1,000 texts embed, {of}", told[name]["host"]["most_ms"], at_most=MOST_MILLISECONDS)
            for name, of in (("again", "a host that has worked before"), ("first", "the first ones of a host just started"))
        ],
    }


@dataclass
class Pings:
    """When each was due, and its milliseconds: of the host, and of the idle process."""

    host: list[tuple[float, float]] = field(default_factory=list)
    idle: list[tuple[float, float]] = field(default_factory=list)


def _told(pings: Pings, start: float, end: float) -> dict[str, Any]:
    return {
        "seconds": round(end - start, 1),
        "host": _figures([took for due, took in pings.host if start <= due < end]),
        "idle_process": _figures([took for due, took in pings.idle if start <= due < end]),
    }


def _figures(taken: Sequence[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {
        "pings": len(ordered),
        "median_ms": ordered[len(ordered) // 2],
        "p99_ms": ordered[len(ordered) * 99 // 100],
        "most_ms": ordered[-1],
    }


@asynccontextmanager
async def _pinging(urls: Sequence[str]) -> AsyncIterator[Pings]:
    """The pings are there when the block has ended."""
    pings = Pings()
    asking = await asyncio.create_subprocess_exec(
        python(), "-m", "benchmarks.pinger", *urls, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    printed = b""
    try:
        yield pings
    finally:
        printed, _ = await asking.communicate(b"")
    for line in printed.splitlines():
        place, due, took = json.loads(line)
        (pings.idle if place else pings.host).append((due, took))


@asynccontextmanager
async def _idle_server() -> AsyncIterator[str]:
    serving = await asyncio.create_subprocess_exec(
        python(), "-m", "benchmarks.pinger", "--serve", cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        assert serving.stdout is not None  # noqa: S101 - asked for above
        yield f"http://127.0.0.1:{int(await serving.stdout.readline())}/"
    finally:
        serving.kill()
        await serving.wait()
