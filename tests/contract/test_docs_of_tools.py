"""The commands of the tools: each is in the docs, and what the docs say of one can be typed."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.__main__ import COMMANDS
from devtools.local.options import _parser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TOOL = re.compile(r"(?:python -m devtools (?=[a-z])|scripts/up\b)[^`#\n|;)]*")


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    [commands] = [action for action in _parser(COMMANDS)._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(commands.choices)


def typed() -> Iterator[tuple[str, list[str]]]:
    """What the docs tell people to type: the command, and what follows it."""
    for page in PAGES:
        for line in TOOL.findall(page.read_text(encoding="utf-8")):
            words = shlex.split(line.replace("'", "").replace('"', "").replace("scripts/up", "python -m devtools up"))[3:]
            yield words[0], words[1:]


def test_every_command_is_in_the_docs() -> None:
    assert {command for command, _ in typed()} == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_what_the_docs_say_of_a_command_it_knows(command: str) -> None:
    known = {option for action in parsers()[command]._actions for option in action.option_strings}

    said = {word.partition("=")[0].rstrip(",.:") for name, words in typed() if name == command for word in words if word.startswith("-")}

    assert said <= known


@pytest.mark.parametrize("variable", ["COSMOS_EMULATOR_ENDPOINT", "SERVICE_BUS_EMULATOR_ENDPOINT"])
def test_the_variables_that_bring_an_emulator_into_the_suite_are_in_the_docs(variable: str) -> None:
    assert variable in (ROOT / "tests" / "plugins" / "stand_ins.py").read_text(encoding="utf-8")
    assert f"`{variable}`" in (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
