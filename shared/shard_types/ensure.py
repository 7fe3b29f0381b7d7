"""``ensure_shard_types``: the stored definitions follow the registry.

A type that is missing, or stored with an older schema version or another schema of the same version, is written; one that a newer
deployment stored is left alone.
"""

import logging
from collections.abc import Iterable
from typing import Any, Protocol

from shared.shard_types.shard_type import ShardType

log = logging.getLogger(__name__)


class ShardTypeStore(Protocol):
    """Where definitions are stored."""

    async def read(self, shard_type_id: str) -> dict[str, Any] | None:
        """The stored definition."""

    async def write(self, document: dict[str, Any]) -> None:
        """Store a definition, replacing an older one."""


async def ensure_shard_types(types: Iterable[ShardType], *, store: ShardTypeStore) -> list[str]:
    """Bring the store up to the registry; safe to run by many workers at once.

    Returns:
        The ids that were written.

    Raises:
        TransientError: when the store cannot answer now.
    """
    written = []
    for known in types:
        wanted = known.document()
        stored = await store.read(known.id)
        if stored is not None and is_as_new(stored, wanted):
            continue
        await store.write(wanted)
        log.info("shard type stored", extra={"shard_type": known.id, "schema_version": known.schema_version})
        written.append(known.id)
    return written


def is_as_new(stored: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a stored definition is the wanted one, or a later one."""
    version = stored.get("schemaVersion", 0)
    if version != wanted["schemaVersion"]:
        return bool(version > wanted["schemaVersion"])
    return all(stored.get(name) == value for name, value in wanted.items())
