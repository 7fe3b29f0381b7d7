"""How old queues are: one suite for the two twins."""

from datetime import timedelta

from shared.messaging.envelope import Envelope
from tests.plugins.bus_twins import Bus

pytest_plugins = ["tests.plugins.stand_ins"]


async def test_an_empty_queue_is_not_old(bus: Bus, queue: str) -> None:
    assert await bus.oldest_seconds(queue) == 0


async def test_a_queue_is_as_old_as_its_oldest_message_and_looking_takes_none(bus: Bus, queue: str) -> None:
    await bus.transport.send(Envelope(queue, "first", b""))
    await bus.pass_seconds(0.6)
    await bus.transport.send(Envelope(queue, "second", b""))

    assert 0.6 <= await bus.oldest_seconds(queue) < 60

    assert await bus.taken(queue) == [("first", ""), ("second", "")]


async def test_what_is_put_off_until_later_does_not_wait(bus: Bus, queue: str) -> None:
    tomorrow = bus.now() + timedelta(days=1)
    await bus.transport.send(*(Envelope(queue, f"later-{number}", b"", due_at=tomorrow) for number in range(60)))
    assert await bus.oldest_seconds(queue) == 0

    await bus.transport.send(Envelope(queue, "now", b""))
    await bus.pass_seconds(0.2)
    assert 0.2 <= await bus.oldest_seconds(queue) < 60


async def test_what_was_put_off_waits_since_it_is_due(bus: Bus, queue: str) -> None:
    sent_at = bus.now()
    await bus.transport.send(Envelope(queue, "later", b"", due_at=sent_at + timedelta(seconds=1)))
    await bus.pass_seconds(1.1)

    age_seconds = await bus.oldest_seconds(queue)

    assert 0 < age_seconds <= (bus.now() - sent_at).total_seconds() - 0.9
