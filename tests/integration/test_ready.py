"""The readiness of a worker, over the adapters and the stand-ins: what is missing is named, and what answers is no reason."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.cosmos.aio import CosmosClient
from azure.storage.blob.aio import BlobServiceClient

from devtools.azurite import Azurite
from devtools.emulators.cosmos.server import Cosmos, running_cosmos
from devtools.emulators.servicebus.server import running_broker
from devtools.fakes.clock import Clock
from devtools.faults.plan import Fault, Kind
from devtools.issuer.server import Issuer
from devtools.provision import provision_cosmos, service_bus_config
from processors.readiness.checks import Checks
from shared.hosting.checks import checks_of
from shared.hosting.services import Services
from shared.settings import Settings

pytestmark = pytest.mark.integration
pytest_plugins = ["tests.plugins.issuers"]


@dataclass
class Worker:
    """One worker, and what it relies on."""

    services: Services
    checks: Checks
    clock: Clock
    cosmos: Cosmos

    async def reasons(self) -> list[tuple[str, str]]:
        """What is found now."""
        self.clock.advance(seconds=5)
        return [(reason.check, reason.text) for reason in await self.checks.reasons()]


def without(queue: str) -> dict[str, Any]:
    """The topology's queues but one."""
    config = service_bus_config()
    [namespace] = config["UserConfig"]["Namespaces"]
    namespace["Queues"] = [one for one in namespace["Queues"] if one["Name"] != queue]
    return config


@pytest.fixture
async def worker(request: pytest.FixtureRequest, azurite: Azurite, issuer: Issuer, clock: Clock) -> AsyncIterator[Worker]:
    """Over stand-ins of its own: what is taken away here must not be missed by others."""
    missing = getattr(request, "param", "none")
    async with running_cosmos() as cosmos, running_broker(without(missing)) as broker:
        await provision_cosmos(cosmos.connection_string, "shardline")
        settings = {
            "SERVICE_BUS": broker.connection_string,
            "COSMOS": cosmos.connection_string,
            "BLOB": azurite.connection_string,
            "EMBEDDING_OFFLINE": "true",
            "AUTH_ISSUER": issuer.url,
            "AUTH_AUDIENCE": "api://shardline",
            "AUTH_JWKS_URL": issuer.jwks_url,
        }
        services = Services(Settings.from_environ(settings))
        yield Worker(services, Checks(lambda: checks_of(services), now=clock), clock, cosmos)
        for opened in (services.queue_ages, services.transport, services.account, services.blobs):
            await opened.close()  # type: ignore[union-attr]  # the adapters have it, the ports do not
        await services.http.aclose()


async def test_with_everything_there_it_is_ready(worker: Worker) -> None:
    assert await worker.reasons() == []


@pytest.mark.parametrize("worker", ["embedding-jobs"], indirect=True)
async def test_a_queue_that_is_missing_is_named(worker: Worker) -> None:
    [(check, text)] = await worker.reasons()

    assert (check, text.startswith("look at embedding-jobs: ")) == ("service-bus", True)


async def test_a_container_that_is_taken_away_later_is_named(worker: Worker) -> None:
    assert await worker.reasons() == []
    async with CosmosClient.from_connection_string(worker.cosmos.connection_string) as client:
        await client.get_database_client("shardline").delete_container("gaps")

    assert await worker.reasons() == [("cosmos", "read the properties of container gaps: answered 404")]


async def test_a_blob_container_that_is_missing_is_named(worker: Worker, azurite: Azurite) -> None:
    async with BlobServiceClient.from_connection_string(azurite.connection_string) as client:
        await client.delete_container("anchors")
        try:
            assert await worker.reasons() == [("blob", "read the properties of blob container anchors: answered 404")]
        finally:
            await client.create_container("anchors")

    assert await worker.reasons() == []


async def test_a_store_that_refuses_is_named_and_well_again_afterwards(worker: Worker) -> None:
    assert await worker.reasons() == []
    worker.cosmos.faults.add(Fault(at="cosmos", kind=Kind.REFUSE, status=403, calls=1, operation="container"))

    [(check, _)] = await worker.reasons()

    assert check == "cosmos"
    assert await worker.reasons() == []


async def test_an_issuer_without_keys_is_named(worker: Worker, issuer: Issuer) -> None:
    issuer.faults.add(Fault(at="issuer", kind=Kind.REFUSE, status=503, calls=50))

    assert ("issuer", "the issuer's keys cannot be read (DependencyUnavailable)") in await worker.reasons()
