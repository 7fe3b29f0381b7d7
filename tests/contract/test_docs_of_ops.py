"""The operator's commands: every verb and every option is in the docs, and what the docs say of one can be typed."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.options import whole_parser

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED = re.compile(r"python -m ops (?=[a-z])((?:[^`#\n|;)\\]|\\\n)*)")
EVERYWHERE = {"-h", "--help", "--json", "--settings"}


def verbs(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that carries something out, by its whole name."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield name, parser
    for action in below:
        for word, found in action.choices.items():
            yield from verbs(found, f"{name} {word}".strip())


VERBS = dict(verbs(whole_parser()))


def options_of(verb: str) -> set[str]:
    return {option for action in VERBS[verb]._actions for option in action.option_strings}


def typed() -> Iterator[tuple[str, set[str]]]:
    """What the docs tell people to type: the command, and its options."""
    for page in PAGES:
        for line in TYPED.findall(page.read_text(encoding="utf-8")):
            words = shlex.split(line.replace("\\\n", " ").replace("'", "").replace('"', ""))
            said = {word.partition("=")[0].rstrip(",.:") for word in words if word.startswith("-")}
            yield next((verb for count in (3, 2, 1) if (verb := " ".join(words[:count])) in VERBS), " ".join(words)), said


def test_the_verbs_are_those_that_operators_were_promised() -> None:
    assert set(VERBS) == {
        *(f"connections {verb}" for verb in ("add salesforce", "add gdrive", "add slack", "list", "test", "rotate", "pause", "resume")),
        *("backfill", "completeness", "renormalize", "provision"),
        *(f"linking {verb}" for verb in ("show", "set", "reset", "relink")),
        *("tenant export", "tenant erase", "migrate"),
        *(f"{noun} {verb}" for noun in ("rejected", "dead-letters") for verb in ("list", "show", "replay", "drop")),
    }


@pytest.mark.parametrize("verb", [verb for verb in VERBS if not verb.startswith("dead-letters")])
def test_every_verb_is_shown_as_it_is_typed(verb: str) -> None:
    assert verb in {command for command, _ in typed()}, f"docs/operations.md does not show python -m ops {verb}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_explained(verb: str) -> None:
    assert {option for option in options_of(verb) - {"-h", "--help"} if f"`{option}" not in OPERATIONS} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_knows_the_options_of_all(verb: str) -> None:
    assert options_of(verb) >= EVERYWHERE


def test_what_the_docs_say_of_a_command_it_knows() -> None:
    for verb, said in typed():
        if verb in VERBS:
            assert said <= options_of(verb), verb
        else:
            assert verb.split()[0] in {known.split()[0] for known in VERBS}, f"there is no command {verb}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_says_what_it_is_for(verb: str) -> None:
    assert all(action.help for action in VERBS[verb]._actions)
