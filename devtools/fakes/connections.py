"""Connections and secrets in memory: the twins of ``shared/storage/connection_store.py`` and ``shared/storage/key_vault.py``."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr
from typing_extensions import override

from shared.connections.connection import USE_NOTED_AGAIN_AFTER, Connection, Connections, Handle, oldest_first
from shared.connections.secrets import Secrets
from shared.errors import ConfigurationError, Conflict, OwnershipConflict


class InMemoryConnections(Connections):
    """Connections by id, and aliases."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._aliases: dict[str, str] = {}
        self._handles: dict[str, Handle] = {}
        self._etag = 0
        self.finds = 0

    @override
    async def find(self, handle: str) -> Connection | None:
        self.finds += 1
        return self._connections.get(self._aliases.get(handle, handle))

    @override
    async def handles(self, connection_id: str) -> list[Handle]:
        found = [self._handles[handle] for handle, known in self._aliases.items() if known == connection_id]
        return sorted(found, key=oldest_first)

    @override
    async def used(self, handle: str, *, at: datetime) -> None:
        known = self._handles.get(handle)
        if known is not None and (known.used_at is None or at >= known.used_at + USE_NOTED_AGAIN_AFTER):
            self._handles[handle] = replace(known, used_at=at)

    @override
    async def drop_handle(self, handle: str) -> None:
        self._aliases.pop(handle, None)
        self._handles.pop(handle, None)

    @override
    async def add(self, connection: Connection, *, handles: tuple[str, ...] = (), at: datetime | None = None) -> None:
        known = self._connections.get(connection.id)
        if known is not None and known.tenant_id != connection.tenant_id:
            raise OwnershipConflict(f"{connection.id} is connected by another tenant")
        if connection.id in self._aliases:
            raise OwnershipConflict(f"{connection.id} is a handle of another connection")
        aliases = set(handles) - {connection.id}
        if any(handle in self._connections or self._aliases.get(handle, connection.id) != connection.id for handle in aliases):
            raise OwnershipConflict("a handle leads to another connection")
        self._store(connection)
        self._handles.update({handle: Handle(handle, at, None) for handle in aliases if handle not in self._aliases})
        self._aliases.update(dict.fromkeys(aliases, connection.id))

    @override
    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        return sorted((known for known in self._connections.values() if known.tenant_id == tenant_id), key=lambda known: known.id)

    @override
    async def of_source(self, source: str) -> list[Connection]:
        return sorted((known for known in self._connections.values() if known.source == source), key=lambda known: known.id)

    @override
    async def due(self, source: str, *, at: datetime, most: int) -> list[Connection]:
        waiting = [
            (known.next_due_at, known)
            for known in self._connections.values()
            if known.source == source and known.next_due_at is not None and (known.status == "active" or known.paused_by == "app")
        ]
        return [known for due_at, known in sorted(waiting, key=lambda one: one[0]) if due_at <= at][:most]

    @override
    async def replace(self, connection: Connection) -> Connection:
        known = self._connections.get(connection.id)
        if known is None or known.etag != connection.etag:
            raise Conflict("the connection was written since")
        return self._store(connection)

    def _store(self, connection: Connection) -> Connection:
        self._etag += 1
        self._connections[connection.id] = connection.model_copy(update={"etag": str(self._etag)})
        return self._connections[connection.id]


class InMemorySecrets(Secrets):
    """Secrets by name; ``values`` may be changed, as a secret is rotated."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})

    @override
    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        if name not in self.values:
            raise ConfigurationError(f"there is no secret {name}")
        return SecretStr(self.values[name])
