"""The broker: one suite for the two twins."""

from datetime import timedelta

from shared.messaging.envelope import Envelope
from tests.plugins.bus_twins import Bus

pytest_plugins = ["tests.plugins.stand_ins"]


async def test_what_is_sent_arrives_in_order_with_its_id_body_and_properties(bus: Bus, queue: str) -> None:
    said: dict[str, str | int] = {"messageId": "m-1", "tenantId": "t-ü", "version": 1}

    await bus.transport.send(Envelope(queue, "m-1", b'{"n":1}', said), Envelope(queue, "m-2", b"\x00\xff", {}))

    assert await bus.received(queue) == [("m-1", b'{"n":1}', said), ("m-2", b"\x00\xff", {})]


async def test_an_id_seen_within_the_window_is_dropped_in_one_publish_and_in_the_next(bus: Bus, queue: str) -> None:
    await bus.transport.send(Envelope(queue, "same", b"first"), Envelope(queue, "same", b"second"), Envelope(queue, "other", b""))
    await bus.transport.send(Envelope(queue, "same", b"third"))

    assert await bus.taken(queue) == [("same", "first"), ("other", "")]


async def test_a_copy_with_another_id_is_not_a_duplicate(bus: Bus, queue: str) -> None:
    await bus.transport.send(Envelope(queue, "m", b""))
    await bus.transport.send(Envelope(queue, "m#1", b""))

    assert await bus.taken(queue) == [("m", ""), ("m#1", "")]


async def test_a_scheduled_message_arrives_when_it_is_due_and_not_before(bus: Bus, queue: str) -> None:
    due_at = bus.now() + timedelta(seconds=bus.look_seconds + 1.2)
    await bus.transport.send(Envelope(queue, "now", b""), Envelope(queue, "later", b"", due_at=due_at))

    assert await bus.taken(queue) == [("now", "")]

    await bus.pass_seconds((due_at - bus.now()).total_seconds() + 0.05)
    assert await bus.taken(queue) == [("later", "")]


async def test_a_message_scheduled_twice_arrives_once(bus: Bus, queue: str) -> None:
    due_at = bus.now() + timedelta(seconds=0.8)
    await bus.transport.send(Envelope(queue, "later", b"first", due_at=due_at))
    await bus.transport.send(Envelope(queue, "later", b"second", due_at=due_at))
    await bus.pass_seconds(0.9)

    assert await bus.taken(queue) == [("later", "first")]


async def test_queues_are_apart(bus: Bus, queue: str) -> None:
    other = "rejected-messages"
    await bus.transport.send(Envelope(queue, f"{queue}-a", b"a"), Envelope(other, f"{queue}-b", b"b"), Envelope(queue, f"{queue}-c", b"c"))

    assert await bus.taken(queue) == [(f"{queue}-a", "a"), (f"{queue}-c", "c")]
    assert (f"{queue}-b", "b") in await bus.taken(other)


async def test_sending_nothing_is_nothing(bus: Bus, queue: str) -> None:
    await bus.transport.send()

    assert await bus.taken(queue) == []
