"""What migrations need, of a deployment."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from ops.migrations.documents import CosmosMigratedShards
from ops.migrations.migration import MigrationPorts
from shared.storage.shard_type_store import CosmosShardTypes

if TYPE_CHECKING:
    from shared.hosting.services import Services

PAUSE_SECONDS: Final = 1.0


def migration_ports_of(services: "Services", *, now: Callable[[], datetime]) -> MigrationPorts:
    """The ports of a deployment. Nothing is connected to before it is used."""
    return MigrationPorts(
        shards=CosmosMigratedShards(services.account),
        types=CosmosShardTypes(services.account),
        publisher=services.publisher,
        transport=services.transport,
        space=services.space,
        now=now,
        pause=partial(asyncio.sleep, PAUSE_SECONDS),
    )
