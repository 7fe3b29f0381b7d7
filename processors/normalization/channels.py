"""Who may find a channel: whoever is in it, and of a public one every full member of the workspaces it is in.

A channel stands for its members in access lists, as a folder does for those who may look into it: who that is, is asked at every search, so
that somebody who joins or leaves costs one write. A workspace has no shard: its full members say themselves that they are.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from shared.access.acl import ADMINS, Acl, Principal, group, person, readers
from shared.access.attendance import Attendance, ids_in
from shared.shards.model import Audience

MOST_OF_A_PUBLIC_ONE: Final = 10_000
"""Members are twice in a document, 17 and 38 bytes each, and Cosmos DB takes 2 MB: room for 38,000 of a private channel, and for 120,000 of
a public one whose members are not named a second time."""


def channel_readers(source: str, scope: str, channel: str, data: Mapping[str, Any]) -> Acl | None:
    """The readers; None while nobody knows whether it is private, or who is in one that is. ``channel``: the id it has today."""
    members = group(source, f"{scope}/{channel}")
    match data.get("isPrivate"):
        case True:
            attendance = Attendance.of(data.get("members"))
            return readers((members, ADMINS)) if attendance.is_whole or attendance.members else None
        case False:
            return readers((members, *_workspaces(source, scope, data), ADMINS))
        case _:
            return None


def channel_audience(source: str, scope: str, channel: str, data: Mapping[str, Any]) -> Audience | None:
    """Its members, as far as they are known; None where nobody is. Those of a public one too, for a guest sees it by being in it; but not
    of a very large one, whose document would be larger than the store takes: its workspaces alone find it."""
    members = Attendance.of(data.get("members")).members
    if data.get("isPrivate") is False and len(members) > MOST_OF_A_PUBLIC_ONE:
        return None
    found = []
    for one in members:
        with suppress(ValueError):  # what is no id is nobody's
            found.append(person(source, scope, one))
    return Audience(principal=group(source, f"{scope}/{channel}"), members=tuple(sorted(found))) if found else None


def _workspaces(source: str, scope: str, data: Mapping[str, Any]) -> Iterator[Principal]:
    """The workspaces whose full members may look into a public channel: never another organization's, where it may be private."""
    others = ids_in(data.get("externalTeams"))
    said = ids_in(data.get("workspaces")) or (data.get("teamExternalId") or scope,)
    for team in said:
        with suppress(ValueError):
            if team not in others:
                yield group(source, f"{scope}/{team}")
