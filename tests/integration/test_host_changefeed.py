"""A change feed function in the host over the Cosmos stand-in, through the real SDK."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy

from devtools.emulators.cosmos.misbehaviour import ABILITIES
from devtools.emulators.cosmos.ranges import even_ranges
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from devtools.faults.report import Report
from devtools.host.process import RunningHost, running_host, start_host
from tests.integration.hosts import lines, seen, until, write_app, write_plan

pytestmark = pytest.mark.integration

APP = """
import asyncio, logging, os
import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("app")


@app.cosmos_db_trigger(arg_name="documents", connection="STORE", database_name="%DATABASE%", container_name="watched",
                       lease_container_name="%LEASES%", lease_container_prefix="w-", feed_poll_delay=50, lease_acquire_interval=200,
                       lease_renew_interval=300, lease_expiration_interval=4000, max_items_per_invocation=2, START
                       MORE)
RETRY
async def watcher(documents: func.DocumentList, context: func.Context) -> None:
    ids = [document["id"] for document in documents]
    log.info("changes", extra={"ids": ids, "retry": context.retry_context.retry_count, "names": sorted(documents[0].keys())})
    if "slow" in ids:
        await asyncio.sleep(60)
    if os.environ.get("FAILING", "") in ids:
        raise ValueError("on purpose")
