"""``.github/workflows``: what they run is there and knows its options, what they use is pinned, and what they may do is the least.

Nobody here can run them; what can be wrong in them without anybody noticing is looked at instead.
"""

import argparse
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from devtools.__main__ import COMMANDS
from devtools.audit.__main__ import options_of
from devtools.azure_cli import pages, snapshot
from devtools.local.options import parsed
from ops.deployment.commands import DEPLOYMENT
from ops.deployment.options import ENVIRONMENTS
from ops.deployment.options import parsed as deployment

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS: dict[str, dict[Any, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}

JOBS = {
    "check": {"check": [], "test": [], "test-newer-python": []},
    "deploy": {"check": [], "compile": ["check"], "what-if": ["compile"], "deploy": ["what-if"], "smoke": ["deploy"]},
    "emulators": {"suites": [], "first-run": []},
    "long": {"long": []},
}
"""Every job, and what it waits for."""

BEGIN = {
    "check": {"pull_request", "push", "workflow_call"},
    "deploy": {"workflow_dispatch", "push"},
    "emulators": {"workflow_dispatch", "schedule", "pull_request"},
    "long": {"workflow_dispatch", "schedule"},
}
ACTIONS = {
    "actions/checkout": ("08c6903cd8c0fde910a37f88322edcfb5dd907a8", "v5.0.0"),
    "actions/setup-python": ("e797f83bcb11b83ae66e0230d6156d7c80228e7c", "v6.0.0"),
    "actions/setup-node": ("2028fbc5c25fe9cf00d9f06a71cc4710d4507903", "v6.0.0"),
    "actions/cache": ("0057852bfaa89a56745cba8c7296529d2fc39830", "v4.3.0"),
    "actions/upload-artifact": ("ea165f8d65b6e75b540449e92b4886f43607fa02", "v4.6.2"),
    "azure/login": ("a457da9ea143d694b1b9c7c869ebb04ebe844ef5", "v2.3.0"),
}
"""Whose code runs with our rights: a commit, since a tag can be moved. A newer one is looked at before it stands here."""
MAY_SAY_WHO_IT_IS = {("deploy", "what-if"), ("deploy", "deploy")}
"""The jobs that Azure believes."""
VARIABLES = {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID", "RESOURCE_GROUP"}
"""What is kept in an environment at GitHub: names, none of them a secret."""
STARTED = {"service-bus", "sql", "cosmos"}
"""The suites bring Azurite along themselves."""

each_workflow = pytest.mark.parametrize("name", WORKFLOWS, ids=lambda name: name[:5])


@dataclass(frozen=True)
class Step:
    """One step of one job."""

    workflow: str
    job: str
    said: dict[str, Any]

    @property
    def commands(self) -> list[list[str]]:
        """What it runs, word by word, without what only the shell does."""
        lines = [line.strip() for line in self.said.get("run", "").splitlines()]
        return [words for line in lines if (words := shlex.split(re.sub(r"\s*(>>?\s*\S+)+$", "", line), comments=True))]


def steps() -> Iterator[Step]:
    for name, workflow in WORKFLOWS.items():
        for job, said in workflow["jobs"].items():
            yield from (Step(name, job, step) for step in said.get("steps", []))


RUNS = [step for step in steps() if "run" in step.said]
each_run = pytest.mark.parametrize("step", RUNS, ids=[f"{step.job}.{number}" for number, step in enumerate(RUNS)])


def commands_of(program: str) -> list[list[str]]:
    """The arguments with which a program of ours is called."""
    return [words[1:] for step in RUNS for words in step.commands if words[0] == program]


def test_every_job_is_there_and_waits_for_what_comes_before() -> None:
    def needs(job: dict[str, Any]) -> list[str]:
        said = job.get("needs", [])
        return [said] if isinstance(said, str) else said

    assert {name: {job: needs(said) for job, said in workflow["jobs"].items()} for name, workflow in WORKFLOWS.items()} == JOBS


def test_they_begin_when_they_should() -> None:
    assert {name: set(workflow[True]) for name, workflow in WORKFLOWS.items()} == BEGIN  # YAML reads "on" as a truth
    assert WORKFLOWS["check"][True]["push"]["branches"] == ["main"]
    assert WORKFLOWS["deploy"][True]["push"] == {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}


@each_workflow
def test_every_action_is_pinned_to_a_commit_that_was_looked_at(name: str) -> None:
    for line in (FOLDER / f"{name}.yml").read_text().splitlines():
        match = re.fullmatch(r"\s*(?:- )?uses: (\S+?)(?:@(\S+) # (\S+))?", line)
        if "uses:" not in line:
            continue
        assert match is not None, line
        action, commit, version = match.groups()
        if action.startswith("./"):
            assert "workflow_call" in WORKFLOWS[Path(action).stem][True]
        else:
            assert ACTIONS[action] == (commit, version)


@each_workflow
def test_what_it_may_do_is_said_and_the_least(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    for job, said in WORKFLOWS[name]["jobs"].items():
        allowed = said.get("permissions", {"contents": "read"})
        signs_in = {"contents": "read", "id-token": "write"}
        assert allowed == signs_in if (name, job) in MAY_SAY_WHO_IT_IS else allowed in ({"contents": "read"}, {})


@each_workflow
def test_there_is_no_secret_that_lasts(name: str) -> None:
    text = (FOLDER / f"{name}.yml").read_text()

    assert "secrets." not in text
    assert "secrets:" not in text
    assert not re.search(r"client.secret|password:|creds:|\bkey: *[A-Za-z0-9+/]{20}", text)
    assert set(re.findall(r"vars\.(\w+)", text)) <= VARIABLES


def test_who_signs_in_does_it_by_who_it_is() -> None:
    logins = [step.said["with"] for step in steps() if str(step.said.get("uses", "")).startswith("azure/login@")]

    assert len(logins) == len(MAY_SAY_WHO_IT_IS)
    assert all(set(login) == {"client-id", "tenant-id", "subscription-id"} for login in logins)
    assert {(step.workflow, step.job) for step in steps() if str(step.said.get("uses", "")).startswith("azure/login@")} == MAY_SAY_WHO_IT_IS
    assert all("environment" in WORKFLOWS[name]["jobs"][job] for name, job in MAY_SAY_WHO_IT_IS)


@each_run
def test_nothing_that_others_write_is_put_into_a_script(step: Step) -> None:
    assert "${{" not in step.said["run"]


@each_run
def test_a_script_is_a_script(step: Step) -> None:
    subprocess.run(["bash", "-n"], input=step.said["run"], text=True, check=True)


@each_workflow
def test_no_job_hangs_for_hours_and_no_checkout_leaves_its_token(name: str) -> None:
    for said in WORKFLOWS[name]["jobs"].values():
        assert "uses" in said or said["timeout-minutes"] <= 180
        for step in said.get("steps", []):
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}


@each_run
def test_every_script_and_module_of_ours_is_there(step: Step) -> None:
    for words in step.commands:
        if words[0].startswith("scripts/"):
            assert (ROOT / words[0]).is_file(), f"no {words[0]}"
        if words[0] == ".venv/bin/python" and words[2] != "pytest":
            assert words[1] == "-m"
            module = ROOT / words[2].replace(".", "/")
            assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), f"no {words[2]}"


def test_what_the_tools_are_asked_for_they_know() -> None:
    assert [parsed({name: COMMANDS[name] for name in COMMANDS}, ["up", *arguments]).docker for arguments in commands_of("scripts/up")] == [
        True
    ]
    assert all(arguments in ([], ["--python-only"]) for arguments in commands_of("scripts/setup"))
    assert "--python-only" in (ROOT / "scripts" / "setup").read_text()
    assert commands_of("scripts/check") == [[]]


def test_what_is_deployed_is_asked_for_as_the_script_knows_it() -> None:
    asked = [deployment(["deploy", *(word.replace("$TARGET", "prod") for word in words)]) for words in commands_of("scripts/deploy")]

    assert [(one.environment, one.resource_group, one.first, one.last, one.yes, one.dry_run) for one in asked] == [
        ("prod", "$RESOURCE_GROUP", "what-if", "what-if", True, False),
        ("prod", "$RESOURCE_GROUP", "what-if", None, True, False),
    ]
    assert WORKFLOWS["deploy"][True]["workflow_dispatch"]["inputs"]["environment"]["options"] == list(ENVIRONMENTS)


def test_what_is_deployed_where_is_one_choice() -> None:
    """The file of parameters, the identity, and the queue of deployments go by the same word."""
    workflow = WORKFLOWS["deploy"]
    chosen = "${{ inputs.environment || 'prod' }}"

    assert workflow["env"]["TARGET"] == chosen
    assert workflow["concurrency"]["group"] == f"deploy-{chosen}"
    assert {job: said["environment"] for job, said in workflow["jobs"].items() if "environment" in said} == {
        job: chosen for _, job in MAY_SAY_WHO_IT_IS
    }


def test_what_begins_a_run_by_its_path_is_there() -> None:
    paths = WORKFLOWS["emulators"][True]["pull_request"]["paths"]

    assert paths
    assert [path for path in paths if not list(ROOT.glob(path))] == []


def test_bicep_is_compiled_and_linted_with_every_file_of_parameters() -> None:
    said = [words for words in commands_of("az") if words[0] == "bicep" and words[1] != "install"]

    assert [(words[1], words[words.index("--file") + 1]) for words in said] == [
        ("build", "infra/main.bicep"),
        ("lint", "infra/main.bicep"),
        *(("build-params", f"infra/{name}.bicepparam") for name in ENVIRONMENTS),
    ]
    assert all((ROOT / words[words.index("--file") + 1]).is_file() for words in said)


def test_every_command_of_the_azure_cli_is_one_its_parser_takes() -> None:
    """The snapshot of the real parser's; with --long the parser itself is asked about the same (test_azure_cli.py)."""
    known = snapshot.read()
    found = [one for one in pages.found(ROOT) if one.place.startswith((".github/", "docs/continuous-integration.md"))]

    assert {one.place for one in found} == {".github/workflows/deploy.yml", "docs/continuous-integration.md"}
    assert [(one.place, fault) for one in found if one.is_whole and (fault := snapshot.fault_of(one.words, known)) is not None] == []


def test_the_azure_cli_is_the_pinned_one() -> None:
    for job in ("compile", "what-if", "deploy"):
        runs = [step.said["run"] for step in RUNS if (step.workflow, step.job) == ("deploy", job)]
        first = next(place for place, run in enumerate(runs) if run.startswith("az "))
        assert 'exec "%s/scripts/azure-cli" "$@"' in runs[first - 1]


def test_the_smoke_test_asks_the_apps_that_the_template_and_the_script_name() -> None:
    jobs = WORKFLOWS["deploy"]["jobs"]
    [found] = [step["run"] for step in jobs["deploy"]["steps"] if step.get("id") == "hosts"]
    template = (ROOT / "infra" / "main.bicep").read_text()

    assert f"--name {DEPLOYMENT} " in found
    for app in ("light", "heavy"):
        assert app in jobs["deploy"]["outputs"]
        assert f"output {app}HostName string" in template
        assert f"needs.deploy.outputs.{app} " in str(jobs["smoke"]["steps"])
    routes = (ROOT / "processors" / "functions.py").read_text()
    assert all(f'route("{page}"' in routes for page in ("health", "ready"))


def test_the_audit_must_ask_where_it_can() -> None:
    [audited] = [step for step in RUNS if step.commands == [["scripts/check"]]]

    assert options_of([], audited.said["env"]).is_required


def test_what_the_test_command_is_given_pytest_knows(pytestconfig: pytest.Config) -> None:
    given = [words for words in commands_of("scripts/test") if words not in ([], ["--long"])]
    given += [words[2:] for words in commands_of(".venv/bin/python") if words[1] == "pytest"]

    for words in given:
        known: argparse.Namespace = pytestconfig._parser.parse(words)
        assert known.file_or_dir
        assert all(list(ROOT.glob(path)) for path in known.file_or_dir), words
    assert len(given) == 2


def test_the_suites_that_run_on_the_emulators_are_those_that_know_them() -> None:
    [words] = [words for words in commands_of(".venv/bin/python") if words[1] == "pytest"]
    run = {path for pattern in words if pattern.startswith("tests/") for path in ROOT.glob(pattern)}
    fixtures = re.compile(r"\b(bus|real_bus|stores|every_stores|\w*twin\w*)\b")

    assert {ROOT / "tests/contract/test_transports.py", ROOT / "tests/contract/test_receiving.py"} <= run
    assert run >= set((ROOT / "tests" / "contract").glob("test_store*.py"))
    assert all(fixtures.search(path.read_text()) for path in run)


def test_the_containers_that_are_started_are_in_the_compose_file() -> None:
    compose = yaml.safe_load((ROOT / "infra" / "docker-compose.yml").read_text())
    ours = commands_of("docker")

    assert {words[words.index("--file") + 1] for words in ours} == {"infra/docker-compose.yml"}
    [started] = [set(words).intersection(compose["services"]) for words in ours if "up" in words]
    assert started == STARTED
    needed = {name for service in started for name in compose["services"][service].get("depends_on", {})}
    assert needed <= started


def test_every_variable_the_compose_file_asks_for_is_set() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "infra" / "docker-compose.yml").read_text()))
    text = (FOLDER / "emulators.yml").read_text()

    assert asked == {"ACCEPT_EULA", "MSSQL_SA_PASSWORD"}
    assert WORKFLOWS["emulators"]["env"] == {"ACCEPT_EULA": "Y"}
    assert '"MSSQL_SA_PASSWORD=Aa1-$(openssl rand -hex 18)" >>"$GITHUB_ENV"' in text


def test_what_is_deployed_is_tested_on_the_python_it_runs_on_and_the_others_too() -> None:
    ours = [step.said["with"]["python-version"] for step in steps() if "setup-python" in str(step.said.get("uses"))]

    assert set(ours) == {"3.11", "${{ matrix.python }}"}
    assert WORKFLOWS["check"]["jobs"]["test-newer-python"]["strategy"]["matrix"] == {"python": ["3.12", "3.13"]}
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text()


def test_the_page_about_them_names_each_workflow_and_each_variable() -> None:
    page = (ROOT / "docs" / "continuous-integration.md").read_text()

    assert all(f"`{name}.yml`" in page for name in WORKFLOWS)
    assert all(f"`{variable}`" in page for variable in VARIABLES)
