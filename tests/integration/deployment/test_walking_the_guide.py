"""docs/deploy.md, walked literally: its commands are typed in their order, with an ``az`` that checks every argument and runs nothing."""

import re
from pathlib import Path

import pytest

from devtools.artefact import Target, kept_package
from devtools.artefact.__main__ import KEPT
from devtools.azure_cli import recorder
from devtools.azure_cli.recorder import Failure, Script
from tests.integration.deployment.guide import Scratch, Walked, checkout, running_app, walk

ROOT = Path(__file__).parents[3]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"), flags=re.DOTALL)
TYPED = "yes\nyes\nshardline-dev\n"
"""Before the group is made, before it is deployed to, and the group's name before it is deleted."""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    kept_package(KEPT, Target())  # the walk trusts its own certificate alone, and could install nothing
    return checkout(tmp_path_factory.mktemp("guide") / "checkout")


def walked(script: str, scratch: Scratch, folder: Path, *, typed: str = "", failure: Failure | None = None) -> tuple[Walked, list[str]]:
    """How it went, and what ``az`` was told."""
    certificates = folder / "certificates"
    with running_app("light", certificates) as light, running_app("heavy", certificates) as heavy:
        ledger = recorder.put(folder / "bin", Script(outputs={"lightHostName": light, "heavyHostName": heavy}, failure=failure))
        found = walk(script, scratch=scratch, programs=folder / "bin", certificates=certificates, typed=typed)
    return found, [" ".join(words) for words in recorder.read_ledger(ledger)]


def test_the_guide_leads_from_an_empty_subscription_to_a_running_app_and_back(scratch: Scratch, tmp_path: Path) -> None:
    went, ledger = walked("\n".join(BLOCKS), scratch, tmp_path, typed=TYPED)

    assert went.exit_code == 0, went.said
    assert scratch.set_up.exists()
    assert ledger[0].startswith("login")
    begins = ["ad app create", "group create", "deployment group what-if", "deployment group create", "keyvault secret set"]
    ends = ["group delete", "keyvault purge", "cognitiveservices account purge", "ad app delete"]
    at = [next(index for index, said in enumerate(ledger) if said.startswith(command)) for command in [*begins, *ends]]
    assert at == sorted(at)
    assert sum(said.startswith("group create") for said in ledger) == 1
    assert sum(said.startswith("deployment group create") for said in ledger) == 2
    assert sum("config-zip" in said for said in ledger) == 8  # both apps: the first time, with Slack, the new version, the former one
    assert [words[0] for words in scratch.ops] == ["provision", "connections", "provision", "provision", "migrate", "provision"]
    assert went.said.count("Shardline runs.") == 4
    assert "SIGNING-SECRET" not in went.said + "".join(ledger)
    assert not (scratch.folder / "pairs.txt").exists()
    said = (scratch.folder / "infra" / "dev.bicepparam").read_text()
    assert "param authAudience = '77777777-6666-5555-4444-333333333333'" in said  # the next deployment knows it without being told
    assert "param slackSigningSecretsUri = 'https://shardli-kv-abc123.vault.azure.net/secrets/slack-signing-secrets'" in said


def test_a_step_that_fails_ends_the_script_and_the_next_try_goes_on(scratch: Scratch, tmp_path: Path) -> None:
    deploy = "scripts/deploy --resource-group trial --location westeurope --environment dev --yes"
    deploy += " --parameter authAudience=99999999-8888-7777-6666-555555555555"
    failure = Failure("deployment group create", "ERROR: (InsufficientQuota) This operation require 30 new capacity\n", times=1)

    went, ledger = walked(f"{deploy} || {deploy} --from create", scratch, tmp_path, failure=failure)

    assert went.exit_code == 0, went.said
    assert "deploy: create: az deployment group create" in went.said
    assert "(InsufficientQuota) This operation require 30 new capacity" in went.said
    assert "go on by the same command with --from create" in went.said
    assert [said.startswith("provider list") for said in ledger].count(True) == 1


def test_a_misspelt_option_would_be_found(scratch: Scratch, tmp_path: Path) -> None:
    went, _ = walked("az group create --name x --locaton westeurope", scratch, tmp_path)

    assert went.exit_code == recorder.WRONG_ARGUMENTS
    assert "--location" in went.said
