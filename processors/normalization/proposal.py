"""The shard as it would be if a sighting is news: merged data, edges, access list and stamp."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from processors.normalization.channels import channel_audience, channel_readers
from processors.normalization.holding import Holding, held, shown_to
from processors.normalization.moments import is_late
from processors.normalization.placing import Place, goes_along
from processors.normalization.sighting import Sighting
from shared.access.acl import ADMINS, ADMINS_ONLY, Acl, Principal, group, person, readers, user
from shared.access.grants import grants_in, members_in, principals_in
from shared.shard_types.registry import shard_type
from shared.shards.model import (
    DELETED_TTL_SECONDS,
    GONE,
    KEPT_FOR_GOOD,
    Audience,
    Metadata,
    Normalization,
    Shard,
    Status,
    fingerprint,
)
from shared.shards.store import ContentChange


def proposed(
    sighting: Sighting, stored: Shard | None, *, data: Mapping[str, Any], place: Place, now: datetime
) -> tuple[Shard, Normalization]:
    """The shard, one revision on, and its stamp. ``data``: as ``merged`` gives it.

    Raises:
        UnmappableRecord: when a required field is missing.
    """
    event, conversion = sighting.event, sighting.conversion
    known = stored.normalization if stored else None
    holding = held(sighting, stored, label=data.get("name"), now=now)
    metadata = holding.noted(stored.metadata if stored else Metadata()).model_copy(
        update={"connection_id": event.connection_id, "correlation_id": event.correlation_id}
    )
    is_gone = sighting.is_deletion or (is_late(sighting, known) and stored is not None and stored.status == "deleted")
    is_lost = conversion.lost_flag is not None and data.get(conversion.lost_flag) is True
    status: Status = "deleted" if is_gone else "archived" if is_lost else "active"
    if conversion.placement is not None:
        status, metadata = _standing(sighting, holding, metadata, data, place)
    stamp = Normalization(
        fingerprint="",
        vendor_version=event.vendor_version or (known.vendor_version if known else None),
        observed_at=event.observed_at,
        conversion_version=conversion.version,
        coverage=event.coverage,
        unmerged=sighting.seen if sighting.is_unmerged else known.unmerged if known else None,
    )
    return shaped(sighting, stored, data=data, place=place, status=status, holding=holding, metadata=metadata, stamp=stamp, now=now)


def _standing(sighting: Sighting, holding: Holding, metadata: Metadata, data: Mapping[str, Any], place: Place) -> tuple[Status, Metadata]:
    """Whether it is there, by what the vendor says of it and of the folder it is in."""
    folder, at = place.folder, sighting.event.observed_at
    gone: dict[str, Any] = {"is_binned": False, "gone_with": None, "gone_at": None}
    if sighting.is_gone_with_its_folder and folder is not None:
        is_there_again = folder.status == "active" and folder.normalization is not None and folder.normalization.observed_at > at
        gone |= {} if is_there_again else {"gone_with": folder.id, "gone_at": at}
    elif sighting.is_deletion:
        gone |= {"is_binned": True, "gone_at": at}
    elif folder is not None and goes_along(holding.held, at, folder):
        gone |= {"gone_with": folder.id, "gone_at": folder.metadata.gone_at}
    if not holding.held and not gone["is_binned"]:
        gone |= {"gone_with": None, "gone_at": max(holding.let_go.values())}
    metadata = metadata.model_copy(update=gone)
    with_it: Status = "archived" if folder is not None and folder.status == "archived" else "deleted"
    return holding.status(data, metadata, with_it=with_it), metadata


def shaped(
    sighting: Sighting,
    stored: Shard | None,
    *,
    data: Mapping[str, Any],
    place: Place,
    status: Status,
    holding: Holding,
    metadata: Metadata,
    stamp: Normalization,
    now: datetime,
) -> tuple[Shard, Normalization]:
    """The shard with what follows from all this: path, readers, audience, fingerprint; and its stamp."""
    event, conversion = sighting.event, sighting.conversion
    known_type = shard_type(conversion.shard_type_id)
    said = dict(data)
    if conversion.placement is not None and conversion.placement.path is not None:
        said[conversion.placement.path] = place.path
    if status not in GONE:
        known_type.check(said)
    external = holding.edges
    acl = readers_of(sighting, said, holding, place) or ADMINS_ONLY
    schema_version = known_type.schema_version
    print_of = fingerprint(structured_data=said, acl=acl, status=status, external=external, schema_version=schema_version)
    stamp = stamp.model_copy(update={"fingerprint": print_of})
    shard = Shard(
        id=stored.id if stored else sighting.shard_id,
        tenant_id=event.tenant_id,
        shard_type_id=known_type.id,
        schema_version=schema_version,
        structured_data=said,
        external_relationships=external,
        acl=acl,
        metadata=metadata.model_copy(update={"audience": audience_of(sighting, said, holding, place), "ancestors": place.ancestors}),
        status=status,
        revision_number=stored.revision_number + 1 if stored else 1,
        normalization=stamp,
        created_at=stored.created_at if stored else now,
        updated_at=now,
        ttl=DELETED_TTL_SECONDS if status in GONE else KEPT_FOR_GOOD,
    )
    return shard, stamp


def merged(sighting: Sighting, stored: Shard | None) -> dict[str, Any]:
    """All fields that are known once this was seen.

    Raises:
        UnmappableRecord: when a field cannot be read.
    """
    event, conversion = sighting.event, sighting.conversion
    data = dict(stored.structured_data) if stored else {}
    if event.payload is None:
        return data
    spoken = stored.normalization.spoken if stored and stored.normalization else {}
    later = frozenset(field for field, at in spoken.items() if at > event.observed_at)
    read = conversion.read(event.payload, event.coverage, known=data, later=later)
    if conversion.readers == "permissions" and _is_another_version(sighting, stored):
        # With whom it was shared and where it was may be over, and not everybody to whom it is shown may know.
        placement = conversion.placement
        unknown = ("permissions", *(() if placement is None else (placement.parent,)))
        read |= {name: None for name in unknown if name not in read}
    return conversion.merge(data, read)


def _is_another_version(sighting: Sighting, stored: Shard | None) -> bool:
    stamp = stored.normalization if stored else None
    return stamp is not None and sighting.event.vendor_version not in (None, stamp.vendor_version)


def readers_of(sighting: Sighting, data: Mapping[str, Any], holding: Holding, place: Place) -> Acl | None:
    """The readers as far as the record tells, from all that is known of it; None when they are unknown.

    A person is meant by reference, ``group:<system>:<scope>/<id>``, and whoever may look into a folder by ``group:<system>:<folder>``: who
    that is today, the directory says.
    """
    conversion, source = sighting.conversion, sighting.event.source
    match conversion.readers:
        case "unknown":
            return None
        case "permissions":
            above = () if conversion.placement and data.get(conversion.placement.limited) is True else place.ancestors
            return readers((*_named(sighting, data, holding), *(group(source, folder) for folder in above), ADMINS))
        case "members":
            return readers((group(source, sighting.external_id), ADMINS))
        case "channel":
            return channel_readers(source, sighting.scope, _channel(sighting, holding), data)
        case _:
            owner = sighting.external_id if conversion.readers == "self" else data.get(conversion.owner_field or "")
            if not isinstance(owner, str) or not owner or not owner.startswith(conversion.owner_prefix):
                return None
            return readers((person(source, sighting.scope, owner), ADMINS))


def audience_of(sighting: Sighting, data: Mapping[str, Any], holding: Holding, place: Place) -> Audience | None:
    """The people such a record stands for in access lists; None for what stands for nobody.

    Whose folder it is, or who is shown it without being named, may look into the folders above as well, and what is in it names those, too:
    or everybody would be in each of the thousands of folders they have, and every search of theirs would have to carry all of them.
    """
    conversion, source = sighting.conversion, sighting.event.source
    if conversion.readers == "channel":
        return channel_audience(source, sighting.scope, _channel(sighting, holding), data)
    if conversion.readers == "members":
        found = members_in(data.get("members"))
    elif conversion.placement is not None and conversion.placement.path is not None:
        is_limited = data.get(conversion.placement.limited) is True
        found = _listed(data, is_alone=is_limited) if place.ancestors and not is_limited else _named(sighting, data, holding)
    else:
        return None
    return Audience(principal=group(source, sighting.external_id), members=tuple(sorted(found))) if found else None


def _channel(sighting: Sighting, holding: Holding) -> str:
    """The id it has today, by its edge: an event may know it by an older one."""
    ours = [edge.external_id for edge in holding.edges if (edge.system, edge.scope) == (sighting.event.source, sighting.scope)]
    return ours[0] if ours else sighting.external_id


def _named(sighting: Sighting, data: Mapping[str, Any], holding: Holding) -> frozenset[Principal]:
    """Whom a record is shared with itself: by its own list, as its owner, and as whoever it was shown to."""
    placement = sighting.conversion.placement
    # Where no folder is known, or none counts, what comes from the folders above is in the record's own list alone.
    is_alone = placement is not None and (data.get(placement.limited) is True or data.get(placement.parent) is None)
    return _listed(data, is_alone=is_alone) | _owner(data) | shown_to(holding, sighting.event.source)


def _listed(data: Mapping[str, Any], *, is_alone: bool) -> frozenset[Principal]:
    """By its own list, but for its owner."""
    return principals_in(grants_in(data.get("permissions")), with_inherited=is_alone) - _owner(data)


def _owner(data: Mapping[str, Any]) -> frozenset[Principal]:
    owner = data.get("ownerEmail")
    with suppress(ValueError):
        return frozenset({user(owner)}) if isinstance(owner, str) and owner else frozenset()
    return frozenset()


def content_change(shard: Shard, stamp: Normalization) -> ContentChange:
    """The fields normalization owns, as a partial update."""
    return ContentChange(
        structured_data=dict(shard.structured_data),
        external_relationships=shard.external_relationships,
        acl=shard.acl,
        status=shard.status,
        metadata=shard.metadata,
        normalization=stamp,
        revision_number=shard.revision_number,
        schema_version=shard.schema_version,
        updated_at=shard.updated_at,
        ttl=shard.ttl,
    )
