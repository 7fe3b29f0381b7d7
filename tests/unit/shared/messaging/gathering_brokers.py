"""Brokers that the tests of gathering hold in their hand."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from typing_extensions import override

from shared.errors import ContractViolation
from shared.messaging.envelope import Envelope
from shared.messaging.gathering import Broker

TOO_LARGE = b"too large"


class CountingBroker(Broker):
    """Takes everything at once; keeps every send. What is too large is refused, and what stood before it may have been taken."""

    def __init__(self) -> None:
        self.sends: list[list[str]] = []
        self.taken: list[str] = []
        self.is_closed = False

    @property
    def on_queues(self) -> list[str]:
        """What was taken, the second of the same left out, as duplicate detection does."""
        return list(dict.fromkeys(self.taken))

    @override
    async def send(self, *envelopes: Envelope) -> None:
        self.sends.append([envelope.id for envelope in envelopes])
        for envelope in envelopes:
            if envelope.body == TOO_LARGE:
                raise ContractViolation("send to q: MessageSizeExceededError")
            self.taken.append(envelope.id)

    @override
    async def close(self) -> None:
        self.is_closed = True


class HeldBroker(CountingBroker):
    """Holds every send until the test lets it go, or fails it."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[asyncio.Future[None]] = []
        self.given_up = 0

    @override
    async def send(self, *envelopes: Envelope) -> None:
        gate = asyncio.get_running_loop().create_future()
        self.held.append(gate)
        try:
            await gate
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        await super().send(*envelopes)

    async def let_go(self, error: Exception | None = None) -> None:
        """Settle the oldest send that is held, and let everyone take notice."""
        gate = self.held.pop(0)
        if error is None:
            gate.set_result(None)
        else:
            gate.set_exception(error)
        await turns()


async def turns() -> None:
    """Let everything that can run do so."""
    for _ in range(12):
        await asyncio.sleep(0)


def envelope(id_: str, *, queue: str = "q", body: bytes = b"") -> Envelope:
    return Envelope(queue, id_, body)


def started(sending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(sending)


async def end_of(sending: Awaitable[None]) -> BaseException | None:
    """How it ended: None is well."""
    [end] = await asyncio.gather(sending, return_exceptions=True)
    return end
