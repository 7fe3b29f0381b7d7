"""The pretend Azure Resource Manager, driven with Microsoft's own clients: what they send it understands, and what it says they read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.mgmt.cosmosdb.aio import CosmosDBManagementClient
from azure.mgmt.servicebus.aio import ServiceBusManagementClient

from devtools.emulators.resource_manager.server import PretendResourceManager, running_resource_manager

pytestmark = pytest.mark.integration

SUBSCRIPTION: Final = "00000000-0000-0000-0000-0000000000aa"
GROUP: Final = "shardline-test"
PLAIN: Final = {"enforce_https": False}
"""Their clients send tokens over TLS alone, unless they are told. They are ``Any`` here: their types know no dictionaries."""


class Credential:
    """Gives a token for whatever it is asked, or for another audience."""

    def __init__(self, audience: str = "https://management.azure.com") -> None:
        self._token = jwt.encode({"aud": audience}, "a key that nobody looks at, and long enough", "HS256")

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self._token, 4_000_000_000)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing is open."""


@pytest.fixture
async def manager() -> AsyncIterator[PretendResourceManager]:
    async with running_resource_manager(SUBSCRIPTION, GROUP, service_bus="acme-bus", cosmos="acme-cosmos", storage="acmeblobs") as running:
        yield running


def options(manager: PretendResourceManager) -> dict[str, Any]:
    return {
        "base_url": manager.url,
        "credential_scopes": ["https://management.azure.com/.default"],
        "polling_interval": 0,
        "retry_backoff_factor": 0,
        "transport": AioHttpTransport(use_env_settings=False),
    }


@pytest.fixture
async def bus(manager: PretendResourceManager) -> AsyncIterator[Any]:
    async with ServiceBusManagementClient(Credential(), SUBSCRIPTION, **options(manager)) as client:
        yield client


@pytest.fixture
async def cosmos(manager: PretendResourceManager) -> AsyncIterator[Any]:
    async with CosmosDBManagementClient(Credential(), SUBSCRIPTION, **options(manager)) as client:
        yield client


def queue(**properties: Any) -> dict[str, Any]:
    return {"properties": {"lockDuration": "PT5M", "requiresDuplicateDetection": True, **properties}}


def container(name: str, *paths: str, **more: Any) -> dict[str, Any]:
    kind = "MultiHash" if len(paths) > 1 else "Hash"
    return {
        "properties": {"resource": {"id": name, "partitionKey": {"paths": list(paths), "kind": kind, "version": 2}, **more}, "options": {}}
    }


async def test_a_queue_is_made_changed_and_shown_with_what_was_not_said(bus: Any) -> None:
    await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(), **PLAIN)
    await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(lockDuration="PT1M", requiresDuplicateDetection=None), **PLAIN)

    found = await bus.queues.get(GROUP, "acme-bus", "jobs", **PLAIN)

    assert (found.name, found.type) == ("jobs", "Microsoft.ServiceBus/namespaces/queues")
    assert (found.lock_duration, found.requires_duplicate_detection) == (timedelta(minutes=1), True)
    assert (found.max_delivery_count, found.status, found.message_count) == (10, "Active", 0)


async def test_queues_are_listed_in_pages(bus: Any, manager: PretendResourceManager) -> None:
    for number in range(9):
        await bus.queues.create_or_update(GROUP, "acme-bus", f"jobs-{number}", queue(), **PLAIN)

    names = [one.name async for one in bus.queues.list_by_namespace(GROUP, "acme-bus", **PLAIN)]

    assert names == [f"jobs-{number}" for number in range(9)]
    assert len([one for one in manager.asked if one.endswith("/queues")]) == 3


async def test_what_is_fixed_of_a_queue_is_refused(bus: Any) -> None:
    await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(), **PLAIN)

    with pytest.raises(HttpResponseError, match="'RequiresDuplicateDetection' property of an existing Queue cannot be changed") as refused:
        await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(requiresDuplicateDetection=False), **PLAIN)
    assert refused.value.status_code == 400


