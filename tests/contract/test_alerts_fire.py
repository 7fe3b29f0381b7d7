"""Each alert fires when what it tells of is so, for whom it is so, and for nobody on an ordinary day.

Its query is run over rows as the apps would send them: a counter's row says what was added in one worker's quarter of a minute, a gauge's
what was measured.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from devtools.kusto.evaluation import Unknown, answer
from devtools.monitoring.alerts import alerts
from devtools.monitoring.firing import fired
from shared.telemetry.names import Metric
from shared.topology import TOPOLOGY

NOW: Final = datetime(2026, 3, 4, 3, 17, 20, tzinfo=UTC)
ROUND: Final = 5
"""Minutes between two rounds of measuring."""
SOURCES: Final = ("salesforce", "gdrive", "slack")

Rows = list[dict[str, Any]]
ALERTS: Final = {alert.name: alert for alert in alerts().queries}


def row(minutes: float, metric: Metric, total: float, attributes: Mapping[str, str], count: int = 1) -> dict[str, Any]:
    """One row of ``customMetrics``, so many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    return {"timestamp": at, "name": metric.value, "value": total, "valueSum": total, "valueCount": count, "customDimensions": attributes}


def measured(metric: Metric, value: float, *, minutes: Iterable[float] = range(1, 1440, ROUND), **attributes: str) -> Rows:
    """A gauge that shows this at each round, the whole day."""
    return [row(each, metric, value, attributes) for each in minutes]


def counted(metric: Metric, amount: float, *, minutes: Iterable[float] = range(60), **attributes: str) -> Rows:
    """A counter that is added to each minute of the last hour, by two workers."""
    return [row(each + worker / 4, metric, amount / 2, attributes) for each in minutes for worker in (0, 1)]


def handled(outcome: str, amount: float, *, reason: str = "", kind: str = "IngestionEvent", source: str = "slack") -> Rows:
    """Messages that ended so, each minute."""
    return counted(Metric.MESSAGES_HANDLED, amount, type=kind, outcome=outcome, reason=reason, source=source)


def lag(metric: Metric, seconds: float, *, messages: int = 10, **attributes: str) -> Rows:
    """Each minute so many messages that took so long."""
    return [row(each, metric, seconds * messages, attributes, messages) for each in range(60)]


def queue(name: str, part: str, seconds: float, **said: Any) -> Rows:
    return measured(Metric.QUEUE_AGE, seconds, queue=name, part=part, **said)


def ordinary() -> Rows:
    """A day on which all is well: what is none is 0, a few things fail, and something was parked last week."""
    rows: Rows = []
    for each in TOPOLOGY.queues:
        rows += queue(each.name, "active", 20) + queue(each.name, "dead-letter", 0)
    for source in SOURCES:
        rows += measured(Metric.CONNECTIONS, 2, source=source, status="active")
        rows += measured(Metric.CONNECTIONS, 0, source=source, status="paused")
        rows += measured(Metric.GAPS_OPEN, 0, source=source, reason="poll")
        rows += measured(Metric.SOURCE_BUDGET_USED, 0.2, source=source)
        rows += handled("stored", 30, source=source) + handled("unchanged", 10, source=source) + handled("later", 20, source=source)
        rows += handled("rejected", 1, reason="ContractViolation", source=source)
        rows += lag(Metric.LAG_SHARD, 4, source=source, pace="live") + lag(Metric.LAG_VECTOR, 30, source=source, pace="live")
        rows += counted(Metric.WEBHOOK_REQUESTS, 10, source=source, outcome="accepted")
    rows += counted(Metric.API_REQUESTS, 20, function="search", outcome="answered")
    return rows


