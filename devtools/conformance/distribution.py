"""The client's source distribution, which holds its tests, fetched once and kept under ``.shardline/conformance``."""

import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / ".shardline" / "conformance"
PLUGIN: Final = ROOT.parent / "shared" / "tools" / "sb-conformance"
_CLIENT: Final = "azure-servicebus"
_NEEDED_BY_ITS_TESTS: Final = "azure-common==1.1.28"  # of one file; nothing of ours needs it
_FETCH_SECONDS: Final = 120
_OPTIONS: Final = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


class Unavailable(Exception):
    """What is needed cannot be had here; the text says what."""


def tests_of_the_client() -> Path:
    """The folder of the tests, of the version that is installed; beside it ``packages`` with what they need, and ``pytest.ini``.

    Raises:
        Unavailable: the plug-in is not here, or the distribution cannot be fetched.
    """
    if not (PLUGIN / "sb_conformance.py").is_file():
        raise Unavailable("the conformance plug-in is not here")
    place = CACHE / f"{_CLIENT}-{version(_CLIENT)}"
    if not (place / "tests").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="fetching-") as folder:
            _fetch(Path(folder))
            _unpack(Path(folder))
            try:
                (Path(folder) / "whole").rename(place)
            except OSError:
                if not (place / "tests").is_dir():  # else another process was quicker
                    raise
    return place / "tests"


def _fetch(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    source = (*pip, "download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), f"{_CLIENT}=={version(_CLIENT)}")
    packages = (*pip, "install", "--no-deps", "--target", str(folder / "whole" / "packages"), _NEEDED_BY_ITS_TESTS)
    for command in (source, packages):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise Unavailable("the client's source distribution cannot be had: no answer") from error
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(f"the client's source distribution cannot be had: {said}")


def _unpack(folder: Path) -> None:
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    [unpacked] = folder.glob("azure_servicebus-*/tests")
    unpacked.rename(folder / "whole" / "tests")
    (folder / "whole" / "pytest.ini").write_text(_OPTIONS, encoding="utf-8")
