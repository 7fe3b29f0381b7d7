"""What alerts and the workbook ask for is what Microsoft's exporter sends: names, attributes, and how numbers come."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared.telemetry.azure_monitor import QUIET, azure_monitor
from shared.telemetry.instruments import OpenTelemetryMetrics
from shared.telemetry.log_export import LogExport
from shared.telemetry.names import Instrument, Metric
from shared.telemetry.setup import Providers, Worker
from tests.contract.asked_of_kusto import ours
from tests.integration.telemetry.places import Place, running


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    with running() as place:
        yield place


@pytest.fixture
def providers(place: Place) -> Iterator[Providers]:
    providers = Providers.of(Worker("shardline-light", "1", "a"), [azure_monitor(place.connection_string)])
    yield providers
    providers.shutdown()


def say(metrics: OpenTelemetryMetrics, metric: Metric, *values: float) -> None:
    attributes = {name: f"some {name}" for name in metric.attributes}
    for value in values:
        match metric.instrument:
            case Instrument.COUNTER:
                metrics.count(metric, value, **attributes)
            case Instrument.HISTOGRAM:
                metrics.record(metric, value, **attributes)
            case Instrument.GAUGE:
                metrics.set(metric, value, **attributes)


def sent(place: Place) -> dict[str, dict[str, Any]]:
    """Name → the one point that was sent, with its properties."""
    found = [envelope["data"]["baseData"] for envelope in place.envelopes("MetricData")]
    return {data["metrics"][0]["name"]: {**data["metrics"][0], "properties": data["properties"]} for data in found}


def test_every_key_a_query_asks_for_is_sent_with_the_metric(place: Place, providers: Providers) -> None:
    metrics = OpenTelemetryMetrics(providers.metrics)
    for metric in Metric:
        say(metrics, metric, 1.0)

    providers.flush()

    points = sent(place)
    assert set(points) == {metric.value for metric in Metric}
    asked = [(name, key) for analysis in ours().values() for use in analysis.uses for name in use.metrics for key in use.keys]
    assert len(asked) > 50
    assert [(name, key) for name, key in asked if key not in points[name]["properties"]] == []


def test_values_of_a_while_come_as_sum_number_and_longest(place: Place, providers: Providers) -> None:
    say(OpenTelemetryMetrics(providers.metrics), Metric.LAG_SHARD, 2.0, 3.0, 7.0)

    providers.flush()

    point = sent(place)["shardline.lag.shard"]
    assert (point["value"], point["count"], point["min"], point["max"]) == (12.0, 3, 2.0, 7.0)


def test_a_count_is_what_was_added_since_the_last_time(place: Place, providers: Providers) -> None:
    metrics = OpenTelemetryMetrics(providers.metrics)
    say(metrics, Metric.RELINKS, 3.0)
    providers.flush()
    say(metrics, Metric.RELINKS, 4.0)
    providers.flush()

    assert [envelope["data"]["baseData"]["metrics"][0]["value"] for envelope in place.envelopes("MetricData")] == [3.0, 4.0]


def test_a_gauge_is_sent_once_so_that_silence_is_heard(place: Place, providers: Providers) -> None:
    say(OpenTelemetryMetrics(providers.metrics), Metric.QUEUE_AGE, 5.0)

    providers.flush()
    providers.flush()

    assert len(place.envelopes("MetricData")) == 1


def test_a_log_line_has_its_words_and_ids_where_queries_look_for_them(place: Place, providers: Providers) -> None:
    assert providers.logs is not None
    line = logging.makeLogRecord({"name": "ingestion.pausing", "levelno": logging.ERROR, "levelname": "ERROR", "msg": "connection paused"})
    vars(line).update(connection="slack:T1", reason="the token was revoked")

    LogExport(providers.logs).emit(line)
    providers.flush()

    [envelope] = place.envelopes("MessageData")
    data = envelope["data"]["baseData"]
    assert (data["message"], data["severityLevel"]) == ("connection paused", 3)
    assert (data["properties"]["connection"], data["properties"]["reason"]) == ("slack:T1", "the token was revoked")
