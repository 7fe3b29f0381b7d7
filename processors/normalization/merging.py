"""Merges: a record that lives on in another one.

Its id leads to the survivor from then on. What was made of the record goes: its shard at once, its passages by way of the next stages.
Every shard with an edge to it is announced again, so that enrichment leads the edge to the survivor. A merge is final, whenever it is heard
of: it has no place in the order of versions, and nothing that is said of the old id later is listened to.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from processors.normalization.sighting import Sighting, Survivor
from shared.contracts.canonical import digest
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import Conflict
from shared.messaging.outcomes import Outcome, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.ids import ShardId
from shared.shards.known import REMEMBERED
from shared.shards.model import Shard
from shared.shards.placeholder import placeholder
from shared.shards.record_index import RecordIndex
from shared.shards.store import ShardStore

AGAIN: Final = "merge-again"
"""The ``run`` of an event that looks for edges a second time."""
LATER: Final = REMEMBERED + timedelta(minutes=1)
"""By then no worker remembers the old shard as one that is there, so none links to it any more."""
AT_ONCE: Final = 100


async def merge(
    sighting: Sighting,
    survivor: Survivor,
    stored: Shard | None,
    *,
    shards: ShardStore,
    index: RecordIndex,
    publisher: Publisher,
    now: Callable[[], datetime],
) -> Outcome:
    """Let the record's id lead to the survivor. Doing it again changes nothing, and makes good what broke off.

    Raises:
        OwnershipConflict: when the survivor was itself merged into this record.
        TransientError: as the stores.
    """
    event, shard_id = sighting.event, sighting.shard_id
    is_news = stored is None or stored.id == shard_id
    if is_news:
        carrier = await _carrier(sighting, survivor, shards, now())
        await shards.add_alias(event.tenant_id, shard_id, carrier)
    await _announce(sighting, survivor, index, publisher)
    if event.run != AGAIN:
        await publisher.schedule(event.model_copy(update={"run": AGAIN}), due_at=now() + LATER)
    return Stored(shard_id, stored.revision_number if stored else 1, reason="merge") if is_news else Unchanged("merged")


async def _carrier(sighting: Sighting, survivor: Survivor, shards: ShardStore, at: datetime) -> ShardId:
    """The id of the shard that carries the record on: the survivor's, or that of what the survivor was merged into."""
    event, conversion = sighting.event, sighting.conversion
    found = await shards.read(event.tenant_id, survivor.shard_id)
    if found is not None:
        return ShardId(found.id)
    made = placeholder(
        tenant_id=event.tenant_id,
        shard_id=survivor.shard_id,
        shard_type_id=conversion.shard_type_id,
        system=event.source,
        system_type=conversion.system_type,
        scope=sighting.scope,
        record_type=conversion.record_type,
        external_id=survivor.external_id,
        created_by="normalization",
        at=at,
    )
    with suppress(Conflict):  # it was seen, named or merged at this moment: then it is there all the same
        await shards.create(made)
    return survivor.shard_id


async def _announce(sighting: Sighting, survivor: Survivor, index: RecordIndex, publisher: Publisher) -> None:
    """The id itself, so that nothing of it is found any more, and every shard that names it."""
    event = sighting.event
    cause = f"relink:{digest(sighting.shard_id, survivor.shard_id, event.run)}"

    def emitted(shard_id: str, shard_type_id: str, revision: int) -> ShardEmitted:
        return ShardEmitted(
            tenant_id=event.tenant_id,
            correlation_id=event.correlation_id,
            shard_id=shard_id,
            shard_type_id=shard_type_id,
            revision=revision,
            cause=cause,
        )

    waiting = [emitted(sighting.shard_id, sighting.conversion.shard_type_id, 1)]
    async for naming in index.naming(event.tenant_id, sighting.shard_id):
        waiting.append(emitted(naming.id, naming.shard_type_id, naming.revision_number))
        if len(waiting) == AT_ONCE:
            await publisher.publish(*waiting)
            waiting.clear()
    if waiting:
        await publisher.publish(*waiting)
