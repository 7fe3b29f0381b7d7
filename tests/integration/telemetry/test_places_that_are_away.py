"""A place that hangs, refuses or is not there costs what was to be sent to it, and nobody's time."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from devtools.fakes.clock import Clock
from shared.telemetry import azure_identity
from shared.telemetry import exporters as all_exporters
from shared.telemetry.azure_identity import PatientIdentity
from shared.telemetry.azure_monitor import QUIET, azure_monitor
from shared.telemetry.exporters import Exporters
from shared.telemetry.otlp import otlp
from shared.telemetry.setup import QUEUE_ITEMS, SILENT_LOGGERS
from tests.integration.telemetry.places import INSTRUMENTATION_KEY, Place, running
from tests.integration.telemetry.worker import measuring

pytestmark = pytest.mark.integration

Make = Callable[[Place], Exporters]
PLACES = pytest.mark.parametrize(
    "make",
    [lambda place: azure_monitor(place.connection_string), lambda place: otlp(place.url, headers={})],
    ids=["Application Insights", "OTLP"],
)


@pytest.fixture(autouse=True)
def as_a_worker_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    for name in SILENT_LOGGERS:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.CRITICAL)


def waiting(processor: Any) -> int:
    [inner] = processor._span_processors
    return len(inner._batch_processor._queue)


@PLACES
def test_whoever_measures_does_not_wait_for_a_place_that_hangs_and_what_waits_for_it_has_an_end(make: Make) -> None:
    with running(hangs=True) as place, measuring(make(place)) as worker:
        tracer = worker.providers.spans.get_tracer("shardline")
        for _ in range(2 * QUEUE_ITEMS):  # nobody is answered meanwhile: each of these would wait for ever
            with tracer.start_as_current_span("webhook"):
                pass
        worker.call()

        assert waiting(worker.providers.spans._active_span_processor) <= QUEUE_ITEMS
        place.status = 400  # what hangs is let go of at the end, and what waited then is refused
        place.goes_on.set()


@PLACES
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_what_is_refused_is_lost_and_said_once(make: Make, status: int, caplog: pytest.LogCaptureFixture) -> None:
    with running(status=status) as place, measuring(make(place)) as worker, caplog.at_level(logging.DEBUG, "telemetry"):
        for _ in range(3):
            worker.call()
            worker.providers.spans.force_flush()

    lines = [record for record in caplog.records if record.name == "telemetry"]
    assert 1 <= len(lines) <= 3, "one of spans, measurements and lines each"
    assert {record.getMessage() for record in lines} == {"telemetry could not be sent, and is lost"}
    assert [record.name for record in caplog.records if record.name.startswith(("opentelemetry", "azure.monitor"))] == []


def test_a_place_that_goes_on_refusing_is_said_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    times = iter([0.0, 599.0, 600.0, 600.0])
    monkeypatch.setattr(all_exporters, "monotonic", lambda: next(times))

    with running(status=400) as place, caplog.at_level(logging.DEBUG, "telemetry"):
        exporters = otlp(place.url, headers={})
        for _ in range(3):
            exporters.spans.export([])

    assert [record.levelname for record in caplog.records if record.name == "telemetry"] == ["WARNING", "WARNING"]


class NoIdentity:
    """An identity that gets no token."""

    asked = 0

    def get_token(self, *_: str, **__: Any) -> Any:
        self.asked += 1
        raise ClientAuthenticationError("no token")


def test_an_identity_without_a_token_is_asked_once_a_minute_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    component = f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint=https://127.0.0.1:9/"

    identity = NoIdentity()

    with measuring(azure_monitor(component, credential=PatientIdentity(identity))) as worker, caplog.at_level(logging.DEBUG, "telemetry"):
        for _ in range(5):
            worker.call()
            worker.providers.spans.force_flush()

    assert identity.asked == 1
    assert len(caplog.records) <= 3
    assert {record.name for record in caplog.records} == {"telemetry"}


def test_an_identity_is_asked_again_after_a_minute_and_each_time_once_it_gets_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    clock = Clock()
    began = clock().timestamp()
    monkeypatch.setattr(azure_identity, "monotonic", lambda: clock().timestamp())

    class Late:
        def get_token(self, *_: str, **__: Any) -> AccessToken:
            asked.append(clock().timestamp() - began)
            if asked == [0.0]:
                raise ClientAuthenticationError("not yet")
            return AccessToken("t", 0)

    identity = PatientIdentity(Late())
    for seconds in (0, 1, 58, 1, 1):
        clock.advance(seconds=seconds)
        with suppress(ClientAuthenticationError):
            identity.get_token("scope")

    assert asked == [0.0, 60.0, 61.0]


def test_an_exporter_that_breaks_breaks_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with running() as place, caplog.at_level(logging.DEBUG, "telemetry"):
        exporters = otlp(place.url, headers={})
        exporters.spans.export(["not a span"])  # type: ignore[list-item]  # that is the point

    [line] = [record for record in caplog.records if record.name == "telemetry"]
    assert line.__dict__["place"] == "OTLP"
