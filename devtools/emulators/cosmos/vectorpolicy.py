"""A container's vector policy and vector indexes: what the service refuses of them, and what a query needs to know.

Nothing is searched through an index here, every vector in reach is compared. The indexes are checked all the same, because the service
checks them (its own client's tests, and Azure documentation, Cosmos DB vector search). Accepted as by the service: a vector path that is
not excluded from the ordinary index, which makes writes dearer. Stricter than the service: no property of an embedding has a default.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from devtools.emulators.cosmos.keys import path_parts
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.values import Document
from devtools.emulators.cosmos.vectors import METRICS, Metric

DATA_TYPES: Final = ("float32", "float16", "int8", "uint8")
DIMENSIONS_LIMITS: Final = {
    "flat": 505,
    "quantizedFlat": 4096,
    "diskANN": 4096,
}  # Azure documentation, Cosmos DB vector search, index types
DIMENSIONS_LIMIT: Final = 4096  # the same page
QUANTIZATION_LIMIT_BYTES: Final = 512  # the same page; a vector of fewer dimensions has as many bytes at most
SEARCH_LIST_SIZES: Final = range(25, 501)  # the service's own message
SHARD_PATHS_LIMIT: Final = 1  # the service's own message

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Embedding:
    """What the policy says about the vectors at one path."""

    dimensions: int
    metric: Metric


def embeddings_of(document: Document) -> dict[Path, Embedding]:
    """The embeddings of a container document by their path; 400 for a policy that is none."""
    entries = (document.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RefusedError(400, "The vector embeddings are a list of objects.")
    return dict(map(_embedding, entries))


def check_vectors(document: Document) -> None:
    """400 for a vector policy or a vector index the service does not take."""
    embeddings = embeddings_of(document)
    for index in _indexes(document):
        path = _vector_path(index.get("path"))
        if path not in embeddings:
            raise RefusedError(400, f"The vector index path '{index['path']}' has no embedding in the container's vector policy.")
        _check_index(index, embeddings[path].dimensions)


def check_vector_indexes_kept(old: Document, new: Document) -> None:
    """400 when a vector index would change. Leaving it out, or adding one, is no change."""
    wanted = {index["path"]: index for index in _indexes(new)}
    for index in _indexes(old):
        if wanted.get(index["path"], index) != index:
            raise RefusedError(400, f"The vector index of '{index['path']}' cannot be modified.")


def _embedding(entry: dict[str, Any]) -> tuple[Path, Embedding]:
    dimensions, metric = entry.get("dimensions"), entry.get("distanceFunction")
    if entry.get("dataType") not in DATA_TYPES:
        raise RefusedError(400, f"The vector policy has an invalid data type: {entry.get('dataType')!r}.")
    if not isinstance(dimensions, int) or isinstance(dimensions, bool) or not 0 < dimensions <= DIMENSIONS_LIMIT:
        raise RefusedError(400, f"The vector policy has {dimensions!r} dimensions; there are 1 to {DIMENSIONS_LIMIT}.")
    if metric not in METRICS:
        raise RefusedError(400, f"The vector policy has an invalid distance function: {metric!r}.")
    return _vector_path(entry.get("path")), Embedding(dimensions, metric)


def _vector_path(path: Any) -> Path:
    """A path without wildcards: Azure documentation, Cosmos DB vector search, current limitations."""
    if not isinstance(path, str) or set(path) & set("*[]?"):
        raise RefusedError(400, f"The path {path!r} of a vector is not valid.")
    return path_parts(path)


def _indexes(document: Document) -> Iterator[dict[str, Any]]:
    indexes = (document.get("indexingPolicy") or {}).get("vectorIndexes", [])
    if not isinstance(indexes, list) or not all(isinstance(index, dict) for index in indexes):
        raise RefusedError(400, "The vector indexes are a list of objects.")
    yield from indexes


def _check_index(index: dict[str, Any], dimensions: int) -> None:
    kind = index.get("type")
    if not isinstance(kind, str) or kind not in DIMENSIONS_LIMITS:
        raise RefusedError(400, f"The vector index type {kind!r} is invalid.")
    if dimensions > DIMENSIONS_LIMITS[kind]:
        raise RefusedError(400, f"A {kind} vector index does not hold {dimensions} dimensions.")
    _check_range(index, "quantizationByteSize", range(1, min(dimensions, QUANTIZATION_LIMIT_BYTES) + 1))
    _check_range(index, "indexingSearchListSize", SEARCH_LIST_SIZES)
    paths = index.get("vectorIndexShardKey", [])
    if not isinstance(paths, list) or len(paths) > SHARD_PATHS_LIMIT:
        raise RefusedError(400, f"The shard key of a vector index is a list of at most {SHARD_PATHS_LIMIT} path.")
    for path in paths:
        _vector_path(path)


def _check_range(index: dict[str, Any], name: str, allowed: range) -> None:
    if name in index and index[name] not in allowed:
        raise RefusedError(400, f"{name} {index[name]!r} is out of range: {allowed[0]} to {allowed[-1]}.")
