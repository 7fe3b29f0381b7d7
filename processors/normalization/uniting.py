"""What two shards know together of one record whose fields have moments: of each field, and of each member, the later word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from processors.normalization.moments import ONE_MEMBER, latest, moment, outweighs, told_of_members, value_told, with_moments
from shared.access.attendance import Attendance
from shared.conversions.conversion import Conversion
from shared.conversions.lists import Roster
from shared.shards.model import Normalization


@dataclass(frozen=True)
class Knowledge:
    """What is known of a record, and since when."""

    data: Mapping[str, Any]
    stamp: Normalization


def united(conversion: Conversion, one: Knowledge, other: Knowledge) -> Knowledge:
    """All of it. The same whichever comes first."""
    told: dict[str, Any] = {}
    for name, kind in conversion.fields.items():
        if isinstance(kind, Roster):
            attendance = _attendance(name, kind.field, one, other)
            if attendance is not None:
                told[name] = attendance.written()
            continue
        ours, theirs = moment(kind.field, one.stamp), moment(kind.field, other.stamp)
        if ours is None and theirs is None:
            continue
        mine, yours = value_told(conversion, name, one.data), value_told(conversion, name, other.data)
        is_ours = outweighs(mine, yours) if ours == theirs else _is_later(ours, theirs)
        told[name] = mine if is_ours else yours
    complete_at = latest(one.stamp.complete_at, other.stamp.complete_at)
    fields = {*one.stamp.spoken, *other.stamp.spoken}
    spoken = {field: at for field in fields if (at := latest(one.stamp.spoken.get(field), other.stamp.spoken.get(field))) is not None}
    newest = max(one.stamp, other.stamp, key=lambda stamp: stamp.observed_at)
    return Knowledge(conversion.merge(one.data, told), with_moments(newest, conversion, complete_at, spoken))


def _attendance(name: str, field: str, one: Knowledge, other: Knowledge) -> Attendance | None:
    """Who is in; None where nobody ever said."""
    ours, theirs = Attendance.of(one.data.get(name)), Attendance.of(other.data.get(name))
    listed, also_listed = moment(field, one.stamp), moment(field, other.stamp)
    newest = {ours.is_whole, theirs.is_whole} if listed == also_listed else {(ours if _is_later(listed, also_listed) else theirs).is_whole}
    members = {*ours.known, *theirs.known, *told_of_members(one.stamp.spoken), *told_of_members(other.stamp.spoken)}
    found: dict[str, bool] = {}
    for member in members:
        at, also_at = moment(f"{ONE_MEMBER}{member}", one.stamp), moment(f"{ONE_MEMBER}{member}", other.stamp)
        said, also_said = ours.says(member), theirs.says(member)
        if at == also_at:
            is_in = None if said is None or also_said is None else said and also_said
        else:
            is_in = said if _is_later(at, also_at) else also_said
        if is_in is not None:
            found[member] = is_in
    if not members and listed is None and also_listed is None:
        return None
    return Attendance(found, is_whole=all(newest))


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
