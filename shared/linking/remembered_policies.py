"""Linking policies remembered for a minute: every shard that is linked needs its tenant's."""

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.linking.policy import LinkingPolicies, LinkingPolicy

REMEMBERED: Final = timedelta(seconds=60)
"""How long a change may take until every worker links by it."""
MOST: Final = 1_000
FIRST: Final = LinkingPolicy()
"""What a tenant links by that has set nothing."""


class RememberedPolicies:
    """A cache in front of a store. The one that was asked for least lately is forgotten first."""

    def __init__(self, store: LinkingPolicies, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._remembered: OrderedDict[str, tuple[datetime, LinkingPolicy]] = OrderedDict()
        self._reading: dict[str, asyncio.Task[LinkingPolicy]] = {}

    async def of(self, tenant_id: str) -> LinkingPolicy:
        """The policy as it was ``REMEMBERED`` ago or later; the first values where none is stored.

        Raises:
            ConfigurationError: what is stored is no policy. Nothing of the tenant is linked by other rules than its own: the message is
                parked with this reason, and replayed when somebody has put it right.
            TransientError: the store cannot answer now.
        """
        remembered = self._remembered.get(tenant_id)
        if remembered is not None and self._now() < remembered[0]:
            self._remembered.move_to_end(tenant_id)
            return remembered[1]
        return await asyncio.shield(self._read(tenant_id))

    def _read(self, tenant_id: str) -> "asyncio.Task[LinkingPolicy]":
        """One read for all who ask meanwhile; it is none of theirs (as in ``shared/connections/cache.py``)."""
        loop, reading = asyncio.get_running_loop(), self._reading.get(tenant_id)
        if reading is None or reading.done() or reading.get_loop() is not loop:
            reading = self._reading[tenant_id] = loop.create_task(self._found(tenant_id), context=contextvars.Context())
            reading.add_done_callback(lambda done: self._ended(tenant_id, done))
        return reading

    async def _found(self, tenant_id: str) -> LinkingPolicy:
        began_at, stored = self._now(), await self._store.read(tenant_id)
        policy = FIRST if stored is None else stored.policy
        self._remembered[tenant_id] = (began_at + REMEMBERED, policy)
        self._remembered.move_to_end(tenant_id)
        if len(self._remembered) > MOST:
            self._remembered.popitem(last=False)
        return policy

    def _ended(self, tenant_id: str, done: "asyncio.Task[LinkingPolicy]") -> None:
        if self._reading.get(tenant_id) is done:
            del self._reading[tenant_id]
        if not done.cancelled():
            done.exception()  # everyone may have left before it failed
