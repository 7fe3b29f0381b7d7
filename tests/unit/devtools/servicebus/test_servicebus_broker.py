"""One turn of the broker: the journal, then everybody's answers."""

import asyncio
import logging

import pytest

from devtools.emulators.servicebus.bench import POLICY, START_MS
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.journal import MemoryJournal


class Peer:
    """A connection that may have something wrong with it."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.said: list[str] = []

    def write_out(self) -> None:
        if self.problem:
            raise self.problem
        self.said.append("written")

    def abort(self) -> None:
        self.said.append("cut")


async def test_a_connection_that_cannot_be_written_to_is_cut_and_keeps_no_one_from_their_answers(caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker([POLICY], now_ms=lambda: START_MS, journal=MemoryJournal())
    broken, others = Peer(RuntimeError("odd")), [Peer() for _ in range(8)]
    for connection in (broken, *others):
        broker.flush_soon(connection)

    with caplog.at_level(logging.ERROR):
        await asyncio.sleep(0)

    assert broken.said == ["cut"]
    assert [other.said for other in others] == [["written"]] * 8
    assert [record.getMessage() for record in caplog.records] == ["a connection cannot be written to, and is cut"]
    assert not broker.failed.done()
