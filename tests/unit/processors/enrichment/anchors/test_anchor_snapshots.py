"""Snapshots: what a worker that starts later is spared, and when a new one is saved."""

from datetime import timedelta

from typing_extensions import override

from devtools.fakes.linking import InMemoryAnchorSnapshots
from processors.enrichment.anchors.snapshots import FEWEST, SAVED_EVERY
from shared.errors import DependencyUnavailable
from shared.linking.anchor import AnchorSnapshot
from tests.unit.processors.enrichment.anchors.anchor_worker import Worker, row


async def test_a_worker_that_starts_later_reads_a_snapshot_and_what_changed_since() -> None:
    worker = Worker()
    worker.store.write("acme", *(row(number) for number in range(FEWEST)))
    worker.pass_by(timedelta(hours=1))
    worker.store.write("acme", row(2))
    await worker.names()
    await worker.cache.close()
    assert worker.snapshots.writes == 1
    worker.pass_by(timedelta(minutes=5))
    worker.store.write("acme", row(1, "deleted"), row(2, name="Renamed"), row(FEWEST))
    worker.store.given = 0

    later = await worker.other().of("acme")

    assert worker.store.given == 3
    assert later.size == FEWEST
    assert later.get("shard-00001") is None
    assert (anchor := later.get("shard-00002")) is not None
    assert anchor.name == "Renamed"


async def test_a_snapshot_from_before_deleted_shards_are_removed_is_not_believed() -> None:
    """What was deleted since and is removed by now, no row tells of: it would be linked to for ever."""
    worker = Worker()
    worker.store.write("acme", *(row(number) for number in range(FEWEST + 1)))
    await worker.names()
    await worker.cache.close()
    assert worker.snapshots.writes == 1
    worker.pass_by(timedelta(days=91))
    del worker.store.rows["acme"]["shard-00001"]  # as the store does when its time to live is over

    later = worker.other()

    assert (await later.of("acme")).get("shard-00001") is None
    await later.close()
    assert "shard-00001" not in {one.shard_id for one in worker.snapshots.known["acme"].rows}


async def test_a_new_snapshot_is_saved_when_a_tenth_has_changed_and_no_sooner_than_ten_minutes_after_the_last() -> None:
    worker = Worker()
    worker.store.write("acme", *(row(number) for number in range(FEWEST * 10)))
    await worker.names()
    await worker.cache.close()

    worker.pass_by(timedelta(minutes=2))
    worker.store.write("acme", *(row(number, "deleted") for number in range(FEWEST + 10)))
    worker.pass_by(timedelta(minutes=1))
    await worker.names()
    await worker.cache.close()
    assert worker.snapshots.writes == 1

    worker.pass_by(SAVED_EVERY)
    await worker.names()
    await worker.cache.close()
    assert worker.snapshots.writes == 2
    saved = worker.snapshots.known["acme"]
    assert {one.shard_id for one in saved.rows} == {f"shard-{number:05}" for number in range(FEWEST + 10, FEWEST * 10)}


async def test_what_another_worker_saved_meanwhile_is_kept_with_what_this_one_read_put_over_it() -> None:
    worker = Worker()
    worker.store.write("acme", *(row(number) for number in range(FEWEST * 4)))
    other = worker.other()
    await worker.names()
    await worker.cache.close()
    await other.of("acme")
    worker.pass_by(timedelta(minutes=11))
    worker.store.write("acme", *(row(number, name="first") for number in range(FEWEST)))
    worker.pass_by(timedelta(minutes=1))
    await worker.names()
    await worker.cache.close()
    worker.pass_by(timedelta(minutes=11))
    worker.store.write("acme", *(row(number, name="then") for number in range(FEWEST // 2)), row(FEWEST * 4))
    worker.pass_by(timedelta(minutes=1))

    await other.of("acme")
    await other.close()

    cold = worker.other()
    worker.store.given = 0
    index = await cold.of("acme")
    assert index.size == FEWEST * 4 + 1
    names = [anchor.name for number in (0, FEWEST - 1, FEWEST) if (anchor := index.get(f"shard-{number:05}")) is not None]
    assert names == ["then", "first", f"Company {FEWEST}"]


class Refusing(InMemoryAnchorSnapshots):
    @override
    async def write(self, tenant_id: str, snapshot: AnchorSnapshot) -> None:
        raise DependencyUnavailable("no answer")


async def test_a_snapshot_that_is_not_taken_costs_nobody_anything() -> None:
    worker = Worker(snapshots=Refusing())
    worker.store.write("acme", *(row(number) for number in range(FEWEST)))

    assert len(await worker.names()) == 50
    await worker.cache.close()
    assert (await worker.other().of("acme")).size == FEWEST