ONE_PAUSE: Final = measured(Metric.CONNECTIONS, 1, minutes=[0.5], source="gdrive", status="paused")
SICK: Final[dict[str, tuple[Callable[[], Rows], set[tuple[str, ...]]]]] = {
    "app-silent": (lambda: [each for each in ordinary() if each["timestamp"] < NOW - timedelta(minutes=20)], {()}),
    "measuring-failed": (lambda: counted(Metric.MEASURING_FAILED, 2, minutes=range(1, 60, ROUND), part="queues"), {("queues",)}),
    "api-failing": (lambda: counted(Metric.API_REQUESTS, 6, function="search", outcome="unavailable"), {()}),
    "webhook-failures": (
        lambda: counted(Metric.WEBHOOK_REQUESTS, 2, minutes=range(3), source="slack", outcome="failed"),
        {("slack",)},
    ),
    "queue-stands-still": (lambda: queue("shard-emission", "active", 3700), {("shard-emission", "active")}),
    "bulk-queue-stands-still": (lambda: queue("sync-inbound-bulk", "active", 87_000), {("sync-inbound-bulk", "active")}),
    "dead-letters-forgotten": (lambda: queue("embedding-jobs", "dead-letter", 87_000), {("embedding-jobs", "dead-letter")}),
    "parked-near-ttl": (lambda: queue("rejected-messages", "active", 11 * 86_400 + 1), {("rejected-messages", "active")}),
    "rejected-share": (lambda: handled("rejected", 4, reason="ContractViolation"), {("IngestionEvent", "slack")}),
    "breaker-opened": (lambda: counted(Metric.BREAKER_OPENED, 1, minutes=[7], type="ShardEmitted"), {("ShardEmitted",)}),
    "breaker-held": (lambda: counted(Metric.BREAKER_HELD, 1, minutes=range(1, 60, 4), type="ShardEmitted"), {("ShardEmitted",)}),
    "lag-to-shard": (lambda: lag(Metric.LAG_SHARD, 400, source="slack", pace="live"), {("slack",)}),
    "lag-to-vector": (lambda: lag(Metric.LAG_VECTOR, 1000, source="slack", pace="live"), {("slack",)}),
    "connection-paused": (lambda: list(ONE_PAUSE), {("gdrive",)}),
    "gap-open-all-day": (lambda: measured(Metric.GAPS_OPEN, 1, source="slack", reason="webhook"), {("slack", "webhook")}),
    "vendor-budget": (lambda: measured(Metric.SOURCE_BUDGET_USED, 0.48, source="salesforce"), {("salesforce",)}),
    "claim-lost": (lambda: handled("rejected", 2, reason="ClaimLost", source="gdrive")[:2], {("IngestionEvent",)}),
}
"""What goes wrong, beside an ordinary day, and for whom it is told."""

INSTEAD: Final = {"queue-stands-still", "bulk-queue-stands-still", "dead-letters-forgotten", "parked-near-ttl"}
"""What is measured is this, and not the ordinary besides."""


def world(name: str) -> Rows:
    """The ordinary day with what goes wrong."""
    rows, _ = SICK[name]
    if name == "app-silent":
        return rows()
    wrong = rows()
    told = {(each["name"], *sorted(each["customDimensions"].items())) for each in wrong}
    is_gauge = name in INSTEAD or name == "vendor-budget"
    kept = [each for each in ordinary() if not is_gauge or (each["name"], *sorted(each["customDimensions"].items())) not in told]
    return kept + wrong


def requests(*codes: str, url: str = "https://app.example/api/webhooks/slack") -> Rows:
    """Rows of ``requests``, one a minute."""
    return [
        {"timestamp": NOW - timedelta(minutes=minute), "name": "POST", "url": url, "resultCode": code, "itemCount": 1}
        for minute, code in enumerate(codes)
    ]


def test_every_alert_that_asks_a_query_is_tried() -> None:
    assert {*SICK, "webhook-5xx"} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_on_an_ordinary_day_nobody_is_told_anything(name: str) -> None:
    assert fired(ALERTS[name], {"customMetrics": ordinary(), "requests": requests("200", "401")}, now=NOW) == set()


