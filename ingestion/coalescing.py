"""Which hints are asked for: of a record that is quiet the first one at once, and all others of its window once, at the window's end.

What is remembered is one worker's alone and is only a saving: another worker may ask for the same record at once, too. The end of a window
is the same message whoever asks for it, so it is asked for once by each worker, and read once. A hint is safe when its own message, or that
of the end of its window, is on the queue.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ingestion.sources.source import Hint, Told
from shared.connections.connection import Connection
from shared.contracts.sync import SyncRequested

GRACE: Final = timedelta(seconds=5)
"""After the end of a window: what was heard at its very end can be read by then, and clocks may differ by so much."""
TOLD_IN_A_WINDOW: Final = 5
"""So many events of a record are told; where it can be read instead, more of them in one window are one read."""
MOST: Final = 50_000
"""Records. Of one that is forgotten the next hint is asked for at once."""

_Key = tuple[str, str, str]


def window_end(at: datetime, window: timedelta) -> datetime:
    """The end of the window a moment is in; all workers have the same windows."""
    seconds = window.total_seconds()
    return datetime.fromtimestamp((math.floor(at.timestamp() / seconds) + 1) * seconds, UTC)


@dataclass
class _Record:
    window_ends_at: datetime
    told_count: int = 0
    was_hinted: bool = False
    is_end_asked: bool = False
    end_id: str | None = None
    """The message that asks for it."""


@dataclass(frozen=True)
class Asked:
    """A message for a hint."""

    message: SyncRequested
    due_at: datetime | None
    """None: at once."""


class Coalescing:
    """One worker's memory of what was heard."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._records: OrderedDict[_Key, _Record] = OrderedDict()

    def may_be_told(self, told: Told, connection: Connection, at: datetime) -> bool:
        """Whether an event is put on the queue as it is, or asked for by its hint at the end of the window."""
        if told.instead is None:
            return True
        record = self._record(told.instead, connection, at)
        record.told_count += 1
        return record.told_count <= TOLD_IN_A_WINDOW

    def asked(self, hint: Hint, connection: Connection, at: datetime, *, in_a_burst: bool = False) -> Asked | None:
        """The message for a hint; None where it is on the queue already. ``in_a_burst``: not at once, whatever was heard before."""
        record = self._record(hint, connection, at)
        is_first = not (record.was_hinted or in_a_burst)
        record.was_hinted = True
        if not is_first and record.is_end_asked:
            return None
        message = SyncRequested.of_record(
            hint.record,
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            stream=hint.stream,
            heard_at=at,
            window_ends_at=None if is_first else record.window_ends_at,
        ).model_copy(update={"expects": hint.expects if is_first else None, "context": hint.context})
        return Asked(message, None if is_first else record.window_ends_at + GRACE)

    def kept(self, asked: Asked) -> None:
        """A message is on the queue."""
        message = asked.message
        record = self._records.get((message.connection_id, message.stream, message.record or ""))
        if record is not None and record.window_ends_at == message.window_ends_at:
            record.is_end_asked, record.end_id = True, message.id

    def answered_by(self, hint: Hint, connection: Connection, at: datetime) -> str | None:
        """The message whose read answers a hint that needs none of its own."""
        return self._record(hint, connection, at).end_id

    def _record(self, hint: Hint, connection: Connection, at: datetime) -> _Record:
        key, ends_at = (connection.id, hint.stream, hint.record), window_end(at, self._window)
        record = self._records.get(key)
        if record is None or record.window_ends_at != ends_at:
            record = self._records[key] = _Record(ends_at)
        self._records.move_to_end(key)
        if len(self._records) > MOST:
            self._records.popitem(last=False)
        return record
