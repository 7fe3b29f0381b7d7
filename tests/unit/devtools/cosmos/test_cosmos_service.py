"""Requests answered without a socket: what no client would send, and what the stand-in does with its own bugs."""

import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from typing_extensions import override

from devtools.emulators.cosmos.auth import signature
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.service import Service
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, decode, encode, segments_of
from devtools.faults.injector import Injector

DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "t", "ttl", "query", "parameters", "operations", "op", "path", "name", "value", "partitionKey"]), inner
        )
    ),
)


class BrokenStore(Store):
    """A store with a bug."""

    @override
    def drop_database(self, name: str) -> None:
        raise ZeroDivisionError


def sent(service: Service, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    segments = segments_of(path)
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    named["x-ms-date"] = DATE
    named.setdefault("Authorization", quote(f"type=master&ver=1.0&sig={signature(method, segments, DATE, KEY)}"))
    return service.answer(Request(method, segments, named, body, "http://127.0.0.1:1/")).reply


def filled() -> Service:
    service = Service(Store(now=lambda: 1000.0), key=KEY, faults=Injector("cosmos", {}))
    assert sent(service, "POST", "/dbs/", b'{"id":"d"}').status == 201
    definition = b'{"id":"c","partitionKey":{"paths":["/t"],"kind":"Hash","version":2}}'
    assert sent(service, "POST", "/dbs/d/colls/", definition).status == 201
    return service


@pytest.mark.parametrize("authorization", ["", "nonsense", "type%3Dmaster%26ver%3D1.0%26sig%3D", "type=master&ver=1.0&sig=AAAA"])
def test_a_request_that_is_not_signed_with_the_key_is_refused(authorization: str) -> None:
    reply = sent(filled(), "GET", "/dbs/d/", Authorization=authorization)

    assert reply.status == 401
    assert decode(reply.body)["code"] == "Unauthorized"


def test_a_path_the_stand_in_does_not_have_is_not_allowed() -> None:
    assert sent(filled(), "POST", "/dbs/d/colls/c/sprocs/", b'{"id":"s"}').status == 405
    assert sent(filled(), "GET", "/dbs/d/users/").status == 405


def test_a_query_across_partitions_must_be_meant() -> None:
    query = b'{"query":"SELECT * FROM c"}'

    refused = sent(filled(), "POST", "/dbs/d/colls/c/docs/", query, x_ms_documentdb_isquery="true")

    assert refused.status == 400
    assert "Cross partition query is required" in decode(refused.body)["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"id":"1","x":NaN}', b'{"id":"1","x":1e999}', b'{"id":"\\ud800"}', b"[" * 50_000, b"[]", b'"x"']
)
def test_a_body_that_is_no_item_is_refused(body: bytes) -> None:
    assert sent(filled(), "POST", "/dbs/d/colls/c/docs/", body, x_ms_documentdb_partitionkey="[{}]").status == 400


@given(BODIES, st.sampled_from(["isquery", "is-upsert", "batch", "patch", "container"]))
def test_no_body_makes_the_server_fail(body: object, kind: str) -> None:
    service = filled()
    method, path = {"patch": ("PATCH", "/dbs/d/colls/c/docs/1/"), "container": ("POST", "/dbs/d/colls/")}.get(
        kind, ("POST", "/dbs/d/colls/c/docs/")
    )
    header = "x-ms-cosmos-is-batch-request" if kind == "batch" else f"x-ms-documentdb-{kind}"

    sent(service, "PATCH", "/dbs/d/colls/c/docs/1/", b"{}", x_ms_documentdb_partitionkey="[null]")
    sent(service, method, path, encode(body), x_ms_documentdb_partitionkey="[null]", **{header: "True"})

    assert service.operations.server_errors == 0


def test_a_bug_is_told_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(BrokenStore(), key=KEY, faults=Injector("cosmos", {}))

    with caplog.at_level(logging.ERROR):
        reply = sent(service, "DELETE", "/dbs/d/")

    assert reply.status == 500
    assert service.operations.server_errors == 1
    assert "ZeroDivisionError" in caplog.text
