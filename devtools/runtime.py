"""A virtual environment that holds ``requirements.txt`` and nothing else, as the platform has it.

Made once in ``.shardline/venv-runtime`` and again when the requirements or the Python change. uv takes the packages from its cache, which
``scripts/setup`` filled, and asks the package index only for what is not there.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from devtools.host import official_runtime

ROOT = Path(__file__).parents[1]


def runtime_python(root: Path = ROOT) -> Path:
    """The interpreter of that environment.

    Raises:
        subprocess.CalledProcessError: the packages are neither in uv's cache nor to be had.
    """
    environment = root / ".shardline" / "venv-runtime"
    python = environment / "bin" / "python"
    requirements = root / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    made_from = environment / "made-from"
    if python.exists() and made_from.exists() and made_from.read_text() == wanted:
        return python

    shutil.rmtree(environment, ignore_errors=True)
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    sync: list[str | Path] = [uv, "pip", "sync", "--quiet", "--python", python, requirements]
    if subprocess.run([*sync, "--offline"], check=False, capture_output=True).returncode:
        subprocess.run(sync, check=True)
    made_from.write_text(wanted)
    return python


if __name__ == "__main__":  # what scripts/test does first, so that no test needs the network
    runtime_python()
    if official_runtime.environment() is None:
        print("no Python 3.13 found: Microsoft's runtime is not tried")
