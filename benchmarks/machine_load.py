"""What else the machine does while we wait to begin. A rate that was measured beside others is theirs, too."""

import os
import time
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.3


def busy_cores() -> float | None:
    """How many cores anything kept busy just now, looked at for a moment in which we do nothing (Linux; elsewhere nobody says)."""
    before = _idle_and_all()
    time.sleep(LOOK_SECONDS)
    after = _idle_and_all()
    if before is None or after is None or after[1] == before[1]:
        return None
    return round((os.cpu_count() or 1) * (1 - (after[0] - before[0]) / (after[1] - before[1])), 2)


def load_average() -> float | None:
    """Processes that ran or wanted to, over the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _idle_and_all() -> tuple[int, int] | None:
    """Ticks of all cores since the start: without work (waiting for a disk, too), and all."""
    try:
        ticks = [int(said) for said in Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]]
    except FileNotFoundError:
        return None
    return ticks[3] + ticks[4], sum(ticks)
