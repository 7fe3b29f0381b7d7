"""The Google Drive half of a first run: what a Workspace had is read and shown as a tree; one file is moved and one unshared, and all of it
is compared with what is stored, and with who finds what.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local import search
from devtools.local.drive_control import DriveControl
from devtools.local.polled_connection import FAULTS, PolledConnection, counts_of, faults_in, row_of
from devtools.local.progress import bar
from devtools.local.run import Run
from devtools.local.shard import shards_of
from devtools.local.stored_files import StoredFiles
from devtools.local.tables import table
from devtools.local.token import sample_token
from devtools.local.workspace import people_of
from ingestion.sources.gdrive.logs import drive_stream
from shared.connections.connection import connection_id
from shared.errors import Conflict, TransientError
from shared.storage.cosmos import CosmosAccount

THERE: Final = "the Workspace"
MOVED: Final = "Lighthouse plans"
UNSHARED: Final = "Harbour lease"
LOOK_SECONDS: Final = 0.2
MOST_FOUND: Final = 50
"""More than there is: every question finds all that somebody may see, the nearest first."""


@dataclass(frozen=True)
class Story:
    """The two files that something happens to, by id."""

    moved: str
    unshared: str
    to: str
    """The folder into which the one is moved."""
    who: str
    """The address of the person with whom the other is shared no more."""

    @property
    def events(self) -> dict[str, str]:
        """What happens to each."""
        return {self.moved: "moved", self.unshared: f"unshared from {_short(self.who)}"}


@dataclass(frozen=True)
class Seen:
    """What is here at a moment, and who finds what of it."""

    stored: StoredFiles
    found: Mapping[str, frozenset[str]]
    """By address."""
    faults: Sequence[str]

    def finders(self, file_id: str) -> str:
        """Who finds one."""
        return ", ".join(_short(email) for email, found in self.found.items() if file_id in found) or "nobody"


@dataclass(frozen=True)
class Drive:
    """One run's Google Workspace."""

    run: Run
    folder: Path
    account: CosmosAccount
    timeout_seconds: float

    async def begin(self) -> Story:
        """Put the two files there, and let the app ask for the first time. It goes on reading meanwhile.

        Raises:
            ControlRefused: the pretend Drive does not do what it is told.
        """
        async with DriveControl(self.run.gdrive) as control:
            customers = await control.named("/Sales/Customers")
            story = Story(
                moved=await control.create("file", MOVED, parent=customers),
                unshared=await control.create("file", UNSHARED, parent=customers),
                to=await control.named("/Sales/Customers/Offers"),
                who=people_of(self.run)[-1],
            )
            await control.tell("share", file_id=story.unshared, grantee=story.who)
        with suppress(Conflict, TransientError, aiohttp.ClientError, TimeoutError):  # it is asked again by whoever waits for it
            await self._polled.ask()
        return story

    async def report(self, story: Story) -> dict[str, Any]:
        """Wait for all there is, let the two things happen, wait for what they change, compare; with what is missing or wrong."""
        began = time.monotonic()
        async with DriveControl(self.run.gdrive) as control:
            async with self._polled.asked_again():
                before = await self._seen(control, "read from the Workspace")
            read_seconds = time.monotonic() - began
            files, drives = await control.files(), await control.drives()
            await control.tell("move", file_id=story.moved, parent=story.to)
            await control.tell("unshare", file_id=story.unshared, grantee=story.who)
            changed = time.monotonic()
            async with self._polled.asked_again():
                now = await self._seen(control, "moved and unshared")
            changed_seconds = time.monotonic() - changed
        faults = [*before.faults, *now.faults]
        completeness = None if faults else await self._compared()
        return {
            "domain": self.run.domain,
            "files": len(files),
            "drives": drives,
            "seconds": round(read_seconds, 2),
            "secondsToChanged": round(changed_seconds, 2),
            "tree": before.stored.tree(self.run.domain),
            "changes": [
                {
                    "what": what,
                    "name": files[file_id].name,
                    "folderBefore": _folder(before.stored.path(file_id)),
                    "folder": _folder(now.stored.path(file_id)),
                    "foundByBefore": before.finders(file_id),
                    "foundBy": now.finders(file_id),
                }
                for file_id, what in story.events.items()
            ],
            "completeness": completeness,
            **counts_of(completeness),
            "faults": [*faults, *faults_in(completeness, where=THERE)],
            "shards": [shard.document() for shard in now.stored.shards.values()],
        }

    @property
    def _polled(self) -> PolledConnection:
        return PolledConnection(self.run, self.folder, self.account, connection_id("gdrive", self.run.domain))

    async def _compared(self) -> dict[str, Any] | None:
        with bar("compared", 1) as seen:
            found = await self._polled.compared(self.timeout_seconds)
            seen(1)
        return found

    async def look(self, control: DriveControl) -> Seen:
        """What is here now, and what is wrong with it. Who finds what is asked when all else is right.

        Raises:
            AzureError, ClientError, TimeoutError: the store or the app cannot answer now.
        """
        wanted = await control.files()
        stored = StoredFiles.among(await shards_of(self.run, tenant_id=self.run.tenant_id))
        faults = stored.faults(wanted)
        if faults:
            return Seen(stored, {}, faults)
        found = await self._found(stored)
        return Seen(stored, found, _misled(found, {email: await control.seen_by(email) for email in found}, stored))

    async def _seen(self, control: DriveControl, what: str) -> Seen:
        """What is here, once it is what is there; or what is wrong with it when the time is up."""
        count = len(await control.files())
        give_up_at = time.monotonic() + self.timeout_seconds
        now = Seen(StoredFiles({}), {}, ["what is here cannot be looked at"])
        with bar(what, count) as seen:
            while now.faults and time.monotonic() < give_up_at:
                with suppress(AzureError, TransientError, aiohttp.ClientError, TimeoutError):  # a fault plan hits whoever looks, too
                    now = await self.look(control)
                seen(min(len(now.stored.shards), count))
                await asyncio.sleep(LOOK_SECONDS if now.faults else 0)
        return now

    async def _found(self, stored: StoredFiles) -> dict[str, frozenset[str]]:
        """The vendor's ids of what each of these people finds; roots are left out, as the vendor lists none."""
        by_shard = {shard.id: file_id for file_id, shard in stored.shards.items()}
        found = {}
        for email in people_of(self.run):
            bearer = sample_token(self.run, self.folder, email=email, admin=False)
            reply = await search.ask(self.run, f"{MOVED}, {UNSHARED}", bearer=bearer, limit=MOST_FOUND)
            hits = {by_shard[hit["shardId"]] for hit in reply.hits if hit["shardId"] in by_shard}
            found[email] = frozenset(file_id for file_id in hits if not stored.is_root(file_id))
        return found


