"""``ops provision`` against the pretend Azure Resource Manager: what it makes, what it changes, and what it leaves alone or refuses."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, Final

import httpx2
import pytest

from devtools.emulators.resource_manager.server import PretendResourceManager, running_resource_manager
from devtools.generate import infra
from ops.options import parsed
from ops.provision.command import provision
from ops.provision.resource_manager import ResourceManager
from ops.refusals import Misused, Refused
from shared.errors import DependencyUnavailable
from shared.http.client import http_client
from shared.shard_types.registry import SHARD_TYPES
from shared.topology import CONTAINERS, QUEUES, SPACES
from tests.integration.ops.operators import SUBSCRIPTION, Operator

pytestmark = pytest.mark.integration

CHUNKS: Final = "shard-chunks-text-embedding-3-small-1536"
THINGS: Final = len(QUEUES) + 1 + len(CONTAINERS) + 1 + 2
"""Queues, a database, its containers with that of the chunks, and two blob containers."""


@pytest.fixture
async def operator() -> AsyncIterator[Operator]:
    running = running_resource_manager(SUBSCRIPTION, "acme", service_bus="acme-bus", cosmos="acme-cosmos", storage="acmeblobs")
    async with running as azure, http_client() as http:
        yield Operator(azure, http)


@pytest.fixture
async def provisioned(operator: Operator) -> Operator:
    """With everything in place, and nothing asked yet."""
    await operator.types("--yes")
    operator.azure.asked.clear()
    return operator


async def test_a_fresh_deployment_gets_all_of_the_topology(operator: Operator) -> None:
    assert await operator.types("--yes") == 0

    topology = json.loads(infra.files()["infra/topology.json"])
    queues = operator.azure.queues["acme-bus"]
    assert {name: queues[name] | wanted == queues[name] for name, wanted in _by_name(topology["queues"]).items()} == {
        queue.name: True for queue in QUEUES
    }
    assert {queue["maxSizeInMegabytes"] for queue in queues.values()} == {5120}
    containers = operator.azure.databases["acme-cosmos"]["shardline"]
    assert sorted(containers) == sorted([*(container.name for container in CONTAINERS), CHUNKS])
    assert containers["shards"]["partitionKey"] == {"paths": ["/tenantId", "/id"], "kind": "MultiHash", "version": 2}
    assert (containers["shards"]["defaultTtl"], containers["gaps"].get("defaultTtl")) == (-1, None)
    assert containers[CHUNKS]["vectorEmbeddingPolicy"]["vectorEmbeddings"][0]["dimensions"] == SPACES[0].dimensions
    assert operator.azure.blob_containers["acmeblobs"] == {"claims": {"publicAccess": "None"}, "anchors": {"publicAccess": "None"}}
    assert sorted(operator.shard_types.stored) == sorted(known.id for known in SHARD_TYPES)


async def test_a_second_time_nothing_is_changed(provisioned: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    assert await provisioned.types("--json") == 0

    assert provisioned.azure.changes() == []
    told = json.loads(capsys.readouterr().out)
    assert {step["action"] for step in told["plan"]} == {"same"}
    assert (len(told["plan"]), told["shardTypes"]) == (THINGS, [])


async def test_a_dry_run_says_what_would_be_and_does_nothing(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    assert await operator.types("--dry-run", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["applied"], [step["action"] for step in told["plan"]]) == (False, ["create"] * THINGS)
    assert (operator.azure.changes(), operator.shard_types.stored) == ([], {})


async def test_a_lock_and_a_ttl_that_differ_are_changed_and_the_rest_stays(
    provisioned: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    azure = provisioned.azure
    azure.queues["acme-bus"]["embedding-jobs"] |= {"lockDuration": "PT1M", "userMetadata": None, "maxSizeInMegabytes": 2048}
    azure.databases["acme-cosmos"]["shardline"]["gaps"]["defaultTtl"] = 60
    azure.databases["acme-cosmos"]["shardline"]["gaps"]["uniqueKeyPolicy"] = {"uniqueKeys": [{"paths": ["/x"]}]}
    azure.blob_containers["acmeblobs"]["claims"]["publicAccess"] = "Blob"
    azure.queues["acme-bus"]["embedding-jobs"].pop("userMetadata")

    assert await provisioned.types("--yes") == 0

    queue, gaps = azure.queues["acme-bus"]["embedding-jobs"], azure.databases["acme-cosmos"]["shardline"]["gaps"]
    assert (queue["lockDuration"], queue["maxSizeInMegabytes"]) == ("PT5M", 2048)
    assert ("defaultTtl" in gaps, gaps["uniqueKeyPolicy"]) == (False, {"uniqueKeys": [{"paths": ["/x"]}]})
    assert azure.blob_containers["acmeblobs"]["claims"]["publicAccess"] == "None"
    assert [one.split(" ")[0] for one in azure.changes()] == ["PUT", "PUT", "PATCH"]
    assert "lockDuration" in capsys.readouterr().out


async def test_times_written_otherwise_are_the_same(provisioned: Operator) -> None:
    provisioned.azure.queues["acme-bus"]["embedding-jobs"] |= {"defaultMessageTimeToLive": "P13DT24H", "lockDuration": "PT300S"}

    await provisioned.types("--yes")

    assert provisioned.azure.changes() == []


async def test_an_older_version_of_the_partition_key_is_sent_as_it_is(provisioned: Operator) -> None:
    gaps = provisioned.azure.databases["acme-cosmos"]["shardline"]["gaps"]
    gaps["partitionKey"] = {"paths": ["/tenantId"], "kind": "Hash"}
    gaps["defaultTtl"] = 60

    assert await provisioned.types("--yes") == 0

    assert provisioned.azure.databases["acme-cosmos"]["shardline"]["gaps"]["partitionKey"] == {"paths": ["/tenantId"], "kind": "Hash"}


def _another_key(azure: PretendResourceManager) -> None:
    azure.databases["acme-cosmos"]["shardline"]["shards"]["partitionKey"] = {"paths": ["/tenantId"], "kind": "Hash", "version": 2}


def _other_vectors(azure: PretendResourceManager) -> None:
    azure.databases["acme-cosmos"]["shardline"][CHUNKS]["vectorEmbeddingPolicy"]["vectorEmbeddings"][0]["dimensions"] = 384


def _no_duplicates(azure: PretendResourceManager) -> None:
    azure.queues["acme-bus"]["sync-inbound"]["requiresDuplicateDetection"] = False


def _sessions(azure: PretendResourceManager) -> None:
    azure.queues["acme-bus"]["sync-inbound"]["requiresSession"] = True


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_another_key, "the container shards has another partition key, which cannot be changed: it can only be made anew"),
        (_other_vectors, f"the container {CHUNKS} has another vector policy, which cannot be changed"),
        (_no_duplicates, "the queue sync-inbound has another requiresDuplicateDetection, which cannot be changed: stop both apps"),
        (_sessions, "the queue sync-inbound has another requiresSession, which cannot be changed"),
    ],
)
async def test_what_cannot_be_changed_is_named_and_nothing_is_done(
    provisioned: Operator, spoil: Callable[[PretendResourceManager], None], said: str
) -> None:
    spoil(provisioned.azure)
    del provisioned.azure.queues["acme-bus"]["embedding-jobs"]

    with pytest.raises(Refused, match="nothing was done") as refused:
        await provisioned.types("--yes")

    assert said in str(refused.value)
    assert provisioned.azure.changes() == []


async def test_what_nobody_knows_is_named_and_left_alone(provisioned: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    provisioned.azure.queues["acme-bus"]["of-somebody"] = dict(provisioned.azure.queues["acme-bus"]["sync-inbound"])
    provisioned.azure.databases["acme-cosmos"]["another"] = {}
    capsys.readouterr()

    await provisioned.types("--yes")

    assert "left alone: queue of-somebody\n" in capsys.readouterr().out
    assert "of-somebody" in provisioned.azure.queues["acme-bus"]
    assert provisioned.azure.changes() == []


async def test_one_that_was_killed_half_way_is_finished_by_the_next(operator: Operator) -> None:
    class Killed(BaseException):
        """The process is gone."""

    async def dies(seconds: float) -> None:
        if len(operator.azure.databases["acme-cosmos"].get("shardline", {})) == 2:
            raise Killed

    killed = replace(operator.ports(), wait=dies)
    options = parsed(["provision", "--subscription", SUBSCRIPTION, "--resource-group", "acme", "--arm-url", operator.azure.url, "--yes"])
    with pytest.raises(Killed):
        await provision(options, killed, ask=None)
    made = operator.azure.changes()
    operator.azure.asked.clear()

    assert await operator.types("--yes") == 0

    assert 0 < len(operator.azure.changes()) < THINGS
    assert [one for one in operator.azure.changes() if one in made[:-1]] == [], "only what was under way is asked for again"
    assert len(operator.azure.databases["acme-cosmos"]["shardline"]) == len(CONTAINERS) + 1


async def test_throttling_is_waited_out(operator: Operator) -> None:
    operator.azure.busy, operator.azure.retry_after = 3, 7

    assert await operator.types("--yes") == 0

    assert operator.waits[:3] == [7, 7, 7]


async def test_throttling_without_end_is_given_up(operator: Operator) -> None:
    operator.azure.busy = 10_000

    with pytest.raises(Refused, match="list every queue: answered 429"):
        await operator.types("--yes")


async def test_an_operation_without_end_is_given_up(operator: Operator) -> None:
    operator.azure.lasts, operator.azure.retry_after = 10_000, 60

    with pytest.raises(DependencyUnavailable, match="create the database shardline: it has not ended after 900 s"):
        await operator.types("--yes")


@pytest.mark.parametrize(
    ("provider", "role"),
    [
        ("Microsoft.ServiceBus", "Azure Service Bus Data Owner"),
        ("Microsoft.DocumentDB", "Cosmos DB Operator"),
        ("Microsoft.Storage", "Storage Blob Data Contributor"),
    ],
)
async def test_whoever_may_not_is_told_which_role_is_missing(operator: Operator, provider: str, role: str) -> None:
    operator.azure.forbidden.add(provider)

    with pytest.raises(Refused, match=f"AuthorizationFailed.*the role it takes: {role}"):
        await operator.types("--yes")
    assert operator.azure.changes() == []


async def test_a_token_for_somebody_else_is_refused_in_azures_words(operator: Operator) -> None:
    operator.audience = "https://vault.azure.net"

    with pytest.raises(Refused, match=r"answered 401 .*wrong audience"):
        await operator.types("--yes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service-bus", "another-bus"], "is the name right"),
        (["--cosmos-account", "another"], "is the name right"),
        (["--storage-account", "another"], "is the name right"),
        (["--resource-group", "another"], "ResourceGroupNotFound"),
    ],
)
async def test_a_wrong_name_is_told_before_anything_is_done(operator: Operator, words: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        await operator.types("--yes", *words)
    assert operator.azure.changes() == []


async def test_names_that_cannot_be_are_misuse(operator: Operator) -> None:
    with pytest.raises(Misused, match=r"--service-bus: '\.\./x' cannot be one; --storage-account: 'A' cannot be one"):
        await operator.types("--service-bus", "../x", "--storage-account", "A")
    assert operator.azure.asked == []


async def test_without_a_terminal_it_takes_a_yes(operator: Operator) -> None:
    with pytest.raises(Misused, match="say --yes"):
        await operator.types()
    assert operator.azure.changes() == []


async def test_somebody_who_says_no_changes_nothing(operator: Operator) -> None:
    asked: list[str] = []

    def no(question: str) -> str:
        asked.append(question)
        return "no"

    with pytest.raises(Refused, match="nothing was done"):
        await operator.types(ask=no)
    assert (asked, operator.azure.changes()) == ([f"do this to {THINGS}? (yes)"], [])


async def test_a_container_that_is_not_seen_yet_is_waited_for(operator: Operator) -> None:
    operator.shard_types.refusals = 2

    assert await operator.types("--yes") == 0

    assert operator.waits[-2:] == [5.0, 5.0]


async def test_a_missing_role_for_items_is_named(operator: Operator) -> None:
    operator.shard_types.refusals = 10_000

    with pytest.raises(Refused, match=r"the shard types are not stored.*Cosmos DB Built-in Data Contributor"):
        await operator.types("--yes")


async def test_an_account_that_cannot_be_reached_is_told_with_what_was_done(operator: Operator) -> None:
    operator.shard_types.refusals, operator.shard_types.refusal = 10_000, DependencyUnavailable("open the Cosmos DB account: no answer")

    with pytest.raises(Refused, match=r"all else is as the topology says, but .*can the account be reached"):
        await operator.types("--yes")


async def test_no_token_goes_anywhere_else(operator: Operator) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, json={"value": [], "nextLink": "https://elsewhere.example/subscriptions"})

    async with http_client(transport=httpx2.MockTransport(answer)) as client:
        manager = ResourceManager(
            "https://management.azure.com", client, lambda: operator._token("https://management.azure.com/.default"), operator._wait
        )
        with pytest.raises(Refused, match="an address that is not Resource Manager's"):
            _ = [one async for one in manager.listed("/subscriptions/x", "2024-01-01", what="list")]
    assert len(asked) == 1


def _by_name(listed: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: {name: value for name, value in one.items() if name != "name"} for one in listed}
