"""The stories about failure, several at once and each in an environment of its own: most of such a story is waiting for something to come
back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.e2e import deploys, outages, two_hosts, under_faults

Story = Callable[[Path, Path], Coroutine[Any, Any, None]]
"""Of the unpacked artefact and a folder of its own."""

STORIES: Final[Mapping[str, Story]] = {
    "a normalizer that always raises, deployed for 60 messages and then fixed: 60 shards": partial(deploys.raising, messages=60),
    "a light and a heavy host killed in turn, and everything once more": partial(two_hosts.killed_in_turn, records=60),
    "host killed under load": partial(outages.host_killed, notifications=150),
    "bus down: no Ack": outages.bus_down,
    "store down: no Ack": outages.store_down,
    "broker killed under load": partial(outages.broker_killed, notifications=150),
    "store killed under load": partial(outages.store_killed, notifications=150),
    "bus and store frozen: no Ack": outages.frozen,
    "a normalizer that rejects everything: at most the breaker's first sample is parked": partial(deploys.rejecting, messages=60),
}
LONG_STORIES: Final[Mapping[str, Story]] = {
    "a light and a heavy host killed in turn under a load of 600, and everything once more": partial(two_hosts.killed_in_turn, records=600),
    "host killed under a load of 600": partial(outages.host_killed, notifications=600),
    "broker killed under a load of 600": partial(outages.broker_killed, notifications=600),
    "store killed under a load of 600": partial(outages.store_killed, notifications=600),
    "a normalizer that always raises, deployed for 1,000 messages and then fixed: 1,000 shards": partial(deploys.raising, messages=1000),
    "a normalizer that rejects 1,000 messages: at most the breaker's first sample is parked": partial(deploys.rejecting, messages=1000),
}
FAULT_STORIES: Final[Mapping[str, Story]] = {
    f"{name}, seed {seed}": partial(under_faults.all_is_well, name=name, seed=seed, records=40)
    for seed in under_faults.SEEDS
    for name in under_faults.PLANS
}
SAMPLED: Final = ("a-bad-day, seed 1", "full-disks, seed 1")
"""Those of every run."""
AT_ONCE: Final = 3
"""More would only slow each other down on two processors."""


@asynccontextmanager
async def under_way(asked: Iterable[str], artefact: Path, folder: Path) -> AsyncIterator[Mapping[str, asyncio.Task[None]]]:
    """Start them in their order; a test awaits its own."""
    gate = asyncio.Semaphore(AT_ONCE)
    told = {**STORIES, **LONG_STORIES, **FAULT_STORIES}

    async def tell(name: str, number: int) -> None:
        async with gate:
            await told[name](artefact, folder / f"story-{number}")

    tasks = {name: asyncio.create_task(tell(name, number)) for number, name in enumerate(asked)}
    try:
        yield tasks
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
