"""The second judge: every property of every resource is one that Microsoft's own model of it has, may be written, and takes the value."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devtools.bicep import judging
from tests.contract.infra_promises import ENVIRONMENTS, template
from tests.contract.test_infra_mutations import Mutation

ROOT = Path(__file__).parents[2]
HERE = {
    "Microsoft.DocumentDB/databaseAccounts",
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases",
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers",
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments",
    "Microsoft.ServiceBus/namespaces",
    "Microsoft.ServiceBus/namespaces/queues",
}
"""The types whose packages are in the development environment."""


CHOICES: list[dict[str, Any]] = [
    {},
    {"serviceBusSku": "Premium", "cosmosCapacity": "autoscale", "pythonVersion": "3.13", "hidePathKeys": True},
    {"operatorPrincipalId": "", "alertEmails": [], "azureOpenAi": False, "azureOpenAiEndpoint": "https://theirs.openai.azure.com"},
]
"""Parameters that change what is made."""


@pytest.mark.parametrize("choice", CHOICES, ids=str)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_can_be_judged_here_has_no_fault(environment: str, choice: dict[str, Any]) -> None:
    resources = template(environment, **choice).resources

    assert [fault for resource in resources for fault in judging.faults(resource.type, resource.body)] == []
    assert {resource.type for resource in resources if judging.model(resource.type)} >= HERE


def test_every_type_has_a_judge_but_one() -> None:
    types = {resource.type for environment in ENVIRONMENTS for resource in template(environment).resources}

    assert types - judging.MODELS.keys() == {*judging.UNJUDGED}
    assert judging.MODELS.keys() - types == set()


@pytest.fixture(scope="module")
def azure_cli() -> str:
    """The interpreter of the environment of the Azure CLI, which has every model."""
    made = subprocess.run([ROOT / "scripts/azure-cli"], capture_output=True, text=True, check=True)
    return made.stdout.strip().splitlines()[-1]


def judged(interpreter: str, resources: list[dict[str, object]]) -> tuple[list[str], set[str]]:
    """Faults, and the types that were judged."""
    told = subprocess.run(
        [interpreter, "-m", "devtools.bicep.judging"], cwd=ROOT, input=json.dumps(resources), capture_output=True, text=True, check=False
    )
    assert told.returncode in (0, 1), told.stderr
    *found, last = told.stdout.splitlines()
    return found, set(last.removeprefix("judged: ").split())


@pytest.mark.long
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_model_of_the_azure_cli_finds_a_fault(environment: str, azure_cli: str) -> None:
    resources = [resource for choice in CHOICES for resource in template(environment, **choice).resources]

    found, types = judged(azure_cli, [{"type": resource.type, "body": resource.body} for resource in resources])

    assert found == []
    assert types == {resource.type for resource in resources} - {*judging.UNJUDGED}


@pytest.mark.long
def test_a_misspelling_in_any_module_is_found_by_them(azure_cli: str) -> None:
    misspelt = {
        "storage.bicep": ("allowBlobPublicAccess:", "allowBlobPublicAcces:"),
        "hoststorage.bicep": ("days: 14", "day: 14"),
        "keyvault.bicep": ("enableSoftDelete:", "enableSoftDeletion:"),
        "telemetry.bicep": ("retentionInDays:", "retentionDays:"),
        "openai.bicep": ("versionUpgradeOption:", "versionUpgradeOptions:"),
        "functionapp.bicep": ("maximumInstanceCount:", "maximumInstances:"),
        "identity.bicep": ("tags: tags", "labels: tags"),
        "monitoring.bicep": ("groupShortName:", "shortName:"),
    }
    resources: list[dict[str, object]] = [
        {"type": resource.type, "body": resource.body}
        for file, (old, new) in misspelt.items()
        for resource in template("prod", Mutation(file, old, new).source()).resources
    ]

    found, _ = judged(azure_cli, resources)

    for _, new in misspelt.values():
        assert any(f".{new.partition(':')[0]}: there is no such property" in fault for fault in found), new
