"""Where a record stands among folders: its path, and the folders whose readers are its readers.

Both are taken from the folder it is in, which has its own from the one above. So a folder that was read, renamed or moved has what is in it
look again: one message for the folder, due when its own write is done and on the queue before it begins, and then one for each record in it
that stands elsewhere now. The vendor is asked nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from processors.normalization.holding import Holding
from processors.normalization.sighting import Sighting
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.conversions.registry import CONVERSIONS, conversion_of
from shared.messaging.publisher import Publisher
from shared.shards.model import ExternalRelationship, Shard
from shared.shards.record_index import RecordIndex
from shared.shards.store import ShardStore

MOST_FOLDERS: Final = 100
"""Above each other: "Folder limits", Google Drive. A chain that is longer leads in a circle: of two folders each was seen in the other."""
WHAT_IS_IN_IT: Final = "place-within:"
"""How the ``run`` of an event begins that has a folder look at what is in it."""
ITSELF: Final = "place:"
"""And of one that has a record look again where it stands."""
LATER: Final = timedelta(seconds=2)
"""When a folder looks at what is in it: by then its own write, and that of whatever read it before, is done as a rule."""
MUCH_LATER: Final = timedelta(minutes=10)
"""When a record that went with a folder looks whether that is back: by then whatever was told with it is stored."""
LOOKS: Final = 4
"""How often it is put off where the write is not done, four times as long each time: eleven minutes, in which whoever died before the write
was delivered again. It may not come at all: a newer version made it needless."""
AT_ONCE: Final = 100
"""So many records are told as live events; if there are more, all of them go the way of a back-fill."""
IN_A_BATCH: Final = 500


@dataclass(frozen=True)
class Place:
    """Where a record stands."""

    path: str | None
    """None: a folder above it was not read yet."""
    ancestors: tuple[str, ...]
    """From the highest down, as far as their readers are its readers."""
    folder: Shard | None = None
    """The folder it is in, where that was read."""


NOWHERE: Final = Place(None, ())


async def place_of(sighting: Sighting, stored: Shard | None, data: Mapping[str, Any], *, shards: ShardStore) -> Place:
    """Where the record stands by these fields. The folder is read, unless the record is known to be in it under this name.

    Raises:
        TransientError: as the store.
    """
    placement = sighting.conversion.placement
    if placement is None:
        return NOWHERE
    parent_id = data.get(placement.parent)
    if not isinstance(parent_id, str) or not parent_id:
        return Place(f"/{data.get('name')}", ())
    is_there = stored is not None and stored.status == "active" and not sighting.is_deletion
    if is_there and stored is not None and len(stored.metadata.ancestors) > 1 and not sighting_is_to_place(sighting):
        said = stored.structured_data  # with one ancestor only, that one may not have been known
        if (said.get(placement.parent), said.get("name")) == (parent_id, data.get("name")):
            path = said.get(placement.path) if placement.path else None
            return Place(path if isinstance(path, str) else None, stored.metadata.ancestors)
    parent = await shards.read(sighting.event.tenant_id, sighting.shard_id_of(parent_id))
    place = place_in(parent, parent_id, own_id=sighting.external_id, name=data.get("name"))
    return replace(place, folder=parent if parent is not None and parent.status != "draft" else None)


def place_in(parent: Shard | None, parent_id: str, *, own_id: str, name: object) -> Place:
    """Where a record stands that is in this folder. Pure."""
    if parent is None or parent.status != "active":
        return Place(None, (parent_id,))  # never seen, or not any more: nobody knows where it stands, nor who may look into what is above
    if own_id in parent.metadata.ancestors or len(parent.metadata.ancestors) >= MOST_FOLDERS:
        return Place(None, ())  # the circle is cut here, and what else is in it hangs on this one: each of them its own way would never end
    placement = conversion_of(_system(parent), _record_type(parent), shard_type_id=parent.shard_type_id).placement
    said = parent.structured_data
    above = said.get(placement.path) if placement and placement.path else None
    is_limited = placement is not None and said.get(placement.limited) is True
    return Place(
        path=f"{above}/{name}" if isinstance(above, str) else None,
        ancestors=(parent_id,) if is_limited else (*parent.metadata.ancestors, parent_id),
    )


def sighting_is_to_place(sighting: Sighting) -> bool:
    """Whether an event says nothing of the record but that it may stand elsewhere by now."""
    return _is_reminder(sighting.event, ITSELF)


def is_to_look_within(event: IngestionEvent) -> bool:
    """Whether an event has a folder look at what is in it."""
    return _is_reminder(event, WHAT_IS_IN_IT)


def _is_reminder(event: IngestionEvent, run: str) -> bool:
    return event.payload is None and event.coverage == () and (event.run or "").startswith(run)


def stands_for_more(sighting: Sighting, shard: Shard, stored: Shard | None) -> bool:
    """Whether what is in a folder stands elsewhere with this change of the folder."""
    placement = sighting.conversion.placement
    if placement is None or placement.path is None:
        return False
    if stored is None or stored.status != shard.status:
        return True
    names = (placement.path, placement.limited)
    was, is_now = ([shard.structured_data.get(name) for name in names] for shard in (stored, shard))
    return was != is_now or stored.metadata.ancestors != shard.metadata.ancestors


async def have_it_look_within(sighting: Sighting, shard: Shard, *, publisher: Publisher, now: Callable[[], datetime]) -> None:
    """Have a folder look at what is in it, once this revision of it is written. Before that write: whoever dies in between has said it."""
    at = now()
    run = f"{WHAT_IS_IN_IT}{shard.revision_number}:0:{sighting.event.id}"
    await publisher.schedule(_reminder(sighting.event.model_copy(update={"observed_at": at}), run), due_at=at + LATER)


def waits_for_its_folder(shard: Shard, place: Place) -> bool:
    """Whether a record went with a folder that is there: it is not known yet which folder went, or that one is back by now."""
    folder = place.folder
    return folder is not None and folder.status == "active" and shard.metadata.gone_with == folder.id


async def have_it_look_again(sighting: Sighting, *, publisher: Publisher, now: Callable[[], datetime]) -> None:
    """Have a record look again where it stands, once all that was told with it is stored."""
    at = now()
    reminder = _reminder(sighting.event.model_copy(update={"observed_at": at}), f"{ITSELF}{sighting.event.id}")
    await publisher.schedule(reminder, due_at=at + MUCH_LATER)


async def looks_later(sighting: Sighting, stored: Shard | None, *, publisher: Publisher, now: Callable[[], datetime]) -> bool:
    """Put the look off where the write it is to follow is not done."""
    revision, looks, event_id = (sighting.event.run or "").removeprefix(WHAT_IS_IN_IT).split(":", 2)
    is_written = stored is not None and stored.revision_number >= int(revision)
    if is_written or int(looks) >= LOOKS:
        return False
    again = _reminder(sighting.event, f"{WHAT_IS_IN_IT}{revision}:{int(looks) + 1}:{event_id}")
    await publisher.schedule(again, due_at=now() + LATER * 4 ** (int(looks) + 1))
    return True


async def look_within(sighting: Sighting, folder: Shard, *, index: RecordIndex, publisher: Publisher) -> int:
    """Tell every record in a folder that stands elsewhere now. Returns how many there are.

    Raises:
        TransientError: as the store and the broker.
    """
    waiting: list[IngestionEvent] = []
    count = 0
    async for child in _within(sighting, folder, index):
        waiting.append(_of(child, sighting))
        count += 1
        if len(waiting) == IN_A_BATCH:
            await _tell_in_batches(waiting, publisher)
            waiting.clear()
    if count <= AT_ONCE:
        if waiting:
            await publisher.publish(*waiting)
    else:
        await _tell_in_batches(waiting, publisher)
    return count


async def _within(sighting: Sighting, folder: Shard, index: RecordIndex) -> AsyncIterator[Shard]:
    source, own_id = sighting.event.source, sighting.external_id
    fields = sorted({one.placement.parent for one in CONVERSIONS if one.source == source and one.placement is not None})
    async for child in index.within(folder.tenant_id, fields, own_id):
        conversion = conversion_of(source, sighting.event.record_type, shard_type_id=child.shard_type_id)
        if child.id == folder.id or conversion.placement is None:
            continue
        place = place_in(folder, own_id, own_id=_external_id(child, source), name=child.structured_data.get("name"))
        has_path = conversion.placement.path is not None
        is_elsewhere = child.metadata.ancestors != place.ancestors or (has_path and child.structured_data.get("path") != place.path)
        if is_elsewhere or goes_with(child, folder) or comes_with(child, folder):
            yield child


def goes_with(child: Shard, folder: Shard | None) -> bool:
    """Whether a record is gone as its folder is. One that was seen to be gone before, and came back with another folder, is."""
    if folder is None or child.status != "active" or child.normalization is None:
        return False
    if folder.status == "deleted" and child.metadata.gone_at is not None:
        return True
    return goes_along(Holding.of(child).held, child.normalization.observed_at, folder)


def goes_along(held: Sequence[ExternalRelationship], seen_at: datetime, folder: Shard) -> bool:
    """Whether what was seen in a folder until then, by these, is gone as the folder is: into the bin with all that is in it, or out of the
    sight of all who saw the record. What was seen there later is there all the same."""
    gone_at = folder.metadata.gone_at
    if not folder.is_gone or gone_at is None:
        return False
    if folder.status == "deleted":
        return seen_at <= gone_at
    lost = {*folder.metadata.let_go, *(edge.scope for edge in folder.external_relationships)}
    return all(edge.scope in lost and edge.last_synced_at <= gone_at for edge in held)


def comes_with(child: Shard, folder: Shard | None) -> bool:
    """Whether a record that went with its folder is there again with it."""
    return folder is not None and child.is_gone and child.metadata.gone_with == folder.id and folder.status == "active"


def _of(child: Shard, sighting: Sighting) -> IngestionEvent:
    event = sighting.event.model_copy(
        update={"source_id": _external_id(child, sighting.event.source), "connection_id": child.metadata.connection_id}
    )
    return _reminder(event, f"{ITSELF}{sighting.event.id}")


async def _tell_in_batches(events: list[IngestionEvent], publisher: Publisher) -> None:
    by_connection: dict[str, list[IngestionEvent]] = {}
    for event in events:
        by_connection.setdefault(event.connection_id or "", []).append(event)
    for connection_id, some in by_connection.items():
        if connection_id:
            first = some[0]
            batch = IngestionBatch(
                tenant_id=first.tenant_id, correlation_id=first.correlation_id, connection_id=connection_id, events=tuple(some)
            )
            await publisher.publish(batch)
        else:
            await publisher.publish(*some)


def _reminder(event: IngestionEvent, run: str) -> IngestionEvent:
    """An event that speaks for no field."""
    nothing = {"event_type": "update", "payload": None, "vendor_version": None, "coverage": (), "stream": None, "is_home": False}
    return event.model_copy(update={**nothing, "run": run})


def _external_id(shard: Shard, system: str) -> str:
    return next((edge.external_id for edge in shard.external_relationships if edge.system == system), "")


def _system(shard: Shard) -> str:
    return shard.external_relationships[0].system if shard.external_relationships else ""


def _record_type(shard: Shard) -> str:
    return shard.external_relationships[0].record_type if shard.external_relationships else ""
