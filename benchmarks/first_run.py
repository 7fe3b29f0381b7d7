"""From a bare machine to the first embedded shard, and a second start: ``scripts/up --once --json`` in a fresh clone of what is committed.

Bare means: Python, Node.js and a network, and no package that was fetched before: the installers' caches are empty folders of this run, so
that everything comes through the network. What is not committed is not measured.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.measurement import ROOT, goal, say

BARE_SECONDS: Final = 60
SECOND_SECONDS: Final = 10
PORT_OFFSET: Final = "21300"
TIMEOUT_SECONDS: Final = 300


def measure() -> dict[str, Any]:
    """Both starts.

    Raises:
        RuntimeError: one did not end with every sample record embedded and found.
    """
    with tempfile.TemporaryDirectory(prefix="shardline-first-run-") as folder:
        clone = Path(folder) / "clone"
        caches = {name: str(Path(folder) / name) for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache")}
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, stdin=subprocess.DEVNULL)
        say("first run: a fresh clone, nothing installed")
        started = time.monotonic()
        installing = subprocess.run(["./scripts/setup"], cwd=clone, env=_environment(caches), capture_output=True, text=True, check=False)
        if installing.returncode:
            raise RuntimeError(f"scripts/setup ended with {installing.returncode}: {installing.stderr[-500:]}")
        installed = time.monotonic() - started
        first = _start(clone, caches)
        say("first run: the second start")
        second = _start(clone, caches)
    bare_seconds = round(installed + first["seconds_to_first_embedded_shard"], 1)
    return {
        "installation_seconds": round(installed, 1),
        "first": first,
        "second": second,
        "goals": [
            goal("seconds from a bare machine to the first embedded shard", bare_seconds, at_most=BARE_SECONDS),
            goal(
                "seconds of a second start to the first embedded shard", second["seconds_to_first_embedded_shard"], at_most=SECOND_SECONDS
            ),
        ],
    }


def _start(clone: Path, caches: dict[str, str]) -> dict[str, Any]:
    """Seconds from the command to the first shard that is linked and embedded, and to its end.

    The program's report counts from when it begins to work; the check of what is installed and its imports, which come before, are timed
    by asking it for its help.
    """
    before = _command(clone, caches, "--help")[0]
    seconds, printed = _command(clone, caches, "--once", "--json", "--port-offset", PORT_OFFSET)
    inside = json.loads(printed)["secondsToFirstEmbeddedShard"]
    return {
        "seconds_before_it_works": round(before, 1),
        "seconds_in_its_report": inside,
        "seconds_to_first_embedded_shard": round(before + inside, 1),
        "seconds_to_the_end": round(seconds, 1),
    }


def _command(clone: Path, caches: dict[str, str], *options: str) -> tuple[float, str]:
    started = time.monotonic()
    ended = subprocess.run(
        ["./scripts/up", *options],
        cwd=clone,
        env=_environment(caches),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    seconds = time.monotonic() - started
    if ended.returncode:
        raise RuntimeError(f"scripts/up {' '.join(options)} ended with {ended.returncode}: {(ended.stderr + ended.stdout)[-1000:]}")
    return seconds, ended.stdout


def _environment(caches: dict[str, str]) -> dict[str, str]:
    """This one, without the virtual environment it may be in."""
    return {**{name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHON", "PYTHONPATH"}}, **caches}
