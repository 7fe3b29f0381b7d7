"""``migrate``: stored documents are brought to what the code says."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.migrations.migration import Done, Due, Migration, MigrationPorts
from ops.migrations.record import finish, finished
from ops.migrations.registry import MIGRATIONS
from ops.ports import Ports
from ops.refusals import Refused
from ops.tenants.showing import Progress, shown

MOST_NAMED: Final = 20
"""Unreadable documents that people are shown; ``--json`` has all."""


@dataclass(frozen=True)
class Made:
    """One migration, as it went."""

    migration: Migration
    due: Due
    done: Done
    finished_at: str | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing went wrong."""
        return not self.done.unreadable and not self.done.left

    def plain(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.migration.name,
            "says": self.migration.says,
            "due": self.due.count,
            "done": self.done.count,
            "left": self.done.left,
            "unreadable": self.done.unreadable,
            "advice": list(self.due.advice),
            "finishedAt": self.finished_at,
        }


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """List all, and do those that are due.

    Raises:
        Refused: one is named that there is not.
    """
    known = [one.name for one in MIGRATIONS]
    if unknown := sorted(set(options.only) - set(known)):
        raise Refused(f"there is no migration {', '.join(unknown)}: there is {', '.join(known)}")
    chosen = [one for one in MIGRATIONS if one.name in (options.only or known)]
    with shown("migrate") as progress:
        made = await carried_out(chosen, ports.migrations(), progress, tenant_id=options.tenant, dry_run=options.dry_run)
    show_json([one.plain() for one in made]) if options.json else print(rendered(made))
    return 0 if all(one.is_whole for one in made) else 1


async def carried_out(
    migrations: Sequence[Migration], ports: MigrationPorts, progress: Progress, *, tenant_id: str | None, dry_run: bool
) -> list[Made]:
    """What became of each of them, one after the other.

    Raises:
        TransientError: when a store or the broker cannot now. What is done is done; the same call goes on.
    """
    made = []
    for migration in migrations:
        progress.says(f"looking for {migration.name}")
        due, done = await migration.due(ports, tenant_id), Done()
        if due.count and not dry_run:
            done = await migration.carry_out(ports, tenant_id, progress)
        if not dry_run and tenant_id is None and _is_finished(migration, due, done):
            await finish(migration.name, done.count, ports)
        said = (await finished(ports)).get(migration.name)
        made.append(Made(migration, due, done, None if said is None else said["at"]))
    return made


def _is_finished(migration: Migration, due: Due, done: Done) -> bool:
    """Whether something was done here, and all of it."""
    return migration.is_done_here and bool(done.count) and not done.unreadable and not done.left and done.count >= due.count


def rendered(made: Sequence[Made]) -> str:
    """For people."""
    rows = [(one.migration.name, one.due.count, one.done.count, one.done.left + len(one.done.unreadable), one.finished_at) for one in made]
    lines = [table(("migration", "due", "done", "not done", "finished"), rows), ""]
    lines += [f"{one.migration.name}: {one.migration.says}" for one in made if one.due.count]
    lines += [advice for one in made for advice in one.due.advice]
    for one in made:
        lines += [f"{one.migration.name}: cannot be read: {what}" for what in one.done.unreadable[:MOST_NAMED]]
        if len(one.done.unreadable) > MOST_NAMED:
            lines.append(f"{one.migration.name}: and {len(one.done.unreadable) - MOST_NAMED:,} more: --json")
        if one.done.left:
            lines.append(f"{one.migration.name}: {one.done.left:,} were written by others again and again: migrate once more")
    return "\n".join(lines if any(one.due.count for one in made) else [*lines, "everything is as the code says"])