@pytest.mark.parametrize("name", SICK)
def test_it_fires_when_it_should_and_for_whom(name: str) -> None:
    assert fired(ALERTS[name], {"customMetrics": world(name), "requests": []}, now=NOW) == SICK[name][1]


NEARLY: Final[dict[str, Callable[[], Rows]]] = {
    "app-silent": lambda: measured(Metric.MEASURING_FAILED, 1, minutes=[3], part="queues"),
    "measuring-failed": lambda: counted(Metric.MEASURING_FAILED, 1, minutes=[1, 6, 11], part="queues"),
    "api-failing": lambda: ordinary() + counted(Metric.API_REQUESTS, 4, function="search", outcome="unavailable"),
    "queue-stands-still": lambda: queue("sync-inbound-bulk", "active", 50_000) + queue("shard-emission", "dead-letter", 50_000),
    "parked-near-ttl": lambda: queue("rejected-messages", "active", 11 * 86_400),
    "rejected-share": lambda: handled("rejected", 1) + handled("stored", 19) + handled("later", 500) + handled("batched", 500),
    "breaker-held": lambda: counted(Metric.BREAKER_HELD, 9, minutes=range(20), type="ShardEmitted"),
    "lag-to-shard": lambda: (
        lag(Metric.LAG_SHARD, 5000, source="slack", pace="bulk")
        + lag(Metric.LAG_SHARD, 5000, source="gdrive", pace="replay")
        + lag(Metric.LAG_SHARD, 5, source="slack", pace="live", messages=100)
        + lag(Metric.LAG_SHARD, 5000, source="slack", pace="live", messages=2)
    ),
    "lag-to-vector": lambda: (
        lag(Metric.LAG_VECTOR, 5000, source="slack", pace="live")
        + lag(Metric.LAG_SHARD, 5000, source="slack", pace="bulk")
        + lag(Metric.LAG_VECTOR, 5000, source="gdrive", pace="replay")
    ),
    "connection-paused": lambda: (
        measured(Metric.CONNECTIONS, 1, minutes=[11, 16], source="gdrive", status="paused")
        + measured(Metric.CONNECTIONS, 0, minutes=[1, 6], source="gdrive", status="paused")
    ),
    "gap-open-all-day": lambda: (
        measured(Metric.GAPS_OPEN, 1, minutes=range(1, 1300, ROUND), source="slack", reason="webhook")
        + measured(Metric.GAPS_OPEN, 0, minutes=range(1300, 1440, ROUND), source="slack", reason="webhook")
    ),
    "vendor-budget": lambda: (
        measured(Metric.SOURCE_BUDGET_USED, 1, minutes=range(1, 60, 10), source="slack")
        + measured(Metric.SOURCE_BUDGET_USED, 0.1, minutes=[30], source="slack")
    ),
}
"""What looks like it and is not."""


@pytest.mark.parametrize("name", NEARLY)
def test_what_only_looks_like_it_ends_no_night(name: str) -> None:
    assert fired(ALERTS[name], {"customMetrics": NEARLY[name](), "requests": []}, now=NOW) == set()


def test_where_nothing_was_ever_heard_that_is_told() -> None:
    assert fired(ALERTS["app-silent"], {"customMetrics": [], "requests": []}, now=NOW) == {()}


def test_webhook_calls_the_host_could_not_answer_are_told_and_searches_are_not() -> None:
    alert = ALERTS["webhook-5xx"]
    search = requests(*["503"] * 9, url="https://app.example/api/search")

    assert fired(alert, {"requests": requests(*["500", "503"] * 3)}, now=NOW) == {()}
    assert fired(alert, {"requests": requests("500", "503", "502", "504") + search}, now=NOW) == set()


@pytest.mark.parametrize("query", ["t | top 3 by x", "t | where x =~ 3", "t | summarize y = avg(x)", "t | extend y = iff(x, 1, 2)"])
def test_what_the_evaluator_does_not_know_it_refuses(query: str) -> None:
    with pytest.raises(Unknown):
        answer(query, {"t": [{"x": 1}]}, now=NOW)
