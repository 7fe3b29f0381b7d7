"""Records whose vendor has no versions: every field has its own moment, so that events and reads end the same in whatever order they come.

A vendor that pushes single changes, in no order, says of each when it was. Of two that speak for one field the later counts; what speaks
for all fields at once, a complete read, counts for those of which nothing later was said. Everybody in a list of members has a moment of
their own: the later one of the list and of what was said of them alone, ``members.U1``. Whether the record is there is said by the latest
of all that was seen.

Of two values for one moment it is arbitrary which is kept, but it never depends on the order they arrive in: of members whoever is out of
one of the two stays out, and a deletion counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from processors.normalization.sighting import Sighting
from shared.access.attendance import Attendance
from shared.contracts.canonical import digest
from shared.contracts.ingestion import Coverage
from shared.conversions.conversion import Conversion
from shared.conversions.derivations import Fallback
from shared.shards.model import Normalization, Shard

IDENTITY: Final = "id"
"""The vendor field that every payload has and that is no news: what it says is what the event is of."""
MEMBERS: Final = "members"
"""The vendor field of which a coverage may name single entries."""
ONE_MEMBER: Final = f"{MEMBERS}."


def is_ordered_by_field(sighting: Sighting) -> bool:
    """Whether this is such a record."""
    return not sighting.conversion.has_versions


def told_anew(sighting: Sighting, stored: Shard, known: Normalization) -> Sighting | None:
    """The sighting with the fields of which nothing later is known; None when nothing in it is news."""
    event = sighting.event
    if event.payload is None:
        return sighting if event.observed_at > known.observed_at or _deletes_at_once(sighting, stored, known) else None
    is_complete = event.coverage == "complete"
    if is_complete and event.observed_at > known.observed_at:
        return sighting
    fields = _fields(sighting) if event.coverage == "complete" else event.coverage
    anew = tuple(field for field in fields if _is_anew(field, sighting, stored, known))
    if not anew and not (is_complete and (known.complete_at is None or event.observed_at > known.complete_at)):
        return None
    payload = dict(event.payload)
    if is_complete and MEMBERS in anew:
        payload[MEMBERS] = _without_those_told_out(payload.get(MEMBERS), sighting, stored, known)
    return replace(sighting, event=event.model_copy(update={"payload": payload, "coverage": anew}))


def is_late(sighting: Sighting, known: Normalization | None) -> bool:
    """Whether something as late or later is known of the record: then it does not say whether the record is there."""
    return known is not None and is_ordered_by_field(sighting) and sighting.event.observed_at <= known.observed_at


def stamped(stamp: Normalization, sighting: Sighting, anew: Sighting, known: Normalization | None) -> Normalization:
    """The stamp with the moments of all fields. ``sighting``: as it came, ``anew``: as far as it was news."""
    event, conversion = sighting.event, sighting.conversion
    if not is_ordered_by_field(sighting):
        return stamp
    complete_at, spoken = (known.complete_at, dict(known.spoken)) if known else (None, {})
    if event.payload is not None:
        if event.coverage == "complete":
            complete_at = max(complete_at or event.observed_at, event.observed_at)
        else:
            spoken |= {field: event.observed_at for field in anew.event.coverage if field not in (IDENTITY, conversion.renamed_from)}
    stamp = with_moments(stamp, conversion, complete_at, spoken)
    if known is not None and event.observed_at < known.observed_at:
        return stamp.model_copy(update={"observed_at": known.observed_at, "conversion_version": known.conversion_version})
    return stamp


def with_moments(
    stamp: Normalization, conversion: Conversion, complete_at: datetime | None, spoken: Mapping[str, datetime]
) -> Normalization:
    """The stamp with these moments. Those that a complete read made needless are left out; not that of the last news of another id."""
    since = {
        field: at for field, at in sorted(spoken.items()) if complete_at is None or at > complete_at or field == conversion.renamed_from
    }
    coverage: Coverage = "complete" if complete_at is not None else tuple(since)
    return stamp.model_copy(update={"complete_at": complete_at, "spoken": since, "coverage": coverage})


def moment(field: str, known: Normalization) -> datetime | None:
    """When a vendor field, or one member, was told of last; None: never."""
    names = (field, MEMBERS) if field.startswith(ONE_MEMBER) else (field,)
    return latest(known.complete_at, *(known.spoken.get(name) for name in names))


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of those there are."""
    return max((at for at in moments if at is not None), default=None)


