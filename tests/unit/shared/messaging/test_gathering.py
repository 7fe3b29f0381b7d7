"""What many callers send at once goes in few sends, and everyone hears of their own."""

import asyncio
from collections.abc import Callable

import pytest

from shared.errors import ContractViolation, DependencyUnavailable, PipelineError, RateLimited
from shared.messaging.envelope import Envelope
from shared.messaging.gathering import GatheringTransport
from tests.unit.shared.messaging.gathering_brokers import TOO_LARGE, CountingBroker, HeldBroker, end_of, envelope, started, turns


async def test_a_send_starts_at_once_when_none_is_under_way() -> None:
    broker = HeldBroker()
    sending = started(GatheringTransport(broker).send(envelope("a")))
    await turns()

    assert len(broker.held) == 1
    await broker.let_go()
    assert await end_of(sending) is None
    assert broker.sends == [["a"]]


async def test_what_arrives_meanwhile_goes_together_in_the_next_one() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    sends = [started(transport.send(envelope("a")))]
    await turns()
    sends += [started(transport.send(envelope(f"{name}1"), envelope(f"{name}2"))) for name in "bcd"]
    await turns()
    assert len(broker.held) == 1

    await broker.let_go()
    assert [sending.done() for sending in sends] == [True, False, False, False]
    await broker.let_go()

    assert [await end_of(sending) for sending in sends] == [None] * 4
    assert broker.sends == [["a"], ["b1", "b2", "c1", "c2", "d1", "d2"]]


async def test_queues_do_not_wait_for_each_other() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    sends = [started(transport.send(envelope(queue, queue=queue))) for queue in ("live", "bulk")]
    await turns()

    assert len(broker.held) == 2
    await broker.let_go()
    await broker.let_go()
    assert [await end_of(sending) for sending in sends] == [None, None]


async def test_one_caller_may_send_to_several_queues() -> None:
    broker = CountingBroker()

    await GatheringTransport(broker).send(envelope("2", queue="b"), envelope("1", queue="a"), envelope("3", queue="b"))

    assert broker.sends == [["1"], ["2", "3"]]


async def test_sending_nothing_is_no_send() -> None:
    broker = CountingBroker()

    await GatheringTransport(broker).send()

    assert broker.sends == []


@pytest.mark.parametrize(
    ("bounds", "sends"),
    [
        ({"most_envelopes": 3}, [["a"], ["b", "c", "d"], ["e"]]),
        ({"most_bytes": 20}, [["a"], ["b", "c"], ["d", "e"]]),
        ({"most_envelopes": 1}, [["a"], ["b"], ["c"], ["d"], ["e"]]),
    ],
)
async def test_what_callers_share_is_bounded(bounds: dict[str, int], sends: list[list[str]]) -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker, **bounds)
    first = started(transport.send(envelope("a")))
    await turns()
    others = [started(transport.send(envelope(name, body=b"x" * 10))) for name in "bcde"]
    await turns()
    while broker.held:
        await broker.let_go()

    assert [await end_of(sending) for sending in (first, *others)] == [None] * 5
    assert broker.sends == sends


async def test_who_sends_more_than_the_bound_has_a_send_of_its_own() -> None:
    broker = CountingBroker()
    transport = GatheringTransport(broker, most_envelopes=2)

    await asyncio.gather(transport.send(*map(envelope, "abcde")), transport.send(envelope("f")))

    assert broker.sends == [list("abcde"), ["f"]]


@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("away"), RateLimited("busy", retry_after_seconds=10), RuntimeError("a bug")],
    ids=lambda error: type(error).__name__,
)
async def test_everyone_who_was_in_a_send_that_failed_hears_why_and_nobody_else(error: Exception) -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    first = started(transport.send(envelope("a")))
    await turns()
    others = [started(transport.send(envelope(name))) for name in "bc"]
    await turns()
    await broker.let_go()

    await broker.let_go(error)

    assert await end_of(first) is None
    assert [await end_of(sending) for sending in others] == [error, error]
    sending = started(transport.send(envelope("d")))
    await turns()
    await broker.let_go()
    assert await end_of(sending) is None


