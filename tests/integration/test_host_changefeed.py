"""Change feed functions in the host over the Cosmos stand-in, through the real SDK.

Most of them are functions of one host, each with a container of its own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy

from devtools.emulators.cosmos.misbehaviour import ABILITIES
from devtools.emulators.cosmos.ranges import even_ranges
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from devtools.faults.report import Report
from devtools.host.process import RunningHost, running_host
from tests.integration.hosts import lines, seen, until, write_app, write_plan
from tests.plugins.together import Scenes, Together

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

HEAD = """
import asyncio, logging
import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("app")
"""
WATCHER = """

@app.cosmos_db_trigger(arg_name="documents", connection="STORE", database_name="%DATABASE%", container_name="NAME",
                       lease_container_name="LEASES", lease_container_prefix="w-", feed_poll_delay=50, lease_acquire_interval=200,
                       lease_renew_interval=300, lease_expiration_interval=3000, max_items_per_invocation=2, MORE)
RETRY
async def NAME(documents: func.DocumentList, context: func.Context) -> None:
    ids = [document["id"] for document in documents]
    log.info("NAME", extra={"ids": ids, "retry": context.retry_context.retry_count, "names": sorted(documents[0].keys())})
    if "slow" in ids:
        await asyncio.sleep(60)
    if "bad" in ids:
        raise ValueError("on purpose")
