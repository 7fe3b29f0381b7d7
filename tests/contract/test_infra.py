"""infra/main.bicep with each parameter file: what would be deployed keeps what is promised, and is what the code says."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from devtools.bicep.expansion import expanded
from devtools.bicep.refusal import Refused
from devtools.bicep.values import Expansion, Place
from devtools.kusto.analysis import analyse
from shared.settings import SERVED
from tests.contract.infra_keeping import path_keys
from tests.contract.infra_promises import ENVIRONMENTS, PROMISES, RIGHTS, rights_of, settings_of, template

ROOT = Path(__file__).parents[2]
TEXTS = sorted((ROOT / "infra").rglob("*.bicep"))

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


@each_environment
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_template_keeps_its_promises(promise: Callable[[Expansion], None], environment: str) -> None:
    promise(template(environment))


@each_environment
def test_it_says_the_names_that_deploying_and_operating_need(environment: str) -> None:
    outputs = template(environment).outputs

    assert list(outputs) == [
        "lightAppName",
        "heavyAppName",
        "lightHostName",
        "heavyHostName",
        "serviceBusNamespace",
        "cosmosAccount",
        "cosmosDatabase",
        "storageAccount",
        "hostStorageAccount",
        "keyVaultName",
        "keyVaultUri",
        "identityClientId",
        "appInsightsName",
    ]
    assert all(outputs.values())


@each_environment
def test_without_an_operator_nobody_but_the_apps_has_a_right(environment: str) -> None:
    expansion = template(environment, operatorPrincipalId="")

    assert rights_of(expansion) == {right for right in RIGHTS if right[0] == "apps"}


def test_with_somebody_elses_openai_account_none_is_created_and_no_right_is_given() -> None:
    expansion = template("prod", azureOpenAi=False, azureOpenAiEndpoint="https://theirs.openai.azure.com")

    assert expansion.of("Microsoft.CognitiveServices/accounts") == []
    assert {where for _, _, where in rights_of(expansion)} == {where for _, _, where in RIGHTS} - {"openai"}
    assert settings_of(expansion)["heavy"]["EMBEDDING_AZURE_OPENAI_ENDPOINT"] == "https://theirs.openai.azure.com"


def test_premium_has_one_messaging_unit_and_standard_none() -> None:
    [standard] = template("prod").of("Microsoft.ServiceBus/namespaces")
    [premium] = template("prod", serviceBusSku="Premium").of("Microsoft.ServiceBus/namespaces")

    assert standard.body["sku"] == {"name": "Standard", "tier": "Standard"}
    assert premium.body["sku"] == {"name": "Premium", "tier": "Premium", "capacity": 1}


def test_who_is_to_be_woken_is_woken() -> None:
    pager = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/actionGroups/pager"
    rules = template("prod", onCallActionGroupIds=[pager]).of("Microsoft.Insights/scheduledQueryRules")

    assert {rule.properties["severity"] for rule in rules if pager in rule.properties["actions"]["actionGroups"]} == {1}


def test_once_the_rule_is_there_the_workspace_can_go_by_it() -> None:
    path_keys(template("prod", hidePathKeys=True))


def test_the_rule_for_addresses_is_kusto_and_leaves_no_column_behind() -> None:
    [rule] = template("prod").of("Microsoft.Insights/dataCollectionRules")
    source = "let source = datatable(Url: string, Name: string, OperationName: string)[];\n"
    asked = {str(index): source + flow["transformKql"] for index, flow in enumerate(rule.properties["dataFlows"])}

    for analysis in analyse(asked).values():
        assert analysis.faults == ()
        assert set(analysis.columns) == {"Url", "Name", "OperationName"}


def test_slacks_signing_secrets_are_a_reference_to_the_vault_once_they_are_there() -> None:
    address = "https://kv.vault.azure.net/secrets/slack-signing-secrets"

    for said in settings_of(template("dev", slackSigningSecretsUri=address)).values():
        assert said["SLACK_SIGNING_SECRETS"] == f"@Microsoft.KeyVault(SecretUri={address})"
    for said in settings_of(template("dev")).values():
        assert "SLACK_SIGNING_SECRETS" not in said


def test_the_spaces_that_can_be_asked_for_are_those_a_service_serves() -> None:
    text = (ROOT / "infra/main.bicep").read_text()
    models = re.search(r"@allowed\((.*)\)\nparam embeddingModel ", text)
    dimensions = re.search(r"@allowed\((.*)\)\nparam embeddingDimensions ", text)

    assert models is not None
    assert json.loads(models[1].replace("'", '"')) == [space.model for space in SERVED]
    assert dimensions is not None
    assert json.loads(dimensions[1]) == [space.dimensions for space in SERVED]


def test_where_throughput_is_paid_by_the_hour_only_what_grows_gets_much() -> None:
    containers = template("prod").of("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers")
    most = {each.name.rpartition("/")[2]: each.properties["options"]["autoscaleSettings"]["maxThroughput"] for each in containers}

    assert {name for name, units in most.items() if units == 4000} == {"shards", "shard-chunks-text-embedding-3-small-1536"}
    assert {units for name, units in most.items()} == {1000, 4000}
    assert all(each.properties["options"] == {} for each in template("dev").of(containers[0].type))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_template_knows_one_clouds_addresses(path: Path) -> None:
    """As the compiler's linter: no-hardcoded-env-urls."""
    said = [line for line in path.read_text().splitlines() if not line.strip().startswith("//")]

    assert [line for line in said if re.search(r"windows\.net|azure\.com\b|microsoftonline|vault\.azure", line)] == []


