"""Byte code that is used without a look at its source: a package in Azure is read-only, so nothing is compiled there for the next start.

``unchecked-hash`` (PEP 552): the header says that the source is not compared, and dates, which a zip does not keep, do not matter.
Byte code fits one minor version of Python, so an interpreter of that version compiles.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from devtools.artefact.packages import Refused

_CODE = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


def interpreter(python: str) -> Path:
    """An interpreter of this minor version.

    Raises:
        Refused: there is none here.
    """
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    found = shutil.which(f"python{python}")
    if found is None or not version_of(Path(found)).startswith(f"{python}."):
        raise Refused(f"no Python {python} here to make its byte code: install it, or go without by --without-byte-code")
    return Path(found)


def version_of(python: Path) -> str:
    """Its whole version: what is compiled may differ by it. Empty where it does not run: a version manager has names that lead nowhere."""
    return subprocess.run([python, "-I", "-c", _CODE], check=False, capture_output=True, text=True).stdout.strip()


def compile_all(folder: Path, python: str) -> None:
    """Compile every module in a folder, beside its source.

    In one process, or equal sources could give different bytes. Paths in it are relative: Python puts the real one there on import.

    Raises:
        Refused: there is no interpreter of that version, or a module cannot be compiled.
    """
    # Isolated: a variable of the environment may send byte code elsewhere (PYTHONPYCACHEPREFIX), or name it otherwise.
    command: list[str | Path] = [interpreter(python), "-I", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    done = subprocess.run([*command, "-s", folder, "-p", ".", folder], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"not everything compiles: {(done.stdout + done.stderr).strip()[:500]}")
