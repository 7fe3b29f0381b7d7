"""``down`` ends what is left of a run, and nothing that is not of it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devtools.local import processes
from devtools.local.addresses import Addresses
from devtools.local.down import Ended, down
from devtools.local.processes import Process

pytestmark = pytest.mark.integration

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
WILLING = "import time; print('ready', flush=True); time.sleep(600)"


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
