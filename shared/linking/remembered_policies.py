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
FRESH: Final = timedelta(seconds=1)
MOST: Final = 1_000
FIRST: Final = LinkingPolicy()
"""What a tenant links by that has set nothing."""

_Read = tuple[datetime, LinkingPolicy]
"""When its reading began, and what it is."""


class RememberedPolicies:
    """A cache in front of a store. The one that was asked for least lately is forgotten first."""

    def __init__(self, store: LinkingPolicies, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._remembered: OrderedDict[str, _Read] = OrderedDict()
        self._reading: dict[str, asyncio.Task[_Read]] = {}

    async def of(self, tenant_id: str, *, fresh: bool = False) -> LinkingPolicy:
        """The policy as it was ``REMEMBERED`` ago or, if ``fresh``, ``FRESH`` ago, or later; the first values where none is stored.

        Args:
            tenant_id: whose.
            fresh: whether it must be of now: somebody may have changed it and then had everything looked at anew.

        Raises:
            ConfigurationError: what is stored is no policy. Nothing of the tenant is linked by other rules than its own: the message is
                parked with this reason, and replayed when somebody has put it right.
            TransientError: the store cannot answer now.
        """
        at, age = self._now(), FRESH if fresh else REMEMBERED
        remembered = self._remembered.get(tenant_id)
        if remembered is not None and at - remembered[0] < age:
            self._remembered.move_to_end(tenant_id)
        while remembered is None or at - remembered[0] >= age:
            remembered = await asyncio.shield(self._read(tenant_id))
        return remembered[1]

    def _read(self, tenant_id: str) -> "asyncio.Task[_Read]":
        """One read for all who ask meanwhile; it is none of theirs (as in ``shared/connections/cache.py``)."""
        loop, reading = asyncio.get_running_loop(), self._reading.get(tenant_id)
        if reading is None or reading.done() or reading.get_loop() is not loop:
            reading = self._reading[tenant_id] = loop.create_task(self._found(tenant_id), context=contextvars.Context())
            reading.add_done_callback(lambda done: self._ended(tenant_id, done))
        return reading

    async def _found(self, tenant_id: str) -> "_Read":
        began_at, stored = self._now(), await self._store.read(tenant_id)
        read = self._remembered[tenant_id] = (began_at, FIRST if stored is None else stored.policy)
        self._remembered.move_to_end(tenant_id)
        if len(self._remembered) > MOST:
            self._remembered.popitem(last=False)
        return read

    def _ended(self, tenant_id: str, done: "asyncio.Task[_Read]") -> None:
        if self._reading.get(tenant_id) is done:
            del self._reading[tenant_id]
        if not done.cancelled():
            done.exception()  # everyone may have left before it failed
