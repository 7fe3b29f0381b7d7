"""Places that telemetry is sent to, on this machine: what they were told, and how they answer."""

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

INSTRUMENTATION_KEY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Place:
    """One HTTP server. ``requests``: path, headers by lower-case name, and the JSON that came."""

    port: int = 0
    scheme: str = "http"
    status: int = 200
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    goes_on: threading.Event = field(default_factory=threading.Event)
    """Nobody is answered before it is set."""

    @property
    def url(self) -> str:
        """Its base."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def connection_string(self) -> str:
        """As a component of Application Insights has one."""
        return f"InstrumentationKey={INSTRUMENTATION_KEY};IngestionEndpoint={self.url}/;LiveEndpoint={self.url}/live/"

    def told(self, path: str) -> list[Any]:
        """The bodies that came to a path."""
        return [body for at, _, body in self.requests if at == path]

    def envelopes(self, kind: str) -> list[dict[str, Any]]:
        """Of Application Insights: the data of this kind (``RequestData``, ``MetricData``, …)."""
        found = [envelope for body in self.told("/v2.1/track") for envelope in body]
        return [envelope for envelope in found if envelope["data"]["baseType"] == kind]

    def spans(self) -> list[dict[str, Any]]:
        """Of a collector: all spans, each with its attributes as a dictionary and its service."""
        return [
            {**span, "attributes": _read(span), "service": _read(of_resource["resource"])["service.name"]}
            for body in self.told("/v1/traces")
            for of_resource in body["resourceSpans"]
            for of_scope in of_resource["scopeSpans"]
            for span in of_scope["spans"]
        ]

    def lines(self) -> list[dict[str, Any]]:
        """Of a collector: all log records."""
        return [
            {**line, "attributes": _read(line)}
            for body in self.told("/v1/logs")
            for of_resource in body["resourceLogs"]
            for of_scope in of_resource["scopeLogs"]
            for line in of_scope["logRecords"]
        ]

    def points(self, name: str) -> list[dict[str, Any]]:
        """Of a collector: the points of a metric."""
        return [
            {**point, "attributes": _read(point)}
            for body in self.told("/v1/metrics")
            for of_resource in body["resourceMetrics"]
            for of_scope in of_resource["scopeMetrics"]
            for metric in of_scope["metrics"]
            if metric["name"] == name
            for kind in ("sum", "histogram", "gauge")
            for point in metric.get(kind, {}).get("dataPoints", [])
        ]


def _read(said: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in said.get("attributes", [])}


@contextmanager
def running(*, status: int = 200, hangs: bool = False, tls: ssl.SSLContext | None = None) -> Iterator[Place]:
    """A place that answers with this status; or, hanging, not before its end."""
    place = Place(status=status, scheme="http" if tls is None else "https")
    if not hangs:
        place.goes_on.set()

    class Handler(BaseHTTPRequestHandler):
        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            read = json.loads(body) if body else None
            place.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, read))
            place.goes_on.wait(60)
            count = len(read) if isinstance(read, list) else 0
            answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
            self.send_response(place.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    place.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield place
    finally:
        place.goes_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
