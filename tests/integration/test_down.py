"""How a run ends: ``down`` ends what is left of one, and nothing that is not of it; a part that ends by itself ends all of it."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devtools.local import processes
from devtools.local.addresses import Addresses
from devtools.local.child import ChildFailed
from devtools.local.children import Children
from devtools.local.down import Ended, down
from devtools.local.processes import Process
from devtools.local.run import Run

pytestmark = pytest.mark.integration

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
WILLING = "import time; print('ready', flush=True); time.sleep(600)"

PARENT = """
import asyncio, pathlib
from devtools.local.child import Child
async def main():
    await Child.start("left", {command!r}, ready="ready", log=pathlib.Path({log!r}))
    print("ready", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@asynccontextmanager
async def child(code: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that waits, killed at the end of the block."""
    started = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert started.stdout is not None
    await started.stdout.readline()
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def test_the_rest_of_a_killed_run_is_asked_and_the_register_is_gone(tmp_path: Path) -> None:
    async with child(WILLING) as left:
        Process.of("cosmos", left.pid).note(tmp_path)

        ended = await down(tmp_path, Addresses())

        assert (ended, await left.wait()) == ([Ended("cosmos", left.pid, "asked")], -signal.SIGTERM)
        assert processes.noted(tmp_path) == []


async def test_what_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    async with child(STUBBORN) as left:
        Process.of("cosmos", left.pid).note(tmp_path)

        ended = await down(tmp_path, Addresses(), stop_seconds=0.3)

        assert (ended, await left.wait()) == ([Ended("cosmos", left.pid, "killed")], -signal.SIGKILL)


async def test_a_process_that_has_got_the_id_of_one_of_the_run_is_left_alone(tmp_path: Path) -> None:
    async with child(WILLING) as stranger:
        replace(Process.of("cosmos", stranger.pid), born="at another time").note(tmp_path)

        ended = await down(tmp_path, Addresses())

        assert (ended, stranger.returncode) == ([], None)
        assert processes.birth_of(stranger.pid) is not None


async def test_where_nothing_was_there_is_nothing_to_end(tmp_path: Path) -> None:
    assert await down(tmp_path, Addresses()) == []


async def test_only_the_last_start_of_a_name_counts_and_half_a_line_is_none(tmp_path: Path) -> None:
    async with child(WILLING) as first, child(WILLING) as second:
        Process.of("host", first.pid).note(tmp_path)
        Process.of("host", second.pid).listens("host: ready on http://127.0.0.1:7071").note(tmp_path)
        with (tmp_path / processes.REGISTER).open("a", encoding="utf-8") as register:
            register.write('{"name": "host", "pid": 1')

        [found] = processes.noted(tmp_path)

        assert (found.pid, found.address, found.is_running) == (second.pid, "http://127.0.0.1:7071", True)
        assert (found.memory_bytes or 0) > 1_000_000


async def test_whatever_goes_on_ends_with_the_name_and_the_last_words_of_a_child_that_has_ended_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = tmp_path / "ends"
    ends.write_text("#!/bin/sh\necho host: ready\necho out of luck\nexit 3\n")
    ends.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(ends))
    children = Children(Run(Addresses(), "", "", ""), folder=tmp_path / "run")
    await children.start_host()

    log = os.path.relpath(tmp_path / "run" / "logs" / "host.log")
    with pytest.raises(ChildFailed, match=re.escape(f"host ended by itself with exit code 3: out of luck (log: {log})")):
        await children.whole_during(asyncio.sleep(60))
    await children.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_a_child_ends_with_its_parent_whatever_that_died_of(tmp_path: Path) -> None:
    async with child(PARENT.format(log=str(tmp_path / "log"), command=[sys.executable, "-c", WILLING])) as parent:
        [left] = [Process.of("left", pid) for pid in children_of(parent.pid)]
        was_running = left.is_running
        parent.kill()

        still = await asyncio.to_thread(processes.gone, [left], 20)

    assert (was_running, still) == (True, [])


def children_of(pid: int) -> list[int]:
    """The ids of a process's children."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