def test_the_api_versions_are_those_that_were_looked_up() -> None:
    found = {(resource.type, resource.api_version) for resource in template("prod").resources}

    assert {f"{kind}@{version}" for kind, version in found if not kind.startswith("Microsoft.Insights/") or "components" in kind} == {
        "Microsoft.Authorization/roleAssignments@2022-04-01",
        "Microsoft.CognitiveServices/accounts/deployments@2024-10-01",
        "Microsoft.CognitiveServices/accounts@2024-10-01",
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15",
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15",
        "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15",
        "Microsoft.DocumentDB/databaseAccounts@2024-11-15",
        "Microsoft.Insights/components@2020-02-02",
        "Microsoft.KeyVault/vaults@2023-07-01",
        "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31",
        "Microsoft.OperationalInsights/workspaces@2023-09-01",
        "Microsoft.ServiceBus/namespaces/queues@2024-01-01",
        "Microsoft.ServiceBus/namespaces@2024-01-01",
        "Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01",
        "Microsoft.Storage/storageAccounts/blobServices@2023-05-01",
        "Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01",
        "Microsoft.Storage/storageAccounts@2023-05-01",
        "Microsoft.Web/serverfarms@2024-04-01",
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01",
        "Microsoft.Web/sites/config@2024-04-01",
        "Microsoft.Web/sites@2024-04-01",
    }


def test_development_and_production_differ_where_it_is_meant() -> None:
    dev, prod = (dict(flat(template(environment), environment)) for environment in ENVIRONMENTS)

    assert {path for path in dev.keys() | prod.keys() if dev.get(path) != prod.get(path)} == {
        "Microsoft.CognitiveServices/accounts/deployments .sku.capacity",
        "Microsoft.DocumentDB/databaseAccounts .properties.backupPolicy.continuousModeProperties.tier",
        "Microsoft.DocumentDB/databaseAccounts .properties.capabilities[1].name",
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers .properties.options.autoscaleSettings.maxThroughput",
        "Microsoft.KeyVault/vaults .properties.enablePurgeProtection",
        "Microsoft.OperationalInsights/workspaces .properties.retentionInDays",
        "Microsoft.OperationalInsights/workspaces .properties.workspaceCapping.dailyQuotaGb",
        "Microsoft.Storage/storageAccounts .sku.name",
        "Microsoft.Web/sites .properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB",
        "Microsoft.Web/sites .properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount",
    }


