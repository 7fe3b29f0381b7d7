"""Every place of the topology is known to those who export and erase a tenant: a new one turns this red until somebody has decided."""

from ops.tenants import places
from shared import topology
from shared.topology import TOPOLOGY


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
