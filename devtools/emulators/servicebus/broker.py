"""Everything one local Service Bus holds: queues, connections, the journal, the count of operations.

One event loop and one thread, so nothing is locked. What a turn of the loop changed is written to the journal once, and only
then are the answers of that turn sent: see `flush`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from devtools.emulators.identities import Identities
from devtools.emulators.servicebus.configuration import QueuePolicy
from devtools.emulators.servicebus.journal import FileJournal, MemoryJournal
from devtools.emulators.servicebus.mishaps import Mishaps
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.records import QueueSnapshot
from devtools.emulators.servicebus.refusals import entity_not_found
from devtools.emulators.servicebus.shared_access import KEY, KEY_NAME
from devtools.faults.plan import Kind

log = logging.getLogger(__name__)

DEAD_LETTERS = "/$deadletterqueue"
MANAGEMENT = "/$management"
TICK_SECONDS = 0.02


class Output(Protocol):
    """A connection, as the broker sees it."""

    def write_out(self) -> None: ...
    def abort(self) -> None: ...


class Broker:
    """A running broker; made by `server.running_broker`."""

    def __init__(
        self,
        policies: Sequence[QueuePolicy],
        *,
        now_ms: Callable[[], int],
        journal: FileJournal | MemoryJournal,
        mishaps: Mishaps | None = None,
        identities: Identities | None = None,
    ) -> None:
        self.now_ms = now_ms
        self.identities = identities
        """Who is let in by a token; None where everybody has the key."""
        self.mishaps = mishaps or Mishaps()
        self.port = 0
        self.operations: Counter[str] = Counter()
        """What clients did at the wire since the start, by operation; a batch is one `send` and several `sent-messages`."""
        self.connections: set[Output] = set()
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """Done, with the reason, when the broker cannot keep its promises: every connection was cut, the process should end."""
        self._journal = journal
        self._queues: dict[str, Queue] = {}
        self._written: set[Output] = set()
        self._flush_due = False
        for policy in policies:
            self._add(policy)
        if isinstance(journal, FileJournal):
            self._restore(journal.snapshots)

    @property
    def connection_string(self) -> str:
        endpoint = f"Endpoint=sb://127.0.0.1:{self.port}"
        return f"{endpoint};SharedAccessKeyName={KEY_NAME};SharedAccessKey={KEY};UseDevelopmentEmulator=true;"

    def queue(self, path: str) -> Queue:
        """The queue or dead-letter queue at an entity path, in any case. Raises RefusedError (amqp:not-found)."""
        queue = self._queues.get(path.lower().removesuffix(MANAGEMENT))
        if queue is None:
            raise entity_not_found(path)
        return queue

    def target(self, path: str) -> str:
        """What a fault plan calls the entity at a path: the queue's own name, or the path, where there is none."""
        queue = self._queues.get(path.removesuffix(MANAGEMENT))
        return queue.name if queue else path

    def flush_soon(self, connection: Output) -> None:
        """The connection has something to send at the end of this turn."""
        self._written.add(connection)
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def keep_time(self) -> None:
        """Let schedules, locks and expiry take effect, for ever."""
        while not self.failed.done():
            await asyncio.sleep(TICK_SECONDS)
            self.mishaps.happens(Kind.CLOCK_MOVED, "tick")
            for queue in self._queues.values():
                queue.dispatch()
            self._flush()

    def fail(self, reason: BaseException) -> None:
        """Cut every connection without answering and say so through `failed`."""
        if not self.failed.done():
            self.failed.set_result(reason)
        for connection in list(self.connections):
            connection.abort()

    def close(self) -> None:
        """Write what is pending and cut what is open."""
        self._flush()
        for connection in list(self.connections):
            connection.abort()
        self._journal.close()

    def _flush(self) -> None:
        """Journal first, then answers: what was answered survives the death of the process."""
        self._flush_due = False
        if self.failed.done():
            return
        try:
            self._journal.flush()
        except OSError as error:
            log.critical("the journal cannot be written; stopping without answering", extra={"reason": str(error)})
            self.fail(error)
            return
        written, self._written = self._written, set()
        for connection in written:
            try:
                connection.write_out()
            except Exception:  # whatever is wrong with one connection, it may not keep their answers from the others, or stop the clock
                log.exception("a connection cannot be written to, and is cut")
                connection.abort()

    def _add(self, policy: QueuePolicy) -> None:
        endless = replace(policy, name=f"{policy.name}/$DeadLetterQueue", max_delivery_count=None, ttl_ms=None, duplicate_window_ms=None)
        dead_letters = Queue(endless, now_ms=self.now_ms, journal=self._journal, mishaps=self.mishaps)
        queue = Queue(policy, now_ms=self.now_ms, journal=self._journal, dead_letters=dead_letters, mishaps=self.mishaps)
        self._queues[queue.name.lower()] = queue
        self._queues[dead_letters.name.lower()] = dead_letters

    def _restore(self, snapshots: Mapping[str, QueueSnapshot]) -> None:
        for name, snapshot in snapshots.items():
            if queue := self._queues.get(name.lower()):
                queue.restore(snapshot)
            else:
                log.warning("the journal holds a queue that is not configured; kept, but out of reach", extra={"queue": name})


def entity_path(address: str) -> str:
    """`amqps://host:port/Orders` or `sb://host/Orders/` or `Orders` → `orders`."""
    if "://" in address:
        address = address.split("://", 1)[1].partition("/")[2]
    return address.strip("/").lower()


def root_queue(path: str) -> str:
    """The queue that a token must have been shown for: that of the dead-letter queue and the management node, too."""
    return path.removesuffix(MANAGEMENT).removesuffix(DEAD_LETTERS)
