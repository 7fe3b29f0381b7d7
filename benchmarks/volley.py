"""``python -m benchmarks.volley``: sends prepared requests at moments fixed beforehand, and says how long each answer took.

It reads an order from standard input, a JSON object, and prints a JSON object. Loopback only, standard library only, and a process of its
own: what is measured must not wait for whoever measures.

An answer is late from the moment its request was due, and not from when it could be sent: while nobody answers, the requests that fall due
wait for a connection, and their wait counts (no coordinated omission). The loop waits with ``select``, whose time is not rounded up to
whole milliseconds as that of ``epoll`` is.
"""

import asyncio
import base64
import gc
import json
import selectors
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from typing_extensions import override

MOST_CONNECTIONS: Final = 256
"""Of all at once; who finds none free waits. ``select`` cannot watch more than about a thousand."""
OPENED_BEFORE: Final = 16
PATIENCE_SECONDS: Final = 30.0
"""For the answers after the last request."""
START_SECONDS: Final = 0.05
BROKEN: Final = 0
"""In place of a status: the connection ended, or nobody answered in time."""


@dataclass(frozen=True)
class Order:
    """``requests``: whole HTTP/1.1 requests; the nth is due ``moments[n]`` seconds after the start."""

    port: int
    moments: Sequence[float]
    requests: Sequence[bytes]

    def written(self) -> bytes:
        """For standard input."""
        requests = [base64.b64encode(request).decode() for request in self.requests]
        return json.dumps({"port": self.port, "moments": list(self.moments), "requests": requests}).encode()

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """The same, read again."""
        return cls(said["port"], said["moments"], [base64.b64decode(request) for request in said["requests"]])


@dataclass
class Answers:
    """By number of request: when it was sent and answered, in seconds after it was due, and how."""

    sent: dict[int, float] = field(default_factory=dict)
    took: dict[int, float] = field(default_factory=dict)
    status: dict[int, int] = field(default_factory=dict)


class Volley:
    """One order, carried out once."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._loop = asyncio.get_running_loop()
        self._started_at = 0.0
        self._free: deque[_Connection] = deque()
        self._connections: list[_Connection] = []
        self._waiting: deque[int] = deque()
        self._opened = 0
        self._opening: set[asyncio.Task[None]] = set()
        self._has_failed = False
        self._all_answered = asyncio.Event()
        self.began = 0.0
        """In seconds since 1970."""
        self.answers = Answers()

    async def fire(self) -> None:
        """Send everything, and return when all is answered, or nobody will."""
        await asyncio.gather(*(self._open() for _ in range(OPENED_BEFORE)))
        self._started_at = self._loop.time() + START_SECONDS
        self.began = time.time() + START_SECONDS
        for number, moment in enumerate(self._order.moments):
            pause = self._started_at + moment - self._loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            self._waiting.append(number)
            self._hand_out()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._all_answered.wait()
        except TimeoutError:
            for number in range(len(self._order.requests)):
                if number not in self.answers.status:
                    self._settle(number, BROKEN)

    def close(self) -> None:
        """Let go of the connections."""
        for connection in self._connections:
            connection.close()

    def answered(self, connection: "_Connection", number: int, status: int) -> None:
        """One answer is whole."""
        self._settle(number, status)
        self._free.append(connection)
        self._hand_out()

    def lost(self, number: int | None) -> None:
        """A connection ended, with a request on it or without."""
        self._opened -= 1
        if number is not None:
            self._settle(number, BROKEN)
        self._hand_out()

    def _settle(self, number: int, status: int) -> None:
        self.answers.status[number] = status
        self.answers.took[number] = self._since_due(number)
        if len(self.answers.status) == len(self._order.requests):
            self._all_answered.set()

    def _hand_out(self) -> None:
        while self._waiting and self._free:
            connection = self._free.pop()
            if connection.is_open:
                number = self._waiting.popleft()
                self.answers.sent[number] = self._since_due(number)
                connection.ask(number, self._order.requests[number])
        if self._waiting and self._opened < MOST_CONNECTIONS and len(self._opening) < len(self._waiting):
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened_one)

    def _opened_one(self, task: "asyncio.Task[None]") -> None:
        """What came while the task was at its end saw it as one that still opens, and waits."""
        self._opening.discard(task)
        if not self._has_failed:
            self._hand_out()

    async def _open(self) -> None:
        self._opened += 1
        try:
            _, connection = await self._loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._order.port)
        except OSError:
            self._opened -= 1
            self._has_failed = True  # nobody listens: whoever waits is told so in the end, and it is not tried all the time
            return
        self._connections.append(connection)
        self._free.append(connection)
        self._hand_out()

    def _since_due(self, number: int) -> float:
        return self._loop.time() - self._started_at - self._order.moments[number]


class _Connection(asyncio.Protocol):
    """One connection that is kept, with one request at a time."""

    def __init__(self, volley: Volley) -> None:
        self._volley = volley
        self._transport: Any = None
        self._number: int | None = None
        self._received = b""
        self.is_open = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_open = transport, True

    def ask(self, number: int, request: bytes) -> None:
        """Send a request."""
        self._number, self._received = number, b""
        self._transport.write(request)

    def close(self) -> None:
        """Let go."""
        self._transport.close()

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head) or self._number is None:
            return
        number, self._number = self._number, None
        self._volley.answered(self, number, int(head[9:12]))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        number, self._number = self._number, None
        self._volley.lost(number)


def _length(head: bytes) -> int:
    """Of the body. Who answers without it is waited for until the end."""
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if rest else sys.maxsize


async def _fire(order: Order) -> dict[str, Any]:
    volley = Volley(order)
    await volley.fire()
    volley.close()
    answers = volley.answers
    numbers = range(len(order.requests))
    return {
        "took_ms": [round(1000 * answers.took[number], 3) for number in numbers],
        "status": [answers.status[number] for number in numbers],
        "statuses": dict(Counter(map(str, answers.status.values()))),
        "began": volley.began,
        "sent_late_ms": round(1000 * max(answers.sent.values(), default=0.0), 2),
    }


def main() -> int:
    """Carry out an order."""
    order = Order.read(json.load(sys.stdin))
    gc.disable()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        print(json.dumps(runner.run(_fire(order))), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
