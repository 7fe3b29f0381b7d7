"""scripts/teardown in a pretend subscription: what would go is shown, the name is asked for, and what Azure keeps is purged when asked."""

import json

import pytest

from devtools.azure_cli.recorder import Failure, Script
from ops.deployment.__main__ import main
from tests.unit.ops.scripts.subscription import Subscription

TEARDOWN = ["teardown", "--resource-group", "trial"]


def there(*, foreign: tuple[str, ...] = (), failure: Failure | None = None, is_vault_protected: bool = False) -> Subscription:
    groups = {"trial": "westeurope"}
    return Subscription(Script(groups=groups, foreign_assignments=foreign, failure=failure, is_vault_protected=is_vault_protected))


def test_what_goes_is_shown_and_the_group_is_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = there()

    assert main([*TEARDOWN, "--yes", "trial"], run=subscription.run) == 0

    said = capsys.readouterr().err
    assert "the resource group trial holds 4 resources:" in said
    assert "microsoft.keyvault/vaults  shardli-kv-abc123" in said.lower()
    assert "trial is gone" in said
    assert [words[:4] for words in subscription.ledger if "delete" in words] == [["group", "delete", "--name", "trial"]]
    assert "Azure keeps shardli-kv-abc123, shardline-dev-openai-abc123 for a while" in said


def test_another_name_is_refused_before_azure_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = there()

    assert main([*TEARDOWN, "--yes", "prod"], run=subscription.run) == 2
    assert subscription.called == []


@pytest.mark.parametrize(("typed", "exit_code"), [("trial", 0), ("yes", 1), ("", 1)])
def test_the_groups_name_has_to_be_typed(typed: str, exit_code: int) -> None:
    subscription = there()

    assert main(TEARDOWN, run=subscription.run, answered=lambda question: typed) == exit_code
    assert any(words[:2] == ["group", "delete"] for words in subscription.ledger) == (exit_code == 0)


def test_where_there_is_nobody_to_ask_nothing_is_deleted() -> None:
    subscription = there()

    assert main(TEARDOWN, run=subscription.run) == 2
    assert not [words for words in subscription.ledger if "delete" in words]


def test_vaults_and_accounts_are_purged_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = there()

    assert main([*TEARDOWN, "--yes", "trial", "--purge", "--json"], run=subscription.run) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["purged"] == ["shardli-kv-abc123", "shardline-dev-openai-abc123"]
    purged = [" ".join(words[:6]) for words in subscription.ledger if "purge" in words]
    assert purged == [
        "keyvault purge --name shardli-kv-abc123 --location westeurope",
        "cognitiveservices account purge --name shardline-dev-openai-abc123 --resource-group",
    ]


def test_a_vault_that_is_protected_stays_and_that_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = there(is_vault_protected=True)

    assert main([*TEARDOWN, "--yes", "trial", "--purge"], run=subscription.run) == 0

    assert "shardli-kv-abc123 is protected from being purged, and stays until 2027-02-20T20:00:00+00:00" in capsys.readouterr().err
    assert not [words for words in subscription.ledger if words[:2] == ["keyvault", "purge"]]


def test_a_right_outside_of_the_group_is_told_with_the_command_that_takes_it_away(capsys: pytest.CaptureFixture[str]) -> None:
    main([*TEARDOWN, "--yes", "trial"], run=there(foreign=("/subscriptions/x/resourceGroups/other",)).run)

    said = capsys.readouterr().err
    assert said.count("stays:") == 1
    assert "az role assignment delete --ids /subscriptions/x/resourceGroups/other/assignment" in said


def test_what_is_not_of_shardline_is_pointed_out_and_what_azure_adds_by_itself_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    others = ("Microsoft.Sql/servers/books", "microsoft.insights/actiongroups/Application Insights Smart Detection")
    subscription = Subscription(Script(groups={"trial": "westeurope"}, others=others))

    assert main(TEARDOWN, run=subscription.run, answered=lambda question: "no") == 1

    marked = [line.split()[1] for line in capsys.readouterr().err.splitlines() if "NOT OF SHARDLINE" in line]
    assert marked == ["books"]


def test_a_group_without_anything_of_shardline_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription(Script(groups={"trial": "westeurope"}, others=("Microsoft.Sql/servers/books",), is_ours=False))

    assert main([*TEARDOWN, "--yes", "trial"], run=subscription.run) == 1
    assert "nothing in the resource group trial is of Shardline" in capsys.readouterr().err
    assert not [words for words in subscription.ledger if "delete" in words]


def test_an_empty_group_that_scripts_deploy_made_can_go() -> None:
    subscription = Subscription(Script(is_ours=False))
    subscription.run(["az", "group", "create", "--name", "trial", "--location", "westeurope", "--tags", "application=shardline"])

    assert main([*TEARDOWN, "--yes", "trial"], run=subscription.run) == 0


def test_what_azure_kept_of_a_group_that_is_gone_can_be_purged_later() -> None:
    subscription = Subscription(Script(gone="trial"))

    assert main([*TEARDOWN, "--yes", "trial", "--purge"], run=subscription.run) == 0
    assert not [words for words in subscription.ledger if words[:2] == ["group", "delete"]]
    assert [words[words.index("--name") + 1] for words in subscription.ledger if "purge" in words] == [
        "shardli-kv-abc123",
        "shardline-dev-openai-abc123",
    ]


def test_without_purge_a_group_that_is_gone_says_what_azure_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = Subscription(Script(gone="trial"))

    assert main([*TEARDOWN, "--yes", "trial"], run=subscription.run) == 1
    assert "Azure keeps shardli-kv-abc123, shardline-dev-openai-abc123 of it: --purge" in capsys.readouterr().err


def test_a_group_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TEARDOWN, "--yes", "trial"], run=Subscription().run) == 1
    assert "there is no resource group trial" in capsys.readouterr().err


def test_a_deletion_that_azure_refuses_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = there(failure=Failure("group delete", "ERROR: (ScopeLocked) there is a lock\n"))

    assert main([*TEARDOWN, "--yes", "trial", "--purge"], run=subscription.run) == 1
    assert "az group delete --name trial --yes: (ScopeLocked) there is a lock" in capsys.readouterr().err
    assert not [words for words in subscription.ledger if "purge" in words]


def test_a_dry_run_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    subscription = there()

    assert main([*TEARDOWN, "--dry-run", "--purge"], run=subscription.run) == 0
    assert subscription.called == []
    assert "az group delete --name trial --yes" in capsys.readouterr().out.splitlines()
