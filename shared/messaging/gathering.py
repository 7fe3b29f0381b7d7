"""One queue's concurrent sends, gathered: what many callers send at once becomes few batches of one broker.

A send starts at once when none is under way for its queue, and takes what callers of the same turn of the event loop send; what arrives
meanwhile goes together in the next one. So nobody waits for company, and the busier it is the fuller the batches are. A caller has its
answer when the broker has settled the batch that its envelopes were in, and not before.

A batch is sent by a task of its own: whoever leaves takes nothing away from the others, and when nobody waits for it any more it is given
up, so that a broker that says nothing does not hold up who comes later. It belongs to the event loop it was started on.
"""

import asyncio
import contextvars
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Protocol

from typing_extensions import override

from shared.contracts.claim import MAX_MESSAGE_BYTES
from shared.errors import DependencyUnavailable, PermanentError
from shared.messaging.envelope import TRACELINK, TRACEPARENT, Envelope, Transport
from shared.messaging.service_bus import SEND_TIMEOUT_SECONDS
from shared.telemetry.names import Span
from shared.telemetry.tracing import shared_span

BATCH_ENVELOPES: Final = 200
BATCH_BYTES: Final = MAX_MESSAGE_BYTES
"""Of several callers together: with what encoding adds to so many envelopes it is still one batch of the SDK's (256 KB)."""


class Broker(Transport, Protocol):
    """Where batches go. Sends to one queue are made one after the other, never two at once."""

    async def close(self) -> None:
        """Let go of the connections."""


class GatheringTransport(Transport):
    """The transport port over one broker.

    ``most_envelopes`` and ``most_bytes`` bound what callers share; one who sends more than that at once has a send of its own.
    ``timeout_seconds``: from a caller's call to its answer, its wait for the send before included.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        most_envelopes: int = BATCH_ENVELOPES,
        most_bytes: int = BATCH_BYTES,
        timeout_seconds: float = SEND_TIMEOUT_SECONDS,
    ) -> None:
        self._broker = broker
        self._most_envelopes = most_envelopes
        self._most_bytes = most_bytes
        self._timeout_seconds = timeout_seconds
        self._lines: dict[str, _Line] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    @override
    async def send(self, *envelopes: Envelope) -> None:
        give_up_at = asyncio.get_running_loop().time() + self._timeout_seconds
        by_queue = sorted(envelopes, key=lambda envelope: envelope.queue)
        for queue, group in groupby(by_queue, key=lambda envelope: envelope.queue):
            try:
                async with asyncio.timeout_at(give_up_at):
                    await self._line(queue).sent(tuple(group))
            except TimeoutError as error:
                raise DependencyUnavailable(f"send to {queue}: no answer ({type(error).__name__})") from error

    async def close(self) -> None:
        """Give up what is being sent, whose callers get a DependencyUnavailable, and let go of the connections."""
        lines, self._lines = self._lines, {}
        if self._loop is asyncio.get_running_loop():
            await asyncio.gather(*(line.stop() for line in lines.values()))
        await self._broker.close()

    def _line(self, queue: str) -> "_Line":
        """Who sends to a queue on this event loop. Another loop's lines are left to it: it settles its callers, or ended with them."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._lines = loop, {}
        if queue not in self._lines:
            self._lines[queue] = _Line(queue, self._broker, self._most_envelopes, self._most_bytes)
        return self._lines[queue]


@dataclass(slots=True, eq=False)
class _Parcel:
    """What one caller sends to one queue; it stays together."""

    envelopes: tuple[Envelope, ...]
    done: "asyncio.Future[None]"
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.size_bytes = sum(envelope.size_bytes for envelope in self.envelopes)

    def settle(self, error: Exception | None) -> None:
        if self.done.done():  # its caller has left
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class _Line:
    """Who sends to one queue, on one event loop."""

    def __init__(self, queue: str, broker: Broker, most_envelopes: int, most_bytes: int) -> None:
        self._queue = queue
        self._broker = broker
        self._most_envelopes = most_envelopes
        self._most_bytes = most_bytes
        self._waiting: dict[_Parcel, None] = {}
        """In the order in which they came."""
        self._under_way: set[_Parcel] = set()
        self._sending: asyncio.Task[None] | None = None

    async def sent(self, envelopes: tuple[Envelope, ...]) -> None:
        """Return when the broker has them.

        Raises:
            PipelineError: what the broker said of the send they were in; or that was given up.
        """
        parcel = _Parcel(envelopes, asyncio.get_running_loop().create_future())
        self._waiting[parcel] = None
        self._start()
        try:
            await parcel.done
        finally:
            self._leave(parcel)

    async def stop(self) -> None:
        """Let nobody wait any longer."""
        for parcel in self._waiting:
            parcel.settle(self._given_up())
        self._waiting.clear()
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])

    def _start(self) -> None:
        if self._waiting and self._sending is None:
            # In a context of its own: a batch is no part of the trace of whoever came first.
            self._sending = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())
            self._sending.add_done_callback(self._ended)

    async def _run(self) -> None:
        batch = self._next_batch()
        self._under_way.update(batch)
        parts: list[Sequence[_Parcel]] = [batch]
        while parts:
            parts += await self._send(parts.pop())

    def _next_batch(self) -> list[_Parcel]:
        """Whoever has waited longest, and as many after as fit."""
        batch: list[_Parcel] = []
        count = size_bytes = 0
        for parcel in self._waiting:
            count, size_bytes = count + len(parcel.envelopes), size_bytes + parcel.size_bytes
            if batch and (count > self._most_envelopes or size_bytes > self._most_bytes):
                break
            batch.append(parcel)
        for parcel in batch:
            del self._waiting[parcel]
        return batch

    async def _send(self, parcels: Sequence[_Parcel]) -> list[Sequence[_Parcel]]:
        """Send and settle; what was refused is given back in two parts, the first one last, until the guilty parcel is alone.

        What the broker took of it before it refused comes to it twice then, and is recognised by its id.
        """
        error: Exception | None = None
        try:
            envelopes = [envelope for parcel in parcels for envelope in parcel.envelopes]
            with shared_span(Span.SEND, _traces(envelopes), queue=self._queue, messages=len(envelopes)):
                await self._broker.send(*envelopes)
        except PermanentError as refusal:
            middle = len(parcels) // 2
            if middle:
                return [parcels[middle:], parcels[:middle]]
            error = refusal
        except Exception as failure:  # whatever it is, it is raised where the envelopes came from
            error = failure
        for parcel in parcels:
            parcel.settle(error)
        return []

    def _leave(self, parcel: _Parcel) -> None:
        self._waiting.pop(parcel, None)
        if parcel in self._under_way:
            self._under_way.remove(parcel)
            if not self._under_way and self._sending is not None:
                self._sending.cancel()  # no more than a word where it is done

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """The next one's turn. Whoever still waits for a send that was given up, or met a bug, must not wait for ever."""
        self._sending = None
        failure = self._given_up() if task.cancelled() else task.exception()
        if isinstance(failure, Exception):
            for parcel in self._under_way:
                parcel.settle(failure)
        self._under_way.clear()
        self._start()

    def _given_up(self) -> DependencyUnavailable:
        return DependencyUnavailable(f"send to {self._queue}: given up")


def _traces(envelopes: Sequence[Envelope]) -> list[str]:
    """What a batch is sent for: who happened to send at the same moment share it."""
    return [
        str(said[name]) for said in (envelope.properties for envelope in envelopes) for name in (TRACEPARENT, TRACELINK) if name in said
    ]
