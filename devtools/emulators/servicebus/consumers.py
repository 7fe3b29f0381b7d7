"""The receivers of one queue, and whose turn it is."""

from collections import deque
from typing import Protocol

from devtools.emulators.servicebus.backlog import Entry
from devtools.emulators.servicebus.message import Lock


class Consumer(Protocol):
    """A receiver that is asked whether it can take one more message."""

    deletes: bool
    """Receive and delete: the message is gone when it is handed over."""

    def ready(self) -> bool: ...
    def deliver(self, entry: Entry, lock: Lock | None) -> None: ...


class Consumers:
    """Those with credit take turns."""

    def __init__(self) -> None:
        self._consumers: deque[Consumer] = deque()

    def add(self, consumer: Consumer) -> None:
        self._consumers.append(consumer)

    def remove(self, consumer: Consumer) -> None:
        self._consumers.remove(consumer)

    def next_ready(self) -> Consumer | None:
        """The one that gets the next message; None, where nobody can take one."""
        for _ in range(len(self._consumers)):
            self._consumers.rotate(-1)
            if self._consumers[-1].ready():
                return self._consumers[-1]
        return None
