"""What is measured every five minutes, and that nothing of it disturbs: neither what it looks at, nor one part another."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.samples import sample_connection, sample_gap
from devtools.fakes.transport import InMemoryQueueAges
from ingestion import measuring
from ingestion.measuring import MeasuringPorts, measure
from ingestion.sources.polled import BUDGETS
from shared import topology
from shared.connections.connection import Connection, Credential
from shared.errors import DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.queue_ages import QueueAges
from shared.streams.state import ACCOUNT
from shared.telemetry.names import Metric

QUEUES = [queue.name for queue in topology.QUEUES]
CREDENTIAL = Credential(kind="bot-token", base_url="https://slack.com", client_id="A1", secret_name="s")


class Desk:
    """The ports, over fakes."""

    def __init__(self, ages: QueueAges | None = None) -> None:
        self.pipeline = InMemoryPipeline()
        self.ages = ages or InMemoryQueueAges(self.pipeline.transport)
        self.are_let_go = 0

    @property
    def ports(self) -> MeasuringPorts:
        p = self.pipeline
        return MeasuringPorts(
            QUEUES, ("salesforce", "gdrive", "slack", "cards"), self._ages, BUDGETS, p.connections, p.states, p.gaps, p.metrics, p.clock
        )

    @asynccontextmanager
    async def _ages(self) -> AsyncIterator[QueueAges]:
        try:
            yield self.ages
        finally:
            self.are_let_go += 1

    async def connect(self, source: str, account: str, **said: Any) -> Connection:
        connection = sample_connection("acme", account).model_copy(
            update={"id": f"{source}:{account}", "source": source, "credential": CREDENTIAL, **said}
        )
        await self.pipeline.connections.add(connection)
        return connection

    async def remember(self, connection: Connection, cursor: dict[str, Any]) -> None:
        state = await self.pipeline.states.read(connection, ACCOUNT, "account")
        await self.pipeline.states.save(state.model_copy(update={"cursor": cursor}), at=self.pipeline.clock())

    def shown(self, metric: Metric, **said: str) -> float | None:
        return self.pipeline.metrics.shown(metric, **said)


async def test_every_queue_has_an_age_and_its_dead_letters_have_one() -> None:
    desk = Desk()
    await desk.pipeline.transport.send(Envelope("ingestion-events", "m", b""))
    desk.pipeline.clock.advance(seconds=90)

    await measure(desk.ports)

    assert desk.shown(Metric.QUEUE_AGE, queue="ingestion-events", part="active") == 90
    assert desk.shown(Metric.QUEUE_AGE, queue="rejected-messages", part="active") == 0
    said = {(one["queue"], one["part"]) for one in desk.pipeline.metrics.said(Metric.QUEUE_AGE)}
    assert said == {(queue, part) for queue in QUEUES for part in ("active", "dead-letter")}
    assert desk.are_let_go == 1


async def test_connections_are_counted_by_source_and_status_and_what_is_none_is_zero() -> None:
    desk = Desk()
    for account in ("1", "2"):
        await desk.connect("slack", account)
    await desk.connect("slack", "3", status="paused", paused_by="app")

    await measure(desk.ports)

    shown = {
        (one["source"], one["status"]): desk.shown(Metric.CONNECTIONS, **one) for one in desk.pipeline.metrics.said(Metric.CONNECTIONS)
    }
    assert shown == {
        **{(source, status): 0 for source in ("salesforce", "gdrive", "cards") for status in ("active", "paused")},
        ("slack", "active"): 2,
        ("slack", "paused"): 1,
    }


async def test_open_gaps_are_counted_by_source_and_reason_and_closed_ones_are_shown_to_be_gone() -> None:
    desk = Desk()
    gap = sample_gap("acme", connection_id="salesforce:1")
    await desk.pipeline.gaps.open(gap)
    await measure(desk.ports)
    assert desk.shown(Metric.GAPS_OPEN, source="salesforce", reason=gap.reason) == 1
    assert desk.shown(Metric.GAPS_OPEN, source="slack", reason=gap.reason) == 0

    [opened] = await desk.pipeline.gaps.open_of_source("salesforce")
    await desk.pipeline.gaps.close(opened, at=desk.pipeline.clock())
    await measure(desk.ports)

    assert desk.shown(Metric.GAPS_OPEN, source="salesforce", reason=gap.reason) == 0


async def test_of_a_vendor_s_budget_the_connection_that_has_used_most_counts() -> None:
    desk, now = Desk(), InMemoryPipeline().clock()
    for account, used in (("1", 200), ("2", 900), ("3", 10)):
        cursor = {"usedCount": used, "allowedCount": 1000, "gaugedAt": now.isoformat()}
        await desk.remember(await desk.connect("salesforce", account), cursor)

    await measure(desk.ports)

    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="salesforce") == 0.9
    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="gdrive") is None, "nobody has heard anything"


async def test_what_was_heard_a_day_ago_says_nothing_any_more() -> None:
    desk = Desk()
    cursor = {"usedCount": 900, "allowedCount": 1000, "gaugedAt": (desk.pipeline.clock() - timedelta(days=1)).isoformat()}
    await desk.remember(await desk.connect("salesforce", "1"), cursor)

    await measure(desk.ports)

    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="salesforce") is None


@pytest.mark.parametrize(("seconds", "share"), [(60, 1.0), (-1, 0.0)])
async def test_a_vendor_that_only_asks_for_pauses_is_used_up_while_it_does(seconds: int, share: float) -> None:
    desk = Desk()
    until = (desk.pipeline.clock() + timedelta(seconds=seconds)).isoformat()
    await desk.remember(await desk.connect("gdrive", "1"), {"pauses": {"ada": {"until": until, "refusals": 1}}})
    await desk.remember(await desk.connect("slack", "1"), {"methods": {"users.list": {"blockedUntil": until}}})

    await measure(desk.ports)

    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="gdrive") == share
    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="slack") == share


class Dead(InMemoryQueueAges):
    """One queue has dead letters."""

    @override
    async def oldest_seconds(self, queue: str, *, dead_letters: bool = False) -> float:
        return 7200.0 if dead_letters and queue == "embedding-jobs" else 0.0


async def test_dead_letters_have_an_age_of_their_own() -> None:
    desk = Desk()
    desk.ages = Dead(desk.pipeline.transport)

    await measure(desk.ports)

    assert desk.shown(Metric.QUEUE_AGE, queue="embedding-jobs", part="dead-letter") == 7200
    assert desk.shown(Metric.QUEUE_AGE, queue="embedding-jobs", part="active") == 0


class Broken(InMemoryQueueAges):
    """Of one queue nobody answers."""

    @override
    async def oldest_seconds(self, queue: str, *, dead_letters: bool = False) -> float:
        if queue == "sync-inbound":
            raise DependencyUnavailable("look at sync-inbound: no answer")
        return await super().oldest_seconds(queue, dead_letters=dead_letters)


async def test_what_cannot_be_measured_is_counted_and_said_and_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.ages = Broken(desk.pipeline.transport)
    await desk.connect("slack", "1")

    with caplog.at_level(logging.WARNING):
        await measure(desk.ports)

    assert desk.pipeline.metrics.total(Metric.MEASURING_FAILED) == 1
    assert desk.pipeline.metrics.total(Metric.MEASURING_FAILED, part="queues") == 1
    assert desk.shown(Metric.QUEUE_AGE, queue="sync-inbound", part="active") is None
    assert desk.shown(Metric.QUEUE_AGE, queue="rejected-messages", part="active") == 0
    assert desk.shown(Metric.CONNECTIONS, source="slack", status="active") == 1
    [line] = caplog.records
    assert (line.getMessage(), line.__dict__["part"]) == ("a part could not be measured", "queues")


async def test_a_state_that_nobody_can_read_costs_the_others_nothing() -> None:
    desk = Desk()
    await desk.remember(await desk.connect("slack", "1"), {"methods": "nonsense"})
    cursor = {"usedCount": 1, "allowedCount": 4, "gaugedAt": desk.pipeline.clock().isoformat()}
    await desk.remember(await desk.connect("salesforce", "1"), cursor)

    await measure(desk.ports)

    assert desk.pipeline.metrics.total(Metric.MEASURING_FAILED, part="budgets") == 1
    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="salesforce") == 0.25
    assert desk.shown(Metric.GAPS_OPEN, source="slack", reason="rejected") == 0


async def test_a_source_with_very_many_connections_leaves_no_other_one_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "MOST_BUDGETS", 2)
    desk = Desk()
    gauged = {"allowedCount": 10, "gaugedAt": desk.pipeline.clock().isoformat()}
    for used in (1, 2, 9):
        await desk.remember(await desk.connect("salesforce", str(used)), {**gauged, "usedCount": used})
    await desk.remember(await desk.connect("slack", "1"), {"methods": {}})

    await measure(desk.ports)

    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="salesforce") == 0.2, "of the two that were asked"
    assert desk.shown(Metric.SOURCE_BUDGET_USED, source="slack") == 0


async def test_measuring_changes_nothing() -> None:
    desk = Desk()
    await desk.connect("slack", "1")
    await desk.pipeline.transport.send(Envelope("ingestion-events", "m", b""))
    before = desk.pipeline.shards.all(), desk.pipeline.shards.writes, [*desk.pipeline.transport.waiting]

    await measure(desk.ports)

    assert (desk.pipeline.shards.all(), desk.pipeline.shards.writes, desk.pipeline.transport.waiting) == before
