"""A crawl of a Google Drive whose host is killed at random moments, while people go on working there.

Moments are numbers of writes to the store, drawn from a seed: no clock is asked.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from devtools.local.stored_files import StoredFiles
from shared.shards.model import Shard
from tests.e2e.environment import until
from tests.e2e.killed import LOCK_SECONDS, SMALL_STEPS, writes
from tests.e2e.model import running_model
from tests.e2e.polled import minutes_pass
from tests.e2e.polled_drive import PolledDrive, polled_drive

PAGES: Final = 5
"""Of a crawl."""
WRITES_A_FILE: Final = 6
"""At least: the shard, its links, its vectors with their stamp, and most of it once more when the folder it is in was read."""


async def killed_at_random(artefact: Path, folder: Path, *, files: int, kills: int, seed: int) -> None:
    """In the end every file is there once, where it is in Drive, and the comparison finds nothing wrong."""
    rng = Random(seed)
    async with (
        running_model() as model,
        polled_drive(folder, artefact, lock_seconds=LOCK_SECONDS, model=model, settings=SMALL_STEPS) as drive,
    ):
        sales = (await drive.control.drives())["Sales"]
        made = await drive.control.tell("populate-fast", count=files, parent=sales)
        await drive.control.tell("page-rows", rows=files // PAGES)
        people = People(drive, rng, made["ids"])
        await drive.ask()
        await begun(drive, set(made["ids"]))
        for _ in range(kills):
            await writes(drive.environment, rng.randrange(1, files * WRITES_A_FILE // (kills + 1)))
            await drive.environment.kill("host")
            await minutes_pass(drive.environment, drive.run.tenant_id)
            await people.work()
            await drive.environment.restart("host")
            await drive.ask()
        for _ in range(2):
            await drive.poll(120 + files / 10)
            await minutes_pass(drive.environment, drive.run.tenant_id)
        await everything_is_here_once(drive)


@dataclass
class People:
    """Who works in the Drive meanwhile. ``files``: the ids of what is crawled; every fiftieth is a folder."""

    drive: PolledDrive
    rng: Random
    files: list[str]
    done: int = 0

    async def work(self) -> None:
        """While the host is away: something new, something renamed, something moved and something that goes."""
        control, number = self.drive.control, self.done
        folders, others = self.files[::50], [file_id for place, file_id in enumerate(self.files) if place % 50]
        renamed, moved, binned = self.rng.sample(others, 3)
        await control.create("file", f"New {number}", parent=self.rng.choice(folders))
        await control.tell("rename", file_id=renamed, name=f"Renamed {number}")
        await control.tell("move", file_id=moved, parent=self.rng.choice(folders))
        await control.tell("trash", file_id=binned)
        self.done += 1


async def begun(drive: PolledDrive, files: set[str]) -> None:
    """Return when the first of these files is here."""

    async def is_here() -> bool:
        return not files.isdisjoint(await drive.shards())

    await until(is_here, 60)


async def everything_is_here_once(drive: PolledDrive) -> None:
    """Said without the app's own comparison, and then by it."""
    documents = await drive.shards()  # two of one file fail there
    wanted = await drive.control.files()
    stored = StoredFiles.among(Shard.model_validate({**document, "etag": document["_etag"]}) for document in documents.values())
    given_up = await drive.given_up()
    assert [(message["deadLetterReason"], message["properties"].get("type")) for message in given_up] == []
    assert stored.faults(wanted) == []
    assert [file_id for file_id in stored.shards if file_id not in wanted and not stored.is_root(file_id)] == []
    completeness = await drive.compared()
    assert completeness["isComplete"], completeness
