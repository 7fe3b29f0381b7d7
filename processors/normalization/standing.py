"""Events that say nothing of a record's content: a stream does not show it any longer, or the folder it is in stands elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from processors.normalization.announcing import announce, cause_of
from processors.normalization.holding import Holding, held, left
from processors.normalization.placing import (
    Place,
    comes_with,
    goes_with,
    have_it_look_within,
    is_to_look_within,
    look_within,
    looks_later,
    place_of,
    sighting_is_to_place,
    stands_for_more,
)
from processors.normalization.proposal import content_change, shaped
from processors.normalization.sighting import Sighting
from shared.messaging.outcomes import Ignored, Outcome, Passed, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.model import Metadata, Normalization, Shard, Status
from shared.shards.record_index import RecordIndex
from shared.shards.store import ShardStore, SightingChange


def says_nothing(sighting: Sighting) -> bool:
    """Whether it is such an event."""
    return sighting.is_departure or sighting_is_to_place(sighting) or is_to_look_within(sighting.event)


async def stood(
    sighting: Sighting,
    stored: Shard | None,
    *,
    shards: ShardStore,
    index: RecordIndex,
    publisher: Publisher,
    now: Callable[[], datetime],
) -> Outcome:
    """Take note of such an event.

    Raises:
        Conflict: the shard was written meanwhile.
        TransientError: as the stores.
    """
    if is_to_look_within(sighting.event) and await looks_later(sighting, stored, publisher=publisher, now=now):
        return Ignored("not written yet")
    if stored is None or stored.status == "draft" or stored.normalization is None:
        return Ignored("never seen")
    if is_to_look_within(sighting.event):
        count = await look_within(sighting, stored, index=index, publisher=publisher)
        return Passed(stored.id, stored.revision_number, reason="within") if count else Unchanged("nothing stands elsewhere")
    change = _departed(sighting, stored) if sighting.is_departure else await _placed(sighting, stored, shards)
    return await _settled(sighting, stored, change, shards=shards, publisher=publisher, now=now)


async def held_late(
    sighting: Sighting, stored: Shard, *, shards: ShardStore, publisher: Publisher, now: Callable[[], datetime]
) -> Outcome | None:
    """Take note of who holds the record, of an event that is too late to say anything else of it. None, when it is no news.

    Raises:
        Conflict: the shard was written meanwhile.
        TransientError: as the stores.
    """
    stamp = stored.normalization
    if sighting.holder is None or stamp is None:
        return None
    holding = held(sighting, stored, label=stored.structured_data.get("name"), now=now(), is_late=True)
    if holding == Holding.of(stored):
        return None
    return await _settled(sighting, stored, _held_by(holding, sighting, stored, stamp), shards=shards, publisher=publisher, now=now)


@dataclass(frozen=True)
class _Change:
    status: Status
    holding: Holding
    place: Place
    metadata: Metadata
    stamp: Normalization


async def _settled(
    sighting: Sighting,
    stored: Shard,
    change: _Change | None,
    *,
    shards: ShardStore,
    publisher: Publisher,
    now: Callable[[], datetime],
) -> Outcome:
    """Write what has changed."""
    if change is None:
        return await _unchanged(sighting, stored, publisher, now())
    shard, stamp = shaped(
        sighting,
        stored,
        data=stored.structured_data,
        place=change.place,
        status=change.status,
        holding=change.holding,
        metadata=change.metadata,
        stamp=change.stamp,
        now=now(),
    )
    is_same = stored.normalization is not None and stamp.fingerprint == stored.normalization.fingerprint
    if is_same and shard.metadata == stored.metadata and shard.external_relationships == stored.external_relationships:
        return await _unchanged(sighting, stored, publisher, now())
    if stands_for_more(sighting, shard, stored):
        await have_it_look_within(sighting, shard, publisher=publisher, now=now)
    if is_same:
        noted = await shards.change(stored, SightingChange(stamp, (shard.external_relationships, shard.metadata)))
        return await _unchanged(sighting, noted, publisher, now())
    written = await shards.change(stored, content_change(shard, stamp))
    cause = cause_of(shard, stored)
    await announce(written, sighting.event, publisher, cause=cause, at=now())
    return Stored(shard.id, shard.revision_number, reason=cause)


def _departed(sighting: Sighting, stored: Shard) -> _Change | None:
    """One stream lets go. With the last one the record is archived, or deleted: its owner sees all there is of it."""
    holding, stamp = left(sighting, stored), stored.normalization
    if holding is None or stamp is None:
        return None
    later = stamp.model_copy(update={"observed_at": max(stamp.observed_at, sighting.event.observed_at)})
    return _held_by(holding, sighting, stored, later)


def _held_by(holding: Holding, sighting: Sighting, stored: Shard, stamp: Normalization) -> _Change:
    """The record as it is, held by these."""
    with_it: Status = "archived" if stored.status == "archived" else "deleted"
    metadata = holding.noted(stored.metadata)
    status = holding.status(stored.structured_data, metadata, with_it=with_it)
    if status == "active":
        metadata = metadata.model_copy(update={"gone_at": None})
    elif not holding.held and not metadata.is_binned:
        metadata = metadata.model_copy(update={"gone_at": max(holding.let_go.values())})
    return _Change(status, holding, _place(sighting, stored), metadata, stamp)


async def _placed(sighting: Sighting, stored: Shard, shards: ShardStore) -> _Change | None:
    """It stands where its folder stands now, and goes and comes with it."""
    placement, stamp = sighting.conversion.placement, stored.normalization
    if placement is None or stamp is None:
        return None
    place = await place_of(sighting, stored, stored.structured_data, shards=shards)
    holding, status, metadata = Holding.of(stored), stored.status, stored.metadata
    if place.folder is not None and goes_with(stored, place.folder):
        status = place.folder.status
        metadata = metadata.model_copy(update={"gone_with": place.folder.id, "gone_at": place.folder.metadata.gone_at})
    elif comes_with(stored, place.folder):
        metadata = metadata.model_copy(update={"gone_with": None})
        status = holding.status(stored.structured_data, metadata)
    elif stored.is_gone:
        return None
    return _Change(status, holding, place, metadata, stamp)


def _place(sighting: Sighting, stored: Shard) -> Place:
    placement = sighting.conversion.placement
    path = stored.structured_data.get(placement.path) if placement and placement.path else None
    return Place(path if isinstance(path, str) else None, stored.metadata.ancestors)


async def _unchanged(sighting: Sighting, stored: Shard, publisher: Publisher, at: datetime) -> Outcome:
    if stored.awaits_enrichment:
        await announce(stored, sighting.event, publisher, cause="content", at=at)
    return Unchanged("not held" if sighting.is_departure else "stands where it stood")