def outweighs(one: object, other: object) -> bool:
    """Whether of two values for one moment the first is kept."""
    return digest([one]) > digest([other])


def value_told(conversion: Conversion, name: str, data: Mapping[str, Any]) -> Any:
    """What the vendor told of a canonical field: nothing, where another one's value stands in."""
    derivation = conversion.derived.get(name)
    return None if isinstance(derivation, Fallback) and derivation.stands(name, data) else data.get(name)


def told_of_members(spoken: Iterable[str]) -> frozenset[str]:
    """The members that are told of alone."""
    return frozenset(field.removeprefix(ONE_MEMBER) for field in spoken if field.startswith(ONE_MEMBER))


def _fields(sighting: Sighting) -> tuple[str, ...]:
    return tuple(sorted({kind.field for kind in sighting.conversion.fields.values()}))


def _is_anew(field: str, sighting: Sighting, stored: Shard, known: Normalization) -> bool:
    conversion = sighting.conversion
    names = [name for name, kind in conversion.fields.items() if kind.field == field]
    if field == IDENTITY:
        return any(stored.structured_data.get(name) is None for name in names)
    at, said = sighting.event.observed_at, moment(field, known)
    if said is None or said < at:
        return True
    if said > at:
        return False
    if conversion.version != known.conversion_version:
        return True
    if field == MEMBERS or field.startswith(ONE_MEMBER):
        return _is_out_now(field, sighting, stored)
    data = stored.structured_data
    candidate = {**data, **conversion.read(sighting.event.payload or {}, (field,))}
    theirs = [value_told(conversion, name, candidate) for name in sorted(names)]
    return outweighs(theirs, [value_told(conversion, name, data) for name in sorted(names)])


def _is_out_now(field: str, sighting: Sighting, stored: Shard) -> bool:
    """Of two that speak of members at one moment: whether this one takes anybody out whom the other has in, or knows less."""
    known = _attendance(sighting.conversion, stored)
    if field == MEMBERS:
        return known.is_whole
    said, member = (sighting.event.payload or {}).get(MEMBERS), field.removeprefix(ONE_MEMBER)
    is_in = said.get(member) if isinstance(said, Mapping) else None
    return known.says(member) is True and is_in is not True


def _without_those_told_out(listed: Any, sighting: Sighting, stored: Shard, known: Normalization) -> Any:
    """A list of members as it was read, without whoever was told at the same moment to be out of it."""
    if not isinstance(listed, list):
        return listed
    at, attendance = sighting.event.observed_at, _attendance(sighting.conversion, stored)
    is_listed_at_once = moment(MEMBERS, known) == at

    def is_out(one: object) -> bool:
        is_told_at_once = is_listed_at_once or known.spoken.get(f"{ONE_MEMBER}{one}") == at
        return is_told_at_once and isinstance(one, str) and attendance.says(one) is False

    return [one for one in listed if not is_out(one)]


def _attendance(conversion: Conversion, stored: Shard) -> Attendance:
    name = next((name for name, kind in conversion.fields.items() if kind.field == MEMBERS), None)
    return Attendance.of(None if name is None else stored.structured_data.get(name))


def _deletes_at_once(sighting: Sighting, stored: Shard, known: Normalization) -> bool:
    return sighting.is_deletion and sighting.event.observed_at == known.observed_at and stored.status != "deleted"