async def test_a_lock_of_six_minutes_is_refused(bus: Any) -> None:
    with pytest.raises(HttpResponseError, match="lockDuration exceeds"):
        await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(lockDuration="PT6M"), **PLAIN)


async def test_a_container_is_made_after_a_while(cosmos: Any) -> None:
    resources = cosmos.sql_resources
    await (
        await resources.begin_create_update_sql_database(
            GROUP, "acme-cosmos", "shardline", {"properties": {"resource": {"id": "shardline"}}}, **PLAIN
        )
    ).result()
    making = await resources.begin_create_update_sql_container(
        GROUP, "acme-cosmos", "shardline", "shards", container("shards", "/tenantId", "/id", defaultTtl=-1), **PLAIN
    )
    is_there_at_once = making.done()

    made = await making.result()
    listed = [one.name async for one in resources.list_sql_containers(GROUP, "acme-cosmos", "shardline", **PLAIN)]

    assert not is_there_at_once
    assert listed == ["shards"]
    assert made.properties.resource.default_ttl == -1
    assert (made.properties.resource.partition_key.kind, made.properties.resource.partition_key.paths) == (
        "MultiHash",
        ["/tenantId", "/id"],
    )
    assert [one.path for one in made.properties.resource.indexing_policy.excluded_paths] == ['/"_etag"/?']


async def test_another_partition_key_is_accepted_and_fails_afterwards(cosmos: Any, manager: PretendResourceManager) -> None:
    manager.databases["acme-cosmos"]["shardline"] = {}
    resources = cosmos.sql_resources
    sent = (GROUP, "acme-cosmos", "shardline", "gaps")
    await (await resources.begin_create_update_sql_container(*sent, container("gaps", "/id"), **PLAIN)).result()

    making = await resources.begin_create_update_sql_container(*sent, container("gaps", "/tenantId"), **PLAIN)

    with pytest.raises(HttpResponseError, match="Document collection partition key cannot be changed"):
        await making.result()


async def test_one_operation_at_a_time_has_an_account(cosmos: Any, manager: PretendResourceManager) -> None:
    manager.databases["acme-cosmos"]["shardline"] = {}
    manager.lasts = 50
    resources = cosmos.sql_resources
    await resources.begin_create_update_sql_container(
        GROUP, "acme-cosmos", "shardline", "gaps", container("gaps", "/id"), polling=False, **PLAIN
    )

    with pytest.raises(HttpResponseError, match="requires an exclusive lock") as refused:
        await resources.begin_create_update_sql_container(
            GROUP, "acme-cosmos", "shardline", "more", container("more", "/id"), polling=False, **PLAIN
        )
    assert refused.value.status_code == 412


@pytest.mark.parametrize(
    ("group", "namespace", "code"), [("no-such", "acme-bus", "ResourceGroupNotFound"), (GROUP, "no-such", "ParentResourceNotFound")]
)
async def test_what_is_not_there_is_404(bus: Any, group: str, namespace: str, code: str) -> None:
    with pytest.raises(ResourceNotFoundError, match=code):
        await bus.queues.create_or_update(group, namespace, "jobs", queue(), **PLAIN)


async def test_a_throttled_request_is_tried_again_by_their_client(bus: Any, manager: PretendResourceManager) -> None:
    manager.busy = 2

    await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(), **PLAIN)

    assert len(manager.changes()) == 3


async def test_a_token_for_somebody_else_is_refused(manager: PretendResourceManager) -> None:
    async with ServiceBusManagementClient(Credential("https://vault.azure.net"), SUBSCRIPTION, **options(manager)) as client:
        with pytest.raises(ClientAuthenticationError, match="wrong audience"):
            await client.queues.get(GROUP, "acme-bus", "jobs", **PLAIN)


async def test_a_missing_role_is_403(bus: Any, manager: PretendResourceManager) -> None:
    manager.forbidden.add("Microsoft.ServiceBus")

    with pytest.raises(HttpResponseError, match="does not have authorization to perform action 'Microsoft"):
        await bus.queues.create_or_update(GROUP, "acme-bus", "jobs", queue(), **PLAIN)
