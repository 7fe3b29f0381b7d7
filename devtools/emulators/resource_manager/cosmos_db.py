"""Containers as ``Microsoft.DocumentDB`` keeps them: policies are filled up, and keys and vectors are fixed when a container is made."""

import json
from collections.abc import Mapping
from typing import Any, Final

from devtools.emulators.resource_manager.refusals import RefusedError, bad_request

ETAG: Final = {"path": '/"_etag"/?'}
LAST_WRITER_WINS: Final = {"mode": "LastWriterWins", "conflictResolutionPath": "/_ts", "conflictResolutionProcedure": ""}
MOST_DIMENSIONS_OF_FLAT: Final = 505
"""Azure Cosmos DB, "Vector indexing policies"."""


def stored_container(name: str, sent: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The resource after a PUT, which says all of it: what it leaves out is gone, or the default.

    Raises:
        RefusedError: 400.
    """
    said = (sent.get("properties") or {}).get("resource") or {}
    if said.get("id") != name:
        raise bad_request("The id in the body is not the one in the address.")
    key = said.get("partitionKey") or {}
    paths = key.get("paths") or []
    if not paths or (len(paths) > 1) != (key.get("kind") == "MultiHash"):
        raise _of_the_account("The partition key definition is not valid: MultiHash is for more than one path.")
    policy = _filled(said.get("indexingPolicy") or {})
    made = {
        "id": name,
        "partitionKey": {"paths": paths, "kind": key.get("kind") or "Hash", **({"version": key["version"]} if "version" in key else {})},
        "indexingPolicy": policy,
        "conflictResolutionPolicy": said.get("conflictResolutionPolicy") or LAST_WRITER_WINS,
        **{name: said[name] for name in ("defaultTtl", "uniqueKeyPolicy", "vectorEmbeddingPolicy") if said.get(name) is not None},
    }
    _check_vectors(made)
    if before is not None:
        if made["partitionKey"] != before["partitionKey"]:
            raise _of_the_account("Document collection partition key cannot be changed.")
        if made.get("vectorEmbeddingPolicy") != before.get("vectorEmbeddingPolicy"):
            raise _of_the_account("The Vector Embedding Policy cannot be changed.")
        if policy.get("vectorIndexes") != before["indexingPolicy"].get("vectorIndexes"):
            raise _of_the_account("The vector indexes of the Indexing Policy cannot be changed.")
    return made


def _filled(policy: Mapping[str, Any]) -> dict[str, Any]:
    excluded = list(policy.get("excludedPaths") or [])
    excluded += [] if ETAG in excluded else [ETAG]
    optional = ("compositeIndexes", "spatialIndexes", "vectorIndexes")
    return {
        "indexingMode": str(policy.get("indexingMode") or "consistent").lower(),
        "automatic": policy.get("automatic", True),
        "includedPaths": [{"path": one["path"]} for one in policy.get("includedPaths") or [{"path": "/*"}]],
        "excludedPaths": [{"path": one["path"]} for one in excluded],
        **{name: policy[name] for name in optional if policy.get(name)},
    }


def _check_vectors(resource: Mapping[str, Any]) -> None:
    embeddings = {one["path"]: one for one in (resource.get("vectorEmbeddingPolicy") or {}).get("vectorEmbeddings") or []}
    for index in resource["indexingPolicy"].get("vectorIndexes") or []:
        embedding = embeddings.get(index["path"])
        if embedding is None:
            raise _of_the_account("The Vector Indexing Policy has a path that is not in the Vector Embedding Policy.")
        if index["type"] == "flat" and embedding["dimensions"] > MOST_DIMENSIONS_OF_FLAT:
            raise _of_the_account("The Vector Indexing Policy's index type flat supports at most 505 dimensions.")


def _of_the_account(message: str) -> RefusedError:
    """The account's own error, as text within that of Resource Manager."""
    inner = json.dumps({"code": "BadRequest", "message": f'Message: {{"Errors":["{message}"]}}\r\nActivityId: 0'})
    return bad_request(f"Message: {inner}")
