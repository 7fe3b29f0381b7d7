"""Every command of the Azure CLI that scripts run and pages tell people to type is one it knows.

By the snapshot of its parser in every run, and by the parser itself with --long.
"""

import json
from pathlib import Path

import pytest

from devtools.azure_cli import answers, environment, making, pages, recorder, snapshot
from devtools.azure_cli.pages import Found
from devtools.azure_cli.recorder import Failure, Script
from ops.deployment.__main__ import main
from tests.unit.ops.scripts.subscription import Subscription, package

ROOT = Path(__file__).parents[2]
FOUND = list(pages.found(ROOT))
COMMANDS = snapshot.read()
WRONG = [
    (["group", "create", "--name", "x", "--locaton", "westeurope"], "required: --location"),
    (["group", "create", "--name", "x"], "required: --location"),
    (["group", "create", "--name", "x", "--location", "y", "--colour", "red"], "--colour"),
    (["group", "creat", "--name", "x"], "group creat"),
    (["account", "show", "--output", "xml"], "xml"),
    (["account", "show", "--subscriptio", "x"], "subscriptio"),
    (["functionapp", "deployment", "source", "config-zip", "--name", "x", "--resource-group", "g"], "--src"),
    (["functionapp", "deployment", "source", "config-zip", "--name", "x", "--src", "a.zip"], "--resource-group"),
]
RIGHT = [
    ["group", "create", "-n", "x", "-l", "westeurope", "--tags", "a=b", "c=d"],
    ["account", "show", "--output", "TSV", "--query", "id"],
    ["cognitiveservices", "account", "list-deleted"],
]


def is_wanting(found: Found, fault: str | None) -> bool:
    """In a sentence, a command may be named without all it needs."""
    return fault is not None and (found.is_whole or "required" not in fault)


@pytest.mark.parametrize("found", FOUND, ids=lambda found: f"{found.place}: {' '.join(found.words)[:60]}")
def test_the_azure_cli_knows_what_pages_and_workflows_say(found: Found) -> None:
    fault = snapshot.fault_of(found.words, COMMANDS)

    assert not is_wanting(found, fault), fault


def test_pages_and_workflows_are_looked_into() -> None:
    places = {found.place for found in FOUND}

    assert {"docs/deploy.md", "docs/sources/slack.md", ".github/workflows/deploy.yml"} <= places


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_is_misspelt_missing_or_unknown_is_wrong(words: list[str], said: str) -> None:
    assert said in (snapshot.fault_of(words, COMMANDS) or "nothing")


def test_ids_stand_for_the_names_that_are_required_otherwise() -> None:
    commands: snapshot.Commands = {"app show": {"--ids": {"nargs": "+"}, "--name -n": {"required": True}}}

    assert snapshot.fault_of(["app", "show", "--ids", "/subscriptions/x"], commands) is None
    assert "required: --name" in (snapshot.fault_of(["app", "show"], commands) or "nothing")


@pytest.mark.parametrize("words", RIGHT)
def test_short_names_lists_and_other_cases_are_right(words: list[str]) -> None:
    assert snapshot.fault_of(words, COMMANDS) is None


def test_the_snapshot_is_of_the_pinned_release_and_holds_what_is_used_and_no_more() -> None:
    used = {*making.OF_THE_SCRIPTS, *(found.command for found in FOUND)}

    assert json.loads(snapshot.FILE.read_text())["azure-cli"] == making.version()
    assert set(COMMANDS) == used, "run python -m devtools.azure_cli"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("az account show\n", [("account", "show")]),
        ("id=$(az account show --query id --output tsv)\n", [("account", "show", "--query", "id", "--output", "tsv")]),
        (
            "az group create \\\n    --name 'my group' -l x && az version",
            [("group", "create", "--name", "my group", "-l", "x"), ("version",)],
        ),
        ('az group create --name "$(az account show)" > out', [("group", "create", "--name", "VALUE"), ("account", "show")]),
        ("# az account shw\necho blaz az\n", []),
        ("if az account show; then az version # why\nfi", [("account", "show"), ("version",)]),
        ("scripts/azure-cli bicep version", [("bicep", "version")]),
        ('az group create --name "$GROUP" -l "x.${place}"', [("group", "create", "--name", "VALUE", "-l", "x.VALUE")]),
        ("az group create --name ${{ vars.GROUP }} -l x", [("group", "create", "--name", "VALUE", "-l", "x")]),
    ],
)
def test_commands_are_found_in_shell(text: str, words: list[tuple[str, ...]]) -> None:
    assert pages.in_shell(text) == words


def test_the_recorder_refuses_as_the_azure_cli_does_and_remembers(tmp_path: Path) -> None:
    script = Script()
    before = [["group", "create", "--name", "trial", "--location", "westeurope"]]

    assert recorder.answer(["group", "show", "--name", "trial"], script, []).exit_code == answers.MISSING
    assert json.loads(recorder.answer(["group", "show", "--name", "trial"], script, before).out)["location"] == "westeurope"
    assert recorder.answer(["group", "show", "--nam", "trial"], script, before).exit_code == recorder.WRONG_ARGUMENTS


def test_the_recorder_fails_when_it_is_told_to_and_as_often() -> None:
    script = Script(failure=Failure("account show", "ERROR: no\n", times=1))

    assert recorder.answer(["account", "show"], script, []).err == "ERROR: no\n"
    assert recorder.answer(["account", "show"], script, [["account", "show"]]).exit_code == 0


def of_the_scripts(folder: Path) -> list[list[str]]:
    """What scripts/deploy and scripts/teardown say to ``az``, from beginning to end."""
    subscription = Subscription(Script(registered=()))
    where = ["--resource-group", "trial"]
    parameters = ["--parameters", str(ROOT / "infra" / "dev.bicepparam"), "--location", "westeurope"]
    parameters += ["--parameter", "namePrefix=other", "--parameter", "authAudience=99999999-8888-7777-6666-555555555555"]
    deploy = ["deploy", *where, *parameters, "--artefact", str(package(folder)), "--yes"]
    assert main(deploy, run=subscription.run, ask=subscription.ask) == 0
    assert main(deploy, run=subscription.run, ask=subscription.ask) == 0
    assert main([*deploy, "--from", "publish"], run=subscription.run, ask=subscription.ask) == 0
    assert main(["teardown", *where, "--yes", "trial", "--purge"], run=subscription.run) == 0
    return subscription.ledger


def test_the_scripts_use_every_command_that_is_kept_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    said = [" ".join(words) for words in of_the_scripts(tmp_path)]

    assert {name for name in making.OF_THE_SCRIPTS if not any(one.startswith(name) for one in said)} == set()


@pytest.mark.long
def test_the_snapshot_is_what_the_real_parser_knows() -> None:
    assert making.made() == snapshot.FILE.read_text(encoding="utf-8"), "run python -m devtools.azure_cli"


@pytest.mark.long
def test_the_real_parser_takes_every_command_and_refuses_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    of_scripts = of_the_scripts(tmp_path)

    faults = environment.faults([*of_scripts, *(found.words for found in FOUND), *RIGHT, *(words for words, _ in WRONG)])

    right, wrong = faults[: -len(WRONG)], faults[-len(WRONG) :]
    of_pages = right[len(of_scripts) : len(of_scripts) + len(FOUND)]
    assert [fault for fault in right[: len(of_scripts)] if fault is not None] == []
    assert [(found, fault) for found, fault in zip(FOUND, of_pages, strict=True) if is_wanting(found, fault)] == []
    assert right[-len(RIGHT) :] == [None] * len(RIGHT)
    assert None not in wrong
