"""What a migration is: something that brings stored documents to what the code says, while the app runs.

It looks for what is to be done by a query, so it needs no memory: what is done is not found again, a kill costs nothing, and a worker of
an earlier version that writes an old document meanwhile only makes it due once more.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from ops.migrations.documents import MigratedShards
from ops.tenants.showing import Progress
from shared.messaging.envelope import Transport
from shared.messaging.publisher import Publisher
from shared.shard_types.ensure import ShardTypeStore
from shared.topology import Space

BATCH: Final = 200
"""Messages in a batch, with a pause after each: what people do meanwhile waits behind one batch, not behind all of them."""


@dataclass(frozen=True)
class MigrationPorts:
    """What migrations need of a deployment."""

    shards: MigratedShards
    types: ShardTypeStore
    publisher: Publisher
    transport: Transport
    space: Space
    now: Callable[[], datetime]
    pause: Callable[[], Awaitable[None]]
    """After a batch of messages."""


@dataclass
class Done:
    """What became of one migration."""

    count: int = 0
    """Documents that were changed, or asked for."""
    unreadable: list[str] = field(default_factory=list)
    """What could not be read: ``<tenant> <id>: why``, without anything of the content."""
    left: int = 0
    """What others wrote again and again meanwhile: the next call does it."""


@dataclass(frozen=True)
class Due:
    """What is to be done."""

    count: int
    advice: tuple[str, ...] = ()
    """Commands that do it, where this one cannot."""


class Migration(Protocol):
    """One of them."""

    name: str
    """For good: under this it is recorded as finished."""
    says: str
    is_done_here: bool
    """Whether ``carry_out`` does it; if not, the advice says what does."""

    async def due(self, ports: MigrationPorts, tenant_id: str | None) -> Due:
        """Look, and touch nothing. ``tenant_id``: only this tenant's.

        Raises:
            TransientError: when a store cannot answer now.
        """

    async def carry_out(self, ports: MigrationPorts, tenant_id: str | None, progress: Progress) -> Done:
        """Do all that is due.

        Raises:
            TransientError: when a store or the broker cannot now. What is done is done; the same call goes on.
        """


def place_of(document: dict[str, object]) -> str:
    """What an operator finds a document by."""
    return f"{document.get('tenantId')} {document.get('id')}"
