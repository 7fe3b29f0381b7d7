"""Merges: a record that lives on in another one, until the vendor undeletes it.

Its id leads to the survivor from then on. What was made of the record goes: its shard at once, its passages by way of the next stages.
Every shard with an edge to it is announced again, so that enrichment leads the edge to the survivor; and back again, when the record is
there again. Which of the two holds is decided by the newest sighting that says either, whenever it is heard of: the alias remembers the one
that made it, and the stamp of a shard the last one that said that the record is merged into no other.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from processors.normalization.sighting import Sighting, Survivor
from shared.contracts.canonical import digest
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import Conflict
from shared.messaging.outcomes import Outcome, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.ids import ShardId
from shared.shards.known import REMEMBERED
from shared.shards.model import Shard
from shared.shards.placeholder import placeholder
from shared.shards.record_index import RecordIndex
from shared.shards.store import Alias, ShardStore
from shared.shards.versions import Order

AGAIN: Final = "relink-again:"
"""How the ``run`` of an event begins that looks for edges a second time. After it comes the id where they may still lead."""
LATER: Final = REMEMBERED + timedelta(minutes=1)
"""By then no worker remembers the old place as the right one, so none links to it any more."""
AT_ONCE: Final = 100
_IDS: Final = frozenset({"vendor-id", "native-id"})
"""The features of evidence whose value is a vendor's id."""


async def merge(
    sighting: Sighting,
    survivor: Survivor,
    known: Shard | Alias | None,
    *,
    shards: ShardStore,
    index: RecordIndex,
    publisher: Publisher,
    now: Callable[[], datetime],
) -> Outcome:
    """Let the record's id lead to the survivor. Doing it again changes nothing, and makes good what broke off.

    Raises:
        Conflict: what was under the id was written meanwhile.
        OwnershipConflict: when the survivor was itself merged into this record.
        TransientError: as the stores.
    """
    event, shard_id = sighting.event, sighting.shard_id
    if _is_overtaken(sighting, survivor, known):
        return Unchanged("older")
    is_news = not isinstance(known, Alias) or _must_alias_move(sighting, survivor, known)
    is_elsewhere = isinstance(known, Alias) and known.surviving_id != survivor.shard_id
    led_to = await _end(known, shards) if isinstance(known, Alias) and is_elsewhere else shard_id
    await look_again(event, led_to, publisher=publisher, now=now)
    revision = 1 if known is None else known.revision_number
    if is_news:
        await _ensure(sighting, survivor, shards, now())
        alias = Alias(event.tenant_id, shard_id, survivor.shard_id, seen=sighting.seen, revision_number=revision)
        await shards.add_alias(alias, instead_of=known)
    # The id itself, so that nothing of it is found any more.
    await publisher.publish(emitted(sighting, shard_id, sighting.conversion.shard_type_id, revision))
    for place in {shard_id: None, led_to: None} if led_to_of(event) is None else ():
        await relink(sighting, place, shards=shards, index=index, publisher=publisher)
    return Stored(shard_id, revision, reason="merge") if is_news else Unchanged("merged")


async def revive(
    event: IngestionEvent, shard: Shard, alias: Alias, *, shards: ShardStore, publisher: Publisher, now: Callable[[], datetime]
) -> tuple[Shard, ShardId]:
    """Store the shard of a record that is there again, instead of the alias.

    Edges that lead to the survivor are to be looked at anew (``relink``). That this is done is seen to before the alias, which knows where
    they lead, is gone.

    Returns:
        The shard as stored, and the id of the one that edges by the record's id lead to.

    Raises:
        Conflict: the alias was written meanwhile.
        TransientError: as the stores.
    """
    led_to = await _end(alias, shards)
    await look_again(event, led_to, publisher=publisher, now=now)
    return await shards.end_alias(alias, shard), led_to


async def look_again(event: IngestionEvent, led_to: ShardId, *, publisher: Publisher, now: Callable[[], datetime]) -> None:
    """Have the edges looked for once more when nobody remembers where they led before, unless this is that very look."""
    if led_to_of(event) is None:
        await publisher.schedule(event.model_copy(update={"run": f"{AGAIN}{led_to}"}), due_at=now() + LATER)


def led_to_of(event: IngestionEvent) -> ShardId | None:
    """Where edges may still lead, of an event that looks for them a second time; None for any other event."""
    run = event.run or ""
    return ShardId(run.removeprefix(AGAIN)) if run.startswith(AGAIN) else None


