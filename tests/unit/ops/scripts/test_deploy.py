"""scripts/deploy in a pretend subscription: what it asks for in which order, where it stops, how it goes on, and what it says."""

import json
from pathlib import Path

import pytest

from devtools.azure_cli import answers
from devtools.azure_cli.recorder import Failure, Script
from ops.deployment import commands, deploying, planning, template
from ops.deployment.__main__ import main
from ops.deployment.azure_cli import ALWAYS, Done
from ops.deployment.options import STEPS
from ops.deployment.preflight import Wanted
from tests.unit.ops.scripts.subscription import Subscription, package

PARAMETERS = template.INFRA / "dev.bicepparam"
API = "authAudience=99999999-8888-7777-6666-555555555555"
DEPLOY = ["deploy", "--resource-group", "trial", "--parameters", str(PARAMETERS), "--parameter", API, "--patience", "0"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    package(tmp_path)


def deployed(subscription: Subscription, *more: str) -> int:
    options = [*DEPLOY, "--location", "westeurope", "--artefact", "shardline-0123456789ab.zip", "--yes", *more]
    return main(options, run=subscription.run, ask=subscription.ask)


def test_a_fresh_subscription_comes_to_a_running_app(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()

    assert deployed(subscription) == 0

    said = capsys.readouterr()
    assert "Shardline runs." in said.out
    assert f"https://{answers.OUTPUTS['lightHostName']}/api/webhooks/slack" in said.out
    assert [line.split(":")[1].strip() for line in said.err.splitlines() if " done in " not in line and line.startswith("deploy")] == [
        *STEPS
    ]
    assert subscription.asked == [
        *(f"GET https://{answers.OUTPUTS['lightHostName']}/api/{page}" for page in ("health", "ready")),
        f"POST https://{answers.OUTPUTS['lightHostName']}/api/webhooks/slack",
        *(f"GET https://{answers.OUTPUTS['heavyHostName']}/api/{page}" for page in ("health", "ready")),
    ]


def without_what_is_always_said(words: list[str]) -> list[str]:
    said = words[: len(words) - len(ALWAYS)]
    return said[:-2] if said[-2:-1] == ["--subscription"] else said


def test_what_a_dry_run_prints_is_what_is_run(tmp_path: Path) -> None:
    subscription = Subscription(Script(registered=()))
    archive = Path("shardline-0123456789ab.zip")

    deployed(subscription)

    planned = planning.planned(Wanted("trial", "westeurope", None, PARAMETERS, (API,)), (API,), archive)
    names = {f"<{name}>": value for name, value in answers.OUTPUTS.items()}
    names |= {"<resourceManager>": "https://management.azure.com/"}

    def filled(words: list[str]) -> list[str]:
        def value(word: str) -> str:
            person = answers.PERSON if word.startswith("operatorPrincipalId=") else answers.SUBSCRIPTION
            return names.get(word, word).replace("<id>", person)

        return [value(word) for word in words]

    run = [without_what_is_always_said(words) if words[0] == "az" else words for words in subscription.called]
    run = [[word.removeprefix(f"{deploying.ROOT}/") for word in words] for words in run if words[0] != "git"]
    wanted = [filled(words) for step, of_step in planned.items() for words in of_step if step != "smoke"]
    assert sorted(run) == sorted([[word.removeprefix(f"{deploying.ROOT}/") for word in words] for words in wanted])
    assert [" ".join(words[:4]) for words in run if words[1:3] != ["provider", "register"]][-6:] == [
        "az deployment group create",
        "az functionapp deployment source",
        "az functionapp deployment source",
        "az functionapp config appsettings",
        "az cloud show",
        ".venv/bin/python -m ops provision",
    ]


def test_a_dry_run_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()

    assert main([*DEPLOY, "--dry-run"], run=subscription.run, ask=subscription.ask) == 0

    assert subscription.called == []
    assert {line.partition(":")[0] for line in capsys.readouterr().out.splitlines()} == set(STEPS) - {"artefact"}


@pytest.mark.parametrize(
    ("step", "command"),
    [
        ("preflight", "version"),
        ("preflight", "account show"),
        ("preflight", "bicep version"),
        ("preflight", "functionapp list-flexconsumption-locations"),
        ("providers", "provider register"),
        ("group", "group create"),
        ("what-if", "deployment group what-if"),
        ("create", "deployment group create"),
        ("publish", "functionapp deployment source config-zip"),
        ("provision", "functionapp config appsettings list"),
    ],
)
def test_a_step_that_fails_stops_and_says_which_command_and_what_azure_said(
    step: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    says = "WARNING: slow today\nERROR: (QuotaExceeded) not here, AccountKey=hush;x\nmore of it\n"
    subscription = Subscription(Script(failure=Failure(command, says)))

    assert deployed(subscription) == 1

    said = capsys.readouterr().err
    assert f"deploy: {step}: az {command}" in said
    assert "(QuotaExceeded) not here" in said
    assert "hush" not in said
    assert "more of it" not in said
    assert subscription.ledger[-1][: len(command.split())] == command.split()
    assert f"--from {step}" in said


def test_provisioning_that_fails_stops_with_its_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription(provisioned=Done(1, "", "reading\nops: Forbidden: no right\n"))

    assert deployed(subscription) == 1
    assert "deploy: provision: .venv/bin/python -m ops provision" in (said := capsys.readouterr().err)
    assert "ops: Forbidden: no right" in said
    assert subscription.asked == []


def test_one_goes_on_where_it_stopped_and_asks_azure_for_what_earlier_steps_knew(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription(Script(failure=Failure("functionapp deployment source config-zip", "ERROR: busy", times=1)))
    deployed(subscription)
    before = len(subscription.called)

    assert deployed(subscription, "--from", "publish", "--json") == 0

    again = [" ".join(words[1:4]) for words in subscription.called[before:] if words[0] == "az"]
    assert again[:3] == ["account show --output", "deployment group show", "functionapp deployment source"]
    assert "deployment group create" not in again
    said = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in said["steps"]] == ["publish", "provision", "smoke"]
    assert said["outputs"]["light_app_name"] == answers.OUTPUTS["lightAppName"]


def test_it_may_end_early() -> None:
    subscription = Subscription()

    assert deployed(subscription, "--until", "what-if") == 0
    assert "create" not in [words[2] for words in subscription.ledger if words[0] == "deployment"]


def test_both_apps_get_the_same_package_the_heavy_one_first_and_none_is_built_again_in_azure() -> None:
    subscription = Subscription()
    deployed(subscription)

    published = [words for words in subscription.ledger if "config-zip" in words]

    assert [words[words.index("--name") + 1] for words in published] == [answers.OUTPUTS["heavyAppName"], answers.OUTPUTS["lightAppName"]]
    assert {words[words.index("--src") + 1] for words in published} == {"shardline-0123456789ab.zip"}
    assert all(words[words.index("--build-remote") + 1] == "false" for words in published)


def test_without_yes_and_a_terminal_nothing_is_changed(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()

    assert main([*DEPLOY, "--location", "westeurope"], run=subscription.run, ask=subscription.ask) == 2

    assert "say --yes" in capsys.readouterr().err
    assert not [words for words in subscription.ledger if {"create", "register", "config-zip"} & set(words)]


@pytest.mark.parametrize(("answers_given", "exit_code", "changed"), [("no", 1, False), ("yes", 0, True)])
def test_it_asks_before_it_changes_anything_and_before_it_deploys(answers_given: str, exit_code: int, changed: bool) -> None:
    subscription, questions = Subscription(), list[str]()

    def answered(question: str) -> str:
        questions.append(question)
        return answers_given

    words = [*DEPLOY, "--location", "westeurope", "--artefact", "shardline-0123456789ab.zip"]

    assert main(words, run=subscription.run, ask=subscription.ask, answered=answered) == exit_code
    assert questions[0] == "Change Shardline trial, resource group trial, as olga@example.com? (yes)"
    assert questions[1:] == (["Deploy to trial in Shardline trial? (yes)"] if changed else [])
    assert bool([words for words in subscription.ledger if "register" in words]) is changed


def test_the_operators_settings_say_where_things_are_and_hold_no_secret_and_no_identity(tmp_path: Path) -> None:
    deployed(Subscription())

    file = tmp_path / ".shardline" / "deployments" / "trial.json"
    settings = json.loads(file.read_text())

    assert settings["COSMOS__accountEndpoint"] == "https://shardline-dev-abc123.documents.azure.com:443/"
    assert settings["AZURE_TOKEN_CREDENTIALS"] == "AzureCliCredential"
    assert {"AZURE_CLIENT_ID", "SLACK_SIGNING_SECRETS", "APPLICATIONINSIGHTS_CONNECTION_STRING", "CONSUMER_TYPE"}.isdisjoint(settings)
    assert file.stat().st_mode & 0o077 == 0


def test_whoever_deploys_becomes_the_operator_where_nobody_is_named() -> None:
    subscription, named = Subscription(), Subscription()
    deployed(subscription)
    deployed(named, "--parameter", "operatorPrincipalId=some-group")

    assert f"operatorPrincipalId={answers.PERSON}" in next(words for words in subscription.ledger if words[1:3] == ["group", "create"])
    created = next(words for words in named.ledger if words[1:3] == ["group", "create"])
    assert [word for word in created if word.startswith("operatorPrincipal")] == ["operatorPrincipalId=some-group"]


def test_a_pipeline_that_begins_after_preflight_is_the_operator_as_what_it_is() -> None:
    subscription = Subscription(Script(is_person=False, groups={"trial": "westeurope"}))
    deployed(subscription, "--from", "what-if")

    created = next(words for words in subscription.ledger if words[1:3] == ["group", "create"])
    operator = [f"operatorPrincipalId={answers.PERSON}", "operatorPrincipalType=ServicePrincipal"]
    assert [word for word in created if word.startswith("operatorPrincipal")] == operator


def test_the_token_that_says_who_is_signed_in_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()
    deployed(subscription, "--json")

    said = capsys.readouterr()
    assert ["account", "get-access-token"] in [words[:2] for words in subscription.ledger]
    assert "eyJ" not in said.out + said.err + "".join(word for words in subscription.ledger for word in words)


def test_every_command_of_the_scripts_is_in_the_snapshot() -> None:
    made = [value for name, value in vars(commands).items() if name.isupper() and isinstance(value, tuple)]

    assert [command for command in made if Subscription().run(["az", *command]).exit_code == 2] == []
