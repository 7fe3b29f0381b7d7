"""Asking pip-audit and npm, for a short time; and remembering for a while what came of it, so that a check stays quick."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from devtools.audit.advisories import Heard, NotAsked, npm_said, pip_audit_said
from devtools.audit.pins import Pin

COULD_NOT_FOR = timedelta(hours=1)
"""So long nobody is asked again who could not be."""
CLEAN_FOR = timedelta(hours=12)
"""So long a clean answer about the same pins is believed."""
PROBE_SECONDS, PATIENCE_SECONDS = 6.0, 300.0
_SOCKET_SECONDS = {True: "2", False: "20"}

Run = Callable[[Sequence[str], float], str]
"""Runs a command for so many seconds and gives what it writes to its standard output, whatever its exit code says."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one service."""

    at: str
    why: str
    """Why it could not be asked; "" when it could, and knew of nothing."""
    inputs: str
    """Of what: a hash of the pins."""

    def holds(self, inputs: str, now: datetime) -> bool:
        """Whether it still counts."""
        age = now - datetime.fromisoformat(self.at)
        return self.inputs == inputs and timedelta(0) <= age < (COULD_NOT_FOR if self.why else CLEAN_FOR)


def run(command: Sequence[str], seconds: float) -> str:
    """Run it.

    Raises:
        NotAsked: it is not there, or does not come to an end.
    """
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAsked(f"{Path(command[0]).name} did not run to its end ({type(error).__name__})") from None


def ask_pip(pins: Iterable[Pin], *, run: Run, osv_url: str | None, is_required: bool) -> Heard:
    """About every pin, whatever Python its marker is for. Where it is not required, first about one: a second tells that nobody answers.

    Raises:
        NotAsked: nobody answers.
    """
    every = sorted({pin.text: pin for pin in pins}.values(), key=lambda pin: pin.text)
    if not is_required:
        pip_audit_said(_pip_audit(every[:1], run, PROBE_SECONDS, osv_url, is_probe=True))
    heard = [pip_audit_said(_pip_audit(some, run, PATIENCE_SECONDS, osv_url, is_probe=False)) for some in _each_name_once(every)]
    return Heard(
        sum(one.asked_count for one in heard),
        tuple(finding for one in heard for finding in one.findings),
        tuple(name for one in heard for name in one.skipped),
    )


def ask_npm(root: Path, *, run: Run, is_required: bool) -> Heard:
    """About all that the lock holds.

    Raises:
        NotAsked: nobody answers.
    """
    patience = (PATIENCE_SECONDS, "20000") if is_required else (PROBE_SECONDS, "3000")
    options = [
        "--json",
        "--package-lock-only",
        "--include=dev",
        "--fetch-retries=0",
        f"--fetch-timeout={patience[1]}",
        "--prefix",
        str(root),
    ]
    return npm_said(run(["npm", "audit", *options], patience[0]))


def remembered(file: Path) -> dict[str, Memory]:
    """By service; nothing, where nothing can be read."""
    try:
        return {name: Memory(**one) for name, one in json.loads(file.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(file: Path, memories: dict[str, Memory]) -> None:
    """For the next time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({name: asdict(one) for name, one in memories.items()}))


def _pip_audit(pins: Sequence[Pin], run: Run, seconds: float, osv_url: str | None, *, is_probe: bool) -> str:
    service = ["-s", "osv", "--osv-url", osv_url] if osv_url else []
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{pin.text}\n" for pin in pins))
        file.flush()
        options = ["--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off", "--aliases", "on", "--desc", "off"]
        return run(
            [sys.executable, "-m", "pip_audit", "-r", file.name, *options, "--timeout", _SOCKET_SECONDS[is_probe], *service], seconds
        )


def _each_name_once(pins: Sequence[Pin]) -> list[list[Pin]]:
    """As many lists as a package has versions: pip-audit takes one of each."""
    lists: list[dict[str, Pin]] = []
    for pin in pins:
        into = next((one for one in lists if pin.name not in one), None)
        if into is None:
            lists.append(into := {})
        into[pin.name] = pin
    return [list(one.values()) for one in lists]