async def relink(sighting: Sighting, led_to: ShardId, *, shards: ShardStore, index: RecordIndex, publisher: Publisher) -> None:
    """Announce every shard with an edge to this place whose own id is not what the edge was made from. For the record's own: every one.

    The shard of the place, too: while the record's id led to it, it had no edge for naming it, which would have led back to itself.
    """
    waiting = []
    end = None if led_to == sighting.shard_id else await shards.read(sighting.event.tenant_id, led_to)
    if end is not None and end.id == led_to and end.status != "draft":
        waiting.append(emitted(sighting, end.id, end.shard_type_id, end.revision_number))
    async for naming in _named_otherwise(sighting, led_to, index):
        waiting.append(emitted(sighting, naming.id, naming.shard_type_id, naming.revision_number))
        if len(waiting) == AT_ONCE:
            await publisher.publish(*waiting)
            waiting.clear()
    if waiting:
        await publisher.publish(*waiting)


async def _named_otherwise(sighting: Sighting, led_to: ShardId, index: RecordIndex) -> AsyncIterator[Shard]:
    async for naming in index.naming(sighting.event.tenant_id, led_to):
        if led_to == sighting.shard_id or any(_is_led(edge, led_to, sighting) for edge in naming.internal_relationships):
            yield naming


def _is_led(edge: Mapping[str, object], led_to: ShardId, sighting: Sighting) -> bool:
    """Whether an edge to the place was made from another record's id, and so got there by way of an alias. Names and addresses are none."""
    metadata = edge.get("metadata")
    evidence = metadata.get("evidence") if isinstance(metadata, dict) else None
    said_by = [said for said in evidence if isinstance(said, dict)] if isinstance(evidence, list) else []
    values = [said.get("value") for said in said_by if said.get("feature") in _IDS]
    return edge.get("targetShardId") == led_to and any(isinstance(value, str) and sighting.shard_id_of(value) != led_to for value in values)


def _is_overtaken(sighting: Sighting, survivor: Survivor, known: Shard | Alias | None) -> bool:
    """Whether something newer is known: that the record is there by itself, or that it was merged into another."""
    if isinstance(known, Alias):
        return known.surviving_id != survivor.shard_id and not _is_newer(sighting, survivor, known)
    unmerged = known.normalization.unmerged if known and known.normalization else None
    return unmerged is not None and sighting.seen.order(unmerged) is Order.OLDER


def _is_newer(sighting: Sighting, survivor: Survivor, alias: Alias) -> bool:
    # Two survivors at one moment: which is kept is arbitrary, but it must not depend on the order they arrive in.
    is_tied = alias.seen is not None and sighting.seen.order(alias.seen) is Order.SAME
    return survivor.shard_id > alias.surviving_id if is_tied else alias.is_over_by(sighting.seen)


def _must_alias_move(sighting: Sighting, survivor: Survivor, alias: Alias) -> bool:
    """Not for the same merge read again: a vendor version that was seen before has nothing between."""
    is_same = survivor.shard_id == alias.surviving_id
    version = sighting.event.vendor_version
    is_same_version = alias.seen is not None and version is not None and version == alias.seen.vendor_version
    return _is_newer(sighting, survivor, alias) and not (is_same and is_same_version)


async def _end(alias: Alias, shards: ShardStore) -> ShardId:
    """Where the alias leads in the end: there its edges lead."""
    found = await shards.read(alias.tenant_id, alias.surviving_id)
    return alias.surviving_id if found is None else ShardId(found.id)


async def _ensure(sighting: Sighting, survivor: Survivor, shards: ShardStore, at: datetime) -> None:
    """See that the alias leads somewhere: to the survivor, or to what that one was merged into.

    The alias names the survivor itself all the same, and not where that leads today: it may be there by itself again tomorrow.
    """
    if await shards.read(sighting.event.tenant_id, survivor.shard_id) is not None:
        return
    with suppress(Conflict):  # it was seen, named or merged at this moment: then it is there all the same
        await shards.create(placeholder_of(sighting, survivor, at))


def emitted(sighting: Sighting, shard_id: str, shard_type_id: str, revision: int) -> ShardEmitted:
    """What has a shard, or what is left of an id that was given up, looked at anew."""
    return ShardEmitted(
        tenant_id=sighting.event.tenant_id,
        correlation_id=sighting.event.correlation_id,
        shard_id=shard_id,
        shard_type_id=shard_type_id,
        revision=revision,
        cause=f"relink:{digest(sighting.event.id)}",
    )


def placeholder_of(sighting: Sighting, record: Survivor, at: datetime) -> Shard:
    """A shard for another record of the same kind, which nobody has seen. Raises as ``placeholder``."""
    conversion = sighting.conversion
    return placeholder(
        tenant_id=sighting.event.tenant_id,
        shard_id=record.shard_id,
        shard_type_id=conversion.shard_type_id,
        system=sighting.event.source,
        system_type=conversion.system_type,
        scope=sighting.scope,
        record_type=conversion.record_type,
        external_id=record.external_id,
        created_by="normalization",
        at=at,
    )
