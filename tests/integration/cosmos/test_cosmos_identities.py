"""The Cosmos stand-in as an account that takes identities alone: what they may do, and that the app starts with nothing more."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import pytest_asyncio
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError
from typing_extensions import override

from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.fakes.samples import sample_id, sample_shard
from devtools.provision import provision_cosmos
from shared.errors import ConfigurationError
from shared.hosting.readiness import Readiness
from shared.storage.cosmos import RETRY_OPTIONS, CosmosAccount
from shared.storage.shard_store import CosmosShardStore
from shared.storage.shard_type_store import CosmosShardTypes
from shared.topology import TOPOLOGY

pytestmark = pytest.mark.integration

DATABASE = "shardline"
ITEM = {"id": "1"}


class AnyIdentity(AsyncTokenCredential):
    """Gives a token for whatever is asked, and remembers what was."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    @override
    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken("an-identity", int(time.time()) + 3600)

    @override
    async def close(self) -> None:
        """Nothing is open."""

    @override
    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


def account_as_deployed(cosmos: Cosmos) -> CosmosAccount:
    """The app's account with the options and the transport it has in a deployment."""

    def client() -> CosmosClient:
        return CosmosClient(cosmos.endpoint, AnyIdentity(), transport=AioHttpTransport(use_env_settings=False), **RETRY_OPTIONS)

    return CosmosAccount(client, database=DATABASE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what infrastructure makes, by somebody with a key, and with a certificate: neither is made in a moment."""
    folder = tmp_path_factory.mktemp("provisioned")
    async with running_cosmos(data=folder) as cosmos:
        await provision_cosmos(cosmos.connection_string, DATABASE)
        async with CosmosClient(cosmos.endpoint, cosmos.key) as client:
            database = client.get_database_client(DATABASE)
            await database.create_container("items", PartitionKey(path="/id"), offer_throughput=400)
    async with running_cosmos(data=folder, for_identities=True):
        return folder


@pytest.fixture
def provisioned(template: Path, tmp_path: Path) -> Path:
    return copytree(template, tmp_path / "cosmos")


@pytest.fixture
async def cosmos(provisioned: Path) -> AsyncIterator[Cosmos]:
    async with running_cosmos(data=provisioned, for_identities=True) as running:
        yield running
    assert running.operations.server_errors == 0


@pytest.fixture
async def client(cosmos: Cosmos) -> AsyncIterator[CosmosClient]:
    async with CosmosClient(cosmos.endpoint, AnyIdentity()) as found:
        yield found


async def test_an_identity_works_with_items_over_tls(cosmos: Cosmos) -> None:
    identity = AnyIdentity()
    async with CosmosClient(cosmos.endpoint, identity) as client:
        items = client.get_database_client(DATABASE).get_container_client("items")
        await items.create_item(ITEM)
        await items.patch_item("1", "1", [{"op": "set", "path": "/n", "value": 1}])

        found = [item["n"] async for item in items.query_items("SELECT * FROM c", partition_key="1")]
        changed = [item["n"] async for item in items.query_items_change_feed(start_time="Beginning")]
        await items.delete_item("1", "1")

    assert cosmos.endpoint.startswith("https://")
    assert set(identity.scopes) == {"https://127.0.0.1/.default"}
    assert (found, changed) == ([1], [1])


async def test_an_identity_reads_what_its_items_are_kept_in(client: CosmosClient) -> None:
    database = client.get_database_client(DATABASE)

    names = [one["id"] async for one in database.list_containers()]

    assert {"items", "shards"} <= set(names)
    assert (await database.get_container_client("items").read())["partitionKey"]["paths"] == ["/id"]
    assert (await database.get_container_client("items").get_throughput()).offer_throughput == 400


async def test_an_identity_neither_makes_nor_changes_nor_deletes_what_items_are_kept_in(client: CosmosClient) -> None:
    database = client.get_database_client(DATABASE)
    items = database.get_container_client("items")
    key = PartitionKey(path="/id")

    for call in (
        client.create_database("other"),
        client.delete_database(DATABASE),
        database.create_container("other", key),
        database.replace_container("items", key, default_ttl=60),
        database.delete_container("items"),
        items.replace_throughput(500),
    ):
        with pytest.raises(CosmosHttpResponseError, match="cannot be authorized by AAD token in data plane") as refused:
            await call
        assert (refused.value.status_code, refused.value.sub_status) == (403, 5300)

    assert (await items.read())["id"] == "items"


async def test_the_refusal_names_the_call(client: CosmosClient) -> None:
    with pytest.raises(CosmosHttpResponseError, match=r"The given request \[POST /dbs/shardline/colls\] cannot"):
        await client.get_database_client(DATABASE).create_container("other", PartitionKey(path="/id"))


async def test_creating_if_not_exists_does_not_help_an_identity_where_there_is_nothing(client: CosmosClient) -> None:
    database = client.get_database_client(DATABASE)

    existing = await database.create_container_if_not_exists("items", PartitionKey(path="/id"))
    with pytest.raises(CosmosHttpResponseError) as refused:
        await database.create_container_if_not_exists("missing", PartitionKey(path="/id"))

    assert existing.id == "items"
    assert (refused.value.status_code, refused.value.sub_status) == (403, 5300)


async def test_an_identity_hears_that_a_container_is_missing(client: CosmosClient) -> None:
    with pytest.raises(CosmosResourceNotFoundError):
        await client.get_database_client(DATABASE).get_container_client("missing").read()


async def test_a_key_is_refused_where_identities_are_wanted(cosmos: Cosmos) -> None:
    client = CosmosClient(cosmos.endpoint, cosmos.key)

    with pytest.raises(CosmosHttpResponseError, match="Local Authorization is disabled") as refused:
        await client.__aenter__()
    await client.close()

    assert refused.value.status_code == 401


async def test_the_app_starts_and_works_with_an_identity(cosmos: Cosmos) -> None:
    account = account_as_deployed(cosmos)
    shards = CosmosShardStore(account)
    try:
        await Readiness(account, CosmosShardTypes(account), containers=TOPOLOGY.containers)()
        await shards.create(sample_shard("t1"))

        found = await shards.read("t1", sample_id("t1"))
    finally:
        await account.close()

    assert found is not None
    assert found.id == sample_id("t1")
    assert cosmos.operations.statuses[403] == 0


async def test_the_app_does_not_start_with_an_identity_where_nothing_was_provisioned() -> None:
    async with running_cosmos(for_identities=True) as empty:
        account = account_as_deployed(empty)
        try:
            with pytest.raises(ConfigurationError):
                await account.compare(TOPOLOGY.containers[0])
        finally:
            await account.close()


async def test_the_certificate_is_kept_with_the_data(tmp_path: Path) -> None:
    async with running_cosmos(data=tmp_path, for_identities=True):
        first = (tmp_path / "localhost.pem").read_bytes()
    async with running_cosmos(data=tmp_path, for_identities=True):
        second = (tmp_path / "localhost.pem").read_bytes()

    assert first == second
    assert (tmp_path / "localhost.pem").stat().st_mode & 0o777 == 0o600


async def test_the_process_takes_its_options_from_the_command_line(provisioned: Path) -> None:
    options = ["--aad", "--ranges", "3", "--request-units-per-second", "1000", "--port", "0", "--data", str(provisioned)]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "devtools.emulators.cosmos", *options, stdout=PIPE)
    try:
        assert process.stdout is not None
        endpoint = (await process.stdout.readline()).decode().split()[-1]
        async with CosmosClient(endpoint, AnyIdentity()) as client:
            items = client.get_database_client(DATABASE).get_container_client("items")
            await items.create_item(ITEM)
            ranges = [one async for one in items.read_feed_ranges()]
    finally:
        process.terminate()
        await process.communicate()

    assert endpoint.startswith("https://")
    assert len(ranges) == 3


@pytest.mark.parametrize(("option", "number"), [("--ranges", "0"), ("--request-units-per-second", "many")])
async def test_a_number_that_makes_no_sense_is_told(option: str, number: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devtools.emulators.cosmos", f"{option}={number}", stdout=PIPE, stderr=PIPE
    )
    _, errors = await process.communicate()

    assert process.returncode == 2
    assert f"'{number}' is not a positive whole number" in errors.decode()
