"""What a collector is told by OTLP, and that both places may be told at once."""

import pytest

from shared.telemetry.azure_monitor import QUIET, azure_monitor
from shared.telemetry.otlp import otlp
from tests.integration.telemetry.places import running
from tests.integration.telemetry.worker import measuring

pytestmark = pytest.mark.integration

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_spans_measurements_and_lines_come_with_names_attributes_and_trace() -> None:
    with running() as place:
        with measuring(otlp(f"{place.url}/", headers={"x-key": "k"})) as worker:
            worker.call()

        webhook, send = (next(span for span in place.spans() if span["name"] == name) for name in ("webhook", "send"))
        assert (webhook["traceId"], webhook["parentSpanId"], send["parentSpanId"]) == (TRACE, "00f067aa0ba902b7", webhook["spanId"])
        assert [link["traceId"] for link in webhook["links"]] == ["5bf92f3577b34da6a3ce929d0e0e4736"]
        assert (webhook["attributes"], webhook["service"]) == ({"source": "slack"}, "shardline-light")
        [point] = place.points("shardline.messages.handled")
        assert (point["attributes"]["source"], int(point["asInt"])) == ("slack", 2)
        [lag] = place.points("shardline.lag.shard")
        assert (int(lag["count"]), lag["sum"]) == (2, 4.0)
        [line] = place.lines()
        assert (line["body"]["stringValue"], line["traceId"], line["attributes"]["tenant"]) == ("message not handled", TRACE, "acme")
        assert {headers["x-key"] for _, headers, _ in place.requests} == {"k"}
        assert {path for path, _, _ in place.requests} == {"/v1/traces", "/v1/metrics", "/v1/logs"}


def test_both_places_are_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)

    with running() as insights, running() as collector:
        with measuring(azure_monitor(insights.connection_string), otlp(collector.url, headers={})) as worker:
            worker.call()

        assert len(insights.envelopes("RemoteDependencyData")) == len(collector.spans()) == 2
        assert len(insights.envelopes("MessageData")) == len(collector.lines()) == 1