def _misled(found: Mapping[str, frozenset[str]], visible: Mapping[str, set[str]], stored: StoredFiles) -> list[str]:
    """Who finds what the vendor does not show them, or does not find what it does."""
    lines = []
    for email, wanted in visible.items():
        for what, ids in (("finds what is not shown to them", found[email] - wanted), ("does not find", wanted - found[email])):
            if ids:
                lines.append(f"{email} {what}: {', '.join(sorted(str(stored.path(file_id)) for file_id in ids))}")
    return lines


def rendered(drive: Mapping[str, Any]) -> str:
    """For people: the tree, what happened and what came of it, and what was compared, stream by stream."""
    parts = ["What a Google Workspace had, in its folders, and to whom each is open beside those of the folder:", "", drive["tree"], ""]
    rows = [
        [change[name] for name in ("what", "name", "folderBefore", "folder", "foundByBefore", "foundBy")] for change in drive["changes"]
    ]
    head = ("then", "file", "was in", "is in", "was found by", "is found by")
    parts += [f"One file was moved and one unshared; {drive['secondsToChanged']} s later:", "", table(head, rows), ""]
    found = drive["completeness"]
    if found is None:
        return "\n".join([*parts, "it was not compared with what is stored"])
    named = {drive_stream(drive_id): f"drive:{name}" for name, drive_id in drive["drives"].items()}
    compared = [(named.get(stream["stream"], stream["stream"]), *row_of(stream["comparison"])) for stream in found["streams"]]
    counted = ", ".join(f"{drive[name]} {name}" for name in FAULTS)
    parts += ["All there is in the Workspace, compared with what is stored:", ""]
    parts += [table(("change log", "in the Workspace", "here", *FAULTS), compared), ""]
    return "\n".join([*parts, f"{drive['files']} files and folders are here and found by whom Drive shows them; compared: {counted}"])


def _folder(path: str | None) -> str | None:
    return None if path is None else path.rpartition("/")[0]


def _short(email: str) -> str:
    return email.partition("@")[0]
