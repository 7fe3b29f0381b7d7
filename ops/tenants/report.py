"""The proof of an erasure: every place that was looked at, what was there, and the two looks that found nothing.

Counts and moments, and nothing of the data.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from devtools.local.tables import table
from ops.tenants.looking import Look
from ops.tenants.places import NOBODYS, NOT_REACHED
from shared.contracts.message import timestamp

VERSION: Final = 1


@dataclass
class Report:
    """What became of a tenant."""

    tenant_id: str
    before: Look
    stores: Mapping[str, str]
    """Which deployment it was: the address of each store."""
    erased: Counter[str] = field(default_factory=Counter)
    connections_closed_at: datetime | None = None
    looks: list[Look] = field(default_factory=list)
    settings_left: list[str] = field(default_factory=list)
    """Secrets that are settings of the app."""
    secrets_in_doubt: list[str] = field(default_factory=list)
    """Secrets that are there and look as if they were from before several rotations. Nothing proves it, so they stay."""
    secrets_kept: list[str] = field(default_factory=list)
    """Secrets that another tenant's connection uses, too."""
    not_purged: list[str] = field(default_factory=list)
    """Removed secrets that the vault keeps for its time: it may not be purged, or whoever asked may not."""
    finished_at: datetime | None = None
    is_complete: bool = False

    @property
    def last(self) -> Look:
        """The newest look."""
        return self.looks[-1] if self.looks else self.before

    def plain(self) -> dict[str, Any]:
        """For machines."""
        first, second = self._both()
        return {
            "version": VERSION,
            "tenantId": self.tenant_id,
            "stores": dict(self.stores),
            "isComplete": self.is_complete,
            "startedAt": timestamp(self.before.at),
            "connectionsClosedAt": _moment(self.connections_closed_at),
            "finishedAt": _moment(self.finished_at),
            "firstLookAt": _moment(None if first is None else first.at),
            "secondLookAt": _moment(None if second is None else second.at),
            "places": [
                {
                    "place": place,
                    "before": count,
                    "erased": self.erased[place],
                    "firstLook": None if first is None else first.counts[place],
                    "secondLook": None if second is None else second.counts[place],
                }
                for place, count in self.before.counts.items()
            ],
            "looks": [{"at": timestamp(look.at), "found": look.total} for look in (self.before, *self.looks)],
            "remains": self.last.remains,
            "unreadable": [
                {"place": one.place, "count": one.count, "namingIt": one.naming, "newestAt": timestamp(one.newest_at)}
                for one in self.last.unreadable
            ],
            "settingsLeft": self.settings_left,
            "secretsInDoubt": self.secrets_in_doubt,
            "secretsKept": self.secrets_kept,
            "secretsNotPurged": self.not_purged,
            "notOfTenants": dict(NOBODYS),
            "notReached": [{"what": what, "howLong": how_long} for what, how_long in NOT_REACHED],
        }

    def rendered(self) -> str:
        """The same for people."""
        first, second = self._both()
        rows = [
            (place, count, self.erased[place], first and first.counts[place], second and second.counts[place])
            for place, count in self.before.counts.items()
        ]
        lines = [table(("place", "before", "erased", "first look", "second look"), rows), ""]
        lines += [f"{one.place}: {one.count:,} messages whose tenant nobody can read" for one in self.last.unreadable]
        lines += [f"to be removed by whoever deploys the app: {name}" for name in self.settings_left]
        lines += [f"perhaps from before a rotation, look at it and remove it by hand: {name}" for name in self.secrets_in_doubt]
        lines += [f"kept, for another tenant's connection uses it: {name}" for name in self.secrets_kept]
        lines += [f"removed, and not purged: {name}" for name in self.not_purged]
        return "\n".join([*lines, self._ending()])

    def _ending(self) -> str:
        first, second = self._both()
        if self.is_complete and first is not None and second is not None:
            proof = f"nothing was found at {first.at:%H:%M:%S} and at {second.at:%H:%M:%S} UTC"
            was_there = self.before.total or self.erased.total()
            return f"{self.tenant_id}: erased; {proof}" if was_there else f"{self.tenant_id}: nobody of this name was here; {proof}"
        if first is not second and self.last.naming:
            what = f"{self.last.naming:,} messages that nobody can read have this id in them: look at them, and drop them by hand"
            return f"{self.tenant_id}: not erased: {what}; then go on with the same command"
        left = ", ".join(f"{count:,} in {place}" for place, count in self.last.remains.items())
        return f"{self.tenant_id}: not erased: {left or 'it was not looked twice'}; go on with the same command"

    def _both(self) -> tuple[Look | None, Look | None]:
        """The looks that are the proof: those after the last one that found something."""
        clean: list[Look] = []
        for one in self.looks:
            clean = [] if one.total else [*clean, one]
        return (clean[0], clean[-1]) if len(clean) > 1 else (clean[0] if clean else None, None)


def counted(look: Look) -> str:
    """One look, for people."""
    lines = [table(("place", "there"), list(look.counts.items())), ""]
    lines += [f"{one.place}: {one.count:,} messages whose tenant nobody can read" for one in look.unreadable]
    return "\n".join([*lines, f"{look.total:,} altogether"])


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
