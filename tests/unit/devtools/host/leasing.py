"""A lease container in memory, and a clock for whoever reads it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devtools.host.leases import Leases, WriteRefused


class InMemoryLeases:
    """Documents with etags. ``seconds`` is the time, moved by hand."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.seconds = 1_800_000_000.0
        self._writes = 0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def host(self, owner: str, prefix: str = "p") -> Leases:
        """The leases as one host sees them."""
        return Leases(self, prefix, owner, self.now)

    def owners(self) -> dict[str, str | None]:
        """By lease."""
        return {id_: document["Owner"] for id_, document in self.documents.items()}

    async def create(self, document: dict[str, Any]) -> None:
        if document["id"] in self.documents:
            raise WriteRefused
        self._store(document)

    async def replace(self, document: dict[str, Any], etag: str) -> dict[str, Any]:
        known = self.documents.get(document["id"])
        if known is None or known["_etag"] != etag:
            raise WriteRefused
        return self._store(document)

    async def beginning_with(self, prefix: str) -> list[dict[str, Any]]:
        return [dict(document) for id_, document in sorted(self.documents.items()) if id_.startswith(prefix)]

    def _store(self, document: Mapping[str, Any]) -> dict[str, Any]:
        self._writes += 1
        self.documents[document["id"]] = {**document, "_etag": str(self._writes)}
        return dict(self.documents[document["id"]])
