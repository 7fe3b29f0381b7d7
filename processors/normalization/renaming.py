"""Records whose vendor gives them another id: identity and history stay, and the new id leads to them.

The shard that the record has had so far stays under its own id, which was derived from the old one; the new id becomes an alias of it, and
its edge to the vendor names the new one. What was seen under the new id before anybody said so is taken over, field by field, as if it had
been seen under the old one. Ids may change again, and the news of it come in any order: the latest names the id, whose moment stays in
the stamp. The news says that the record is there, too. That it is not is only said under the id it has: an id that was given up is not
found any more, whatever became of the record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from processors.normalization.announcing import announce
from processors.normalization.holding import Holding
from processors.normalization.merging import emitted, led_to_of, look_again, placeholder_of, relink
from processors.normalization.moments import IDENTITY, latest, moment, with_moments
from processors.normalization.placing import NOWHERE
from processors.normalization.proposal import content_change, shaped
from processors.normalization.sighting import Sighting, Survivor
from processors.normalization.uniting import Knowledge, united
from shared.messaging.outcomes import Outcome, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.ids import ShardId, external_edge_id
from shared.shards.model import ExternalRelationship, Normalization, Shard, Status
from shared.shards.record_index import RecordIndex
from shared.shards.store import Alias, ShardStore, SightingChange

BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Leaving:
    """An id that is to lead to the record's shard, and what is under it."""

    id: ShardId
    entry: Shard | Alias | None

    @property
    def shard(self) -> Shard | None:
        return self.entry if isinstance(self.entry, Shard) else None

    @property
    def revision_number(self) -> int:
        return 1 if self.entry is None else self.entry.revision_number


async def rename(
    sighting: Sighting,
    before: Survivor,
    known: Shard | Alias | None,
    *,
    shards: ShardStore,
    index: RecordIndex,
    publisher: Publisher,
    now: Callable[[], datetime],
) -> Outcome:
    """Let the new id lead to the record's shard. Doing it again changes nothing, and makes good what broke off. ``known``: what is under
    the new id.

    The record's shard is written first: until the other one is given up, nothing that only that one knows is lost.

    Raises:
        Conflict: what was under either id was written meanwhile.
        TransientError: as the stores.
    """
    event, tenant_id = sighting.event, sighting.event.tenant_id
    found = await shards.read(tenant_id, known.surviving_id) if isinstance(known, Alias) else known
    kept = await shards.read(tenant_id, before.shard_id)
    leaving = _Leaving(sighting.shard_id, known) if found is None else None
    if kept is None and found is not None and isinstance(known, Alias):
        kept, leaving = found, _Leaving(before.shard_id, await shards.entry(tenant_id, before.shard_id))
    elif kept is None:
        kept = await _made(sighting, before, shards, now())
    if found is not None and found.id != kept.id:
        if isinstance(known, Alias) and _is_older(found, kept):
            found, kept = kept, found  # the new id has led there for longer
        leaving = _Leaving(ShardId(found.id), found)
    shard, stamp = _carried_on(sighting, kept, leaving.shard if leaving else None, now())
    written = await _written(kept, shard, stamp, shards)
    if leaving is not None:
        await look_again(event, leaving.id, publisher=publisher, now=now)
        alias = Alias(tenant_id, leaving.id, ShardId(kept.id), seen=sighting.seen, revision_number=leaving.revision_number)
        await shards.add_alias(alias, instead_of=leaving.entry)
        await _let_go(sighting, leaving, shards=shards, index=index, publisher=publisher)
    elif isinstance(known, Alias):  # it may have broken off before this was told
        given_up = _Leaving(led_to_of(event) or sighting.shard_id, known)
        await _let_go(sighting, given_up, shards=shards, index=index, publisher=publisher)
    if written.awaits_enrichment:
        await announce(written, event, publisher, cause="content", at=now())
    if leaving is not None or written.revision_number != kept.revision_number:
        return Stored(written.id, written.revision_number, reason="renamed")
    return Unchanged("renamed")


def is_of_a_given_up_id(sighting: Sighting, stored: Shard) -> bool:
    """Whether it speaks of an id that the record does not have any more, or not yet."""
    return sighting.conversion.renamed_from is not None and _edge(stored, sighting).external_id != sighting.external_id


def under_todays_id(sighting: Sighting, stored: Shard) -> Sighting:
    """The sighting with the id that the record has today; and without the word that it is lost, if it is about another id."""
    event, conversion = sighting.event, sighting.conversion
    if event.payload is None or not is_of_a_given_up_id(sighting, stored):
        return sighting
    payload = {**event.payload, IDENTITY: _edge(stored, sighting).external_id}
    lost = conversion.fields[conversion.lost_flag].field if conversion.lost_flag is not None else None
    coverage = event.coverage
    if lost is not None and payload.get(lost) is True:
        if coverage == "complete":
            payload.pop(lost)
        else:
            coverage = tuple(field for field in coverage if field != lost)
    return replace(sighting, event=event.model_copy(update={"payload": payload, "coverage": coverage}))


async def _made(sighting: Sighting, before: Survivor, shards: ShardStore, at: datetime) -> Shard:
    """A shard for the record under its old id, which nobody has seen."""
    tenant_id, made = sighting.event.tenant_id, placeholder_of(sighting, before, at)
    entry = await shards.entry(tenant_id, before.shard_id)
    if isinstance(entry, Alias):  # it led to a shard whose retention is over
        return await shards.end_alias(entry, made)
    return await shards.create(made)


