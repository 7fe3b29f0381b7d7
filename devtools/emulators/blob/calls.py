"""What a request to Blob Storage is about, by its method, path and query (Azure documentation, "Blob service REST API")."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

ROOT_CONTAINER: Final = "$root"
WRITES: Final = frozenset({"PUT", "DELETE", "POST", "PATCH"})
CONDITIONS: Final = ("If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since")
CONTENT: Final = frozenset({"", "block", "blocklist", "appendblock", "page", "pagelist"})
"""What ``comp`` says where the blob's bytes are meant and not something about it."""
OF_CONTENT: Final = {"PUT": "put", "GET": "get", "HEAD": "properties", "DELETE": "delete"}
STORING: Final = ("put", "copy")
CHANGING: Final = (*STORING, "delete", "container", "metadata", "properties", "lease", "tags", "tier", "snapshot", "undelete", "batch")
READING: Final = ("get", "list", "account", "query")

OPERATIONS: Final = (*CHANGING, *READING)


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        operation: ``put``, ``get``, ``properties`` (HEAD), ``delete``, ``copy``, ``list`` (of containers or of blobs), ``container``
            (everything else about one), ``account``; else what the query's ``comp`` says: ``metadata``, ``lease``, ``tags`` …
        container: its name; empty for the account.
    """

    operation: str
    container: str
    is_write: bool
    is_conditional: bool
    is_creation: bool
    """Whether it is to fail where there is a blob already: ``If-None-Match: *``."""

    @property
    def stores_bytes(self) -> bool:
        """Whether it needs space."""
        return self.is_write and self.operation in STORING


def call_of(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Call:
    """Of a request in the path style: ``/account/container/blob``. ``headers`` finds names whatever their case."""
    container, _, blob = path.lstrip("/").partition("/")[2].partition("/")
    is_of_container = "restype" in query or query.get("comp") in {"list", "batch"}
    if container and not blob and not is_of_container:
        container = ROOT_CONTAINER  # /account/blob
    return Call(
        operation=_operation(method, container, query, headers),
        container=unquote(container),
        is_write=method in WRITES,
        is_conditional=any(name in headers for name in CONDITIONS),
        is_creation=headers.get("If-None-Match") == "*",
    )


def _operation(method: str, container: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    comp = query.get("comp", "")
    if comp == "list":
        return "list"
    if not container:
        return "account"
    if "restype" in query:
        return "container"
    if comp not in CONTENT:
        return comp
    return "copy" if method == "PUT" and "x-ms-copy-source" in headers else OF_CONTENT.get(method, method.lower())