def flat(expansion: Expansion, environment: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Type and path → every value there, without what is only another name."""
    found: dict[str, list[Any]] = {}
    for resource in expansion.resources:
        for path, value in leaves(resource.body, ""):
            found.setdefault(f"{resource.type} {path}", []).append(value)
    own = {value for value in expansion.outputs.values() if len(value) > len("shardline")}
    suffix = expansion.outputs["cosmosAccount"].rpartition("-")[2]
    for path, values in found.items():
        shown = tuple("a name" if is_name(value, own, suffix, environment) else value for value in values)
        yield re.sub(rf"{suffix}|-{environment}", "…", path), shown


def is_name(value: Any, own: set[str], suffix: str, environment: str) -> bool:
    """Whether a value is, or holds, a name of this deployment."""
    if not isinstance(value, str):
        return False
    return (
        value in own
        or suffix in value
        or environment == value
        or f"-{environment}" in value
        or re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", value) is not None
    )


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Path → value of everything that holds nothing else."""
    if isinstance(value, Mapping) and value:
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from leaves(part, f"{path}[{index}]")
    elif value != {}:
        yield path, value


LIMITS = {
    "Microsoft.ServiceBus/namespaces": r"[a-z](?!.*--)[a-z0-9-]{4,48}[a-z0-9](?<!-sb)(?<!-mgmt)",
    "Microsoft.DocumentDB/databaseAccounts": r"[a-z0-9-]{3,44}",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.KeyVault/vaults": r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]",
    "Microsoft.OperationalInsights/workspaces": r"[a-z0-9][a-z0-9-]{2,61}[a-z0-9]",
    "Microsoft.Insights/components": r"[a-z0-9-]{1,255}",
    "Microsoft.CognitiveServices/accounts": r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]",
    "Microsoft.Web/serverfarms": r"[a-z0-9-]{1,40}",
    "Microsoft.Web/sites": r"[a-z0-9][a-z0-9-]{0,57}[a-z0-9]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-z0-9][a-z0-9_-]{2,127}",
}
"""Microsoft, "Naming rules and restrictions for Azure resources"; with the letters we use."""


@each_environment
@pytest.mark.parametrize("prefix", ["abc", "abcdefghijkl", "sb1"])
def test_names_are_legal_for_short_and_for_long_prefixes(prefix: str, environment: str) -> None:
    expansion = template(environment, namePrefix=prefix)

    for kind, pattern in LIMITS.items():
        for resource in expansion.of(kind):
            assert re.fullmatch(pattern, resource.name), resource.name


@pytest.mark.parametrize("prefix", ["ab", "abcdefghijklm", ""])
def test_a_prefix_that_names_could_not_be_made_of_is_refused(prefix: str) -> None:
    with pytest.raises(Refused, match="namePrefix"):
        template("dev", namePrefix=prefix)


def test_two_deployments_never_want_the_same_name() -> None:
    everywhere = [
        template("dev"),
        template("prod"),
        template("dev", namePrefix="shardline2"),
        elsewhere(Place(resource_group="rg-other")),
        elsewhere(Place(subscription="00000000-0000-0000-0000-0000000000ff")),
    ]
    taken = [{resource.name for kind in LIMITS for resource in expansion.of(kind)} for expansion in everywhere]
    hosts = [{said["AzureFunctionsWebHost__hostid"] for said in settings_of(expansion).values()} for expansion in everywhere]

    assert len(set.union(*taken)) == sum(map(len, taken))
    assert len(set.union(*hosts)) == sum(map(len, hosts))


def elsewhere(place: Place) -> Expansion:

    return expanded(PurePosixPath("infra/dev.bicepparam"), place=place)
