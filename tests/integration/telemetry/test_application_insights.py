"""What a component of Application Insights is told, and how it is asked to take it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from devtools.certificate import public_certificate, server_context
from shared.telemetry.azure_monitor import QUIET, azure_monitor
from tests.integration.telemetry.places import INSTRUMENTATION_KEY, Place, running
from tests.integration.telemetry.worker import measuring

pytestmark = pytest.mark.integration

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a worker's environment is."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def told() -> Iterator[Place]:
    """A component that was told of one call."""
    with running() as place:
        with measuring(azure_monitor(place.connection_string)) as worker:
            worker.call()
        yield place


def base(envelope: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = envelope["data"]["baseData"]
    return found


def test_steps_are_dependencies_of_one_operation_with_their_ids_and_links(told: Place) -> None:
    send, webhook = sorted(told.envelopes("RemoteDependencyData"), key=lambda envelope: str(base(envelope)["name"]))

    assert [base(envelope)["name"] for envelope in (send, webhook)] == ["send", "webhook"]
    assert {envelope["tags"]["ai.operation.id"] for envelope in (send, webhook)} == {TRACE}
    assert webhook["tags"]["ai.operation.parentId"] == "00f067aa0ba902b7"
    assert send["tags"]["ai.operation.parentId"] == base(webhook)["id"]
    assert (base(webhook)["success"], base(send)["success"]) == (True, False)
    assert base(webhook)["properties"]["source"] == "slack"
    assert base(send)["properties"]["queue"] == "ingestion-events"
    assert "5bf92f3577b34da6a3ce929d0e0e4736" in base(webhook)["properties"]["_MS.links"]


def test_metrics_keep_their_names_and_attributes(told: Place) -> None:
    by_name = {base(envelope)["metrics"][0]["name"]: base(envelope) for envelope in told.envelopes("MetricData")}

    assert set(by_name) == {"shardline.messages.handled", "shardline.lag.shard", "shardline.queue.age", "shardline.embedding.cost"}
    handled, lag = by_name["shardline.messages.handled"], by_name["shardline.lag.shard"]
    assert handled["metrics"][0]["value"] == 2
    assert handled["properties"] == {"type": "IngestionEvent", "outcome": "stored", "reason": "content", "source": "slack"}
    assert {name: lag["metrics"][0][name] for name in ("value", "count", "min", "max")} == {
        "value": 4.0,
        "count": 2,
        "min": 1.5,
        "max": 2.5,
    }
    assert by_name["shardline.queue.age"]["metrics"][0]["value"] == 3.25
    assert by_name["shardline.embedding.cost"]["metrics"][0]["value"] == 0.0002


def test_a_line_is_a_trace_with_its_ids_in_the_operation_it_was_said_in(told: Place) -> None:
    [line] = told.envelopes("MessageData")

    assert (base(line)["message"], base(line)["severityLevel"]) == ("message not handled", 2)
    assert line["tags"]["ai.operation.id"] == TRACE
    said = base(line)["properties"]
    assert (said["tenant"], said["message_id"], said["attempt"]) == ("acme", "m-1", "2")
    assert "detail" not in said


def test_it_says_which_app_and_which_worker_and_nothing_of_the_machine(told: Place) -> None:
    envelopes = [envelope for body in told.told("/v2.1/track") for envelope in body]

    assert {envelope["iKey"] for envelope in envelopes} == {INSTRUMENTATION_KEY}
    assert {envelope["tags"]["ai.cloud.role"] for envelope in envelopes} == {"shardline-light"}
    assert {envelope["tags"]["ai.cloud.roleInstance"] for envelope in envelopes} == {"a1b2"}
    assert {envelope["tags"]["ai.application.ver"] for envelope in envelopes} == {"0.1.0"}


def test_nobody_else_is_told_anything(told: Place) -> None:
    assert {path for path, _, _ in told.requests} == {"/v2.1/track"}
    names = {base(envelope)["metrics"][0]["name"] for envelope in told.envelopes("MetricData")}
    assert all(name.startswith("shardline.") for name in names)


def test_a_gauge_is_shown_once_each_time_it_is_set() -> None:
    with running() as place, measuring(azure_monitor(place.connection_string)) as worker:
        worker.call()
        worker.providers.metrics.force_flush()
        worker.providers.metrics.force_flush()

        names = [base(envelope)["metrics"][0]["name"] for envelope in place.envelopes("MetricData")]

    assert sorted(names) == sorted(set(names))


class Identity:
    """An identity that gets a token."""

    def __init__(self) -> None:
        self.scopes: list[tuple[str, ...]] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes.append(scopes)
        return AccessToken("a-token", int(time.time()) + 3600)


def test_an_identity_s_token_is_shown_where_one_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity, tls = Identity(), server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public_certificate(tmp_path)))  # whom the machine trusts

    with running(tls=tls) as place, measuring(azure_monitor(place.connection_string, credential=identity)) as worker:
        worker.call()
        worker.providers.flush()

        assert {headers.get("authorization") for _, headers, _ in place.requests} == {"Bearer a-token"}
        assert len(place.envelopes("MetricData")) == 4

    assert set(identity.scopes) == {("https://monitor.azure.com//.default",)}


def test_without_one_no_token_is_shown(told: Place) -> None:
    assert {headers.get("authorization") for _, headers, _ in told.requests} == {None}


def test_a_connection_string_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="onnection string"):
        azure_monitor("nonsense")
