"""Generated files cannot drift: what was changed by hand, or not made again, is named without asking any package index."""

import re
import shutil
from pathlib import Path

import pytest

from devtools.generate import __main__ as generate
from devtools.generate import requirements

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", *(file.path for file in requirements.FILES)):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_everything_generated_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    status = generate.main(["--check"])

    assert (status, capsys.readouterr().out) == (0, "")


def test_requirements_as_they_were_made_are_fine(project: Path) -> None:
    assert list(requirements.faults(project)) == []


def test_a_dependency_that_changed_makes_both_files_stale(project: Path) -> None:
    edit(project / "pyproject.toml", '"defusedxml==0.7.1",', '"defusedxml==0.7.1", "httpx",')

    assert list(requirements.faults(project)) == [
        "requirements.txt is out of date: pyproject.toml changed",
        "requirements.txt does not pin httpx",
        "requirements-dev.txt is out of date: pyproject.toml changed",
        "requirements-dev.txt does not pin httpx",
    ]


def test_a_tool_that_changed_makes_only_the_tools_stale(project: Path) -> None:
    edit(project / "pyproject.toml", '"hypothesis==', '"hypothesis>=')

    assert list(requirements.faults(project)) == ["requirements-dev.txt is out of date: pyproject.toml changed"]


def test_other_parts_of_the_project_file_do_not_matter(project: Path) -> None:
    edit(project / "pyproject.toml", "line-length = 140", "line-length = 100")

    assert list(requirements.faults(project)) == []


def test_a_pin_edited_by_hand_is_seen(project: Path) -> None:
    edit(project / "requirements.txt", "defusedxml==0.7.1", "defusedxml==0.7.0")

    assert list(requirements.faults(project)) == [
        "requirements.txt was edited by hand",
        "requirements-dev.txt is out of date: pyproject.toml changed",
    ]


def test_a_missing_file_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "requirements-dev.txt").unlink()

    status = generate.check(project)

    assert status == 1
    assert capsys.readouterr().out.splitlines() == [
        "requirements-dev.txt was not made by scripts/generate",
        "infra/topology.json is out of date",
        "infra/servicebus-standin.json is out of date",
        "infra/servicebus-emulator.json is out of date",
        "infra/docker-compose.yml is out of date",
        "infra/workbook.json is out of date",
        "run scripts/generate",
    ]


def test_a_second_run_has_nothing_to_write(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate.write(project)
    capsys.readouterr()

    generate.write(project)

    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("written")]


def test_the_requirements_name_no_package_index() -> None:
    for file in requirements.FILES:
        text = (ROOT / file.path).read_text()
        assert not re.search("https?:|--(extra-)?index|--find-links", text), file.path


def test_an_option_nobody_knows_is_refused() -> None:
    assert generate.main(["--upgrade"]) == 2
