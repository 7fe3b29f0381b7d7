"""A conditional write never loses an update, whatever happens between client and store, and whoever kills the store.

Several clients change one document at once, each in the three ways that rely on what was read: a replacement with an entity tag, a patch
with a condition, a batch with an entity tag. Every attempt appends a token of its own. Answers are refused, lost, late and doubled, entity
tags go stale, the process is killed and started again with its data. At the end the document is held against what the clients were told:

- every update that was acknowledged is there;
- none is there twice, also of those whose answer was lost and which the client's own retries repeated;
- there are as many as the document's own count says: no write was made on an older version than the one before it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import AzureError
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient

from devtools.emulators.cosmos.key import KEY
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.local.child import Child
from devtools.local.ports import free_ports

pytestmark = pytest.mark.integration

ID: Final = "counter"
GIVE_UP_SECONDS: Final = 120
PATIENCE: Final[dict[str, Any]] = {"retry_throttle_total": 3, "connection_timeout": 2, "read_timeout": 2, "retry_total": 2}


def faults(share: float) -> tuple[Fault, ...]:
    """Everything that may happen to a write, and a little to a read, each to this share of the calls on the document."""
    fitting: list[dict[str, Any]] = [
        {"kind": Kind.REFUSE, "status": 449},
        {"kind": Kind.REFUSE, "status": 429, "retry_after_seconds": 0.005},
        {"kind": Kind.REFUSE, "status": 408, "applied": True},
        {"kind": Kind.REFUSE, "status": 449, "applied": True},
        {"kind": Kind.DROP},
        {"kind": Kind.DROP, "applied": True},
        {"kind": Kind.STALE_ETAG},
        {"kind": Kind.DUPLICATE},
        {"kind": Kind.DELAY, "seconds": 0.03},
    ]
    return tuple(Fault(at="cosmos", operation=way, target="counters", share=share, **one) for one in fitting for way in WAYS)


WAYS: Final = ("replace", "patch", "batch")


@dataclass
class Store:
    """The stand-in in a process of its own, on one port, with its data and a plan of what goes wrong."""

    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    child: Child | None = None

    async def start(self) -> None:
        options = ["--port", str(self.port), "--data", str(self.folder / "data"), "--faults", str(self.folder / "plan.json")]
        command = [sys.executable, "-m", "devtools.emulators.cosmos", *options]
        self.child = await Child.start("cosmos", command, ready="ready on", log=self.folder / "cosmos.log")

    async def kill(self) -> None:
        assert self.child is not None
        await self.child.kill()
        await self.child.stop()

    @asynccontextmanager
    async def counters(self) -> AsyncIterator[ContainerProxy]:
        async with CosmosClient(f"http://127.0.0.1:{self.port}", KEY, **PATIENCE) as client:
            database = await client.create_database_if_not_exists("d")
            yield await database.create_container_if_not_exists("counters", PartitionKey(path="/id"))


@dataclass
class Told:
    """What the clients were told of their attempts."""

    acknowledged: list[str] = field(default_factory=list)
    attempted: list[str] = field(default_factory=list)


async def write(counters: ContainerProxy, way: str, seen: dict[str, Any], token: str) -> None:
    """One more token and a count that is one higher, if the document is still what was seen."""
    changed = {"id": ID, "count": seen["count"] + 1, "tokens": [*seen["tokens"], token]}
    match way:
        case "replace":
            await counters.replace_item(ID, changed, etag=seen["_etag"], match_condition=MatchConditions.IfNotModified)
        case "patch":
            operations: list[dict[str, Any]] = [
                {"op": "incr", "path": "/count", "value": 1},
                {"op": "add", "path": "/tokens/-", "value": token},
            ]
            await counters.patch_item(ID, ID, operations, filter_predicate=f"FROM c WHERE c.count = {seen['count']}")
        case _:
            await counters.execute_item_batch([("replace", (ID, changed), {"if_match_etag": seen["_etag"]})], partition_key=ID)


async def updating(counters: ContainerProxy, name: str, updates: int, told: Told, rng: Random) -> None:
    """Read, change, write; again from the start whenever it went wrong."""
    done = 0
    while done < updates:
        token = f"{name}-{len(told.attempted)}"
        told.attempted.append(token)
        try:
            seen = await counters.read_item(ID, ID)
            await write(counters, rng.choice(WAYS), dict(seen), token)
        except AzureError:  # whatever the reason: it is not known to be written, and the next attempt begins with a look
            await asyncio.sleep(rng.random() * 0.02)
            continue
        told.acknowledged.append(token)
        done += 1


async def killing(store: Store, told: Told, *, kills: int, updates: int) -> None:
    """Kill and start the store again, evenly over the run."""
    for number in range(1, kills + 1):
        while len(told.acknowledged) < updates * number // (kills + 1):
            await asyncio.sleep(0.005)
        await store.kill()
        await store.start()


async def run(
    folder: Path, *, seed: int, clients: int, updates: int, kills: int, share: float = 0.04
) -> tuple[dict[str, Any], Told, Report]:
    plan = folder / "plan.json"
    Plan(name="everything that may happen to a write", seed=seed, faults=faults(share)).write(plan)
    store, told = Store(folder), Told()
    await store.start()
    async with store.counters() as counters:
        await counters.create_item({"id": ID, "count": 0, "tokens": []})
        async with asyncio.timeout(GIVE_UP_SECONDS), asyncio.TaskGroup() as tasks:
            for number in range(clients):
                tasks.create_task(updating(counters, f"c{number}", updates, told, Random(f"{seed}/{number}")))
            tasks.create_task(killing(store, told, kills=kills, updates=clients * updates))
        found = dict(await counters.read_item(ID, ID))
    await store.kill()
    return found, told, Report.read(plan)


def check(found: dict[str, Any], told: Told) -> None:
    tokens = found["tokens"]
    assert [token for token in told.acknowledged if token not in tokens] == []
    assert sorted(set(tokens)) == sorted(tokens)
    assert found["count"] == len(tokens)
    assert set(tokens) <= set(told.attempted)


async def test_no_update_is_lost_or_doubled_under_faults_and_kills(tmp_path: Path) -> None:
    found, told, report = await run(tmp_path, seed=4, clients=6, updates=12, kills=1, share=0.08)

    check(found, told)
    assert len(told.acknowledged) == 72
    assert [kind for kind, count in report.by_kind.items() if count == 0] == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
async def test_no_update_is_lost_or_doubled_under_faults_and_kills_at_length(tmp_path: Path, seed: int) -> None:
    found, told, report = await run(tmp_path, seed=seed, clients=8, updates=60, kills=4)

    check(found, told)
    assert len(told.acknowledged) == 480
    assert [kind for kind, count in report.by_kind.items() if count == 0] == []
