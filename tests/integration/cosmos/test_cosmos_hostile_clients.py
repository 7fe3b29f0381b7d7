"""Clients of the Cosmos stand-in that send what is no HTTP, too much, too little, too slowly or without the right to.

Each gets an answer where one is possible and never a 500, the log says why, and the client beside them notices nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from azure.cosmos.aio import ContainerProxy

from devtools.emulators.cosmos.auth import signature
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.cosmos.wire import segments_of

pytestmark = pytest.mark.integration

DATE = "thu, 01 jan 2026 00:00:00 gmt"
READ_SECONDS = 10
UNREADABLE = {
    "a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n",
    "no HTTP": b"hello there\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "a giant header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "five thousand headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: a\r\n" % number for number in range(5000)) + b"\r\n",
    "a giant path": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path that is no text": b"GET /dbs/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "a negative length": b"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "a length in words": b"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n",
    "two lengths": b"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length and chunks": b"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk without a size": b"POST /dbs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "a compressed body that is none": b"POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
}
UNSIGNED = {
    "no signature": {},
    "a signature that is no base64": {"x-ms-date": DATE, "Authorization": "type%3Dmaster%26ver%3D1.0%26sig%3D%21%21"},
    "another's signature": {"x-ms-date": DATE, "Authorization": "type%3Dmaster%26ver%3D1.0%26sig%3DAAAA"},
    "bytes for a signature": {"x-ms-date": DATE, "Authorization": "\udcff\udcfe"},
    "bytes for a date": {"x-ms-date": "\udcff", "Authorization": "type%3Dmaster%26ver%3D1.0%26sig%3DAAAA"},
    "a token without a signature": {"x-ms-date": DATE, "Authorization": "type%3Daad%26ver%3D1.0%26sig%3D"},
}
REFUSED = {
    # all of it signed as it should be, and the status it comes to
    "a way out of the folder": ("GET", "/dbs/..%2f..%2f..%2fetc%2fpasswd", b"", 404),
    "a way out of the path": ("GET", "/dbs/../../etc/passwd", b"", 405),
    "a header in a name": ("GET", "/dbs/a%0d%0aX-Injected:%20yes", b"", 404),
    "a zero byte": ("GET", "/dbs/%00", b"", 404),
    "a name that is no text": ("GET", "/dbs/%ff%fe", b"", 404),
    "two thousand names": ("GET", "/" + "a/" * 2000, b"", 405),
    "a database outside": ("POST", "/dbs", b'{"id":"../x"}', 400),
    "half of a surrogate pair": ("POST", "/dbs", b'{"id":"x","n":"\\ud800"}', 400),
    "bytes that are no text": ("POST", "/dbs", b'{"id":"\xff"}', 400),
    "not a number": ("POST", "/dbs", b'{"id":"x","n":NaN}', 400),
    "a number beyond a double": ("POST", "/dbs", b'{"id":"x","n":1e999}', 400),
    "five thousand digits": ("POST", "/dbs", b'{"id":"x","n":' + b"9" * 5000 + b"}", 400),
    "a hundred thousand levels": ("POST", "/dbs", b'{"id":"x","n":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "half an object": ("POST", "/dbs", b'{"id":"x"', 400),
    "nothing": ("POST", "/dbs", b"", 400),
    "nine million letters": ("POST", "/dbs", b'{"id":"' + b"x" * 9_000_000 + b'"}', 413),
}


@pytest.fixture
async def neighbour(cosmos: Cosmos, shards: ContainerProxy) -> AsyncIterator[ContainerProxy]:
    """A client that works before and after, and a stand-in that has no bug to report."""
    await shards.create_item({"id": "a", "tenantId": "t1"})
    yield shards
    assert (await shards.read_item("a", ["t1", "a"]))["id"] == "a"
    await shards.upsert_item({"id": "b", "tenantId": "t1"})
    assert cosmos.operations.server_errors == 0
    assert cosmos.operations.statuses[500] == 0


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_answered_with_400_and_the_log_says_why(
    cosmos: Cosmos, neighbour: ContainerProxy, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    answer = await answered(cosmos, sent)

    assert status_of(answer) == 400
    said = [record for record in caplog.records if record.name.startswith("devtools.emulators.cosmos")]
    assert {record.levelno for record in said} == {logging.WARNING}
    assert all("\n" not in record.getMessage() and len(record.getMessage()) < 400 and not record.exc_info for record in said)
    assert said


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED)
async def test_whoever_has_not_the_key_gets_401_and_the_log_says_why(
    cosmos: Cosmos, neighbour: ContainerProxy, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    answer = await answered(cosmos, request("GET", "/dbs", headers))

    assert status_of(answer) == 401
    assert b'{"code":"Unauthorized"' in answer
    assert "a request was refused for its signature or token" in caplog.messages


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_is_signed_and_makes_no_sense_is_refused(
    cosmos: Cosmos, neighbour: ContainerProxy, *, method: str, path: str, body: bytes, status: int
) -> None:
    authorization = f"type=master&ver=1.0&sig={signature(method, segments_of(path), DATE, KEY)}"

    answer = await answered(cosmos, request(method, path, {"x-ms-date": DATE, "Authorization": quote(authorization, safe="")}, body))

    assert status_of(answer) == status
    assert b"X-Injected" not in answer.partition(b"\r\n\r\n")[0]


async def test_a_body_that_ends_early_ends_the_connection_alone(cosmos: Cosmos, neighbour: ContainerProxy) -> None:
    half = request("POST", "/dbs", {"Content-Length": "500"})

    assert await answered(cosmos, half + b"hello", is_half_closed=True) == b""


async def test_connections_that_are_slow_or_half_open_hold_nobody_up(cosmos: Cosmos, neighbour: ContainerProxy) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", cosmos.port) for _ in range(60)]
    starts = [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX-", request("POST", "/dbs", {"Content-Length": "500"}) + b"he"]
    for number, (_, writer) in enumerate(slow):
        writer.write(starts[number % len(starts)])

    for drop in b"llo there":
        for _, writer in slow:
            writer.write(bytes([drop]))
        await neighbour.read_item("a", ["t1", "a"])

    for number, (_, writer) in enumerate(slow):
        if number % 2:
            writer.transport.abort()
        writer.close()


async def test_requests_sent_all_at_once_on_one_connection_are_answered_in_order(cosmos: Cosmos, neighbour: ContainerProxy) -> None:
    last = request("GET", "/dbs", {"Connection": "close"})

    answer = await answered(cosmos, request("GET", "/dbs", {}) * 200 + last)

    assert answer.count(b"HTTP/1.1 401 Unauthorized") == 201


async def test_one_who_goes_away_before_the_answer_changes_nothing_for_others(cosmos: Cosmos, neighbour: ContainerProxy) -> None:
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", cosmos.port)
        writer.write(request("GET", "/dbs", {}))
        writer.transport.abort()

    assert (await neighbour.read_item("a", ["t1", "a"]))["tenantId"] == "t1"


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**HEADERS, **length(body), **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


HEADERS = {"Host": "localhost"}


def length(body: bytes) -> dict[str, str]:
    return {"Content-Length": str(len(body))} if body else {}


async def answered(cosmos: Cosmos, sent: bytes, *, is_half_closed: bool = False) -> bytes:
    """What comes back, up to the end of the first answer or of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cosmos.port)
    writer.write(sent)
    if is_half_closed:
        writer.write_eof()
    found = b""
    try:
        async with asyncio.timeout(READ_SECONDS):
            while chunk := await reader.read(65_536):
                found += chunk
                if not is_half_closed and b"close" not in sent and b"\r\n\r\n" in found:
                    break
    except ConnectionError:
        pass
    writer.transport.abort()
    return found


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])
