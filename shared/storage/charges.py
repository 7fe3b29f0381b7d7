"""What Cosmos DB charges: request units, counted where every answer of the account comes by.

Each answer says its charge in ``x-ms-request-charge`` (Azure documentation, "Find request unit charge"): of a query each page, of a batch
the whole, of a refused attempt what that cost. No request is made for it.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

CHARGE: Final = "x-ms-request-charge"

_IN_A_CONTAINER: Final = {"POST": "create", "GET": "list"}
_ON_AN_ITEM: Final = {"GET": "read", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}
_MARKS: Final = (
    ("x-ms-cosmos-is-batch-request", "batch"),
    ("x-ms-documentdb-isquery", "query"),
    ("x-ms-cosmos-is-query-plan-request", "query"),
    ("x-ms-documentdb-is-upsert", "upsert"),
)


class Charges:
    """A hook for the SDK's answers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, answer: Any) -> None:
        """Count one. ``answer``: the SDK's request and response (``azure.core.pipeline.PipelineResponse``)."""
        charge = _charged(answer.http_response.headers)
        if charge:
            request = answer.http_request
            container, operation = _told_by(request.method, request.url, request.headers)
            self._metrics.count(Metric.COSMOS_REQUEST_UNITS, charge, container=container, operation=operation)


def _charged(headers: Mapping[str, str]) -> float:
    try:
        return max(0.0, float(headers.get(CHARGE) or 0))
    except ValueError:
        return 0.0


def _told_by(method: str, url: str, headers: Mapping[str, str]) -> tuple[str, str]:
    """The container, and what was asked of it. Paths are ``/dbs/<name>/colls/<name>/docs/<id>``; the id is not looked at."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    _, _, of_database, container, of_container, item, *_ = [*parts, *[""] * 6]
    if of_database != "colls":
        return "", "metadata"
    if of_container != "docs":
        return container, "metadata"
    for mark, operation in _MARKS:
        if str(headers.get(mark, "")).lower() == "true":
            return container, operation
    return container, (_ON_AN_ITEM if item else _IN_A_CONTAINER).get(method, "other")
