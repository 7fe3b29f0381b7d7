"""Every command line of the Azure CLI that ``scripts/deploy`` and ``scripts/teardown`` run, without the ``az``.

Each is checked against the Azure CLI's own parser (``devtools/azure_cli``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ops.deployment.azure_cli import Command

DEPLOYMENT: Final = "shardline"
"""What the deployment is called in its group: its outputs are read again by this name."""
_NEEDED_OF_A_PROVIDER: Final = "[].{namespace: namespace, registrationState: registrationState}"
_PUBLISH_SECONDS: Final = "900"

VERSION: Final[Command] = ("version",)
ACCOUNT: Final[Command] = ("account", "show")
CLOUD: Final[Command] = ("cloud", "show")
BICEP: Final[Command] = ("bicep", "version")
PROVIDERS: Final[Command] = ("provider", "list", "--query", _NEEDED_OF_A_PROVIDER)
LOCATIONS: Final[Command] = ("functionapp", "list-flexconsumption-locations")
TOKEN: Final[Command] = ("account", "get-access-token")
"""Says who is signed in, person or pipeline, where the directory tells only persons. It is never shown."""
DELETED_VAULTS: Final[Command] = ("keyvault", "list-deleted", "--resource-type", "vault")
DELETED_OPENAI: Final[Command] = ("cognitiveservices", "account", "list-deleted")


def register(provider: str) -> Command:
    """Switch a resource provider on for the subscription."""
    return ("provider", "register", "--namespace", provider, "--wait")


def runtimes(location: str) -> Command:
    """The Pythons that Flex Consumption offers there."""
    return ("functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python")


def permissions(scope: str) -> Command:
    """What whoever is signed in may do there, by all their roles together: "Permissions - List For Resource Group"."""
    url = f"{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    return ("rest", "--method", "get", "--url", url)


def group_exists(group: str) -> Command:
    """``true`` or ``false``."""
    return ("group", "exists", "--name", group)


def group(name: str) -> Command:
    """A resource group."""
    return ("group", "show", "--name", name)


def create_group(name: str, location: str) -> Command:
    """Make it."""
    return ("group", "create", "--name", name, "--location", location, "--tags", "application=shardline")


def what_if(group: str, parameters: Path, given: Sequence[str]) -> Command:
    """What a deployment would change."""
    return ("deployment", "group", "what-if", *_deployment(group, parameters, given), "--no-pretty-print", "--no-prompt", "true")


def create(group: str, parameters: Path, given: Sequence[str]) -> Command:
    """Deploy, and wait."""
    return ("deployment", "group", "create", *_deployment(group, parameters, given), "--no-prompt", "true")


def _deployment(group: str, parameters: Path, given: Sequence[str]) -> Command:
    # The parameter file names its template (``using``), and may be named only once.
    return ("--resource-group", group, "--name", DEPLOYMENT, "--parameters", str(parameters), *given)


def deployed(group: str) -> Command:
    """The last deployment, with its outputs."""
    return ("deployment", "group", "show", "--resource-group", group, "--name", DEPLOYMENT)


def publish(group: str, app: str, archive: Path) -> Command:
    """Give an app its package.

    ``--build-remote false`` has to be said: without it the Azure CLI asks for a build in Azure for every Python app of Flex Consumption
    (2.91.0, ``enable_zip_deploy_flex``), and the packages we ship would be replaced.
    """
    where = ("--resource-group", group, "--name", app, "--src", str(archive))
    return ("functionapp", "deployment", "source", "config-zip", *where, "--build-remote", "false", "--timeout", _PUBLISH_SECONDS)


def app_settings(group: str, app: str) -> Command:
    """What an app is set to."""
    return ("functionapp", "config", "appsettings", "list", "--resource-group", group, "--name", app)


def resources(group: str) -> Command:
    """What a group holds."""
    return ("resource", "list", "--resource-group", group)


def identities(group: str) -> Command:
    """The managed identities of a group."""
    return ("identity", "list", "--resource-group", group)


def role_assignments(principal: str) -> Command:
    """What an identity may do, anywhere in the subscription."""
    return ("role", "assignment", "list", "--assignee-object-id", principal, "--all", "--fill-principal-name", "false")


def delete_group(name: str) -> Command:
    """Take it away with all it holds, and wait."""
    return ("group", "delete", "--name", name, "--yes")


def purge_vault(name: str, location: str) -> Command:
    """Take a deleted vault away for good."""
    return ("keyvault", "purge", "--name", name, "--location", location)


def purge_openai(name: str, group: str, location: str) -> Command:
    """Take a deleted account away for good."""
    return ("cognitiveservices", "account", "purge", "--name", name, "--resource-group", group, "--location", location)
