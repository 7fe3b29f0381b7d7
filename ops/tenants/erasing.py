"""Erasing a tenant while the pipeline runs: its connections first, so that nothing new comes; then round after round, until two looks in a
row, longer apart than any worker remembers or may run, find nothing.

A kill at any point is harmless: the same command goes on. What tells of other things goes after them: a secret and a handle before their
connection, a message before the blob it refers to.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ops.parked_message import Peeked, Place
from ops.tenants.items import Key
from ops.tenants.looking import SECRETS, Found, Look, blobs_of, called, doubtful_secrets_of, look, secret_of, secrets_of
from ops.tenants.patience import patiently
from ops.tenants.places import APART, BLOBS, CONNECTIONS, HANDLES, ITEMS, ItemPlace
from ops.tenants.ports import TenantPorts
from ops.tenants.report import Report
from ops.tenants.showing import Progress
from shared.errors import ConfigurationError, TransientError
from shared.topology import REJECTED_MESSAGES

BATCH: Final = 1_000
"""Items removed before the next are asked for."""
ROUND_SECONDS: Final = 20.0
"""Between two rounds: workers go on with what they hold."""
PATIENCE: Final = timedelta(minutes=30)
"""After which the command says what remains, and ends."""
PASSED_OVER_AT_MOST: Final = 500
"""Messages of others that are handed out and given back, so as to get at one of the tenant's. One that lies deeper is waited for: workers
take those before it, or itself."""
PASSED_OVER_PARKED_AT_MOST: Final = 5_000
"""The same among messages that nobody takes but an operator."""
HELD_FOR: Final = timedelta(minutes=5)
"""The lock of a message: what somebody holds is tried again after that, and not before."""
PURGE_TRIES: Final = 10
PURGE_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Erasing:
    """One tenant's. ``purges``: removed secrets are purged as well."""

    tenant_id: str
    ports: TenantPorts
    progress: Progress
    purges: bool = False
    patience: timedelta = PATIENCE
    _tried: dict[tuple[Place, int], datetime] = field(default_factory=dict)
    """Messages that were not handed out, and when."""
    _closed: set[str] = field(default_factory=set)
    """Ids of connections that were removed: a handle that somebody was writing then is found by them."""
    on_look: Callable[[Report], None] = lambda _report: None
    """Told after every look, so that what was proven so far is kept."""

    async def erase(self) -> Report:
        """Erase it.

        Raises:
            PipelineError: a store does not answer, or refuses. What is gone is gone; the same call goes on.
        """
        report = Report(self.tenant_id, await self._looked("looking at every place"), self.ports.stores)
        self.on_look(report)
        removed = await self._close_connections(report)
        await self._remove_all(report)
        give_up_at = self.ports.now() + self.patience  # a large tenant takes hours: only what comes after that tries patience
        while True:
            found = await self._looked("looking again", removed)
            clean = _clean_since(report.looks) if not found.total else None
            report.looks.append(found)
            self.on_look(report)
            if clean is not None and found.at - clean.at >= APART:
                report.is_complete, report.finished_at = not found.naming, self.ports.now()
                return report
            if found.total and found.at >= give_up_at:
                report.finished_at = self.ports.now()
                return report
            if found.total:
                removed |= await self._close_connections(report)
                await self._remove_all(report)
                await self.ports.wait(ROUND_SECONDS)
            else:
                first = clean or found
                self.progress.says(f"nothing is left; the second look is {APART.total_seconds() / 60:.0f} minutes after the first")
                await self.ports.wait(max(1.0, (first.at + APART - self.ports.now()).total_seconds()))

    async def _looked(self, text: str, removed: set[str] | None = None) -> Look:
        self.progress.says(text)
        names = sorted(removed or ())
        return await patiently(lambda: look(self.tenant_id, self.ports, secret_names=names, closed=self._closed), self.ports.wait)

    async def _close_connections(self, report: Report) -> set[str]:
        """Remove them: webhooks and polls find nobody, as soon as workers have forgotten them. Returns the names of removed secrets."""
        self.progress.says("closing the connections")
        items, secrets, ours = self.ports.items, self.ports.secrets, set(await secrets_of(self.tenant_id, self.ports))
        async for document in items.each(CONNECTIONS, self.tenant_id):
            self._closed.add(document["id"])
            name = secret_of(document)
            if name is None:
                continue
            if name not in ours:
                _note(report.secrets_kept, secrets.tells(name))
            elif not secrets.is_reached:
                _note(report.settings_left, secrets.tells(name))
        for name in await doubtful_secrets_of(self.tenant_id, self.ports):
            _note(report.secrets_in_doubt, secrets.tells(name))
        for name in sorted(ours):
            report.erased[SECRETS] += await secrets.remove(name)
            if self.purges:
                await self._purge(name, report)
        closed_before = report.erased[CONNECTIONS.name]
        for place in (HANDLES, CONNECTIONS):
            await self._remove_items(place, report)
        if report.connections_closed_at is None or report.erased[CONNECTIONS.name] > closed_before:
            report.connections_closed_at = self.ports.now()
        strays = await patiently(lambda: self.ports.items.strays(self._closed), self.ports.wait)
        report.erased[HANDLES.name] += await items.remove(HANDLES, strays)
        return ours

    async def _purge(self, name: str, report: Report) -> None:
        """A vault needs a moment to see that a secret was deleted: until then there is nothing to purge."""
        for _ in range(PURGE_TRIES):
            try:
                if await self.ports.secrets.purge(name):
                    return
            except TransientError:
                pass  # it is being deleted
            except ConfigurationError:  # no right to, or the vault is protected against it
                break
            await self.ports.wait(PURGE_SECONDS)
        _note(report.not_purged, self.ports.secrets.tells(name))

    async def _remove_all(self, report: Report) -> None:
        self.progress.says("taking messages off the queues")
        ours = [found for found in report.last.messages if found.waiting or found.scheduled]
        await asyncio.gather(*(self._patiently_remove_messages(found, report) for found in ours))  # the SDK takes seconds for each
        for item_place in ITEMS:
            await self._remove_items(item_place, report)
        for blob_place in BLOBS:
            async for name in blobs_of(self.tenant_id, blob_place, self.ports):
                report.erased[blob_place.name] += await self.ports.blobs.remove(blob_place.container, name)
                self.progress.counts(blob_place.name, report.erased[blob_place.name], report.before.counts[blob_place.name])

    async def _patiently_remove_messages(self, found: Found, report: Report) -> None:
        await patiently(lambda: self._remove_messages(found, report), self.ports.wait)

    async def _remove_messages(self, found: Found, report: Report) -> None:
        place = found.place
        if found.scheduled:
            report.erased[called(place, scheduled=True)] += await self.ports.messages.cancel(place.queue, found.scheduled)
        is_parked = place.dead or place.queue == REJECTED_MESSAGES
        most = PASSED_OVER_PARKED_AT_MOST if is_parked else PASSED_OVER_AT_MOST
        at, others = self.ports.now(), found.others_before
        near = [number for number in found.waiting if others[number] <= most and self._is_to_be_tried((place, number), at)]
        if near:
            gone = await self.ports.parking.take(place, near, _nothing)
            report.erased[called(place)] += len(gone)
            self._tried.update({(place, number): at for number in near if number not in gone})

    def _is_to_be_tried(self, message: tuple[Place, int], at: datetime) -> bool:
        """Whether somebody else does not hold it, as far as is known: each try hands out the messages of others before it."""
        return message not in self._tried or at - self._tried[message] >= HELD_FOR

    async def _remove_items(self, place: ItemPlace, report: Report) -> None:
        self.progress.says(f"removing {place.name}")
        await patiently(lambda: self._remove_the_rest(place, report), self.ports.wait)  # begun anew, it finds what is left

    async def _remove_the_rest(self, place: ItemPlace, report: Report) -> None:
        async for keys in _in_batches(self.ports.items.keys(place, self.tenant_id)):
            report.erased[place.name] += await self.ports.items.remove(place, keys)
            self.progress.counts(place.name, report.erased[place.name], report.before.counts[place.name])


async def _in_batches(keys: AsyncIterator[Key]) -> AsyncIterator[Sequence[Key]]:
    batch: list[Key] = []
    async for key in keys:
        batch.append(key)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _nothing(_message: Peeked) -> None:
    """To be taken off is all."""


def _clean_since(looks: Sequence[Look]) -> Look | None:
    """The first of the last looks that found nothing."""
    first: Look | None = None
    for one in reversed(looks):
        if one.total:
            break
        first = one
    return first


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
