"""Normalization: a vendor record that was seen becomes, or changes, its shard.

One point read and at most one write; a second read where a record is new in a folder, and more for one that was merged. The shard that
was read decides whether the sighting is newer; the etag, whether it still is. A shard is announced while enrichment has not stamped its
revision, and only then, so that whatever broke off in between is made good by the next delivery.
"""

from collections.abc import Callable
from datetime import datetime

from processors.normalization.announcing import announce, cause_of
from processors.normalization.holding import Holding
from processors.normalization.merging import led_to_of, merge, relink, revive
from processors.normalization.moments import is_ordered_by_field, stamped, told_anew
from processors.normalization.placing import have_it_look_again, have_it_look_within, place_of, stands_for_more, waits_for_its_folder
from processors.normalization.proposal import content_change, merged, proposed, readers_of
from processors.normalization.renaming import is_of_a_given_up_id, rename, under_todays_id
from processors.normalization.sighting import Sighting
from processors.normalization.standing import held_late, says_nothing, stood
from shared.contracts.ingestion import IngestionEvent
from shared.gaps.gap import Gap, GapReason, Gaps
from shared.messaging.outcomes import Ignored, Outcome, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.model import Normalization, Shard
from shared.shards.record_index import RecordIndex
from shared.shards.store import Alias, ShardStore, SightingChange
from shared.shards.versions import Order, order
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric
from shared.telemetry.origin import current_origin, lag_seconds


