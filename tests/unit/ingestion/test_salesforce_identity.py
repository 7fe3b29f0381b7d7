"""Which notifications are the same event, which are not, and what becomes of those that are about nothing."""

from datetime import timedelta

import pytest

from devtools.vendors.salesforce.outbound_message import render
from shared.contracts.ingestion import IngestionEvent
from tests.unit.ingestion.door import ORGANIZATION, Door, a_door, an_action, an_org, body_of, notified


async def events_of(body: bytes, door: Door | None = None) -> list[IngestionEvent]:
    """The events of one accepted call."""
    door = door or await a_door()
    before = len(door.queued)
    assert (await door.post(body)).status == 200
    return door.queued[before:]


def payload(event: IngestionEvent) -> dict[str, object]:
    """Without the attributes we add."""
    return {name: value for name, value in (event.payload or {}).items() if name != "attributes"}


# The same and not the same


async def test_a_retry_of_the_same_body_gives_the_same_message_ids_and_the_broker_drops_them() -> None:
    org, door = an_org(), await a_door()
    body = body_of(*[org.create("Opportunity") for _ in range(7)])

    first = await events_of(body, door)
    door.pipeline.clock.advance(seconds=600)
    again = await events_of(body, door)

    assert len(first) == 7
    assert again == []
    assert door.pipeline.transport.duplicates_dropped == 7


async def test_an_edit_undone_within_the_second_of_its_version_is_another_event() -> None:
    org, door = an_org(), await a_door()
    record = org.create("Opportunity", StageName="Qualification")
    edited = org.edit(record.id, StageName="Closed Lost")
    undone = org.edit(record.id, StageName="Qualification")

    for seed, seen in enumerate((record, edited, undone), start=1):
        door.pipeline.clock.advance(seconds=0.2)
        await door.post(body_of(seen, seed=seed))

    assert len({event.vendor_version for event in door.queued}) == 1
    assert len({event.id for event in door.queued}) == 3
    await door.pipeline.run()
    assert [shard.structured_data["stage"] for shard in door.pipeline.shards.all()] == ["qualification"]


async def test_two_notifications_of_one_record_in_one_message_keep_their_order() -> None:
    org, door = an_org(), await a_door()
    first = org.create("Opportunity", StageName="Qualification")
    second = org.edit(first.id, StageName="Needs Analysis")

    await door.post(body_of(first, second))

    observed = [event.observed_at for event in door.queued]
    assert observed[1] - observed[0] == timedelta(microseconds=1)
    door.pipeline.transport.waiting.reverse()
    await door.pipeline.run()
    assert [shard.structured_data["stage"] for shard in door.pipeline.shards.all()] == ["needs_analysis"]


async def test_a_notification_id_told_twice_in_one_message_is_one_event() -> None:
    record = an_org().create("Opportunity")
    [notification] = notified(record)
    door = await a_door()

    await door.post(render(ORGANIZATION, an_action(), [notification, notification]))

    assert len(door.queued) == 1


async def test_every_event_of_a_call_has_its_correlation_id_and_a_retry_the_same() -> None:
    org, door = an_org(), await a_door()
    body, other = (body_of(*[org.create("Opportunity") for _ in range(3)]) for _ in range(2))

    ids = [{event.correlation_id for event in await events_of(sent, door)} for sent in (body, other)]
    retried = await events_of(body)

    assert [len(found) for found in ids] == [1, 1]
    assert ids[0] != ids[1]
    assert {event.correlation_id for event in retried} == ids[0]
    assert all(envelope.properties["correlationId"] in ids[0] | ids[1] for envelope in door.pipeline.transport.sent)


# Records that are gone


async def test_a_notification_of_a_deleted_record_is_acknowledged_and_parked_and_the_others_go_on() -> None:
    org, door = an_org(), await a_door()
    kept = [org.create("Opportunity") for _ in range(2)]

    events = await events_of(body_of(kept[0], None, kept[1]), door)
    await door.pipeline.run()

    assert [event.coverage for event in events][1] == ()
    assert events[1].source_id == f"notification {notified(*kept, None)[1].id}"
    assert len(door.pipeline.shards.all()) == 2
    [parked] = door.pipeline.transport.on("rejected-messages")
    assert b"UnmappableRecord" in parked.body


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'<sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"/>', b""),
        (b'xsi:type="sf:Opportunity" ', b""),
        (b'xsi:type="sf:Opportunity" ', b'xsi:nil="true" '),
    ],
    ids=["no sObject", "sObject without a type", "sObject that says nil"],
)
async def test_a_notification_with_even_less_loses_none_of_the_others(written: bytes, instead: bytes) -> None:
    org, door = an_org(), await a_door()
    body = body_of(None, *[org.create("Opportunity") for _ in range(2)])
    assert written in body

    events = await events_of(body.replace(written, instead, 1), door)
    await door.pipeline.run()

    assert (events[0].record_type, len(events)) == (None, 3)
    assert len(door.pipeline.shards.all()) == 2
    assert len(door.pipeline.transport.on("rejected-messages")) == 1


@pytest.mark.parametrize("identifier", ["", "no id", "x" * 10_000])
async def test_a_record_whose_id_is_none_is_parked_and_the_others_go_on(identifier: str) -> None:
    org, door = an_org(), await a_door()
    records = [org.create("Opportunity") for _ in range(3)]
    body = body_of(*records).replace(records[1].id.encode(), identifier.encode())

    await events_of(body, door)
    await door.pipeline.run()

    assert len(door.pipeline.shards.all()) == 2
    [parked] = door.pipeline.transport.on("rejected-messages")
    assert b"UnmappableRecord" in parked.body
