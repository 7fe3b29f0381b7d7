"""A round of measuring is sent when it is over: its worker may be gone before the next quarter of a minute."""

from typing import Any

import pytest
from opentelemetry import metrics

import ingestion.functions
from ingestion import measuring as rounds
from shared.telemetry.azure_monitor import azure_monitor
from shared.telemetry.instruments import OpenTelemetryMetrics
from shared.telemetry.names import Metric
from shared.telemetry.setup import send_measurements
from tests.integration.telemetry.places import Place, running
from tests.integration.telemetry.worker import Measured, measuring

pytestmark = pytest.mark.integration


def told(place: Place) -> list[str]:
    return [envelope["data"]["baseData"]["metrics"][0]["name"] for envelope in place.envelopes("MetricData")]


async def one_round(monkeypatch: pytest.MonkeyPatch, worker: Measured) -> None:
    async def measure(_: Any) -> None:
        OpenTelemetryMetrics(worker.providers.metrics).set(Metric.QUEUE_AGE, 3, queue="ingestion-events", part="active")

    async def loaded() -> None: ...

    monkeypatch.setattr(metrics, "get_meter_provider", lambda: worker.providers.metrics)
    monkeypatch.setattr(rounds, "measure", measure)
    monkeypatch.setattr(ingestion.functions, "loaded", loaded)
    monkeypatch.setattr(ingestion.functions, "_measuring_ports", lambda: None)
    await ingestion.functions.telemetry_measure.build().get_user_function()(None)


async def test_a_round_is_there_when_its_function_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as place, measuring(azure_monitor(place.connection_string)) as worker:
        await one_round(monkeypatch, worker)

        assert told(place) == ["shardline.queue.age"]


async def test_a_place_that_refuses_fails_no_round(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(status=500) as place, measuring(azure_monitor(place.connection_string)) as worker:
        await one_round(monkeypatch, worker)


def test_where_nothing_is_exported_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "get_meter_provider", metrics.NoOpMeterProvider)

    send_measurements()
