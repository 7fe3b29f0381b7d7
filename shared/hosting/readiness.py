"""Start-up order: containers compared, shard types ensured, and only then is a message handled.

Azure Functions has no start hook, so the first message of a worker does it and the others wait for it. Until it succeeds every message
comes back later: consumers never run without shard types.
"""

import asyncio
import logging
from typing import Final

from shared.errors import TransientError
from shared.shard_types.ensure import ShardTypeStore, ensure_shard_types
from shared.shard_types.registry import SHARD_TYPES
from shared.storage.cosmos import CosmosAccount
from shared.topology import Container

log = logging.getLogger(__name__)

TRIES: Final = 3


class Readiness:
    """Done once per worker; awaiting it afterwards costs nothing. Those who wait share one attempt, and its failure."""

    def __init__(self, account: CosmosAccount, shard_types: ShardTypeStore, *, containers: tuple[Container, ...]) -> None:
        self._account = account
        self._containers = containers
        self._shard_types = shard_types
        self._attempt: asyncio.Task[None] | None = None
        self._done = False

    async def __call__(self) -> None:
        """Return when the store has what handlers rely on.

        Raises:
            TransientError: when the store does not answer.
            ConfigurationError: when a container is missing or not as the topology wants it.
        """
        if self._done:
            return
        if self._attempt is None or self._attempt.done():
            self._attempt = asyncio.create_task(self._prepare())
        await asyncio.shield(self._attempt)  # one message that is cancelled must not stop the others' attempt

    async def _prepare(self) -> None:
        for tried in range(1, TRIES + 1):
            try:
                for container in self._containers:
                    await self._account.compare(container)
                await ensure_shard_types(SHARD_TYPES, store=self._shard_types)
                break
            except TransientError:
                if tried == TRIES:
                    raise
        self._done = True
        log.info("ready", extra={"shard_types": len(SHARD_TYPES)})
