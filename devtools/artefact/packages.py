"""The pinned dependencies, as the platform's Python looks for them, and without what is not needed there.

Wheels alone, with the hashes of ``requirements.txt`` and nothing that is not named in it: whatever is installed was reviewed when the pins
were made. The platform is that of the Functions images: manylinux_2_28, because some packages publish no wheel for an older one.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PLACE: Final = ".python_packages/lib/site-packages"
"""Where Azure's Python worker looks, below the app."""
NEVER: Final = {"protobuf": "google/protobuf", "grpcio": "grpc"}
"""Packages by where they are: in this place they would replace the worker's own, with which it speaks to the host (decision 0045)."""
_PINNED: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==\S+( ;[^\\]+)?(\s+--hash=sha256:[0-9a-f]{64})+")
_OF_THE_INSTALLER: Final = ("RECORD", "INSTALLER", "REQUESTED")
"""What lies in a ``.dist-info`` for uninstalling. The rest stays: versions and entry points are read from it, and licences must ship."""


class Refused(Exception):
    """It is not built. The text says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """Where it will run."""

    python: str = "3.11"
    platform: str = "x86_64-manylinux_2_28"
    is_compiled: bool = True


def install(requirements: Path, folder: Path, target: Target) -> None:
    """Install into a folder that is not there yet.

    Raises:
        Refused: a requirement is not pinned with its hash, may not ship, or cannot be had.
    """
    check_pins(requirements.read_text())
    command: list[str | Path] = [Path(sys.executable).parent / "uv", "pip", "install", "--quiet", "--target", folder]
    command += ["--python-platform", target.platform, "--python-version", target.python]
    command += ["--only-binary", ":all:", "--require-hashes", "--no-deps", "--link-mode", "copy", "-r", requirements]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"the packages cannot be installed for {target.platform}, Python {target.python}: {done.stderr.strip()[:1000]}")
    _leave_out(folder)
    if shipped := [name for name, place in NEVER.items() if (folder / place).exists()]:
        raise Refused(_may_not_ship(shipped))


def check_pins(text: str) -> None:
    """See that every requirement is one release with its hashes, and none of those that may not ship.

    Raises:
        Refused: naming the lines, or the packages.
    """
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip() and not line.strip().startswith("#")]
    pins = {line: _PINNED.fullmatch(line.strip()) for line in lines}
    if wrong := [line.split("--hash")[0].strip() for line, pin in pins.items() if pin is None]:
        raise Refused(f"requirements.txt: not a pinned release with its hashes: {'; '.join(wrong)}")
    names = {re.sub(r"[._-]+", "-", pin["name"]).lower() for pin in pins.values() if pin is not None}
    if shipped := sorted(names & NEVER.keys()):
        raise Refused(_may_not_ship(shipped))


def _may_not_ship(names: list[str]) -> str:
    return f"{', '.join(names)} may not ship: the Functions worker would load it instead of its own (docs/decisions/0045)"


def _leave_out(folder: Path) -> None:
    """Take away programs, tests and what only an installer reads."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for tests in [path for path in folder.rglob("tests") if path.is_dir()]:
        name = ".".join(tests.relative_to(folder).parts)
        if user := next(_importers(folder, tests, name), None):
            raise Refused(f"{name} looks like tests and would be left out, but {user.relative_to(folder)} imports it")
        shutil.rmtree(tests)
    for information in folder.glob("*.dist-info"):
        for name in _OF_THE_INSTALLER:
            (information / name).unlink(missing_ok=True)
    for compiled in list(folder.rglob("__pycache__")):
        shutil.rmtree(compiled)


def _importers(folder: Path, tests: Path, name: str) -> Iterator[Path]:
    imported = re.compile(rf"^\s*(from|import)\s+({re.escape(name)}|\.tests)\b", flags=re.MULTILINE)
    for path in folder.rglob("*.py"):
        if not path.is_relative_to(tests) and imported.search(path.read_text(encoding="utf-8", errors="replace")):
            yield path
