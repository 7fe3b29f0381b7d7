"""The issuer's clock: that of whoever asks, moved by what a fault plan says.

By how much is kept in the issuer's folder, as its keys are, for ``devtools token`` makes tokens of it in another process.
"""

from pathlib import Path
from typing import Final

_FILE: Final = "clock-moved-seconds"


def moved_seconds(folder: Path) -> float:
    """By how much the clock of this issuer is wrong; 0 until somebody moves it."""
    try:
        return float((folder / _FILE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0.0


def move_clock(folder: Path, seconds: float) -> None:
    """Let the clock be wrong by so much from now on: its tokens begin and end by it."""
    fresh = folder / f"{_FILE}.new"
    fresh.write_text(str(seconds), encoding="ascii")
    fresh.replace(folder / _FILE)
