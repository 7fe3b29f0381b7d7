"""The documentation is complete and leads somewhere: a setting without its line, or a link to nothing, is a failing test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.generate import contents, tables
from devtools.generate.contents import Row

ROOT = Path(__file__).parents[2]
PAGES = [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if path.exists()]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

DOCUMENTED = {
    "settings": "docs/settings.md",
    "metrics": "docs/telemetry.md",
    "spans": "docs/telemetry.md",
    "functions": "docs/functions.md",
    "queues": "docs/queues.md",
    "containers": "docs/queues.md",
    "blob-containers": "docs/queues.md",
    "fault-kinds": "docs/local-development.md",
    "fault-fields": "docs/local-development.md",
    "fault-places": "docs/local-development.md",
    "slack-events": "docs/sources/slack.md",
    "linking-values": "docs/linking-policy.md",
    "linking-weights": "docs/linking-policy.md",
    "linking-ceilings": "docs/linking-policy.md",
    "alerts": "docs/operations.md",
    "parameters": "docs/deploy.md",
    "resources": "docs/infrastructure.md",
    "errors": "docs/errors.md",
}


@pytest.mark.parametrize("name", tables.TABLES)
def test_each_of_them_has_its_line_with_a_sentence(name: str) -> None:
    lines = (ROOT / DOCUMENTED[name]).read_text().splitlines()

    for row in tables.TABLES[name].rows():
        [line] = [line for line in lines if line.startswith(f"| {row[0]} |")]
        sentence = line.rstrip(" |").rpartition("| ")[2]
        assert sentence
        assert sentence != tables.MISSING, f"write what {row[0]} is for in {DOCUMENTED[name]}"


@each_page
def test_generated_tables_are_what_the_code_says(page: Path) -> None:
    made = tables.pages(ROOT)

    assert page.read_text() == made.get(page.relative_to(ROOT).as_posix(), page.read_text()), "run scripts/generate"


@each_page
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in links(page.read_text()):
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} leads nowhere"
        assert not heading or heading in headings(file.read_text()), f"{target}: no such heading"


@each_page
def test_commands_name_scripts_and_modules_that_exist(page: Path) -> None:
    for command in commands(page.read_text()):
        for script in re.findall(r"(?:^|[\s;&|])(?:\./)?(scripts/[a-z-]+)", command):
            assert (ROOT / script).is_file(), f"{command}: no {script}"
        for module in re.findall(r"python[0-9.]* -m ((?:devtools|benchmarks|ops)[a-z_.]*)", command):
            folder = ROOT / module.replace(".", "/")
            assert (folder / "__main__.py").is_file() or folder.with_suffix(".py").is_file(), f"{command}: no {module}"


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def links(text: str) -> Iterator[str]:
    """Targets of links inside the project."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        if not re.match(r"[a-z]+:", target):
            yield target


def headings(text: str) -> set[str]:
    """As addresses: lower case, hyphens for spaces, punctuation gone."""
    found = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def commands(text: str) -> list[str]:
    """The lines of ``sh`` blocks that are typed; lines of output begin with neither a command nor a prompt and match nothing."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.strip()]


def test_a_table_keeps_the_sentences_people_wrote_and_asks_for_new_ones() -> None:
    rows: list[Row] = [("`A`", "1"), ("`C`", "3")]
    table = tables.Table("letter", "number", rows=lambda: rows, explained="what for")

    made = table.made("| letter | number | what for |\n| --- | --- | --- |\n| `A` | 9 | The first \\| best. |\n| `B` | 2 | Gone. |\n")

    assert made == (
        "| letter | number | what for |\n| --- | --- | --- |\n| `A` | 1 | The first \\| best. |\n| `C` | 3 | **to be explained** |\n"
    )


def test_a_page_is_remade_between_its_markers_only(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "telemetry.md").write_text("Before.\n<!-- generated: spans -->\nold\n<!-- end -->\nAfter.\n")

    [text] = tables.pages(tmp_path).values()

    assert text.startswith("Before.\n<!-- generated: spans -->\n| span | what for |\n")
    assert text.endswith("<!-- end -->\nAfter.\n")
    assert "old" not in text


def test_a_setting_that_must_be_set_says_so() -> None:
    rows = {row[0]: row for row in contents.settings()}

    assert rows["`COSMOS`"] == ("`COSMOS`", "none: set it or `COSMOS__accountEndpoint`", "yes")
    assert rows["`COSMOS_DATABASE`"] == ("`COSMOS_DATABASE`", "`shardline`", "")
    assert rows["`SALESFORCE_WEBHOOK_LIMIT_BYTES`"] == ("`SALESFORCE_WEBHOOK_LIMIT_BYTES`", "`16777216`", "")
    assert rows["`EMBEDDING_OFFLINE`"] == ("`EMBEDDING_OFFLINE`", "none: set it or `EMBEDDING_AZURE_OPENAI_ENDPOINT`", "")
    assert rows["`EMBEDDING_AZURE_OPENAI_API_KEY`"] == ("`EMBEDDING_AZURE_OPENAI_API_KEY`", "none", "yes")
    assert rows["`AUTH_ISSUER`"] == ("`AUTH_ISSUER`", "none: set it", "")
