"""The zip: our files, and with ``Target`` the packages and the byte code of both."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools.artefact import byte_code
from devtools.artefact.packages import PLACE, Target, install
from devtools.artefact.readings import shipped_files

ROOT = Path(__file__).parents[2]
KEPT_PACKAGES = 5
"""So many zips are kept beside those that were published: those can be gone back to."""
KEPT_FOLDERS = 2
"""So many folders of installed packages, of 100 MB each: a branch with other pins than the main one has."""


@dataclass(frozen=True)
class Contents:
    """What a zip holds: its files, sorted, and how many bytes they have when they are unpacked."""

    files: list[str]
    size: int


def build(out: Path, root: Path = ROOT, target: Target | None = None, ready: Path | None = None) -> Contents:
    """Write the zip. With a target, the packages ship as well; ``ready`` is a folder where they are kept for the next time.

    Raises:
        ReadingsDiffer: see ``readings``.
        Refused: see ``packages`` and ``byte_code``.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if target is None:
        return _zipped(out, {path: root / path for path in shipped_files(root)})
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own"
        for path in shipped_files(root):
            (own / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, own / path)
        if target.is_compiled:
            byte_code.compile_all(own, target.python)
        packages = ready_packages(root, target, Path(folder) / "packages" if ready is None else ready)
        found = {path.relative_to(own).as_posix(): path for path in own.rglob("*") if path.is_file()}
        found |= {f"{PLACE}/{path.relative_to(packages).as_posix()}": path for path in packages.rglob("*") if path.is_file()}
        return _zipped(out, found)


def digest(root: Path = ROOT, target: Target | None = None) -> str:
    """What names a zip before it is built: of all it depends on. The same digest means the same bytes.

    Raises:
        ReadingsDiffer: see ``readings``.
        Refused: see ``byte_code``.
    """
    found = hashlib.sha256(b"" if target is None else _packages_digest(root, target).encode())
    for path in shipped_files(root):
        found.update(path.encode() + b"\0" + hashlib.sha256((root / path).read_bytes()).digest())
    return found.hexdigest()


def _packages_digest(root: Path, target: Target) -> str:
    builder = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    depends_on = [(root / "requirements.txt").read_bytes(), repr(target).encode(), builder]
    if target.is_compiled:
        depends_on.append(byte_code.version_of(byte_code.interpreter(target.python)).encode())
    return hashlib.sha256(b"\0".join(depends_on)).hexdigest()


def ready_packages(root: Path, target: Target, ready: Path) -> Path:
    """The folder of installed and compiled packages, made where it is not there: named by all it depends on."""
    kept = ready / _packages_digest(root, target)[:16]
    with _alone(ready):
        if not kept.is_dir():
            with tempfile.TemporaryDirectory(dir=ready, prefix=".") as making:
                folder = Path(making) / "packages"
                install(root / "requirements.txt", folder, target)
                if target.is_compiled:
                    byte_code.compile_all(folder, target.python)
                folder.rename(kept)
        kept.touch()
        for old in _oldest(ready.glob("[0-9a-f]*"), but=KEPT_FOLDERS):
            shutil.rmtree(old, ignore_errors=True)
    return kept


def kept_package(kept: Path, target: Target, root: Path = ROOT, published: Iterable[str] = ()) -> Path:
    """The zip with packages, in ``artefacts`` of a folder, under a name that says what is in it. Built where it is not there yet.

    Args:
        published: names of zips that stay, however old they are.

    Raises:
        ReadingsDiffer: see ``readings``.
        Refused: see ``packages`` and ``byte_code``.
    """
    found = kept / "artefacts" / f"shardline-{digest(root, target)[:12]}.zip"
    with _alone(found.parent):
        if not found.is_file():
            making = found.with_suffix(f".{os.getpid()}.making")
            try:
                build(making, root, target, kept / "packages")
                making.rename(found)
            finally:
                making.unlink(missing_ok=True)
        found.touch()
        for old in _oldest((path for path in found.parent.glob("shardline-*.zip") if path.name not in set(published)), but=KEPT_PACKAGES):
            old.unlink(missing_ok=True)
    return found


def _oldest(paths: Iterable[Path], *, but: int) -> list[Path]:
    """All but the latest."""
    return sorted(paths, key=lambda path: path.stat().st_mtime)[:-but]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else makes anything in this folder: two at once would install the same packages twice."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _zipped(out: Path, files: dict[str, Path]) -> Contents:
    size = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)  # with the zip format's own first day as date
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name].read_bytes())
            size += entry.file_size
    return Contents(sorted(files), size)


def unpack(into: Path, root: Path = ROOT, target: Target | None = None, ready: Path | None = None) -> Path:
    """Build, and unpack into the folder ``artefact`` of ``into``: coverage knows that name as another place of the same code."""
    build(into / "artefact.zip", root, target, ready)
    with zipfile.ZipFile(into / "artefact.zip") as archive:
        archive.extractall(into / "artefact")
    return into / "artefact"
