"""Queues and containers: production's values, legal names, and generated files that say the same."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devtools.generate import infra
from devtools.generate.infra import clamped, clamps, iso8601
from shared.chunks.store import Manifest
from shared.shards.model import Linking, Metadata
from shared.topology import SPACES, TOPOLOGY, Container, Queue, Space, chunk_container

ROOT = Path(__file__).parents[2]

each_queue = pytest.mark.parametrize("queue", TOPOLOGY.queues, ids=lambda queue: queue.name)
each_container = pytest.mark.parametrize("container", TOPOLOGY.containers, ids=lambda container: container.name)


@each_queue
def test_a_queue_has_productions_values(queue: Queue) -> None:
    assert queue.time_to_live == timedelta(days=14)
    assert queue.duplicate_window == timedelta(hours=1)
    assert queue.lock == timedelta(minutes=5)
    assert queue.max_delivery_count == 10


def test_the_queues_of_the_architecture_that_have_a_function_or_a_reader() -> None:
    assert [queue.name for queue in TOPOLOGY.queues] == [
        "sync-inbound",
        "sync-inbound-bulk",
        "ingestion-events",
        "ingestion-events-bulk",
        "shard-emission",
        "enrichment-jobs",
        "embedding-jobs",
        "rejected-messages",
    ]


@each_queue
def test_a_queues_name_is_legal(queue: Queue) -> None:
    """Azure documentation, "Naming rules and restrictions for Azure resources", Microsoft.ServiceBus namespaces/queues."""
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,258}[a-z0-9])?", queue.name)


@each_container
def test_a_containers_name_is_legal(container: Container) -> None:
    """The same page, Microsoft.DocumentDB databaseAccounts/sqlDatabases/containers, and only what reads well in an address."""
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,254}", container.name)


@pytest.mark.parametrize("name", TOPOLOGY.blob_containers)
def test_a_blob_containers_name_is_legal(name: str) -> None:
    """The same page, Microsoft.Storage storageAccounts/blobServices/containers."""
    assert re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)


def test_no_name_is_used_twice() -> None:
    for names in (
        [queue.name for queue in TOPOLOGY.queues],
        [container.name for container in TOPOLOGY.containers],
        TOPOLOGY.blob_containers,
    ):
        assert len(set(names)) == len(names)


def test_the_partition_keys_are_those_of_the_architecture() -> None:
    assert {container.name: container.partition_key for container in TOPOLOGY.containers} == {
        "shards": ("/tenantId", "/id"),
        "connections": ("/id",),
        "gaps": ("/tenantId",),
        "shard-types": ("/id",),
        "suggested-links": ("/tenantId",),
        "linking-policies": ("/id",),
        "shard-chunks-text-embedding-3-small-1536": ("/tenantId", "/shardId"),
        "shard-chunks-all-minilm-l6-v2-384": ("/tenantId", "/shardId"),
        "shard-chunks-lexical-512": ("/tenantId", "/shardId"),
    }


def test_shards_may_expire_one_by_one() -> None:
    [shards] = [container for container in TOPOLOGY.containers if container.name == "shards"]

    assert shards.default_ttl_seconds == -1


def test_text_and_vectors_are_never_indexed() -> None:
    [shards] = [container for container in TOPOLOGY.containers if container.name == "shards"]

    excluded = [entry["path"] for entry in shards.indexing_policy["excludedPaths"]]

    assert {"/unstructuredData/*", "/vectors/*"} <= set(excluded)


def test_of_the_bookkeeping_only_the_members_of_audiences_and_the_keys_of_linking_are_indexed() -> None:
    [shards] = [container for container in TOPOLOGY.containers if container.name == "shards"]
    included = [entry["path"] for entry in shards.indexing_policy["includedPaths"]]
    audience = Metadata.model_fields["audience"].alias or "audience"
    keys = Linking.model_fields["keys"].alias or "keys"

    assert included == ["/*", f"/metadata/{audience}/members/[]/?", f"/linking/{keys}/[]/?"]
    for path in ("/metadata/*", "/linking/*", "/linkDecisions/*"):
        assert {"path": path} in shards.indexing_policy["excludedPaths"]


def test_suggestions_are_listed_in_the_order_of_a_composite_index() -> None:
    [suggestions] = [container for container in TOPOLOGY.containers if container.name == "suggested-links"]

    assert suggestions.indexing_policy["compositeIndexes"] == [
        [{"path": "/confidence", "order": "descending"}, {"path": "/id", "order": "ascending"}]
    ]
    assert suggestions.default_ttl_seconds == -1
    assert not any("compositeIndexes" in other.indexing_policy for other in TOPOLOGY.containers if other != suggestions)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_chunks_are_compared_by_their_angle_in_a_container_of_their_space(space: Space) -> None:
    [container] = [container for container in TOPOLOGY.containers if container.space == space]

    assert container.vector_policy == {
        "vectorEmbeddings": [
            {"path": "/embedding", "dataType": "float32", "dimensions": space.dimensions, "distanceFunction": "cosine"},
        ]
    }
    assert container.indexing_policy["vectorIndexes"] == [{"path": "/embedding", "type": "quantizedFlat"}]
    assert container.default_ttl_seconds == -1


def test_a_manifest_of_a_thousand_chunks_is_not_a_thousand_paths_of_the_index() -> None:
    container = chunk_container(SPACES[0])

    excluded = {entry["path"] for entry in container.indexing_policy["excludedPaths"]}

    assert {f"/{Manifest.model_fields['chunks'].alias or 'chunks'}/*", "/embedding/*"} <= excluded
    assert not any(path.startswith(("/principals", "/kind", "/tenantId", "/shardId")) for path in excluded)


def test_only_chunks_have_vectors() -> None:
    assert {container.name for container in TOPOLOGY.containers if container.vector_policy is not None} == {
        "shard-chunks-text-embedding-3-small-1536",
        "shard-chunks-all-minilm-l6-v2-384",
        "shard-chunks-lexical-512",
    }


@pytest.mark.parametrize(("path", "text"), infra.files().items(), ids=list(infra.files()))
def test_a_generated_file_is_what_the_topology_says(path: str, text: str) -> None:
    assert (ROOT / path).read_text() == text, "run scripts/generate"


def queues_of(path: str) -> dict[str, dict[str, Any]]:
    config = json.loads((ROOT / path).read_text())
    [namespace] = config["UserConfig"]["Namespaces"]
    return {queue["Name"]: queue["Properties"] for queue in namespace["Queues"]}


@each_queue
def test_the_stand_in_is_configured_as_production_is(queue: Queue) -> None:
    assert queues_of("infra/servicebus-standin.json")[queue.name] == {
        "DeadLetteringOnMessageExpiration": True,
        "DefaultMessageTimeToLive": "P14D",
        "DuplicateDetectionHistoryTimeWindow": "PT1H",
        "ForwardDeadLetteredMessagesTo": "",
        "ForwardTo": "",
        "LockDuration": "PT5M",
        "MaxDeliveryCount": 10,
        "RequiresDuplicateDetection": True,
        "RequiresSession": False,
    }


@each_queue
def test_the_official_emulator_gets_only_what_it_accepts(queue: Queue) -> None:
    assert queues_of("infra/servicebus-emulator.json")[queue.name] == {
        "DeadLetteringOnMessageExpiration": True,
        "DefaultMessageTimeToLive": "PT1H",
        "DuplicateDetectionHistoryTimeWindow": "PT5M",
        "ForwardDeadLetteredMessagesTo": "",
        "ForwardTo": "",
        "LockDuration": "PT5M",
        "MaxDeliveryCount": 10,
        "RequiresDuplicateDetection": True,
        "RequiresSession": False,
    }


def test_our_file_names_every_container_with_its_key() -> None:
    topology = json.loads((ROOT / "infra/topology.json").read_text())

    [shards] = [container for container in topology["containers"] if container["name"] == "shards"]

    assert [container["name"] for container in topology["containers"]] == [container.name for container in TOPOLOGY.containers]
    assert shards["partitionKey"] == {"paths": ["/tenantId", "/id"], "kind": "MultiHash", "version": 2}
    assert topology["queues"][0]["defaultMessageTimeToLive"] == "P14D"
    assert topology["blobContainers"] == ["claims", "anchors"]


def test_each_clamp_is_told() -> None:
    told = list(clamps())

    assert told[:2] == [
        "sync-inbound: DefaultMessageTimeToLive P14D becomes PT1H",
        "sync-inbound: DuplicateDetectionHistoryTimeWindow PT1H becomes PT5M",
    ]
    assert len(told) == 2 * len(TOPOLOGY.queues)


def test_too_little_is_clamped_as_well() -> None:
    tiny = {
        "LockDuration": timedelta(seconds=1),
        "DefaultMessageTimeToLive": timedelta(seconds=1),
        "DuplicateDetectionHistoryTimeWindow": timedelta(seconds=1),
        "MaxDeliveryCount": 0,
    }

    assert clamped(tiny) == {
        "LockDuration": timedelta(seconds=5),
        "DefaultMessageTimeToLive": timedelta(minutes=5),
        "DuplicateDetectionHistoryTimeWindow": timedelta(seconds=5),
        "MaxDeliveryCount": 1,
    }


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(days=14), "P14D"),
        (timedelta(hours=1), "PT1H"),
        (timedelta(minutes=5), "PT5M"),
        (timedelta(seconds=90), "PT1M30S"),
        (timedelta(days=1, hours=2, seconds=3), "P1DT2H3S"),
        (timedelta(0), "PT0S"),
    ],
)
def test_durations_are_written_as_iso_8601(duration: timedelta, text: str) -> None:
    assert iso8601(duration) == text
