"""The exact set of files that ship, and that both readers of .funcignore agree on it."""

import re
import zipfile
from pathlib import Path

import pytest

from devtools.artefact import ReadingsDiffer, build, core_tools_reading, git_reading, shipped_files

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingestion", "processors", "shared")


def test_the_code_the_host_file_and_the_requirements_ship_and_nothing_else(tmp_path: Path) -> None:
    code = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}

    build(tmp_path / "app.zip")

    with zipfile.ZipFile(tmp_path / "app.zip") as archive:
        shipped = set(archive.namelist())
    assert shipped == {"function_app.py", "host.json", "requirements.txt", *code}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path / "one.zip")
    build(tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "tests/unit/test_x.py",
        "devtools/artefact.py",
        "benchmarks/start.py",
        "ops/replay.py",
        "docs/settings.md",
        "local.settings.json",
        "requirements-dev.txt",
        "pyproject.toml",
        ".gitignore",
        ".ci/run",
        "infra/topology.json",
        "README.md",
        "secrets.py",
        "shared.py",
        "node_modules/azurite/package.json",
    ],
)
def test_this_stays_at_home_under_both_readings(path: str) -> None:
    text = (ROOT / ".funcignore").read_text()

    assert not git_reading(text)(path)
    assert path == "shared.py" or not core_tools_reading(text)(path)


def test_byte_code_does_not_ship(tmp_path: Path) -> None:
    app = app_in(tmp_path, "shared/errors.py", "shared/__pycache__/errors.cpython-311.pyc")

    assert shipped_files(app) == ["shared/errors.py"]


@pytest.mark.parametrize("path", ["shared-old/errors.py", "shared.py", "host.json.bak"])
def test_a_file_the_two_readers_disagree_about_stops_the_build(path: str, tmp_path: Path) -> None:
    app = app_in(tmp_path, "shared/errors.py", path)

    with pytest.raises(ReadingsDiffer, match=re.escape(path)):
        build(tmp_path / "app.zip", app)


def app_in(root: Path, *paths: str) -> Path:
    """A made-up application with our ignore files."""
    app = root / "app"
    for path in paths:
        (app / path).parent.mkdir(parents=True, exist_ok=True)
        (app / path).write_text("")
    for name in (".funcignore", ".gitignore"):
        (app / name).write_text((ROOT / name).read_text())
    return app


@pytest.mark.parametrize(
    ("pattern", "path", "by_git", "by_core_tools"),
    [
        ("tests", "tests/test_x.py", False, False),
        ("tests", "shared/tests/test_x.py", False, True),
        ("tests", "tests-old/test_x.py", True, False),
        ("*.md", "docs/x.md", False, True),
        ("*.md", "x.md", False, False),
        ("/docs", "docs/x.md", False, False),
        ("docs/", "docs", True, True),
        ("a/**/z", "a/b/c/z", False, False),
        ("/*\n!/shared", "shared/x/y.py", True, True),
        ("!/shared\n/*", "shared/x/y.py", False, True),
        ("shared\n!shared/x.py", "shared/x.py", False, True),
        ("?.py", "x.py", False, True),
        ("# tests", "tests/x.py", True, True),
    ],
)
def test_the_two_readings(pattern: str, path: str, by_git: bool, by_core_tools: bool) -> None:
    assert (git_reading(pattern)(path), core_tools_reading(pattern)(path)) == (by_git, by_core_tools)


DEV_PACKAGES = ("ruff", "mypy", "pytest", "pytest-asyncio", "hypothesis", "coverage", "import-linter", "uv")


def test_the_requirements_hold_no_tool_of_ours() -> None:
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE))

    assert "azure-functions" in pinned
    assert pinned.isdisjoint(DEV_PACKAGES)


def test_the_requirements_serve_every_python_the_platform_may_have() -> None:
    text = (ROOT / "requirements.txt").read_text()

    assert re.search(r"^azure-functions==1\.\S+ ; python_full_version < '3\.13' \\$", text, flags=re.MULTILINE)
    assert re.search(r"^azure-functions==2\.\S+ ; python_full_version >= '3\.13' \\$", text, flags=re.MULTILINE)
