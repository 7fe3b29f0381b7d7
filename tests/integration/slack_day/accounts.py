"""Whether every call that was answered with 200 has a message that stands for it."""

from datetime import datetime, timedelta

from devtools.fakes.pushed_slack import PushedSlack
from shared import topology
from shared.contracts.canonical import digest
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncRequested


async def unaccounted(world: PushedSlack) -> list[str]:
    """What was said in calls that were answered with 200, and for which there is no message."""
    sent = {said for envelope in world.pipeline.transport.sent if (said := _told(envelope.queue, envelope.body)) is not None}
    read_at, connection = reads_asked_for(world), await world.connection()
    missing = []
    for call in world.calls:
        if call.status != 200:
            continue
        heard = world.webhook.heard(call.request, connection, call.at)
        for told in heard.told:
            is_asked = told.instead is not None and read_at.get(told.instead.record, call.at) > call.at
            if _of(told.event) not in sent and not is_asked:
                missing.append(f"{told.event.record_type} {told.event.source_id}: neither told nor asked for")
        missing += [f"{hint.record}: not asked for" for hint in heard.hints if read_at.get(hint.record, call.at) <= call.at]
    return missing


def reads_asked_for(world: PushedSlack) -> dict[str, datetime]:
    """Until when reads that were asked for stand for all that was heard of a record."""
    found: dict[str, datetime] = {}
    for envelope in world.pipeline.transport.sent:
        if envelope.properties["type"] != SyncRequested.TYPE:
            continue
        asked = SyncRequested.decode(envelope.body)
        if asked.record is not None:
            until = asked.window_ends_at or asked.requested_at + timedelta(microseconds=1)
            found[asked.record] = max(until, found.get(asked.record, until))
    return found


def _told(queue: str, body: bytes) -> str | None:
    if queue != topology.INGESTION_EVENTS or b'"claim"' in body:
        return None
    return _of(IngestionEvent.decode(body))


def _of(event: IngestionEvent) -> str:
    """By what it says, and not by when it was: an event may have no moment of its own."""
    return digest([event.record_type, event.source_id, event.payload])
