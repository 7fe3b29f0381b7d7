"""What measures the distances of a query: its VectorDistance calls, given the container's policy and the query's parameters.

Every vector in reach is compared, exactly; the service answers from an index that may miss some of the nearest, and which it ignores while
there are few vectors. Refused: a path without a policy, and a vector to compare with that does not have the policy's dimensions (for a
nested array the service gives no score and no error). An item whose own vector is missing or has other dimensions has no score and comes
last; what the service does with those is not documented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.syntax import Distance, Query, Scope
from devtools.emulators.cosmos.values import UNDEFINED, Document, Value, is_number
from devtools.emulators.cosmos.vectorpolicy import DATA_TYPES, Embedding, Path, embeddings_of
from devtools.emulators.cosmos.vectors import METRICS, Metric, Vector, vector_of

TUNING: Final = ("searchListSizeMultiplier", "quantizedVectorListMultiplier", "filterPriority")
"""Options of the fourth argument that mean something to an index only."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Compares the vector an item has at `path` with `target`."""

    path: Path
    metric: Metric
    target: Vector

    def score(self, record: Record) -> Value:
        """The value of VectorDistance, or UNDEFINED."""
        found = record.vector(self.path)
        if found is None or found.dimensions != self.target.dimensions:
            return UNDEFINED
        return found.compared(self.target, self.metric)

    def nearness(self, record: Record) -> Value:
        """A number that is higher the nearer the item is, or UNDEFINED."""
        score = self.score(record)
        return -score if self.metric == "euclidean" and is_number(score) else score


def measured(query: Query, container: Document, parameters: Scope) -> Scope:
    """`parameters` and, for every VectorDistance in the query, what measures it; 400 for one that cannot be measured."""
    if not query.distances:
        return parameters
    embeddings = embeddings_of(container)
    return {**parameters, **{distance.slot: _measure(distance, embeddings, parameters) for distance in query.distances}}


def check_bounded(query: Query) -> None:
    """400 for the nearest of a whole container without a number: the service's client refuses to merge those of all partitions."""
    if any(order.is_nearest for order in query.order) and query.top is None and query.limit is None:
        raise RefusedError(400, "Across partitions ORDER BY VectorDistance needs TOP or LIMIT.")


def _measure(distance: Distance, embeddings: Mapping[Path, Embedding], parameters: Scope) -> Measure:
    path = tuple(map(str, distance.path[1:]))
    embedding = embeddings.get(path)
    if embedding is None:
        raise RefusedError(400, f"VectorDistance: the container's vector policy does not have the path '/{'/'.join(path)}'.")
    target = vector_of(distance.vector(parameters))
    if target is None or target.dimensions != embedding.dimensions:
        dimensions = "not a vector" if target is None else f"a vector of {target.dimensions} dimensions"
        raise RefusedError(
            400, f"VectorDistance: '/{'/'.join(path)}' has {embedding.dimensions} dimensions and is compared with {dimensions}."
        )
    if distance.is_exact is not None and not isinstance(distance.is_exact(parameters), bool):
        raise RefusedError(400, "VectorDistance: the third argument is true or false.")
    return Measure(path, _metric(distance, parameters) or embedding.metric, target)


def _metric(distance: Distance, parameters: Scope) -> Metric | None:
    """The distance function the fourth argument names, in any case."""
    options: Any = {} if distance.options is None else distance.options(parameters)
    if not isinstance(options, dict) or options.keys() - {"distanceFunction", "dataType", *TUNING}:
        raise RefusedError(400, "VectorDistance: the options are an object with distanceFunction, dataType and those of an index.")
    if not _is_one_of(options.get("dataType", "float32"), DATA_TYPES):
        raise RefusedError(400, f"VectorDistance: {options['dataType']!r} is no data type.")
    named = options.get("distanceFunction")
    if named is None:
        return None
    if not _is_one_of(named, METRICS):
        raise RefusedError(400, f"VectorDistance: {named!r} is no distance function.")
    return next(metric for metric in METRICS if metric == named.lower())


def _is_one_of(value: Value, names: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value.lower() in names
