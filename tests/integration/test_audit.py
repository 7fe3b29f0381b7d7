"""pip-audit itself, asking an advisory service on loopback that speaks as osv.dev does: a pin that is known to be vulnerable is red."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typing_extensions import override

from devtools.audit import advisories, asking
from devtools.audit.pins import Pin

KNOWN = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "made up",
    "affected": [
        {
            "package": {"name": "urllib3", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.9"}]}],
        }
    ],
}


class _Osv(BaseHTTPRequestHandler):
    """Knows one fault of one version."""

    def do_POST(self) -> None:
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        is_known = (asked["package"]["name"], asked["version"]) == ("urllib3", "1.0")
        body = json.dumps({"vulns": [KNOWN]} if is_known else {}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def osv_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Osv) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()
        thread.join()


def test_a_pin_that_is_known_to_be_vulnerable_is_red_and_another_version_is_not(osv_url: str) -> None:
    fixture = [Pin("urllib3", "1.0"), Pin("urllib3", "2.9"), Pin("pydantic", "2.14.3")]

    heard = asking.ask_pip(fixture, run=asking.run, osv_url=osv_url, is_required=True)
    verdict = advisories.verdict_on(heard, [], today=datetime.now(UTC).date(), is_required=True)

    assert heard.asked_count == 3
    assert verdict.faults == ("urllib3 1.0: CVE-2026-1, PYSEC-2026-1 (mended in 2.9)",)


def test_a_service_that_is_not_there_was_not_asked() -> None:
    with pytest.raises(advisories.NotAsked):
        asking.ask_pip([Pin("urllib3", "1.0")], run=asking.run, osv_url="http://127.0.0.1:9/v1/query", is_required=True)
