"""What Azure would say of a resource that is deployed, as far as our templates ask: known forms for tests, no promise about Azure.

The forms are those of the public cloud ("Azure services and their addresses" in each service's documentation).
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Final

from devtools.bicep.values import Resource, Runtime


def _name(resource: Resource) -> str:
    return resource.name.rpartition("/")[2]


def _uuid(what: str) -> Callable[[Resource], str]:
    return lambda resource: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource.id}#{what}"))


ANSWERS: Final[Mapping[tuple[str, str], Callable[[Resource], str]]] = {
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "principalId"): _uuid("principal"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "clientId"): _uuid("client"),
    ("Microsoft.ServiceBus/namespaces", "serviceBusEndpoint"): lambda bus: f"https://{_name(bus)}.servicebus.windows.net:443/",
    ("Microsoft.DocumentDB/databaseAccounts", "documentEndpoint"): lambda account: f"https://{_name(account)}.documents.azure.com:443/",
    ("Microsoft.Storage/storageAccounts", "primaryEndpoints.blob"): lambda account: f"https://{_name(account)}.blob.core.windows.net/",
    ("Microsoft.KeyVault/vaults", "vaultUri"): lambda vault: f"https://{_name(vault)}.vault.azure.net/",
    ("Microsoft.CognitiveServices/accounts", "endpoint"): lambda account: f"https://{_name(account)}.openai.azure.com/",
    ("Microsoft.Web/sites", "defaultHostName"): lambda site: f"{_name(site)}.azurewebsites.net",
    ("Microsoft.Insights/components", "ConnectionString"): lambda component: (
        f"InstrumentationKey={_uuid('key')(component)};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/"
    ),
}
"""(resource type, path below ``properties``) → the answer."""


def answer(resource: Resource, path: str) -> Runtime | None:
    """What there is at a path; None: nobody here knows."""
    known = ANSWERS.get((resource.type, path))
    return None if known is None else Runtime(known(resource))


def is_on_the_way(resource: Resource, path: str) -> bool:
    """Whether something below this path is known."""
    return any(of == resource.type and known.startswith(f"{path}.") for of, known in ANSWERS)
