"""How far streams have been read: one suite over the two twins of the shard store."""

from datetime import timedelta

import pytest

from devtools.fakes.samples import NOON, sample_connection
from shared.connections.connection import Connection
from shared.errors import Conflict
from shared.shards.ids import ShardId, shard_id
from shared.streams.state import StateKind, StreamState, StreamStates
from tests.plugins.twins import Stores

pytest_plugins = ["tests.plugins.stand_ins"]


@pytest.fixture
def connection(tenant_id: str) -> Connection:
    return sample_connection(tenant_id, tenant_id)


async def test_a_stream_that_was_never_read_has_a_state_that_is_not_stored(stores: Stores, connection: Connection) -> None:
    state = await StreamStates(stores.shards).read(connection, "Account", "changes")

    assert state == StreamState(
        tenant_id=connection.tenant_id, connection_id=connection.id, source="salesforce", stream="Account", kind="changes"
    )


async def test_a_state_is_read_as_it_was_saved(stores: Stores, connection: Connection) -> None:
    states = StreamStates(stores.shards)
    new = await states.read(connection, "Account", "backfill")
    said = {
        "cursor": {"after": "001000000000001AAA", "pages": 3, "nothing": None},
        "covered_until": NOON,
        "run": "run-1",
        "requested_at": NOON,
        "step": 4,
        "is_running": True,
        "lease_until": NOON + timedelta(minutes=5),
        "record_count": 2000,
        "total_count": 5000,
        "last_status": "partial",
        "last_error": "a right is missing",
        "report": {"missing": 3, "ids": ["a", "b"]},
    }

    saved = await states.save(new.model_copy(update=said), at=NOON)
    later = NOON + timedelta(minutes=1)
    again = await states.save(saved.model_copy(update={"step": 5, "cursor": None}), at=later)

    assert await states.read(connection, "Account", "backfill") == again
    assert again == new.model_copy(update={**said, "step": 5, "cursor": None, "touched_at": later, "etag": again.etag})
    assert len({None, saved.etag, again.etag}) == 3


async def test_of_two_who_save_over_one_state_one_has_to_read_again(stores: Stores, connection: Connection) -> None:
    states = StreamStates(stores.shards)
    new = await states.read(connection, "Account", "changes")
    saved = await states.save(new, at=NOON)
    await states.save(saved.model_copy(update={"step": 1}), at=NOON)

    for late in (new, saved):
        with pytest.raises(Conflict):
            await states.save(late.model_copy(update={"step": 2}), at=NOON)

    assert (await states.read(connection, "Account", "changes")).step == 1


async def test_streams_kinds_connections_and_tenants_are_apart(stores: Stores, connection: Connection) -> None:
    states = StreamStates(stores.shards)
    others = [
        (connection, "Account", "backfill"),
        (connection, "Contact", "changes"),
        (sample_connection(connection.tenant_id, f"{connection.account}-2"), "Account", "changes"),
        (sample_connection(f"{connection.tenant_id}-other", connection.account), "Account", "changes"),
    ]
    await states.save(await states.read(connection, "Account", "changes"), at=NOON)

    for its, stream, kind in others:
        assert (await states.read(its, stream, kind)).etag is None  # type: ignore[arg-type]  # kinds in a list are plain texts


async def test_when_a_record_was_read_is_forgotten_after_a_day_and_how_far_a_stream_was_never(
    stores: Stores, connection: Connection
) -> None:
    states = StreamStates(stores.shards)
    kinds: tuple[tuple[str, StateKind], ...] = (("Channel/C1", "record"), ("Channel", "changes"))
    for stream, kind in kinds:
        await states.save((await states.read(connection, stream, kind)).model_copy(update={"run": kind}), at=NOON)

    kept = [
        stored and stored.ttl
        for name in ("Channel/C1/record", "Channel")
        for stored in [await stores.shards.read(connection.tenant_id, id_of(connection, name))]
    ]

    assert kept == [24 * 3600, -1]


def id_of(connection: Connection, name: str) -> ShardId:
    """The id of a state: of changes under the stream's name, of other kinds under both."""
    return shard_id(
        tenant_id=connection.tenant_id, system="shardline", scope=connection.id, record_type="integration.state", external_id=name
    )