@pytest.mark.parametrize("place", range(5))
async def test_an_envelope_that_is_too_large_fails_its_caller_alone(place: int) -> None:
    broker = CountingBroker()
    transport = GatheringTransport(broker)

    def sent(number: int) -> list[Envelope]:
        return [envelope(f"{number}-1"), envelope(f"{number}-2", body=TOO_LARGE if number == place else b"")]

    ends = await asyncio.gather(*(end_of(transport.send(*sent(number))) for number in range(5)))

    assert [type(end) for end in ends] == [ContractViolation if number == place else type(None) for number in range(5)]
    whole = [f"{number}-{part}" for number in range(5) if number != place for part in (1, 2)]
    assert [id_ for id_ in broker.on_queues if not id_.startswith(f"{place}-")] == whole


async def test_who_leaves_the_line_is_not_sent() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    sends = {name: started(transport.send(envelope(name))) for name in "a"}
    await turns()
    sends |= {name: started(transport.send(envelope(name))) for name in "bc"}
    await turns()
    sends["b"].cancel()
    await turns()
    await broker.let_go()
    await broker.let_go()

    assert [type(await end_of(sending)) for sending in sends.values()] == [type(None), asyncio.CancelledError, type(None)]
    assert broker.sends == [["a"], ["c"]]


async def test_who_leaves_in_the_middle_of_a_send_takes_nothing_away_from_the_others() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    sends = [started(transport.send(envelope(name))) for name in "ab"]
    await turns()
    sends[0].cancel()
    await turns()

    assert (broker.given_up, len(broker.held)) == (0, 1)
    await broker.let_go()
    assert isinstance(await end_of(sends[0]), asyncio.CancelledError)
    assert await end_of(sends[1]) is None
    assert broker.sends == [["a", "b"]]


async def test_a_send_that_nobody_waits_for_any_more_is_given_up_and_the_next_one_starts() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    sends = [started(transport.send(envelope(name))) for name in "ab"]
    await turns()
    later = started(transport.send(envelope("c")))
    await turns()
    for sending in sends:
        sending.cancel()
    await turns()

    assert broker.given_up == 1
    broker.held.pop(0)
    await broker.let_go()
    assert await end_of(later) is None
    assert broker.sends == [["c"]]


async def test_the_wait_in_line_is_part_of_the_time_limit() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker, timeout_seconds=0.02)
    sends = [started(transport.send(envelope("a")))]
    await turns()
    sends.append(started(transport.send(envelope("b"))))

    ends = [await end_of(sending) for sending in sends]

    assert [str(end) for end in ends] == ["send to q: no answer (TimeoutError)"] * 2
    assert {type(end) for end in ends} == {DependencyUnavailable}


async def test_what_is_closed_leaves_nobody_waiting() -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker)
    sends = [started(transport.send(envelope("a")))]
    await turns()
    sends.append(started(transport.send(envelope("b"))))
    await turns()

    await transport.close()

    ends = [await end_of(sending) for sending in sends]
    assert [str(end) for end in ends] == ["send to q: given up"] * 2
    assert broker.is_closed


def test_another_event_loop_has_a_line_of_its_own() -> None:
    broker = CountingBroker()
    transport = GatheringTransport(broker)
    held = HeldBroker()
    abandoned = GatheringTransport(held)

    async def leave_one_under_way() -> None:
        started(abandoned.send(envelope("lost")))
        await turns()

    asyncio.run(leave_one_under_way())
    for name in "ab":
        asyncio.run(transport.send(envelope(name)))
    asyncio.run(_sent_through(abandoned, held))

    assert broker.sends == [["a"], ["b"]]
    assert held.sends == [["kept"]]


async def _sent_through(transport: GatheringTransport, broker: HeldBroker) -> None:
    broker.held.clear()
    sending = started(transport.send(envelope("kept")))
    await turns()
    await broker.let_go()
    assert await end_of(sending) is None


@pytest.mark.parametrize("make", [lambda: DependencyUnavailable("away"), lambda: ContractViolation("too large")])
async def test_an_error_that_many_share_does_not_grow_with_them(make: Callable[[], PipelineError]) -> None:
    broker = HeldBroker()
    transport = GatheringTransport(broker, most_envelopes=50)
    sends = [started(transport.send(*(envelope(f"{name}{number}") for number in range(2)))) for name in range(20)]
    await turns()
    while broker.held:
        await broker.let_go(make())

    depths = []
    for sending in sends:
        trace, depth = (await end_of(sending) or AssertionError()).__traceback__, 0
        while trace is not None:
            trace, depth = trace.tb_next, depth + 1
        depths.append(depth)
    assert max(depths) < 12
