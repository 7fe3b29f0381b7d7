import asyncio
import subprocess
import sys
from pathlib import Path

from devtools.host.monitor import owned

HOLDS_UNTIL_KILLED = """
import asyncio, pathlib, sys
from devtools.host.monitor import owned
asyncio.run(owned(pathlib.Path(sys.argv[1]), "tick"))
print("mine", flush=True)
sys.stdin.read()
"""


async def test_without_a_state_folder_every_host_runs_every_timer() -> None:
    await owned(None, "tick")
    await owned(None, "tick")


async def test_one_of_two_hosts_runs_a_timer_and_the_other_takes_over_when_it_is_killed(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDS_UNTIL_KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "mine\n"
        await owned(tmp_path, "another")
        waiting = asyncio.create_task(owned(tmp_path, "tick"))
        await asyncio.sleep(0)

        had_to_wait = not waiting.done()
        first.kill()
        await asyncio.wait_for(waiting, 10)

    assert had_to_wait
