"""The message ids a queue has accepted lately. Azure documentation, "Duplicate detection".

An id counts from the moment its message was accepted, scheduled or not, and stays taken when the message is completed. An id
that comes again does not prolong its window.
"""

from collections.abc import Mapping

from devtools.emulators.servicebus.message import MessageId
from devtools.emulators.servicebus.records import Journal, Remembered


class DuplicateHistory:
    """Without a window (`window_ms` None) every message is new."""

    def __init__(self, queue: str, window_ms: int | None, journal: Journal) -> None:
        self._queue = queue
        self._window_ms = window_ms
        self._journal = journal
        self._until_ms: dict[MessageId, int] = {}  # in order of ending, while the clock goes forward: the window is one length

    def admit(self, message_id: MessageId | None, now: int) -> bool:
        """Whether the message is new; if it is, its id is taken from now on."""
        if self._window_ms is None or message_id is None:
            return True
        self._forget(now)
        if self._until_ms.get(message_id, now) > now:
            return False
        self._until_ms.pop(message_id, None)  # it ended, but stands behind one that ends later: the clock was set back between them
        self._until_ms[message_id] = now + self._window_ms
        self._journal.write(Remembered(self._queue, message_id, now + self._window_ms))
        return True

    def restore(self, remembered: Mapping[MessageId, int], now: int) -> None:
        if self._window_ms is not None:
            self._until_ms = dict(sorted(remembered.items(), key=lambda item: item[1]))
            self._forget(now)

    def _forget(self, now: int) -> None:
        while self._until_ms:
            oldest = next(iter(self._until_ms))
            if self._until_ms[oldest] > now:
                return
            del self._until_ms[oldest]
