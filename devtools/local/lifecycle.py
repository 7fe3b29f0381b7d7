"""What the commands about a run as a whole do and print: up in the background, down, status, reset."""

import argparse
import asyncio
import sys
from dataclasses import asdict
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from devtools.local import background, processes
from devtools.local.addresses import Addresses
from devtools.local.commands import failed, show_json
from devtools.local.docker import DockerFailed
from devtools.local.down import down as end_all
from devtools.local.reset import Folder, empty
from devtools.local.run import ROOT, folder_of
from devtools.local.status import Status
from devtools.local.tables import table
from devtools.local.up import up as stay_up

WATCH_SECONDS: Final = 2.0
WRONG: Final = 2


async def up(options: argparse.Namespace) -> int:
    """Start a run, in this process or in one that stays."""
    if options.detach:
        arguments = [argument for argument in options.arguments if argument not in {"-d", "--detach"}]
        return background.start(arguments)
    return await stay_up(options)


async def down(options: argparse.Namespace) -> int:
    """End what runs."""
    try:
        ended = await end_all(folder_of(options.port_offset), Addresses.shifted(options.port_offset))
    except DockerFailed as error:
        return failed(str(error))
    if options.json:
        show_json({"ended": [asdict(one) for one in ended]})
    elif ended:
        print(table(("ended", "process", "how"), [(one.name, None if one.pid is None else str(one.pid), one.how) for one in ended]))
    else:
        print("nothing was running here")
    return 0


async def status(options: argparse.Namespace) -> int:
    """Show how a run is, once or again and again."""
    folder = folder_of(options.port_offset)
    if not options.watch:
        found = await Status.of(folder)
        show_json(found.plain()) if options.json else print(found.rendered())
        return 0 if found.is_fine else 1
    if options.json or not sys.stdout.isatty():
        while True:
            found = await Status.of(folder)
            show_json(found.plain()) if options.json else print(found.rendered(), end="\n\n", flush=True)
            await asyncio.sleep(WATCH_SECONDS)
    with Live(console=Console(highlight=False), auto_refresh=False, vertical_overflow="visible") as shown:
        while True:
            shown.update(Text((await Status.of(folder)).rendered()), refresh=True)
            await asyncio.sleep(WATCH_SECONDS)


async def reset(options: argparse.Namespace) -> int:
    """Empty the run that is up, or remove the folder of one that is not."""
    folder = folder_of(options.port_offset)
    named = folder.relative_to(ROOT)
    is_up = any(process.is_running for process in processes.noted(folder))
    if not is_up and not folder.exists():
        show_json({"removed": None}) if options.json else print("nothing is running here, and nothing is left of an earlier run")
        return 0
    what = f"all messages, items, blobs and logs of the run in {named}" if is_up else f"{named} with all it holds; nothing is running here"
    if not options.yes and not await _agreed(what):
        return WRONG
    if not is_up:
        left = Folder.of(folder)
        left.remove()
        show_json({"removed": left.plain()}) if options.json else print(
            f"removed {named}: {left.files:,} files, {left.size_bytes / 1e6:.1f} MB"
        )
        return 0
    return await _emptied(options)


async def _emptied(options: argparse.Namespace) -> int:
    folder = folder_of(options.port_offset)
    held = (await Status.of(folder)).contents
    await empty(folder)
    if options.json:
        show_json({"removed": held.plain()})
    else:
        print(f"{held.rendered()}\n\nall of this was removed; the run is up again, and its organization is connected")
    return 0


async def _agreed(what: str) -> bool:
    """Whether a person says yes; where there is none, no, with a line that says how."""
    if not sys.stdin.isatty():
        failed(f"reset removes {what}: say --yes")
        return False
    answer = await asyncio.to_thread(input, f"This removes {what}. Go on? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        failed("nothing was removed")
        return False
    return True
