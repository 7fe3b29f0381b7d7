"""Every place of the topology is known to those who export and erase a tenant: a new one turns this red until somebody has decided."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from ops.tenants import places
from ops.tenants.ports import stores_of
from processors.enrichment.folders import REMEMBERED as A_FOLDER
from shared import topology
from shared.connections.connection import POSITIVE_CACHE_SECONDS
from shared.linking.remembered_policies import REMEMBERED as A_POLICY
from shared.settings import Settings
from shared.shards.known import REMEMBERED as A_SHARD
from shared.storage.key_vault import REMEMBERED as A_SECRET
from shared.storage.people_directory import REMEMBERED as A_PERSON
from shared.topology import TOPOLOGY

HOST: Any = json.loads((Path(__file__).parents[2] / "host.json").read_text(encoding="utf-8"))


def span_of(text: str) -> timedelta:
    """A span as host.json writes it."""
    hours, minutes, seconds = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_by_the_second_look_whoever_remembered_a_connection_and_ran_on_with_it_is_done() -> None:
    runs_at_most = span_of(HOST["functionTimeout"])

    assert timedelta(seconds=POSITIVE_CACHE_SECONDS) + runs_at_most <= places.APART
    assert max(A_FOLDER, A_POLICY, A_SHARD, A_SECRET, A_PERSON) < places.APART


def test_the_message_of_whoever_runs_is_seen_until_they_are_done() -> None:
    assert span_of(HOST["extensions"]["serviceBus"]["maxAutoLockRenewalDuration"]) > span_of(HOST["functionTimeout"])


def test_every_container_is_a_tenants_or_is_said_to_be_nobodys() -> None:
    assert {container.name for container in TOPOLOGY.containers} == places.KNOWN_CONTAINERS
    assert set(places.NOBODYS) == {topology.SHARD_TYPES}


def test_every_blob_container_and_every_queue_is_looked_at() -> None:
    assert set(TOPOLOGY.blob_containers) == places.KNOWN_BLOB_CONTAINERS
    assert [queue.name for queue in TOPOLOGY.queues] == list(places.QUEUES)


def test_items_are_removed_by_the_keys_their_containers_have() -> None:
    keys = {container.name: tuple(path.removeprefix("/") for path in container.partition_key) for container in TOPOLOGY.containers}

    for place in (places.CONNECTIONS, places.HANDLES, *places.ITEMS):
        assert place.partition == keys[place.container], place.name


def test_every_place_has_a_name_of_its_own() -> None:
    items = [place.name for place in (places.CONNECTIONS, places.HANDLES, *places.ITEMS)]
    names = [*items, *(place.name for place in places.BLOBS), *places.QUEUES]

    assert len(names) == len(set(names))


def test_a_proof_names_the_deployment_and_no_key() -> None:
    by_keys = {
        "SERVICE_BUS": "Endpoint=sb://bus.example/;SharedAccessKeyName=n;SharedAccessKey=s3cret",
        "COSMOS": "AccountEndpoint=https://cosmos.example:443/;AccountKey=s3cret==;",
        "BLOB": "DefaultEndpointsProtocol=https;AccountName=blobs;AccountKey=s3cret==",
    }
    by_identity = {
        "SERVICE_BUS__fullyQualifiedNamespace": "bus.example",
        "COSMOS__accountEndpoint": "https://cosmos.example/",
        "BLOB__blobServiceUri": "https://blobs.example/",
        "KEY_VAULT__vaultUri": "https://vault.example/",
    }
    others = {
        "COSMOS_DATABASE": "d",
        "EMBEDDING_OFFLINE": "true",
        "AUTH_ISSUER": "https://i.example",
        "AUTH_AUDIENCE": "a",
        "AUTH_JWKS_URL": "https://i.example/k",
    }

    assert stores_of(Settings.from_environ({**by_keys, **others})) == {
        "serviceBus": "sb://bus.example/",
        "cosmos": "https://cosmos.example:443/",
        "database": "d",
        "blobs": "blobs",
    }
    assert stores_of(Settings.from_environ({**by_identity, **others})) == {
        "serviceBus": "bus.example",
        "cosmos": "https://cosmos.example/",
        "database": "d",
        "blobs": "https://blobs.example/",
        "vault": "https://vault.example/",
    }
