"""Requests to the Cosmos stand-in that are signed and well formed as HTTP, and hostile in their names, headers, JSON and SQL.

Sound requests of every kind are spoilt in up to three places. Whatever comes of it, it is an answer below 500, and what was stored before
is still there to be read.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from devtools.emulators.cosmos.auth import signature
from devtools.emulators.cosmos.key import KEY
from devtools.emulators.cosmos.misbehaviour import ABILITIES
from devtools.emulators.cosmos.service import Service
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind

pytestmark = pytest.mark.integration

QUERY: Final = {"x-ms-documentdb-isquery": "true", "x-ms-documentdb-query-enablecrosspartition": "True", "x-ms-max-item-count": "1"}
KEYED: Final = {"x-ms-documentdb-partitionkey": '["t","a"]'}
ITEMS: Final = ("dbs", "d", "colls", "c", "docs")
ITEM: Final = {"id": "a", "t": "t", "n": 1, "v": [1, 2, 3], "tags": ["x", {"y": 1}], "ttl": 100}
CONTAINER: Final = {
    "id": "c",
    "partitionKey": {"paths": ["/t", "/id"], "kind": "MultiHash", "version": 2},
    "defaultTtl": -1,
    "indexingPolicy": {
        "includedPaths": [{"path": "/*"}],
        "excludedPaths": [{"path": "/x/?"}],
        "vectorIndexes": [{"path": "/v", "type": "flat"}],
        "compositeIndexes": [[{"path": "/a", "order": "ascending"}, {"path": "/b"}]],
    },
    "vectorEmbeddingPolicy": {"vectorEmbeddings": [{"path": "/v", "dataType": "float32", "dimensions": 3, "distanceFunction": "cosine"}]},
}
PATCH: Final = {
    "condition": "FROM c WHERE c.n = 1",
    "operations": [
        {"op": "incr", "path": "/n", "value": 1},
        {"op": "add", "path": "/tags/-", "value": "q"},
        {"op": "move", "path": "/m", "from": "/n"},
        {"op": "remove", "path": "/tags/0"},
    ],
}
BATCH: Final = [
    {"operationType": "Upsert", "resourceBody": ITEM, "ifMatch": "x"},
    {"operationType": "Replace", "id": "a", "resourceBody": ITEM, "ifNoneMatch": "y"},
    {"operationType": "Patch", "id": "a", "resourceBody": PATCH},
    {"operationType": "Read", "id": "a"},
    {"operationType": "Delete", "id": "a"},
]
QUERIES: Final = (
    "SELECT TOP @n c.n, c.tags FROM c WHERE c.n >= @n AND CONTAINS(c.id, @s, true)",
    "SELECT DISTINCT VALUE c.n FROM c ORDER BY c.n DESC OFFSET @n LIMIT @n",
    "SELECT VALUE SUM(c.n * @n) FROM c WHERE c.n BETWEEN @n AND @s",
    "SELECT TOP 2 VectorDistance(c.v, @v, false, @o) AS s FROM c ORDER BY VectorDistance(c.v, @v, false, @o)",
    "SELECT SUBSTRING(c.id, @n, @n), ROUND(@n), FLOOR(@n), -@n, @n % @s, @n / @s, ARRAY_CONTAINS(c.tags, @s, true), @n IN (1, @s),"
    " c[@s], @s LIKE @s, @n ?? @s, @s || @s, CONCAT(@s, @s) FROM c JOIN t IN c.tags WHERE @n = @n",
    "SELECT " + "(" * 5000 + "c.n" + ")" * 5000 + " FROM c",
    "SELECT VALUE " + "9" * 5000 + " FROM c",
    "SELECT '\ud800' FROM c",
    "SELECT * FROM",
)
PARAMETERS: Final = [
    {"name": "@n", "value": 1},
    {"name": "@s", "value": "a"},
    {"name": "@v", "value": [1, 2, 3]},
    {"name": "@o", "value": {"distanceFunction": "cosine"}},
]
Call = tuple[str, tuple[str, ...], Mapping[str, str], Any]
CALLS: Final[list[Call]] = [
    ("POST", ("dbs",), {}, {"id": "x"}),
    ("POST", ("dbs",), QUERY, {"query": "SELECT * FROM r WHERE r.id = @n", "parameters": PARAMETERS}),
    ("POST", ("dbs", "d", "colls"), {"x-ms-offer-throughput": "400"}, {**CONTAINER, "id": "e"}),
    ("POST", ("dbs", "d", "colls"), {"x-ms-cosmos-offer-autopilot-settings": '{"maxThroughput":4000}'}, {**CONTAINER, "id": "e"}),
    ("PUT", ("dbs", "d", "colls", "c"), {}, CONTAINER),
    ("PUT", ("offers", "AQAAAIAAAAE-offer"), {}, {"content": {"offerThroughput": 500}}),
    ("POST", ITEMS, KEYED, ITEM),
    ("POST", ITEMS, {**KEYED, "x-ms-documentdb-is-upsert": "True", "If-Match": "*"}, ITEM),
    ("PUT", (*ITEMS, "a"), {**KEYED, "If-None-Match": "x"}, ITEM),
    ("GET", (*ITEMS, "a"), {**KEYED, "x-ms-activity-id": "x"}, None),
    ("PATCH", (*ITEMS, "a"), KEYED, PATCH),
    ("POST", ITEMS, {**KEYED, "x-ms-cosmos-is-batch-request": "True"}, BATCH),
    ("GET", ITEMS, {"x-ms-max-item-count": "1", "x-ms-continuation": "W10="}, None),
    ("GET", ITEMS, {"A-IM": "Incremental Feed", "If-None-Match": '"1"', "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}, None),
    ("GET", (*ITEMS[:4], "pkranges"), {"A-IM": "Incremental Feed"}, None),
    ("POST", ("_faults",), {}, {"at": "cosmos", "kind": "refuse", "status": 400, "calls": 1, "target": "nothing"}),
    *[("POST", ITEMS, {**QUERY, **KEYED, "x-ms-continuation": "x"}, {"query": text, "parameters": PARAMETERS}) for text in QUERIES],
    *[("POST", ITEMS, QUERY, {"query": text, "parameters": PARAMETERS}) for text in QUERIES],
]
HOSTILE: Final[list[Any]] = [
    *("", "\ud800", "\udcff", "\x00", "é", "../..", "a" * 2000, "/", "/-", "/n/0", "$", "*", '"*"', "/[]/x", "9" * 5000, "-1", "W10="),
    *("[" * 3000, "[1e999]", "[NaN]", "[[]]", '["t","\ud800"]', "SELECT", "@p", "1e999", "Mon, 99 Foo 2026 00:00:00"),
    *(None, True, 0, -1, 2**63, 10**400, 1e308, float("inf"), float("nan"), [], {}, [[]], [None], {"": {}}, [1] * 600, {"id": "a"}),
]
SPOILT: Final = st.tuples(st.sampled_from(CALLS), st.integers(0, 2**32))


@settings(max_examples=60, deadline=None)
@given(st.lists(SPOILT, min_size=1, max_size=8))
@example([((method, path, headers, body), 0) for method, path, headers, body in CALLS])
def test_whatever_is_asked_is_answered_below_500_and_what_was_stored_stays(calls: list[tuple[Call, int]]) -> None:
    hold(calls)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(st.lists(SPOILT, min_size=1, max_size=8))
def test_whatever_is_asked_is_answered_below_500_and_what_was_stored_stays_at_length(calls: list[tuple[Call, int]]) -> None:
    hold(calls)


def hold(calls: list[tuple[Call, int]]) -> None:
    service = stored(Kind.STALE_ETAG, Kind.DUPLICATE, Kind.REORDER)

    statuses = [answered(service, *spoilt(call, Random(seed))) for call, seed in calls]

    assert [status for status in statuses if not 200 <= status < 500] == []
    assert service.operations.server_errors == 0
    assert answered(service, "GET", (*ITEMS, "kept"), {"x-ms-documentdb-partitionkey": '["t","kept"]'}) == 200


def test_the_last_of_two_properties_with_one_name_is_stored() -> None:
    service = stored()

    status = sent(service, "POST", ITEMS, KEYED, b'{"id":"x","id":"a","t":"t","n":1,"n":2}')

    assert status == 201
    assert json.loads(reply(service, "GET", (*ITEMS, "a"), KEYED, b"").body)["n"] == 2


@pytest.mark.parametrize(("levels", "status"), [(128, 201), (129, 400)])
def test_an_item_has_at_most_128_levels(levels: int, status: int) -> None:
    inside = b"[" * (levels - 1) + b"]" * (levels - 1)

    assert sent(stored(), "POST", ITEMS, KEYED, b'{"id":"a","t":"t","n":' + inside + b"}") == status


def stored(*kinds: Kind) -> Service:
    """An account with one container and one item, where every second call meets what is to go wrong."""
    faults = Injector("cosmos", ABILITIES, faults=[Fault(at="cosmos", kind=kind, share=0.5) for kind in kinds])
    service = Service(Store(), key=KEY, faults=faults)
    answered(service, "POST", ("dbs",), {}, {"id": "d"})
    answered(service, "POST", ("dbs", "d", "colls"), {"x-ms-offer-throughput": "400"}, CONTAINER)
    kept = {**ITEM, "id": "kept", "ttl": -1}
    upsert = {"x-ms-documentdb-partitionkey": '["t","kept"]', "x-ms-documentdb-is-upsert": "True"}
    assert answered(service, "POST", ITEMS, upsert, kept) in {200, 201}
    return service


def spoilt(call: Call, rng: Random) -> Call:
    """The call with up to three things in it that are something else."""
    method, path, headers, body = call
    texts = [value for value in HOSTILE if isinstance(value, str)]
    for _ in range(rng.randint(0, 3)):
        match rng.choice(["body", "body", "body", "header", "path"]):
            case "body" if body is not None:
                body = replaced(body, rng.choice(list(places(body))), rng.choice(HOSTILE))
            case "header" if headers:
                headers = {**headers, rng.choice(list(headers)): rng.choice(texts)}
            case "path":
                path = tuple(rng.choice(texts) if rng.random() < 0.2 else part for part in path)
    return method, path, headers, body


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield from places(inner, (*at, name))


def replaced(value: Any, at: tuple[Any, ...], other: Any) -> Any:
    if not at:
        return other
    changed = copy.copy(value)
    changed[at[0]] = replaced(changed[at[0]], at[1:], other)
    return changed


def answered(service: Service, method: str, path: tuple[str, ...], headers: Mapping[str, str], body: Any = None) -> int:
    return sent(service, method, path, headers, b"" if body is None else json.dumps(body).encode())


def sent(service: Service, method: str, path: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> int:
    return reply(service, method, path, headers, body).status


def reply(service: Service, method: str, path: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> Reply:
    signed = {"x-ms-date": "d", "Authorization": f"type=master&ver=1.0&sig={signature(method, path, 'd', KEY)}"}
    return service.answer(Request(method, path, CIMultiDict({**headers, **signed}), body, "http://localhost/")).reply
