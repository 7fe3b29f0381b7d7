"""The guide to adding a source was written from doing it: what it lists is what the tiny source is."""

import re
from dataclasses import fields
from pathlib import Path

from ingestion.sources.source import Caller, Heard, Poller

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-source.md").read_text()
TINY = ROOT / "tests" / "contract" / "tiny_source"


def section(heading: str) -> str:
    """The text below a heading."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_files_it_lists_are_those_of_the_tiny_source() -> None:
    listed = re.findall(r"`(tests/contract/tiny_source/[^`]+)` \|$", section("The files"), flags=re.MULTILINE)
    there = [path.relative_to(ROOT).as_posix() for path in TINY.rglob("*.*") if path.suffix in {".py", ".json"}]

    assert sorted(listed) == sorted(there)


def test_two_of_them_are_modules_of_the_app_and_the_rest_is_for_tests() -> None:
    in_the_app = re.findall(r"^\| [^|]+ \| `((?:ingestion|shared)/[^`]+)`", section("The files"), flags=re.MULTILINE)

    assert in_the_app == ["ingestion/sources/cards/poller.py", "shared/conversions/cards.py"]


def test_the_three_lines_it_shows_are_those_that_the_tests_run_with() -> None:
    shown = [line.strip() for line in section("The three lines").splitlines() if "# line" in line]
    run = [line.strip() for line in (TINY / "lines.py").read_text().splitlines() if "# line" in line]

    assert [line.removeprefix("return ") for line in run] == shown
    assert len(shown) == 3


def test_the_lists_it_sends_the_reader_to_are_there() -> None:
    named = set(re.findall(r"`((?:ingestion|shared|processors|tests)/[a-z_/]+\.py)`", PAGE)) - {
        "ingestion/sources/cards/poller.py",
        "shared/conversions/cards.py",
    }

    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []
    assert {"ingestion/sources/polled.py", "ingestion/sources/registry.py", "shared/conversions/registry.py"} <= named


def test_every_method_of_a_poller_is_explained() -> None:
    methods = {name for name in vars(Poller) if not name.startswith("_")} - {"source"}

    assert explained_in(section("A polled source, step by step")) == methods


def test_everything_a_webhook_may_say_is_explained() -> None:
    said = {field.name for kind in (Caller, Heard) for field in fields(kind)} - {"correlation_id"}

    assert explained_in(section("A pushing source")) == said


def explained_in(text: str) -> set[str]:
    """What has a row in one of the tables."""
    return set(re.findall(r"^   \| `([a-z_]+)` \|", text, flags=re.MULTILINE))
