"""Whoever sends, whenever, and whatever fails or is cancelled: who is told "sent" has all of theirs on the queue, and in their order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from shared.errors import ContractViolation, DependencyUnavailable
from shared.messaging.envelope import Envelope
from shared.messaging.gathering import GatheringTransport
from tests.unit.shared.messaging.gathering_brokers import TOO_LARGE, CountingBroker, end_of, turns


@dataclass(frozen=True)
class Call:
    """``sizes``: a body's bytes each; None is too large. It comes, and leaves, after so many turns of the loop."""

    queues: list[str]
    sizes: list[int | None]
    comes_after: int
    leaves_after: int | None

    def envelopes(self, number: int) -> list[Envelope]:
        return [
            Envelope(self.queues[place % len(self.queues)], f"{number}.{place}", TOO_LARGE if size is None else b"x" * size)
            for place, size in enumerate(self.sizes)
        ]


CALLS = st.lists(
    st.builds(
        Call,
        queues=st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2),
        sizes=st.lists(st.one_of(*[st.integers(0, 8)] * 6, st.none()), max_size=5),
        comes_after=st.integers(0, 8),
        leaves_after=st.one_of(st.none(), st.none(), st.integers(0, 5)),
    ),
    max_size=14,
)


class FaultyBroker(CountingBroker):
    """Takes its turns; dies now and then, before or after it has taken everything."""

    def __init__(self, failures: Sequence[str]) -> None:
        super().__init__()
        self._failures = list(failures)
        self.running: set[str] = set()
        self.met_itself = False

    @override
    async def send(self, *envelopes: Envelope) -> None:
        [queue] = {envelope.queue for envelope in envelopes}
        self.met_itself |= queue in self.running
        self.running.add(queue)
        try:
            await asyncio.sleep(0)
            failure = self._failures.pop() if self._failures else ""
            if failure == "before":
                raise DependencyUnavailable("away")
            await super().send(*envelopes)
            await asyncio.sleep(0)
            if failure == "after":
                raise DependencyUnavailable("gone")
        finally:
            self.running.discard(queue)


async def called(transport: GatheringTransport, call: Call, number: int) -> BaseException | None:
    for _ in range(call.comes_after):
        await asyncio.sleep(0)
    task = asyncio.create_task(transport.send(*call.envelopes(number)))
    if call.leaves_after is not None:
        for _ in range(call.leaves_after):
            await asyncio.sleep(0)
        task.cancel()
    return await end_of(task)


@given(
    calls=CALLS,
    failures=st.lists(st.sampled_from(["", "", "before", "after"]), max_size=8),
    most_envelopes=st.integers(1, 8),
    most_bytes=st.integers(1, 40),
)
async def test_who_is_told_sent_has_all_of_theirs_on_the_queue_in_order(
    *, calls: list[Call], failures: list[str], most_envelopes: int, most_bytes: int
) -> None:
    broker = FaultyBroker(failures)
    transport = GatheringTransport(broker, most_envelopes=most_envelopes, most_bytes=most_bytes)

    async with asyncio.timeout(10):
        ends = await asyncio.gather(*(called(transport, call, number) for number, call in enumerate(calls)))
    await turns()

    for number, (call, end) in enumerate(zip(calls, ends, strict=True)):
        wanted = call.envelopes(number)
        match end:
            case None:
                for queue in {envelope.queue for envelope in wanted}:
                    ids = [envelope.id for envelope in wanted if envelope.queue == queue]
                    assert [id_ for id_ in broker.on_queues if id_ in ids] == ids
            case ContractViolation():
                assert None in call.sizes
            case DependencyUnavailable():
                assert any(failures)
            case _:
                assert isinstance(end, asyncio.CancelledError)
                assert call.leaves_after is not None
    assert not broker.met_itself
    assert broker.running == set()


@given(calls=CALLS)
async def test_a_send_is_shared_by_no_more_than_the_bound(calls: list[Call]) -> None:
    broker = CountingBroker()
    transport = GatheringTransport(broker, most_envelopes=4)

    await asyncio.gather(*(called(transport, call, number) for number, call in enumerate(calls)))
    await turns()

    for send in broker.sends:
        assert len(send) <= 4 or len({id_.partition(".")[0] for id_ in send}) == 1


@given(calls=CALLS)
async def test_without_failures_nobody_sends_twice(calls: list[Call]) -> None:
    calls = [call for call in calls if None not in call.sizes]
    broker = FaultyBroker([])
    transport = GatheringTransport(broker)

    ends = await asyncio.gather(*(called(transport, call, number) for number, call in enumerate(calls)))

    assert len(broker.taken) == len(set(broker.taken))
    assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)