async def normalize(
    event: IngestionEvent,
    *,
    shards: ShardStore,
    index: RecordIndex,
    gaps: Gaps,
    publisher: Publisher,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> Outcome:
    """Store what the event says, if it is news.

    Raises:
        UnmappableRecord: no conversion, an unreadable field or a missing required one.
        OwnershipConflict: two records say that each was merged into the other.
        Conflict: the shard was written meanwhile; reading again will show what.
    """
    sighting = Sighting.of(event)
    known = await shards.entry(event.tenant_id, sighting.shard_id)
    if isinstance(known, Shard):
        sighting = sighting.of_shard(known)
    if says_nothing(sighting):
        stored = known if isinstance(known, Shard) else None
        outcome = await stood(sighting, stored, shards=shards, index=index, publisher=publisher, now=now)
    elif (survivor := sighting.survivor) is not None:
        outcome = await merge(sighting, survivor, known, shards=shards, index=index, publisher=publisher, now=now)
    elif (before := sighting.previous) is not None:
        outcome = await rename(sighting, before, known, shards=shards, index=index, publisher=publisher, now=now)
    elif isinstance(known, Alias) and _is_of_nobody(sighting, known):
        outcome = Ignored("given-up id")
    else:
        if isinstance(known, Alias) and not sighting.conversion.merged_into:
            # Where the other shard's retention is over, the record begins anew in place of the alias.
            known = await shards.read(event.tenant_id, known.surviving_id) or known
        outcome = await _taken(sighting, known, shards=shards, index=index, gaps=gaps, publisher=publisher, metrics=metrics, now=now)
    if (led_to := led_to_of(event)) is not None:
        await relink(sighting, led_to, shards=shards, index=index, publisher=publisher)
    if isinstance(outcome, Stored):
        origin = current_origin()
        metrics.record(Metric.LAG_SHARD, lag_seconds(origin.observed_at or event.observed_at, now()), source=event.source, pace=origin.pace)
    return outcome


def _is_of_nobody(sighting: Sighting, alias: Alias) -> bool:
    """Whether an event of an id that was given up changes nothing.

    The shard lives on under the id that survived: only that id's deletion is the shard's, and a merged record's fields are not its. Unless
    the record is there by itself again: then the event is newer than the merge and says that it is merged into no other. One that leaves
    that out is no proof, and the next poll brings the record as a whole.
    """
    if sighting.conversion.renamed_from is not None:
        return False  # it is the shard's newer id
    if sighting.conversion.merged_into is None:
        return sighting.is_deletion
    return not (sighting.is_unmerged and alias.is_over_by(sighting.seen))


async def _taken(
    sighting: Sighting,
    place: Shard | Alias | None,
    *,
    shards: ShardStore,
    index: RecordIndex,
    gaps: Gaps,
    publisher: Publisher,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> Outcome:
    event, stored = sighting.event, None if isinstance(place, Alias) else place
    known = stored.normalization if stored else None
    standing = order(sighting.version, known.version) if known else Order.NEWER
    anew = sighting if stored is None else _as_far_as_news(sighting, stored, standing)
    if stored is not None and anew is None:
        return await _overtaken(sighting, stored, shards=shards, gaps=gaps, publisher=publisher, now=now)
    anew = anew or sighting

    data = merged(anew, stored)
    stands = await place_of(sighting, stored, data, shards=shards)
    shard, stamp = proposed(anew, stored, data=data, place=stands, now=now())
    stamp = stamped(stamp, sighting, anew, known)
    shard = shard.model_copy(update={"normalization": stamp})
    if stored is not None and known is not None and stamp.fingerprint == known.fingerprint and stored.is_as_stamped:
        is_held_anew = sighting.holder is not None and Holding.of(shard) != Holding.of(stored)
        if not is_held_anew and not _must_stamp_move(sighting, stamp, known):
            return await _unchanged(stored, event, publisher, reason="same", at=now())
        held = (shard.external_relationships, shard.metadata) if sighting.holder is not None else None
        marked = await shards.change(stored, SightingChange(stamp, held))
        return await _unchanged(marked, event, publisher, reason="same content in a later version", at=now())
    is_tied = standing is Order.SAME and not is_ordered_by_field(sighting)
    if stored is not None and known is not None and is_tied and stamp.fingerprint < known.fingerprint:
        # Two contents for one moment. Which is kept is arbitrary, but it must not depend on the order they arrive in.
        late = await held_late(sighting, stored, shards=shards, publisher=publisher, now=now)
        return late or await _unchanged(stored, event, publisher, reason="tied", at=now())

    if not sighting.is_deletion and readers_of(sighting, shard.structured_data, Holding.of(shard), stands) is None:
        metrics.count(Metric.ACL_UNKNOWN, source=event.source, record_type=sighting.conversion.record_type)
        await _open_gap("acl-unknown", sighting, gaps, now())
    if isinstance(place, Alias):
        shard = shard.model_copy(update={"revision_number": place.revision_number + 1})
        written, led_to = await revive(event, shard, place, shards=shards, publisher=publisher, now=now)
        await announce(written, event, publisher, cause="content", at=now())
        await relink(sighting, led_to, shards=shards, index=index, publisher=publisher)
        return Stored(shard.id, shard.revision_number, reason="unmerged")
    if stands_for_more(sighting, shard, stored):
        await have_it_look_within(sighting, shard, publisher=publisher, now=now)
    if waits_for_its_folder(shard, stands):
        await have_it_look_again(sighting, publisher=publisher, now=now)
    written = await shards.create(shard) if stored is None else await shards.change(stored, content_change(shard, stamp))
    cause = cause_of(shard, stored)
    await announce(written, event, publisher, cause=cause, at=now())
    return Stored(shard.id, shard.revision_number, reason=cause)


def _as_far_as_news(sighting: Sighting, stored: Shard, standing: Order) -> Sighting | None:
    """With the fields of which nothing later is known; None when there is nothing new in it."""
    known = stored.normalization
    if known is None or not is_ordered_by_field(sighting):
        return None if standing is Order.OLDER else sighting
    if sighting.is_deletion and is_of_a_given_up_id(sighting, stored):
        return None
    return told_anew(under_todays_id(sighting, stored), stored, known)


async def _overtaken(
    sighting: Sighting, stored: Shard, *, shards: ShardStore, gaps: Gaps, publisher: Publisher, now: Callable[[], datetime]
) -> Outcome:
    """Something newer is known. Where fields have no moments of their own, what it says of those the newer does not speak for is lost."""
    known = stored.normalization
    if known is not None and not is_ordered_by_field(sighting) and not sighting.is_covered_by(known):
        await _open_gap("partial-out-of-order", sighting, gaps, now())
    late = await held_late(sighting, stored, shards=shards, publisher=publisher, now=now)
    return late or await _unchanged(stored, sighting.event, publisher, reason="older", at=now())


def _must_stamp_move(sighting: Sighting, stamp: Normalization, known: Normalization) -> bool:
    """Whether the stamp has to move although the content has not.

    It must when a version between the two may still arrive: it would look newer than what is stored. A vendor version that was seen
    before has nothing between; re-reading it costs no write, unless it speaks for more than was known: or an older part that comes late
    would look like a gap. An event without one is ordered by its moment alone, whatever is stored.
    """
    if is_ordered_by_field(sighting):
        return (stamp.observed_at, stamp.complete_at, stamp.spoken) != (known.observed_at, known.complete_at, known.spoken)
    if stamp.vendor_version != known.vendor_version or sighting.speaks_for_more_than(known):
        return True
    event = sighting.event
    return event.vendor_version is None and stamp.observed_at > known.observed_at


async def _unchanged(stored: Shard, event: IngestionEvent, publisher: Publisher, *, reason: str, at: datetime) -> Unchanged:
    if stored.awaits_enrichment:
        await announce(stored, event, publisher, cause="content", at=at)
    return Unchanged(reason)


async def _open_gap(reason: GapReason, sighting: Sighting, gaps: Gaps, at: datetime) -> None:
    await gaps.open(
        Gap.found(
            tenant_id=sighting.event.tenant_id,
            connection_id=sighting.event.connection_id or sighting.event.source,
            stream=sighting.event.stream or sighting.conversion.record_type,
            reason=reason,
            at=at,
        )
    )
