"""Which migrations were finished, and when: one small item beside the shard types.

It is for people. What is due is looked for every time.
"""

from typing import Any, Final

from ops.migrations.migration import MigrationPorts
from shared.contracts.message import timestamp

ID: Final = "migrations"
"""Of the item, which is no shard type: it has no schema."""


async def finished(ports: MigrationPorts) -> dict[str, dict[str, Any]]:
    """By name: when it was finished last, and how much it did then.

    Raises:
        TransientError: when the store cannot answer now.
    """
    stored = await ports.types.read(ID)
    return dict((stored or {}).get("finished", {}))


async def finish(name: str, count: int, ports: MigrationPorts) -> None:
    """Write down that nothing is left to do."""
    said = {**await finished(ports), name: {"at": timestamp(ports.now()), "count": count}}
    await ports.types.write({"id": ID, "finished": said})