async def _written(kept: Shard, shard: Shard, stamp: Normalization, shards: ShardStore) -> Shard:
    known = kept.normalization
    if known is None or stamp.fingerprint != known.fingerprint or not kept.is_as_stamped:
        return await shards.change(kept, content_change(shard, stamp))
    return kept if stamp == known else await shards.change(kept, SightingChange(stamp))


def _is_older(one: Shard, other: Shard) -> bool:
    """Whether one has the longer history; a placeholder has none."""
    return (one.normalization is None, one.created_at) < (other.normalization is None, other.created_at)


async def _let_go(sighting: Sighting, given_up: _Leaving, *, shards: ShardStore, index: RecordIndex, publisher: Publisher) -> None:
    """Nothing is to be found of the shard any more, and what names it is led on."""
    await publisher.publish(emitted(sighting, given_up.id, sighting.conversion.shard_type_id, given_up.revision_number))
    if led_to_of(sighting.event) is None:  # or whoever called does it
        for place in {sighting.shard_id: None, given_up.id: None}:
            await relink(sighting, place, shards=shards, index=index, publisher=publisher)


def _carried_on(sighting: Sighting, kept: Shard, seen: Shard | None, now: datetime) -> tuple[Shard, Normalization]:
    """The shard under the id it has today, with what was seen under the new one."""
    event, conversion = sighting.event, sighting.conversion
    both = [kept] if seen is None else [kept, seen]
    renamed_at, today = max((event.observed_at, sighting.external_id), *(_renamed(shard, sighting) for shard in both))
    known = [_known_under(today, shard, sighting) for shard in both]
    one = known[0] if len(known) == 1 else united(conversion, *known)
    said: dict[str, Any] = {name: today for name, kind in conversion.fields.items() if kind.field == IDENTITY}
    spoken = {**one.stamp.spoken, conversion.renamed_from or "": renamed_at}
    if (flag := conversion.lost_flag) is not None:
        lost = conversion.fields[flag].field
        lost_at = moment(lost, one.stamp)
        if lost_at is None or lost_at < event.observed_at:
            said[flag] = None
            spoken[lost] = event.observed_at
    data = conversion.merge(one.data, said)
    stamp = with_moments(one.stamp, conversion, one.stamp.complete_at, spoken)
    there_at = max(event.observed_at, latest(stamp.complete_at, *stamp.spoken.values()) or BEFORE_ALL)
    gone_at = latest(*(_gone_at(shard) for shard in both if _edge(shard, sighting).external_id == today))
    is_gone = gone_at is not None and gone_at >= there_at
    stamp = stamp.model_copy(update={"observed_at": max(there_at, gone_at or there_at)})
    is_lost = flag is not None and data.get(flag) is True
    status: Status = "deleted" if is_gone else "archived" if is_lost else "active"
    holding = Holding.of(kept)
    edges = tuple(_under(today, edge, sighting, data, now) for edge in holding.edges)
    return shaped(
        sighting,
        kept,
        data=data,
        place=NOWHERE,
        status=status,
        holding=Holding(edges, holding.home, holding.let_go),
        metadata=kept.metadata.model_copy(update={"connection_id": event.connection_id, "correlation_id": event.correlation_id}),
        stamp=stamp,
        now=now,
    )


def _renamed(shard: Shard, sighting: Sighting) -> tuple[datetime, str]:
    """When a shard's record was given the id it has, and which."""
    spoken = shard.normalization.spoken if shard.normalization is not None else {}
    return spoken.get(sighting.conversion.renamed_from or "", BEFORE_ALL), _edge(shard, sighting).external_id


def _known_under(today: str, shard: Shard, sighting: Sighting) -> Knowledge:
    """What a shard knows; not that an id was lost that the record does not have today."""
    stamp, flag = shard.normalization or _nothing_seen(sighting), sighting.conversion.lost_flag
    if flag is None or shard.structured_data.get(flag) is not True or _edge(shard, sighting).external_id == today:
        return Knowledge(shard.structured_data, stamp)
    lost = sighting.conversion.fields[flag].field
    spoken = {field: at for field, at in stamp.spoken.items() if field != lost}
    return Knowledge({**shard.structured_data, flag: None}, stamp.model_copy(update={"spoken": spoken}))


def _gone_at(shard: Shard) -> datetime | None:
    return shard.normalization.observed_at if shard.status == "deleted" and shard.normalization is not None else None


def _nothing_seen(sighting: Sighting) -> Normalization:
    return Normalization(
        fingerprint="",
        vendor_version=None,
        observed_at=BEFORE_ALL,
        conversion_version=sighting.conversion.version,
        coverage=(),
    )


def _edge(shard: Shard, sighting: Sighting) -> ExternalRelationship:
    """Its edge to this vendor's account."""
    ours = [edge for edge in shard.external_relationships if (edge.system, edge.scope) == (sighting.event.source, sighting.scope)]
    return ours[0] if ours else shard.external_relationships[0]


def _under(today: str, edge: ExternalRelationship, sighting: Sighting, data: Mapping[str, Any], now: datetime) -> ExternalRelationship:
    if (edge.system, edge.scope) != (sighting.event.source, sighting.scope):
        return edge
    label = data.get("name")
    return edge.model_copy(
        update={
            "id": external_edge_id(system=edge.system, scope=edge.scope, record_type=edge.record_type, external_id=today),
            "external_id": today,
            "label": str(label) if label is not None else None,
            "sync_status": "synced",
            "last_synced_at": max(edge.last_synced_at, min(sighting.event.observed_at, now)),
        }
    )
