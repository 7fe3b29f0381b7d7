"""The blob proxy knows what a request is about."""

import pytest
from multidict import CIMultiDict

from devtools.emulators.blob.calls import Call, call_of
from devtools.emulators.blob.faults import possible
from devtools.faults.plan import Kind


def call(method: str, path: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Call:
    return call_of(method, path, query or {}, CIMultiDict(headers or {}))


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "container"),
    [
        ("PUT", "/account/claims/t/m", {}, "put", "claims"),
        ("PUT", "/account/claims/t/m", {"comp": "block", "blockid": "MQ=="}, "put", "claims"),
        ("PUT", "/account/claims/t/m", {"comp": "blocklist"}, "put", "claims"),
        ("GET", "/account/claims/t/m", {}, "get", "claims"),
        ("HEAD", "/account/claims/t/m", {}, "properties", "claims"),
        ("DELETE", "/account/claims/t/m", {"snapshot": "x"}, "delete", "claims"),
        ("PUT", "/account/claims/t/m", {"comp": "metadata"}, "metadata", "claims"),
        ("PUT", "/account/claims/t/m", {"comp": "lease"}, "lease", "claims"),
        ("GET", "/account/claims", {"restype": "container", "comp": "list"}, "list", "claims"),
        ("PUT", "/account/claims", {"restype": "container"}, "container", "claims"),
        ("DELETE", "/account/claims", {"restype": "container"}, "container", "claims"),
        ("GET", "/account/", {"comp": "list"}, "list", ""),
        ("GET", "/account/", {"restype": "service", "comp": "properties"}, "account", ""),
        ("GET", "/account/readme.txt", {}, "get", "$root"),
        ("PUT", "/account/%24web/index.html", {}, "put", "$web"),
    ],
)
def test_the_operation_and_its_container(method: str, path: str, query: dict[str, str], operation: str, container: str) -> None:
    known = call(method, path, query)

    assert (known.operation, known.container) == (operation, container)


def test_a_copy_is_told_by_its_source() -> None:
    assert call("PUT", "/account/claims/copy", headers={"x-ms-copy-source": "http://127.0.0.1/a/b"}).operation == "copy"


def test_only_a_conditional_write_can_find_a_stale_etag() -> None:
    conditional = {"if-match": '"0x1"'}

    assert Kind.STALE_ETAG in possible(call("PUT", "/account/claims/m", headers=conditional))
    assert Kind.STALE_ETAG not in possible(call("GET", "/account/claims/m", headers=conditional))
    assert Kind.STALE_ETAG not in possible(call("PUT", "/account/claims/m"))


def test_only_what_stores_bytes_can_find_the_disk_full_and_only_a_write_is_done_twice() -> None:
    put, delete, get = (call(method, "/account/claims/m") for method in ("PUT", "DELETE", "GET"))

    assert [Kind.DISK_FULL in possible(one) for one in (put, delete, get)] == [True, False, False]
    assert [Kind.DUPLICATE in possible(one) for one in (put, delete, get)] == [True, True, False]
