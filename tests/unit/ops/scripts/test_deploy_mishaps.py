"""scripts/deploy when something is not as it should be: roles that are young, another environment's group, a wrong package."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from devtools.azure_cli import answers
from devtools.azure_cli.recorder import Failure, Script
from ops.deployment import patience, preflight, published, template
from ops.deployment.__main__ import main
from ops.deployment.azure_cli import AzureCli, Done
from ops.deployment.patience import Patience, until_known
from ops.deployment.preflight import Wanted
from ops.refusals import Refused
from tests.unit.ops.scripts.subscription import OURS, Subscription, package

API = "authAudience=99999999-8888-7777-6666-555555555555"
CONFIG_ZIP = "functionapp deployment source config-zip"
UNHEALTHY = "ERROR: Deployment was successful but the app appears to be unhealthy. Please check the app logs.\n"
WITHOUT_A_KEY = "ERROR: Failed to fetch host key to check for function app status\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0)
    package(tmp_path)


def deployed(subscription: Subscription, *more: str, environment: str = "dev", group: str = "trial", zipped: str = "") -> int:
    parameters = str(template.INFRA / f"{environment}.bicepparam")
    artefact = zipped or "shardline-0123456789ab.zip"
    options = ["deploy", "--resource-group", group, "--parameters", parameters, "--parameter", API, "--artefact", artefact, "--yes"]
    return main([*options, "--location", "westeurope", *more], run=subscription.run, ask=subscription.ask)


def asked(subscription: Subscription, command: str) -> int:
    return sum(" ".join(words).startswith(command) for words in subscription.ledger)


@pytest.mark.parametrize("says", [UNHEALTHY, WITHOUT_A_KEY])
def test_an_app_that_does_not_answer_within_the_azure_clis_half_minute_is_waited_for(says: str) -> None:
    subscription = Subscription(Script(failure=Failure(CONFIG_ZIP, says)))

    assert deployed(subscription) == 0
    assert subscription.asked[:2] == [f"GET https://{answers.OUTPUTS[name]}/api/health" for name in ("heavyHostName", "lightHostName")]


def test_where_the_heavy_app_stays_dead_the_light_one_keeps_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription(Script(failure=Failure(CONFIG_ZIP, UNHEALTHY)), statuses={"/api/health": 503})

    assert deployed(subscription, "--patience", "0") == 1

    assert "publish: the heavy app does not answer as it should: GET /api/health: status 503" in capsys.readouterr().err
    assert asked(subscription, CONFIG_ZIP) == 1


@pytest.mark.parametrize(
    "says",
    [
        "ERROR: An error occured during deployment. Status Code: 403, Details: Forbidden\n",
        "ERROR: Zip deployment failed. InaccessibleStorageException: Failed to access storage account for deployment\n",
        "ERROR: (AuthorizationFailed) The client does not have authorization to perform action\n",
    ],
)
def test_a_role_that_is_young_is_waited_for(says: str, capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription(Script(failure=Failure(CONFIG_ZIP, says, times=3)))

    assert deployed(subscription) == 0
    assert capsys.readouterr().err.count("a role may not be known everywhere yet") == 1
    assert asked(subscription, CONFIG_ZIP) == 5


def test_provisioning_waits_for_its_roles_as_well() -> None:
    said = [Done(1, "", "ops: the shard types are not stored: no; the role it takes: Contributor\n"), Done(0, "{}", "")]
    subscription = Subscription()

    def run(words: Sequence[str]) -> Done:
        done = subscription.run(words)
        return done if words[0] in ("az", "git") else said.pop(0)

    options = ["deploy", "--resource-group", "trial", "--parameters", str(template.INFRA / "dev.bicepparam"), "--parameter", API, "--yes"]
    zipped = ["--artefact", "shardline-0123456789ab.zip", "--location", "westeurope"]

    assert main([*options, *zipped], run=run, ask=subscription.ask) == 0
    assert said == []


def test_another_fault_is_not_waited_for_and_patience_ends() -> None:
    tries: list[int] = []
    waited = Patience(is_over=lambda: len(tries) == 3, pause=lambda: None)

    def refused(text: str) -> None:
        tries.append(1)
        raise Refused(text)

    for text, count in (("(QuotaExceeded) not here", 1), ("Forbidden", 3)):
        tries.clear()
        with pytest.raises(Refused):
            until_known(partial(refused, text), patience=waited, tell=lambda _: None)
        assert len(tries) == count


@pytest.mark.parametrize("first", ["preflight", "what-if", "create", "publish", "provision", "smoke"])
def test_a_group_of_one_environment_is_given_nothing_of_another(first: str, capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()
    deployed(subscription)
    before = len(subscription.called)

    assert deployed(subscription, "--from", first, environment="prod") == 1

    assert "the resource group trial holds a deployment with environment 'dev'" in capsys.readouterr().err
    changing = {"create", "config-zip", "register", "provision"}
    assert [words for words in subscription.called[before:] if changing & set(words)] == []


def test_a_group_with_another_prefix_is_another_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()
    deployed(subscription)

    assert deployed(subscription, "--parameter", "namePrefix=other") == 1
    assert "namePrefix 'shardline'" in capsys.readouterr().err


def test_going_on_where_nothing_is_says_where_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert deployed(Subscription(Script(groups={"trial": "westeurope"})), "--from", "publish") == 1
    assert "there is no deployment in this group yet" in capsys.readouterr().err


def test_every_command_after_the_first_look_names_the_subscription() -> None:
    subscription = Subscription()
    deployed(subscription)

    others = [words for words in subscription.ledger if "--subscription" not in words]
    assert {" ".join(words[:2]) for words in others} == {"version --output", "account show", "cloud show"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (None, "is no zip"),
        (["README.md"], "is no package of ours: it holds no function_app.py, host.json"),
        (["function_app.py", "host.json"], "holds no packages"),
        ([*OURS[:3], "__pycache__/function_app.cpython-313.pyc"], "is made for Python 3.13, and the apps run 3.11"),
    ],
)
def test_what_is_no_package_is_found_out_before_azure_is_asked(
    names: list[str] | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zipped = tmp_path / "other" / "x.zip"
    zipped.parent.mkdir()
    if names is None:
        zipped.write_bytes(b"text")
    else:
        package(zipped.parent, names).rename(zipped)
    subscription = Subscription()

    assert deployed(subscription, zipped=str(zipped)) == 1
    assert said in capsys.readouterr().err
    assert subscription.ledger == []


@dataclass
class _Said:
    err: str

    def run(self, words: Sequence[str]) -> Done:
        return Done(1, "", self.err)


def test_the_reasons_below_the_first_line_are_said_too_and_nothing_else() -> None:
    err = (
        "ERROR: (InvalidTemplateDeployment) The template deployment 'shardline' is not valid. See inner errors.\n"
        "Code: InvalidTemplateDeployment\nMessage: The template deployment 'shardline' is not valid.\n"
        "Exception Details:\t(InsufficientQuota) This operation require 30 new capacity, AccountKey=hush\n\tCode: InsufficientQuota\n"
    )

    with pytest.raises(Refused) as refused:
        AzureCli(_Said(err).run).ask(("version",))

    assert str(refused.value).endswith("See inner errors.; (InsufficientQuota) This operation require 30 new capacity, AccountKey=…")


def test_a_template_that_does_not_compile_is_told_with_its_places() -> None:
    err = "ERROR: /x/main.bicep(3,7) : Error BCP018: Expected.\n/x/main.bicep(9,1) : Error BCP057: No such name.\n"

    with pytest.raises(Refused, match=r"\(3,7\) : Error BCP018: Expected\.; .*\(9,1\) : Error BCP057"):
        AzureCli(_Said(err).run).ask(("version",))


def test_what_a_group_was_given_is_remembered_once_and_the_last_two_stay(tmp_path: Path) -> None:
    file = tmp_path / "deployments" / "trial.published"
    for name in ("one.zip", "two.zip", "two.zip", "three.zip"):
        published.remember(file, name)
    published.remember(file.with_name("other.published"), "one.zip")

    assert file.read_text() == "one.zip\ntwo.zip\nthree.zip\n"
    assert published.kept_for_later(file.parent) == {"one.zip", "two.zip", "three.zip"}


def test_a_deployment_remembers_its_package(tmp_path: Path) -> None:
    deployed(Subscription())

    assert (tmp_path / ".shardline" / "deployments" / "trial.published").read_text() == "shardline-0123456789ab.zip\n"


def test_the_former_deployment_may_be_one_that_says_nothing() -> None:
    wanted = Wanted("trial", None, None, template.INFRA / "dev.bicepparam", ())

    silent: list[Any] = [None, {}, {"properties": None}, {"properties": {"parameters": {}}}]
    for deployment in silent:
        preflight.refuse_another(deployment, wanted)
    said = {"properties": {"parameters": {"environment": {"type": "String", "value": "prod"}}}}
    with pytest.raises(Refused, match="another group"):
        preflight.refuse_another(said, replace(wanted, given=(API,)))


def test_an_interruption_says_that_azure_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription()

    def run(words: Sequence[str]) -> Done:
        if "create" in words and "deployment" in words:
            raise KeyboardInterrupt
        return subscription.run(words)

    options = ["deploy", "--resource-group", "trial", "--parameters", str(template.INFRA / "dev.bicepparam"), "--parameter", API, "--yes"]

    assert main([*options, "--location", "westeurope", "--json"], run=run, ask=subscription.ask) == 130

    said = capsys.readouterr()
    assert "what Azure has begun it goes on with" in said.err
    assert json.loads(said.out) == {"status": "interrupted"}
