"""What has to be so before anything is changed, and what the Bicep files are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from devtools.azure_cli.recorder import Script
from ops.deployment import changes, preflight, template
from ops.deployment.azure_cli import AzureCli, Done
from ops.deployment.outputs import Outputs
from ops.deployment.preflight import Wanted
from ops.refusals import Refused
from tests.unit.ops.scripts.subscription import Subscription

API = "authAudience=99999999-8888-7777-6666-555555555555"
WANTED = Wanted("trial", "westeurope", None, template.INFRA / "dev.bicepparam", (API,))


def told(subscription: Subscription, wanted: Wanted = WANTED) -> list[str]:
    lines: list[str] = []
    preflight.check(AzureCli(subscription.run), wanted, subscription.run, lines.append)
    return lines


def refusal(script: Script, wanted: Wanted = WANTED) -> str:
    with pytest.raises(Refused) as refused:
        told(Subscription(script), wanted)
    return str(refused.value)


def test_where_all_is_well_it_says_who_and_what() -> None:
    assert told(Subscription()) == [
        "  signed in as olga@example.com to Shardline trial (11111111-2222-3333-4444-555555555555)",
        "  Bicep CLI version 0.46.1 (0000000000)",
        "  version 1a2b3c4",
    ]


def test_files_that_differ_from_the_version_are_told() -> None:
    assert told(Subscription(changed_files=" M a.py\n?? b.py\n"))[-1] == "  version 1a2b3c4, with 2 files that differ from it"


def test_nobody_signed_in() -> None:
    assert refusal(Script(is_signed_in=False)) == "az account show: Please run 'az login' to setup account."


def test_no_azure_cli() -> None:
    with pytest.raises(Refused, match="az version: az: not found"):
        preflight.check(AzureCli(lambda words: Done(127, "", "az: not found")), WANTED, Subscription().run, print)


def test_an_azure_cli_that_is_too_old() -> None:
    with pytest.raises(Refused, match=r"azure-cli 2\.59\.0 is too old"):
        preflight.check(AzureCli(lambda words: Done(0, '{"azure-cli": "2.59.0"}', "")), WANTED, Subscription().run, print)


def test_an_azure_cli_older_than_the_one_that_was_checked_is_told() -> None:
    subscription, lines = Subscription(), list[str]()

    def run(words: Sequence[str]) -> Done:
        return Done(0, '{"azure-cli": "2.80.1"}', "") if words[1] == "version" else subscription.run(words)

    preflight.check(AzureCli(run), WANTED, run, lines.append)

    assert lines[0] == "  azure-cli 2.80.1 is older than 2.91.0, and may lack an option (az upgrade)"


def test_another_subscription_than_was_named() -> None:
    assert "az account set --subscription other" in refusal(Script(), replace(WANTED, subscription="other"))


def test_no_group_and_no_location() -> None:
    assert "say --location" in refusal(Script(), replace(WANTED, location=None))


@pytest.mark.parametrize("said", [(), ("authAudience=api://shardline",), ("authAudience=",)])
def test_an_audience_that_no_token_of_entra_id_has(said: tuple[str, ...]) -> None:
    assert "has to be the id of the application" in refusal(Script(), replace(WANTED, given=said))


def test_what_azure_keeps_of_an_earlier_group_of_this_name_is_in_the_way() -> None:
    said = refusal(Script(gone="trial"))
    protected = refusal(Script(gone="trial", is_vault_protected=True))

    assert "keeps shardli-kv-abc123, shardline-dev-openai-abc123 of an earlier group trial: scripts/teardown" in said
    assert "keeps shardli-kv-abc123 of an earlier group trial until 2027-02-20T20:00:00+00:00: another name" in protected


def test_a_pipeline_has_to_be_told_who_operates() -> None:
    assert "does not say operatorPrincipalId" in refusal(Script(is_person=False))
    assert told(Subscription(Script(is_person=False)), replace(WANTED, given=(API, "operatorPrincipalId=some-group")))


def test_another_issuer_may_have_any_audience() -> None:
    assert told(Subscription(), replace(WANTED, given=("authIssuer=https://issuer.example", "authAudience=api://shardline")))


def test_a_group_that_is_elsewhere() -> None:
    assert "is in northeurope, not in westeurope" in refusal(Script(groups={"trial": "northeurope"}))


def test_all_that_is_wrong_is_said_at_once() -> None:
    script = Script(may_assign_roles=False, pythons=("3.12",))

    said = refusal(script, replace(WANTED, given=("colour=red",)))

    assert "there is no parameter colour" in said
    assert "Python 3.11 is not offered in westeurope, only 3.12" in said
    assert "may not assign roles at /subscriptions/11111111-2222-3333-4444-555555555555:" in said


def test_a_region_without_flex_consumption() -> None:
    assert "Flex Consumption is not offered in West US, only in" in refusal(Script(), replace(WANTED, location="West US"))


def test_rights_are_looked_at_where_they_are_needed() -> None:
    subscription = Subscription(Script(groups={"trial": "westeurope"}))
    told(subscription)

    [asked] = [words for words in subscription.ledger if words[0] == "rest"]
    assert "/resourceGroups/trial/providers/Microsoft.Authorization/permissions" in asked[asked.index("--url") + 1]


@pytest.mark.parametrize(
    ("actions", "denied", "may"),
    [
        (["*"], [], True),
        (["*"], ["Microsoft.Authorization/*/Write"], False),
        (["*/read"], [], False),
        (["Microsoft.Authorization/roleAssignments/*"], [], True),
        (["microsoft.authorization/roleassignments/write"], [], True),
    ],
)
def test_who_may_assign_roles(actions: list[str], denied: list[str], may: bool) -> None:
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}

    assert preflight.may_assign({"value": [contributor, {"actions": actions, "notActions": denied}]}) is may


def test_a_parameter_that_nobody_says_is_missed(tmp_path: Path) -> None:
    (tmp_path / "main.bicep").write_text("param one string\nparam two int = 2\nparam three string\n")
    (tmp_path / "dev.bicepparam").write_text("using 'main.bicep'\n\nparam three = 'x'\n")

    assert template.missing(tmp_path / "dev.bicepparam", []) == ["one"]
    assert template.missing(tmp_path / "dev.bicepparam", ["one=1"]) == []
    assert template.unknown(tmp_path / "dev.bicepparam", ["one=1", "four=4"]) == ["four"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_own_parameter_files_are_complete_and_plain(name: str) -> None:
    parameters = template.INFRA / f"{name}.bicepparam"

    assert template.missing(parameters, []) == []
    assert template.value(parameters, [], "pythonVersion") == "3.11"
    assert template.value(parameters, ["pythonVersion=3.12"], "pythonVersion") == "3.12"


def test_no_parameter_is_a_secret_since_commands_are_shown() -> None:
    templates = [path.read_text() for path in (template.INFRA / "main.bicep", template.INFRA / "dev.bicepparam")]

    assert not any("@secure" in text or "listKeys" in text for text in templates)


def test_a_file_that_is_no_parameter_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such parameter file"):
        template.template_of(tmp_path / "x.bicepparam")


def test_the_providers_are_those_of_the_templates() -> None:
    assert template.providers() == [
        f"Microsoft.{name}"
        for name in (
            *("Authorization", "CognitiveServices", "DocumentDB", "Insights", "KeyVault", "ManagedIdentity"),
            *("OperationalInsights", "ServiceBus", "Storage", "Web"),
        )
    ]


def test_what_would_change_is_shown_without_values() -> None:
    scope = "/subscriptions/x/resourceGroups/trial/providers"
    found = {
        "changes": [
            {"changeType": "NoChange", "resourceId": f"{scope}/Microsoft.Web/sites/a"},
            {"changeType": "Modify", "resourceId": f"{scope}/Microsoft.Web/sites/b", "delta": [{"path": "properties.x", "after": "hush"}]},
            {"changeType": "Delete", "resourceId": f"{scope}/Microsoft.Web/sites/c", "delta": None},
        ]
    }

    assert list(changes.lines(found)) == [
        "Delete 1, Modify 1, NoChange 1",
        "Modify      Microsoft.Web/sites/b: properties.x",
        "Delete      Microsoft.Web/sites/c",
    ]


def test_a_deployment_that_failed_or_says_too_little_is_none() -> None:
    with pytest.raises(Refused, match="has not succeeded: Failed"):
        Outputs.of({"properties": {"provisioningState": "Failed"}})
    with pytest.raises(Refused, match="does not say lightAppName"):
        Outputs.of({"properties": {"provisioningState": "Succeeded", "outputs": None}})
