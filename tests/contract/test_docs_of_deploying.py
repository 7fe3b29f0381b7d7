"""scripts/deploy and scripts/teardown: each option and step is in the guide, and what pages and workflows say of them can be typed."""

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ops.deployment.options import STEPS, whole_parser

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
TYPED = re.compile(r"scripts/(deploy|teardown)((?:[^`#\n|;)&\\]|\\\n)*)")
[VERBS] = [action.choices for action in whole_parser()._actions if isinstance(action, argparse._SubParsersAction)]


def typed() -> Iterator[tuple[str, str, list[str]]]:
    """Where, the script, and what follows it, of every line in which something follows."""
    texts = {path: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}
    for workflow in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
        texts[workflow] = "\n".join(step.get("run", "") for job in jobs for step in job.get("steps", []))
    for path, text in texts.items():
        for script, rest in TYPED.findall(text):
            if words := [word for word in shlex.split(re.sub(r"\\\n", " ", rest)) if word != "…"]:
                yield path.relative_to(ROOT).as_posix(), script, words


@pytest.mark.parametrize(("place", "script", "words"), list(typed()))
def test_what_is_said_of_a_script_it_knows(place: str, script: str, words: list[str]) -> None:
    known = {option for action in VERBS[script]._actions for option in action.option_strings}

    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("words", [words for place, script, words in typed() if place == ".github/workflows/deploy.yml"])
def test_the_workflows_command_is_whole(words: list[str]) -> None:
    options = whole_parser().parse_args(["deploy", *(word.replace("$TARGET", "prod") for word in words)])

    assert options.yes


@pytest.mark.parametrize("script", VERBS)
def test_every_option_is_in_the_guide(script: str) -> None:
    options = {option for action in VERBS[script]._actions for option in action.option_strings if option.startswith("--")}

    assert {option for option in options - {"--help"} if option not in GUIDE} == set()


def test_every_step_is_in_the_guide_in_its_order() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", GUIDE.partition("| step | does |")[2].partition("\n\n")[0], flags=re.MULTILINE) == list(STEPS)


@pytest.mark.parametrize("script", VERBS)
def test_every_option_says_what_it_is_for(script: str) -> None:
    assert all(action.help for action in VERBS[script]._actions)
