"""What every benchmark writes: its figures with all that is needed to make them again, and whether they reach their goals."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"
_STARTED: Final = time.monotonic()


def goal(
    measure: str, value: float, *, at_least: float | None = None, at_most: float | None = None, hope: float | None = None
) -> dict[str, Any]:
    """One line of the table of goals: a figure beside what was asked of it. Both bounds: exactly that. ``hope`` is what it is to become."""
    is_met = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    return {"measure": measure, "value": value, "at_least": at_least, "at_most": at_most, "hope": hope, "is_met": is_met}


def say(text: str) -> None:
    """Progress, for whoever waits: seconds since the start, and what is done now."""
    print(f"{time.monotonic() - _STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


def write(name: str, *, command: str, figures: Mapping[str, Any], seen_at: str) -> Path:
    """Store one result; ``seen_at`` is the date."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    result = {"commit": commit(), "command": command, "date": seen_at, "machine": _machine(), "figures": dict(figures)}
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return path


def commit() -> str:
    """What is measured."""
    found = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    # What a benchmark writes itself is no change of what it measures.
    status = ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results", ":!docs/benchmarks.md"]
    changed = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def _machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system(), "architecture": platform.machine()}


def python() -> str:
    """The interpreter that runs this."""
    return sys.executable