"""
RETRY = '@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")'
BEGINNING = "start_from_beginning=True"


def app_in(directory: Path, *, more: str = "", retry: str = "", start: str = BEGINNING) -> Path:
    return write_app(directory, APP.replace("MORE", more).replace("RETRY", retry).replace("START", start))


@pytest.fixture
async def cosmos() -> AsyncIterator[Cosmos]:
    async with running_cosmos() as running:
        yield running
    assert running.operations.server_errors == 0


@pytest.fixture
async def database(cosmos: Cosmos) -> AsyncIterator[DatabaseProxy]:
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        yield await client.create_database_if_not_exists("shardline")


@pytest.fixture
async def watched(database: DatabaseProxy) -> ContainerProxy:
    await database.create_container("leases", PartitionKey("/id"))
    return await database.create_container("watched", PartitionKey("/tenant"))


def settings(cosmos: Cosmos, **more: str) -> dict[str, str]:
    return {"STORE": cosmos.connection_string, "DATABASE": "shardline", "LEASES": "leases", **more}


async def write(container: ContainerProxy, *ids: str) -> None:
    for id_ in ids:
        await container.upsert_item({"id": id_, "tenant": "t"})


async def lease(database: DatabaseProxy) -> dict[str, Any]:
    [found] = [document async for document in database.get_container_client("leases").read_all_items()]
    return found


def ids(host: RunningHost) -> list[str]:
    return [id_ for batch in seen(host, "changes", "ids") for id_ in batch]


async def test_changes_are_handed_over_in_batches_as_the_worker_gets_them(
    cosmos: Cosmos, database: DatabaseProxy, watched: ContainerProxy, tmp_path: Path
) -> None:
    await write(watched, "a", "b", "c")

    async with running_host(app_in(tmp_path / "app"), settings(cosmos)) as host:
        await until(lambda: ids(host) == ["a", "b", "c"])
        await write(watched, "d", "a")
        await until(lambda: len(ids(host)) >= 5)
        held = await lease(database)

    assert seen(host, "changes", "ids")[:2] == [["a", "b"], ["c"]]
    assert sorted(ids(host)[3:]) == ["a", "d"]
    assert seen(host, "changes", "names")[0] == ["_attachments", "_etag", "_lsn", "_rid", "_self", "_ts", "id", "tenant"]
    assert held["id"].startswith("w-localhost_shardline_") or held["id"].startswith("w-127.0.0.1_shardline_")
    assert held["Owner"]


@pytest.mark.parametrize("start", ["", 'start_from_time="2099-01-01T00:00:00Z"'])
async def test_without_the_beginning_only_what_is_written_from_the_start_on_is_seen(
    start: str, cosmos: Cosmos, watched: ContainerProxy, tmp_path: Path
) -> None:
    await write(watched, "before")

    def reads() -> int:
        return cosmos.operations.containers.get("shardline/watched", Counter())["feed"]

    async with running_host(app_in(tmp_path / "app", start=start), settings(cosmos)) as host:
        await until(lambda: reads() >= 2)
        await write(watched, "after")
        await until(lambda: reads() >= 5 and (start or ids(host)))

    assert ids(host) == ([] if start else ["after"])


async def test_two_hosts_share_the_ranges_of_a_container(tmp_path: Path) -> None:
    app_dir = app_in(tmp_path / "app")

    async with running_cosmos(ranges=even_ranges(2)) as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        database = await client.create_database_if_not_exists("shardline")
        await database.create_container("leases", PartitionKey("/id"))
        watched = await database.create_container("watched", PartitionKey("/id"))
        async with running_host(app_dir, settings(cosmos)) as first, running_host(app_dir, settings(cosmos)) as second:
            written: list[str] = []
            while not (ids(first) and ids(second)):
                written.append(f"{len(written)}")
                await watched.upsert_item({"id": written[-1]})
                await asyncio.sleep(0.1)
            await until(lambda: set(ids(first)) | set(ids(second)) == set(written))


async def test_an_unretried_failure_goes_on_to_the_next_batch_and_a_retry_policy_repeats_it_before(
    cosmos: Cosmos, watched: ContainerProxy, tmp_path: Path
) -> None:
    await write(watched, "a", "b", "c")
    without, with_ = app_in(tmp_path / "without"), app_in(tmp_path / "with", retry=RETRY, more=", lease_database_name='other'")
    async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
        other = await client.create_database_if_not_exists("other")
        await other.create_container("leases", PartitionKey("/id"))

    async with (
        running_host(without, settings(cosmos, FAILING="a")) as unretried,
        running_host(with_, settings(cosmos, FAILING="a")) as retried,
    ):
        await until(lambda: "c" in ids(unretried) and "c" in ids(retried))

    assert seen(unretried, "changes", "ids") == [["a", "b"], ["c"]]
    assert seen(retried, "changes", "ids") == [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]
    assert seen(retried, "changes", "retry") == [0, 1, 2, 0]


async def test_a_killed_hosts_lease_is_taken_over_after_it_expires_and_its_batch_comes_again(
    cosmos: Cosmos, watched: ContainerProxy, tmp_path: Path
) -> None:
    app_dir = app_in(tmp_path / "app")
    await write(watched, "slow")
    first = await start_host(app_dir, settings(cosmos))
    await until(lambda: ids(first) == ["slow"])

    async with running_host(app_dir, settings(cosmos)) as second:
        beside = ids(second)
        await first.kill()
        await until(lambda: ids(second) == ["slow"])

    assert beside == []


async def test_a_missing_lease_container_puts_the_function_in_error_with_a_clear_line(
    cosmos: Cosmos, watched: ContainerProxy, tmp_path: Path
) -> None:
    app_dir = app_in(tmp_path / "app")

    async with running_host(app_dir, settings(cosmos, LEASES="nowhere")) as host, aiohttp.ClientSession() as http:
        async with http.get(f"{host.url}/admin/functions/watcher") as answer:
            described = await answer.json()
        async with http.get(f"{host.url}/admin/host/ping") as answer:
            ping = answer.status

    line = "either the container watched (database shardline) or the lease container nowhere (database shardline) does not exist"
    assert (described["state"], ping) == ("error", 200)
    assert described["error"].startswith(line)
    assert f"host: function watcher: {line}" in host.output()


async def test_a_lease_container_is_made_where_the_function_asks_for_it(
    cosmos: Cosmos, database: DatabaseProxy, watched: ContainerProxy, tmp_path: Path
) -> None:
    app_dir = app_in(tmp_path / "app", more=", create_lease_container_if_not_exists=True")
    await write(watched, "a")

    async with running_host(app_dir, settings(cosmos, LEASES="made")) as host:
        await until(lambda: ids(host) == ["a"])

    made = await database.get_container_client("made").read()
    assert made["partitionKey"]["paths"] == ["/id"]


async def test_a_lease_container_that_may_not_be_made_puts_the_function_in_error(tmp_path: Path) -> None:
    refused = Fault(at="cosmos", kind=Kind.REFUSE, operation="container", target="*made*", status=403, calls=100)

    async with running_cosmos(faults=Injector("cosmos", ABILITIES, faults=[refused])) as cosmos:
        async with CosmosClient.from_connection_string(cosmos.connection_string) as client:
            await (await client.create_database_if_not_exists("shardline")).create_container("watched", PartitionKey("/tenant"))
        app_dir = app_in(tmp_path / "app", more=", create_lease_container_if_not_exists=True")
        async with running_host(app_dir, settings(cosmos, LEASES="made")) as host:
            await until(lambda: "function watcher:" in host.output())

    assert "host: function watcher: the lease container made may not be created (403): create it with the rest" in host.output()


async def test_a_disabled_function_reads_no_changes_and_runs_by_hand(cosmos: Cosmos, watched: ContainerProxy, tmp_path: Path) -> None:
    await write(watched, "a")
    off = settings(cosmos) | {"AzureWebJobs_watcher_Disabled": "true"}

    async with running_host(app_in(tmp_path / "app"), off) as host, aiohttp.ClientSession() as http:
        async with http.post(f"{host.url}/admin/functions/watcher", json={"input": '[{"id": "by hand"}]'}) as answer:
            status = answer.status
        await until(lambda: lines(host, "changes"))

    assert (status, ids(host)) == (202, ["by hand"])


async def test_changes_are_given_twice_later_and_again_under_a_fault_plan(cosmos: Cosmos, watched: ContainerProxy, tmp_path: Path) -> None:
    await write(watched, "a", "b", "c")
    plan = write_plan(
        tmp_path / "plan.json",
        {"kind": "duplicate", "operation": "changes", "target": "watcher"},
        {"kind": "drop", "operation": "checkpoint", "target": "watcher"},
        {"kind": "delay", "operation": "changes", "target": "watcher", "seconds": 0.2},
        {"kind": "lock-lost", "operation": "renew-lease", "target": "watcher"},
    )

    async with running_host(app_in(tmp_path / "app"), settings(cosmos), faults=plan) as host:
        await until(lambda: "c" in ids(host))
        await until(lambda: Report.read(plan).has_proven)

    assert seen(host, "changes", "ids")[:3] == [["a", "b"], ["a", "b"], ["a", "b"]]
