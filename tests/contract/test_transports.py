"""The broker: one suite for the two twins."""

from datetime import timedelta

from shared.messaging.envelope import Envelope
from tests.plugins.bus_twins import Bus

pytest_plugins = ["tests.plugins.stand_ins"]


async def test_what_is_sent_arrives_in_order_with_its_id_body_and_properties(bus: Bus, queue: str) -> None:
    said: dict[str, str | int] = {"messageId": "m-1", "tenantId": "t-ü", "version": 1}

    await bus.transport.send(Envelope(queue, "m-1", b'{"n":1}', said), Envelope(queue, "m-2", b"\x00\xff", {}))

    assert await bus.arrived(queue) == [("m-1", b'{"n":1}', said), ("m-2", b"\x00\xff", {})]


async def test_an_id_seen_within_the_window_is_dropped_in_one_publish_and_in_the_next(bus: Bus, queue: str) -> None:
    await bus.transport.send(Envelope(queue, "same", b"first"), Envelope(queue, "same", b"second"), Envelope(queue, "other", b""))
    await bus.transport.send(Envelope(queue, "same", b"third"))

    assert [(id_, body) for id_, body, _ in await bus.arrived(queue)] == [("same", b"first"), ("other", b"")]


async def test_a_copy_with_another_id_is_not_a_duplicate(bus: Bus, queue: str) -> None:
    await bus.transport.send(Envelope(queue, "m", b""))
    await bus.transport.send(Envelope(queue, "m#1", b""))

    assert [id_ for id_, _, _ in await bus.arrived(queue)] == ["m", "m#1"]


async def test_a_scheduled_message_arrives_when_it_is_due_and_not_before(bus: Bus, queue: str) -> None:
    due_at = bus.now() + timedelta(seconds=2.5)
    await bus.transport.send(Envelope(queue, "now", b""), Envelope(queue, "later", b"", due_at=due_at))

    assert [id_ for id_, _, _ in await bus.arrived(queue)] == ["now"]

    await bus.pass_seconds(max(0.0, (due_at - bus.now()).total_seconds()))
    assert [id_ for id_, _, _ in await bus.arrived(queue)] == ["later"]


async def test_a_message_scheduled_twice_arrives_once(bus: Bus, queue: str) -> None:
    due_at = bus.now() + timedelta(seconds=0.5)
    await bus.transport.send(Envelope(queue, "later", b"first", due_at=due_at))
    await bus.transport.send(Envelope(queue, "later", b"second", due_at=due_at))
    await bus.pass_seconds(1.0)

    assert [(id_, body) for id_, body, _ in await bus.arrived(queue)] == [("later", b"first")]


async def test_queues_are_apart(bus: Bus, queue: str) -> None:
    other = "rejected-messages"
    await bus.transport.send(Envelope(queue, f"{queue}-a", b"a"), Envelope(other, f"{queue}-b", b"b"), Envelope(queue, f"{queue}-c", b"c"))

    assert [id_ for id_, _, _ in await bus.arrived(queue)] == [f"{queue}-a", f"{queue}-c"]
    assert f"{queue}-b" in [id_ for id_, _, _ in await bus.arrived(other)]


async def test_sending_nothing_is_nothing(bus: Bus, queue: str) -> None:
    await bus.transport.send()

    assert await bus.arrived(queue) == []
