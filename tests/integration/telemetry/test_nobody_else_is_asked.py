"""Whom a worker with both exporters speaks to, from its start: the two places it was given, and nobody else, not even for a name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.telemetry.places import running

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]

WORKER = """
import json, logging, os, sys, threading

asked = set()

def hear(event, said):
    if event == "socket.getaddrinfo":
        asked.add(f"{said[0]}:{said[1]}")
    elif event in ("socket.connect", "socket.sendto"):
        asked.add(":".join(map(str, said[1][:2])) if isinstance(said[1], tuple) else str(said[1]))
    elif event in ("socket.gethostbyname", "socket.gethostbyaddr"):
        asked.add(str(said[0]))

sys.addaudithook(hear)

from shared.hosting.telemetry import metrics_of
from shared.settings import Settings
from shared.telemetry.names import Metric, Span
from shared.telemetry.tracing import span
from opentelemetry import metrics, trace

measured = metrics_of(Settings.from_environ(os.environ), instance="a1b2", environ=os.environ)
measured.count(Metric.RELINKS)
with span(Span.SCHEDULE, source="slack"):
    logging.getLogger("shared.of_a_test").warning("a line")
trace.get_tracer_provider().force_flush()
metrics.get_meter_provider().force_flush()
for handler in logging.getLogger("shared").handlers:
    handler._provider.force_flush()
threads = sorted(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
os.write(1, json.dumps([sorted(asked), threads]).encode())
os._exit(0)
"""


THREADS = sorted(2 * ["OtelBatchSpanRecordProcessor", "OtelBatchLogRecordProcessor", "OtelPeriodicExportingMetricReader"])
"""Of each place: one for spans, one for lines, one for measurements."""


def test_a_worker_speaks_to_the_places_it_was_given_and_to_nobody_else(tmp_path: Path) -> None:
    with running() as insights, running() as collector:
        environ = {
            **dict.fromkeys(("SERVICE_BUS", "COSMOS", "BLOB", "AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"), "x"),
            "EMBEDDING_OFFLINE": "true",
            "HOME": str(tmp_path),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": insights.connection_string,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "WEBSITE_SITE_NAME": "an-app",  # as in Azure, where an exporter looks around for what it could tell
            "WEBSITE_HOME_STAMPNAME": "a-stamp",
            "FUNCTIONS_WORKER_RUNTIME": "python",
        }
        done = subprocess.run(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

        assert done.returncode == 0, done.stderr
        asked, threads = json.loads(done.stdout)
        assert set(asked) == {f"127.0.0.1:{place.port}" for place in (insights, collector)}
        assert threads == THREADS, "one that asks or tells others begins to only after a while"
        assert {path for path, _, _ in collector.requests} == {"/v1/traces", "/v1/metrics", "/v1/logs"}
        assert {path for path, _, _ in insights.requests} == {"/v2.1/track"}
        assert list(tmp_path.iterdir()) == [], "nothing is kept on disk"
