"""The anchors in a worker's memory: how old they may be, what it costs to keep them so, and what is forgotten."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from processors.enrichment.anchors.cache import (
    FRESH,
    HANDLED_WITHIN,
    OVERLAP,
    READ_AGAIN_EVERY,
    REFRESHED_EVERY,
    STALE_AT_MOST,
)
from shared.errors import DependencyUnavailable
from shared.linking.anchor import AnchorRow
from shared.telemetry.names import Metric
from tests.unit.processors.enrichment.anchors.anchor_worker import Worker, row

TOPOLOGY = Path(__file__).parents[5] / "infra" / "topology.json"


async def test_what_changed_is_seen_after_half_a_minute_and_the_store_is_not_asked_before() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    assert await worker.names() == {"Company 1"}
    worker.store.write("acme", row(2))

    worker.pass_by(REFRESHED_EVERY)
    assert await worker.names() == {"Company 1"}
    assert len(worker.store.asked) == 1

    worker.pass_by(timedelta(seconds=1))
    assert await worker.names() == {"Company 1", "Company 2"}
    assert len(worker.store.asked) == 2


async def test_who_needs_it_fresh_has_it_of_now() -> None:
    worker = Worker()
    await worker.names()
    worker.store.write("acme", row(1))

    worker.pass_by(FRESH)
    assert await worker.names(fresh=True) == set()
    worker.pass_by(timedelta(seconds=1))
    assert await worker.names(fresh=True) == {"Company 1"}


async def test_what_is_gone_is_gone_after_half_a_minute() -> None:
    worker = Worker()
    worker.store.write("acme", row(1), row(2))
    await worker.names()

    worker.pass_by(timedelta(minutes=1))
    worker.store.write("acme", row(1, "deleted"), AnchorRow.given_up("shard-00002", changed_at=0))
    worker.pass_by(timedelta(minutes=1))

    assert await worker.names() == set()


async def test_a_quiet_tenant_is_read_once_and_then_nothing_of_it_is_given_again() -> None:
    worker = Worker()
    worker.store.write("acme", *(row(number) for number in range(20)))
    for _ in range(3):
        await worker.names()
        worker.pass_by(timedelta(minutes=1))
    worker.store.given = 0

    for _ in range(5):
        await worker.names()
        worker.pass_by(timedelta(minutes=1))

    assert worker.store.given == 0


async def test_what_a_replica_gives_late_is_not_missed() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    worker.pass_by(OVERLAP - timedelta(seconds=1))
    late = int(worker.clock().timestamp()) - int(OVERLAP.total_seconds()) + 1
    worker.store.write("acme", row(2))
    assert await worker.names() == {"Company 1", "Company 2"}

    worker.store.rows["acme"]["shard-00003"] = row(3, changed_at=late)
    worker.pass_by(timedelta(minutes=1))

    assert await worker.names() == {"Company 1", "Company 2", "Company 3"}


async def test_what_was_written_while_a_long_read_went_on_is_not_missed() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    worker.store.gate = asyncio.Event()
    reading = asyncio.create_task(worker.names())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    worker.pass_by(timedelta(seconds=40))
    worker.store.write("acme", row(2))
    worker.store.gate.set()
    assert await reading == {"Company 1"}

    worker.pass_by(timedelta(minutes=1))

    assert await worker.names() == {"Company 1", "Company 2"}


async def test_many_who_ask_at_once_wait_for_one_read_and_whoever_leaves_takes_nothing_away() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    worker.store.gate = asyncio.Event()
    asking = [asyncio.create_task(worker.names()) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()
    worker.store.gate.set()

    assert [await one for one in asking[1:]] == [{"Company 1"}] * 19
    assert len(worker.store.asked) == 1


async def test_a_store_without_an_answer_lets_nobody_link_by_what_is_too_old() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    await worker.names()
    worker.store.fails = True

    worker.pass_by(REFRESHED_EVERY)
    assert await worker.names() == {"Company 1"}
    worker.pass_by(timedelta(seconds=1))
    with pytest.raises(DependencyUnavailable):
        await worker.names()

    worker.store.fails = False
    assert await worker.names() == {"Company 1"}


def test_a_worker_goes_on_with_its_anchors_for_as_long_as_its_message_is_locked_at_most() -> None:
    [locked] = {queue["lockDuration"] for queue in json.loads(TOPOLOGY.read_text(encoding="utf-8"))["queues"]}

    assert (locked, HANDLED_WITHIN) == ("PT5M", timedelta(minutes=5))
    assert REFRESHED_EVERY + OVERLAP + HANDLED_WITHIN <= STALE_AT_MOST


async def test_what_a_worker_noticed_itself_it_knows_at_once_and_forgets_if_the_store_knows_better() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    await worker.names()

    worker.cache.noticed("acme", row(1, name="Renamed"))
    worker.cache.noticed("acme", row(2))
    worker.cache.noticed("globex", row(3))
    assert await worker.names() == {"Renamed", "Company 2"}

    worker.pass_by(timedelta(minutes=1))
    assert await worker.names() == {"Company 1"}
    assert await worker.names("globex") == set()


async def test_tenants_never_see_each_others_anchors() -> None:
    worker = Worker()
    worker.store.write("acme", row(1))
    worker.store.write("globex", row(2))

    assert await worker.names("acme") == {"Company 1"}
    assert await worker.names("globex") == {"Company 2"}


async def test_where_memory_is_full_the_tenant_that_was_asked_for_least_lately_is_forgotten() -> None:
    worker = Worker(most=20)
    for tenant in ("acme", "globex", "initech"):
        worker.store.write(tenant, *(row(number) for number in range(8)))
    await worker.names("acme")
    await worker.names("globex")
    await worker.names("acme")
    await worker.names("initech")
    asked = len(worker.store.asked)

    await worker.names("acme")
    await worker.names("initech")
    assert len(worker.store.asked) == asked
    await worker.names("globex")
    assert len(worker.store.asked) == asked + 1


async def test_a_tenant_with_too_many_is_counted_at_every_look_and_has_all_that_fit_when_some_have_gone() -> None:
    worker = Worker(most=5)
    worker.store.write("acme", *(row(number) for number in range(8)))
    assert len(await worker.names()) == 5
    worker.pass_by(timedelta(minutes=1))
    assert len(await worker.names()) == 5
    assert worker.metrics.total(Metric.ANCHORS_LEFT_OUT) == 2

    worker.pass_by(READ_AGAIN_EVERY)
    worker.store.write("acme", *(row(number, "deleted") for number in range(5)))

    assert await worker.names() == set()
    worker.pass_by(timedelta(minutes=1))
    assert await worker.names() == {"Company 5", "Company 6", "Company 7"}


async def test_a_phone_number_is_read_by_the_country_of_the_tenants_policy_from_the_next_question_on() -> None:
    worker = Worker()
    worker.store.write("acme", row(1, phone="030 901820"))

    american = await worker.cache.of("acme")
    assert american.by_phone("+4930901820") == ()
    german = await worker.cache.of("acme", default_country="DE")
    assert len(german.by_phone("+4930901820")) == 1
    assert await worker.cache.of("acme", default_country="DE") is german


async def test_others_have_their_turn_while_very_many_are_read() -> None:
    worker = Worker()
    worker.store.write("acme", *(row(number) for number in range(1_000)))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await worker.cache.of("acme")
    counting.cancel()

    assert turns >= 10