"""


def watcher(name: str, *, more: str = "start_from_beginning=True", leases: str = "leases", retry: str = "") -> str:
    """A function that watches the container of its own name."""
    return WATCHER.replace("NAME", name).replace("LEASES", leases).replace("MORE", more).replace("RETRY", retry)


OTHER_LEASES = "start_from_beginning=True, lease_database_name='other'"
MAKES_LEASES = "start_from_beginning=True, create_lease_container_if_not_exists=True"
APP = HEAD + "".join(
    [
        watcher("batches"),
        watcher("from_now", more=""),
        watcher("from_later", more='start_from_time="2099-01-01T00:00:00Z"'),
        watcher("unretried"),
        watcher("retried", more=OTHER_LEASES, retry='@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")'),
        watcher("leaseless", leases="nowhere"),
        watcher("making", leases="made", more=MAKES_LEASES),
        watcher("unmakeable", leases="forbidden", more=MAKES_LEASES),
        watcher("off"),
        watcher("faulty"),
    ]
)
WRITTEN_BEFORE = {"batches": "abc", "from_now": "b", "from_later": "b", "making": "a", "off": "a", "faulty": "abc"}
FAULTS = (
    {"kind": "duplicate", "operation": "changes", "target": "faulty"},
    {"kind": "drop", "operation": "checkpoint", "target": "faulty"},
    {"kind": "delay", "operation": "changes", "target": "faulty", "seconds": 0.2},
    {"kind": "lock-lost", "operation": "renew-lease", "target": "faulty"},
)
NOT_TO_BE_MADE = Fault(at="cosmos", kind=Kind.REFUSE, operation="container", target="*forbidden*", status=403, calls=1000)


@dataclass(frozen=True)
class Bench:
    """A store, and the host that reads the feeds of ``APP``; ``folder`` is for other hosts."""

    cosmos: Cosmos
    database: DatabaseProxy
    host: RunningHost
    folder: Path

    def of(self, name: str) -> ContainerProxy:
        return self.database.get_container_client(name)


together = Together()
PLAN = "plan.json"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scenes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scenes]:
    folder = tmp_path_factory.mktemp("hosts")
    plan = write_plan(folder / PLAN, *FAULTS)
    async with (
        running_cosmos(faults=Injector("cosmos", ABILITIES, faults=[NOT_TO_BE_MADE])) as cosmos,
        CosmosClient.from_connection_string(cosmos.connection_string) as client,
    ):
        database = await prepared(client)
        off = {"AzureWebJobs_off_Disabled": "true"}
        async with (
            running_host(write_app(folder / "app", APP), settings(cosmos) | off, faults=plan) as host,
            together.started(Bench(cosmos, database, host, folder)) as started,
        ):
            yield started
        assert cosmos.operations.server_errors == 0


async def prepared(client: CosmosClient) -> DatabaseProxy:
    database = await client.create_database_if_not_exists("shardline")
    other = await client.create_database_if_not_exists("other")
    for made_in in (database, other):
        await made_in.create_container("leases", PartitionKey("/id"))
    for name in ("unretried", "retried", "leaseless", "unmakeable", "killed", *WRITTEN_BEFORE):
        container = await database.create_container(name, PartitionKey("/tenant"))
        await write(container, *WRITTEN_BEFORE.get(name, ""))
    for name in ("unretried", "retried"):
        await write(database.get_container_client(name), "bad", "b", "c")
    await write(database.get_container_client("killed"), "slow")
    return database


def settings(cosmos: Cosmos) -> dict[str, str]:
    return {"STORE": cosmos.connection_string, "DATABASE": "shardline"}


async def write(container: ContainerProxy, *ids: str) -> None:
    for id_ in ids:
        await container.upsert_item({"id": id_, "tenant": "t"})


def ids(host: RunningHost, function: str) -> list[str]:
    return [id_ for batch in seen(host, function, "ids") for id_ in batch]


async def described(bench: Bench, function: str) -> Mapping[str, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{bench.host.url}/admin/functions/{function}") as answer:
        found: Mapping[str, Any] = await answer.json()
    return found


@together
async def test_changes_are_handed_over_in_batches_as_the_worker_gets_them(bench: Bench) -> None:
    await until(lambda: ids(bench.host, "batches") == ["a", "b", "c"])
    await write(bench.of("batches"), "d", "a")
    await until(lambda: len(ids(bench.host, "batches")) >= 5)

    assert seen(bench.host, "batches", "ids")[:2] == [["a", "b"], ["c"]]
    assert sorted(ids(bench.host, "batches")[3:]) == ["a", "d"]
    assert seen(bench.host, "batches", "names")[0] == ["_attachments", "_etag", "_lsn", "_rid", "_self", "_ts", "id", "tenant"]


@together
async def test_each_range_has_a_lease_with_the_name_of_its_owner(bench: Bench) -> None:
    await until(lambda: ids(bench.host, "batches"))

    resource_id = (await bench.of("batches").read())["_rid"]
    leases = [document async for document in bench.of("leases").read_all_items()]
    [held] = [document for document in leases if resource_id in document["id"]]
    assert held["id"].startswith(("w-localhost_", "w-127.0.0.1_"))
    assert held["Owner"]


@together
async def test_without_the_beginning_only_what_is_written_from_the_start_on_is_seen(bench: Bench) -> None:
    await until(lambda: min(reads(bench, "from_now"), reads(bench, "from_later")) >= 2)
    for name in ("from_now", "from_later"):
        await write(bench.of(name), "after")
    before = reads(bench, "from_later")
    await until(lambda: ids(bench.host, "from_now") and reads(bench, "from_later") >= before + 3)

    assert ids(bench.host, "from_now") == ["after"]
    assert ids(bench.host, "from_later") == []


def reads(bench: Bench, container: str) -> int:
    return bench.cosmos.operations.containers.get(f"shardline/{container}", Counter())["feed"]


@together
async def test_an_unretried_failure_goes_on_to_the_next_batch_and_a_retry_policy_repeats_it_before(bench: Bench) -> None:
    await until(lambda: "c" in ids(bench.host, "unretried") and "c" in ids(bench.host, "retried"))

    assert seen(bench.host, "unretried", "ids") == [["bad", "b"], ["c"]]
    assert seen(bench.host, "retried", "ids") == [["bad", "b"], ["bad", "b"], ["bad", "b"], ["c"]]
    assert seen(bench.host, "retried", "retry") == [0, 1, 2, 0]


@together
async def test_a_missing_lease_container_puts_the_function_in_error_with_a_clear_line(bench: Bench) -> None:
    line = "either the container leaseless (database shardline) or the lease container nowhere (database shardline) does not exist"

    function = await described(bench, "leaseless")

    assert function["state"] == "error"
    assert function["error"].startswith(line)
    assert f"host: function leaseless: {line}" in bench.host.output()


@together
async def test_a_lease_container_is_made_where_the_function_asks_for_it(bench: Bench) -> None:
    await until(lambda: ids(bench.host, "making") == ["a"])

    assert (await bench.of("made").read())["partitionKey"]["paths"] == ["/id"]


@together
async def test_a_lease_container_that_may_not_be_made_puts_the_function_in_error(bench: Bench) -> None:
    said = "host: function unmakeable: the lease container forbidden may not be created (403): create it with the rest"

    await until(lambda: said in bench.host.output())

    assert (await described(bench, "unmakeable"))["state"] == "error"


@together
async def test_a_disabled_function_reads_no_changes_and_runs_by_hand(bench: Bench) -> None:
    await until(lambda: ids(bench.host, "batches"))

    by_hand = {"input": '[{"id": "by hand"}]'}
    async with aiohttp.ClientSession() as http, http.post(f"{bench.host.url}/admin/functions/off", json=by_hand) as answer:
        status = answer.status
    await until(lambda: lines(bench.host, "off"))

    assert (status, ids(bench.host, "off"), reads(bench, "off")) == (202, ["by hand"], 0)


@together
async def test_changes_are_given_twice_later_and_again_under_a_fault_plan(bench: Bench) -> None:
    await until(lambda: "c" in ids(bench.host, "faulty"))
    await until(lambda: Report.read(bench.folder / PLAN).has_proven)

    assert seen(bench.host, "faulty", "ids")[:3] == [["a", "b"], ["a", "b"], ["a", "b"]]


@together
async def test_a_killed_hosts_lease_is_taken_over_after_it_expires_and_its_batch_comes_again(bench: Bench) -> None:
    app_dir = write_app(bench.folder / "killed", HEAD + watcher("killed"))

    async with running_host(app_dir, settings(bench.cosmos)) as first:
        await until(lambda: ids(first, "killed") == ["slow"])
        async with running_host(app_dir, settings(bench.cosmos)) as second:
            beside = ids(second, "killed")
            await first.kill()
            await until(lambda: ids(second, "killed") == ["slow"])

    assert beside == []


@together
async def test_two_hosts_share_the_ranges_of_a_container(bench: Bench) -> None:
    app_dir = write_app(bench.folder / "shared", HEAD + watcher("shared"))

    async with running_cosmos(ranges=even_ranges(2)) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database = await client.create_database_if_not_exists("shardline")
        await database.create_container("leases", PartitionKey("/id"))
        shared = await database.create_container("shared", PartitionKey("/id"))
        async with running_host(app_dir, settings(cosmos)) as first, running_host(app_dir, settings(cosmos)) as second:
            written: list[str] = []
            while not (ids(first, "shared") and ids(second, "shared")):
                written.append(f"{len(written)}")
                await shared.upsert_item({"id": written[-1]})
                await asyncio.sleep(0.1)
            await until(lambda: set(ids(first, "shared")) | set(ids(second, "shared")) == set(written))
