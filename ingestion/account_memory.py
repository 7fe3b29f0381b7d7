"""What the workers of one connection share: one item, written only over what was read."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Generic, TypeVar

from shared.connections.connection import Connection
from shared.contracts.message import Wire
from shared.errors import Conflict
from shared.streams.state import ACCOUNT, StreamState, StreamStates

TRIES: Final = 5
"""How often a write that somebody was quicker than is tried again."""

MemoryT = TypeVar("MemoryT", bound=Wire)


class SharedMemory(Generic[MemoryT]):
    """One connection's shared item, as one worker sees it. ``kind``: what is in it; every field of it has a default."""

    def __init__(self, kind: type[MemoryT], connection: Connection, states: StreamStates, now: Callable[[], datetime]) -> None:
        self._kind = kind
        self._connection = connection
        self._states = states
        self._now = now
        self._state: StreamState | None = None
        self.memory = kind()

    async def look(self) -> MemoryT:
        """Read it anew.

        Raises:
            TransientError: the store cannot now.
        """
        self._state = await self._states.read(self._connection, ACCOUNT, "account")
        self.memory = self._kind.model_validate(self._state.cursor or {})
        return self.memory

    async def change(self, changed: Callable[[MemoryT], MemoryT | None]) -> bool:
        """Write a change over what is there now. ``changed`` gives None to leave all as it is.

        Returns:
            Whether it was written.

        Raises:
            Conflict: others were quicker, again and again.
            TransientError: the store cannot now.
        """
        for _ in range(TRIES):
            if self._state is None:
                await self.look()
            wanted = changed(self.memory)
            if wanted is None or self._state is None:
                return False
            state = self._state.model_copy(update={"cursor": wanted.model_dump(mode="json", by_alias=True)})
            try:
                self._state = await self._states.save(state, at=self._now())
            except Conflict:
                self._state = None
            else:
                self.memory = wanted
                return True
        raise Conflict("the connection's shared memory is written all the time")
