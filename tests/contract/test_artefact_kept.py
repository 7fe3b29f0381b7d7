"""What is kept of builds: one folder of installed packages for many zips, no more of either than is of use, and one build at a time."""

import os
import sys
import threading
from pathlib import Path

import pytest

from devtools.artefact import Refused, Target, archive, byte_code, kept_package

FILES = {".funcignore": ".*\n", ".gitignore": "", "function_app.py": "", "host.json": "{}", "requirements.txt": ""}
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TARGET = Target(PYTHON)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was installed: one file, in place of what uv would fetch."""
    found: list[str] = []

    def install(requirements: Path, folder: Path, target: Target) -> None:
        found.append(requirements.read_text())
        folder.mkdir()
        (folder / "one.py").write_text("")

    monkeypatch.setattr(archive, "install", install)
    return found


def changed(root: Path, name: str, number: int) -> None:
    (root / name).write_text(f"# {number}\n")


def aged(paths: list[Path]) -> list[Path]:
    """Each older than the one after it: a second is too coarse for some file systems."""
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return paths


def test_old_folders_of_packages_go(root: Path, tmp_path: Path, installed: list[str]) -> None:
    kept = tmp_path / "kept"
    for number in range(4):
        changed(root, "requirements.txt", number)
        aged(sorted((kept / "packages").glob("[0-9a-f]*")))
        kept_package(kept, TARGET, root)

    assert len(list((kept / "packages").glob("[0-9a-f]*"))) == archive.KEPT_FOLDERS
    kept_package(kept, TARGET, root)
    assert len(installed) == 4


def test_old_zips_go_and_those_that_were_published_stay(root: Path, tmp_path: Path, installed: list[str]) -> None:
    kept, made = tmp_path / "kept", list[Path]()
    for number in range(archive.KEPT_PACKAGES + 3):
        changed(root, "function_app.py", number)
        aged([path for path in made if path.is_file()])
        made.append(kept_package(kept, TARGET, root, published=[made[0].name] if made else []))

    assert [path.name for path in made if path.is_file()] == [made[0].name, *(path.name for path in made[-archive.KEPT_PACKAGES :])]
    assert len(installed) == 1


def test_two_that_build_at_once_install_once(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[Path] = []
    never = threading.Event()

    def slow(requirements: Path, folder: Path, target: Target) -> None:
        never.wait(timeout=0.2)  # long enough for the other to come
        installed.append(folder)
        folder.mkdir()

    monkeypatch.setattr(archive, "install", slow)
    found: list[Path] = []
    builds = [threading.Thread(target=lambda: found.append(kept_package(tmp_path / "kept", TARGET, root))) for _ in range(2)]
    for build in builds:
        build.start()
    for build in builds:
        build.join()

    assert (len(installed), found[0]) == (1, found[1])


def test_a_build_that_fails_leaves_nothing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(requirements: Path, folder: Path, target: Target) -> None:
        folder.mkdir()
        raise Refused("no")

    monkeypatch.setattr(archive, "install", refuse)

    with pytest.raises(Refused):
        kept_package(tmp_path / "kept", TARGET, root)
    assert [path.name for path in (tmp_path / "kept").rglob("*") if path.name not in (".lock", "artefacts", "packages")] == []


def test_the_environment_cannot_send_byte_code_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "one.py").write_text("")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")

    byte_code.compile_all(tmp_path / "app", PYTHON)

    [made] = (tmp_path / "app").rglob("*.pyc")
    assert made.name == f"one.{sys.implementation.cache_tag}.pyc"
