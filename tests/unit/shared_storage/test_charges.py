"""What Cosmos DB charged, and for what, as its answers say it."""

from types import SimpleNamespace
from typing import Any

import pytest

from devtools.fakes.metrics import InMemoryMetrics
from shared.storage.charges import Charges
from shared.telemetry.names import Metric

DOCS = "https://account/dbs/shardline/colls/shards/docs"


def answered(method: str, url: str, charge: str | None, **headers: str) -> Any:
    said = {} if charge is None else {"x-ms-request-charge": charge}
    request = SimpleNamespace(method=method, url=url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return SimpleNamespace(http_request=request, http_response=SimpleNamespace(headers=said))


@pytest.mark.parametrize(
    ("method", "url", "headers", "container", "operation"),
    [
        ("GET", f"{DOCS}/s-1", {}, "shards", "read"),
        ("POST", DOCS, {}, "shards", "create"),
        ("POST", DOCS, {"x-ms-documentdb-is-upsert": "True"}, "shards", "upsert"),
        ("PUT", f"{DOCS}/s-1", {}, "shards", "replace"),
        ("PATCH", f"{DOCS}/s-1", {}, "shards", "patch"),
        ("DELETE", f"{DOCS}/s-1/", {}, "shards", "delete"),
        ("POST", f"{DOCS}/", {"x-ms-documentdb-isquery": "true"}, "shards", "query"),
        ("POST", DOCS, {"x-ms-cosmos-is-batch-request": "True"}, "shards", "batch"),
        ("GET", "https://account/dbs/shardline/colls/shards/pkranges", {}, "shards", "metadata"),
        ("GET", "https://account/dbs/shardline/colls/shards", {}, "shards", "metadata"),
        ("GET", "https://account/", {}, "", "metadata"),
    ],
)
def test_it_is_counted_by_container_and_operation(method: str, url: str, headers: dict[str, str], container: str, operation: str) -> None:
    metrics = InMemoryMetrics()

    Charges(metrics)(answered(method, url, "2.83", **headers))

    assert metrics.said(Metric.COSMOS_REQUEST_UNITS) == [{"container": container, "operation": operation}]
    assert metrics.total(Metric.COSMOS_REQUEST_UNITS) == 2.83


@pytest.mark.parametrize("charge", [None, "", "0", "nonsense", "-1"])
def test_an_answer_that_says_no_charge_is_no_charge(charge: str | None) -> None:
    metrics = InMemoryMetrics()

    Charges(metrics)(answered("GET", f"{DOCS}/s-1", charge))

    assert metrics.said(Metric.COSMOS_REQUEST_UNITS) == []


def test_the_id_of_an_item_is_in_nothing_that_is_counted() -> None:
    metrics = InMemoryMetrics()

    Charges(metrics)(answered("GET", f"{DOCS}/ada%40example.com", "1"))

    assert "ada" not in repr(metrics.said(Metric.COSMOS_REQUEST_UNITS))
