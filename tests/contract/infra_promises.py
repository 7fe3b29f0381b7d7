"""What the template promises, each as a function that fails where it is broken: over an expansion of infra/main.bicep.

``test_infra.py`` holds the template to all of them, ``test_infra_mutations.py`` breaks each and looks that it is noticed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from devtools.bicep.answers import answer
from devtools.bicep.expansion import Source, expanded, from_disk
from devtools.bicep.values import Expansion, Resource
from devtools.generate.infra import iso8601
from shared.settings import EITHER, SERVED, VARIABLES, Settings
from shared.topology import CONTAINERS, TOPOLOGY, chunk_container
from tests.contract.infra_keeping import kept_and_not_kept, lifecycle, path_keys, tagged

OPERATOR: Final = "00000000-0000-0000-0000-00000000000c"
ENVIRONMENTS: Final = ("dev", "prod")
PLATFORM: Final = {
    "SERVICE_BUS__credential",
    "SERVICE_BUS__clientId",
    "AZURE_CLIENT_ID",
    "AZURE_TOKEN_CREDENTIALS",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "AzureFunctionsWebHost__hostid",
}
"""Settings the host or the identity's library reads, and the app does not."""

ROLES: Final = {
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0": "Azure Service Bus Data Receiver",
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": "Azure Service Bus Data Sender",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd": "Cognitive Services OpenAI User",
    "00000000-0000-0000-0000-000000000002": "Cosmos DB Built-in Data Contributor",
}
"""Microsoft, "Azure built-in roles"; the last one "Connect to Azure Cosmos DB for NoSQL using role-based access control"."""

RIGHTS: Final = {
    ("apps", "Azure Service Bus Data Receiver", "bus"),
    ("apps", "Azure Service Bus Data Sender", "bus"),
    ("apps", "Cognitive Services OpenAI User", "openai"),
    ("apps", "Cosmos DB Built-in Data Contributor", "database shardline"),
    ("apps", "Key Vault Secrets User", "kv"),
    ("apps", "Monitoring Metrics Publisher", "insights"),
    ("apps", "Storage Blob Data Contributor", "data, container anchors"),
    ("apps", "Storage Blob Data Contributor", "data, container claims"),
    ("apps", "Storage Blob Data Owner", "host"),
    ("operator", "Azure Service Bus Data Receiver", "bus"),
    ("operator", "Azure Service Bus Data Sender", "bus"),
    ("operator", "Cosmos DB Built-in Data Contributor", "database shardline"),
    ("operator", "Key Vault Secrets Officer", "kv"),
    ("operator", "Storage Blob Data Contributor", "data, container anchors"),
    ("operator", "Storage Blob Data Contributor", "data, container claims"),
}
"""Who has which role on what. Every right there is: a new one is a line here, which somebody reads."""

CLOSED: Final[Mapping[str, Mapping[str, object]]] = {
    "Microsoft.ServiceBus/namespaces": {"disableLocalAuth": True, "minimumTlsVersion": "1.2"},
    "Microsoft.DocumentDB/databaseAccounts": {
        "disableLocalAuth": True,
        "disableKeyBasedMetadataWriteAccess": True,
        "minimalTlsVersion": "Tls12",
    },
    "Microsoft.Storage/storageAccounts": {
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"publicAccess": "None"},
    "Microsoft.KeyVault/vaults": {"enableRbacAuthorization": True, "enableSoftDelete": True, "enabledForTemplateDeployment": False},
    "Microsoft.OperationalInsights/workspaces": {"features.disableLocalAuth": True},
    "Microsoft.Insights/components": {"DisableLocalAuth": True},
    "Microsoft.CognitiveServices/accounts": {"disableLocalAuth": True},
    "Microsoft.Web/sites": {
        "httpsOnly": True,
        "siteConfig.minTlsVersion": "1.2",
        "siteConfig.scmMinTlsVersion": "1.2",
        "siteConfig.ftpsState": "Disabled",
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": False},
}
"""What keeps keys, passwords and old TLS out, by type, for every resource of it."""


def template(environment: str, source: Source = from_disk, **instead: object) -> Expansion:
    """``infra/<environment>.bicepparam`` with an operator and somebody to tell."""
    given = {"operatorPrincipalId": OPERATOR, "alertEmails": ["on-call@example.com"], **instead}
    path = PurePosixPath(f"infra/{environment}.bicepparam")
    return expanded(path, source=source, instead=given)


def settings_of(expansion: Expansion) -> dict[str, dict[str, str]]:
    """App settings by the app's class."""
    found = [resource.properties for resource in expansion.of("Microsoft.Web/sites/config")]
    return {settings["CONSUMER_TYPE"]: settings for settings in found}


def at(resource: Resource, path: str) -> Any:
    """A property of a resource by its path; None where it is not said."""
    found = resource.properties
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def queues(expansion: Expansion) -> None:
    """Queues are the topology's, with its values."""
    assert {queue.name.partition("/")[2]: queue.properties for queue in expansion.of("Microsoft.ServiceBus/namespaces/queues")} == {
        queue.name: {
            "lockDuration": iso8601(queue.lock),
            "defaultMessageTimeToLive": iso8601(queue.time_to_live),
            "deadLetteringOnMessageExpiration": True,
            "requiresDuplicateDetection": True,
            "duplicateDetectionHistoryTimeWindow": iso8601(queue.duplicate_window),
            "requiresSession": False,
            "maxDeliveryCount": queue.max_delivery_count,
            "maxSizeInMegabytes": 5120,
        }
        for queue in TOPOLOGY.queues
    }


def containers(expansion: Expansion) -> None:
    """Containers are those of every deployment and of the space in use, with the topology's keys, indexes, expiry and vectors."""
    [space] = SERVED
    wanted = {
        container.name: {
            "id": container.name,
            "partitionKey": {
                "paths": list(container.partition_key),
                "kind": "MultiHash" if len(container.partition_key) > 1 else "Hash",
                "version": 2,
            },
            "indexingPolicy": container.indexing_policy,
            **({} if container.default_ttl_seconds is None else {"defaultTtl": container.default_ttl_seconds}),
            **({} if container.vector_policy is None else {"vectorEmbeddingPolicy": container.vector_policy}),
        }
        for container in (*CONTAINERS, chunk_container(space))
    }
    found = expansion.of("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers")
    assert {container.name.rpartition("/")[2]: container.properties["resource"] for container in found} == wanted
    [account] = expansion.of("Microsoft.DocumentDB/databaseAccounts")
    assert {"name": "EnableNoSQLVectorSearch"} in account.properties["capabilities"]
    assert account.properties["backupPolicy"]["type"] == "Continuous"


def blob_containers(expansion: Expansion) -> None:
    """Blob containers are the topology's, and one for each app's package, elsewhere."""
    found = [container.name.split("/") for container in expansion.of("Microsoft.Storage/storageAccounts/blobServices/containers")]
    data, host = (expansion.outputs[name] for name in ("storageAccount", "hostStorageAccount"))
    assert {name for account, _, name in found if account == data} == {*TOPOLOGY.blob_containers}
    assert {name for account, _, name in found if account == host} == {"deployment-light", "deployment-heavy"}
    assert data != host


def settings(expansion: Expansion) -> None:
    """Both apps are set to what the settings' own reader takes, to this deployment's addresses, and to nothing it does not know."""
    known = {*VARIABLES, *PLATFORM}
    by_class = settings_of(expansion)
    assert by_class.keys() == {"light", "heavy"}
    for consumer, said in by_class.items():
        assert said.keys() <= known
        assert said.keys() >= PLATFORM
        assert [pair for pair in EITHER if sum(bool(said.get(name)) for name in pair) != 1] == []
        read = Settings.from_environ(said)
        assert read.consumer_type == consumer
        assert (read.service_bus.address or "").partition(".")[0] == expansion.outputs["serviceBusNamespace"]
        assert (read.cosmos.address or "").startswith(f"https://{expansion.outputs['cosmosAccount']}.")
        assert (read.blob.address or "").startswith(f"https://{expansion.outputs['storageAccount']}.")
        assert read.cosmos_database == expansion.outputs["cosmosDatabase"]
        assert read.key_vault_uri == expansion.outputs["keyVaultUri"]
        assert read.embedding.space in SERVED
        assert not read.embedding.offline
        assert said["AzureWebJobsStorage__accountName"] == expansion.outputs["hostStorageAccount"]
        assert said["AZURE_TOKEN_CREDENTIALS"] == "ManagedIdentityCredential"
        for name in ("SERVICE_BUS__clientId", "AZURE_CLIENT_ID", "AzureWebJobsStorage__clientId"):
            assert said[name] == expansion.outputs["identityClientId"]
        assert said["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] == f"Authorization=AAD;ClientId={said['AZURE_CLIENT_ID']}"


def no_secrets(expansion: Expansion) -> None:
    """Nothing secret is in a setting: what may be a secret is a reference to the vault. Nor in an output."""
    may_be = {
        name
        for name, path in VARIABLES.items()
        if path[-1] in ("connection_string", "azure_openai_api_key", "signing_secrets", "app_tokens")
    }
    for said in settings_of(expansion).values():
        for name in may_be & said.keys():
            assert said[name].startswith("@Microsoft.KeyVault(SecretUri=https://"), name
    key = re.compile(r"(?i)(AccountKey|SharedAccessKey|SharedAccessSignature|password|[?&]sig)=")
    for text in _texts([*(resource.body for resource in expansion.resources), expansion.outputs]):
        assert not key.search(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def closed(expansion: Expansion) -> None:
    """Keys, passwords and old TLS are off wherever there is a switch for it."""
    for kind, said in CLOSED.items():
        assert expansion.of(kind), kind
        for resource in expansion.of(kind):
            assert {path: at(resource, path) for path in said} == said, resource.name
    doors = [door.name.rpartition("/")[2] for door in expansion.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")]
    assert sorted(doors) == ["ftp", "ftp", "scm", "scm"]


def rights(expansion: Expansion) -> None:
    """The rights are those of the table."""
    assert rights_of(expansion) == RIGHTS


def rights_of(expansion: Expansion) -> set[tuple[str, str, str]]:
    """Who has which role on what."""
    [identity] = expansion.of("Microsoft.ManagedIdentity/userAssignedIdentities")
    names = {resource.id: resource for resource in expansion.resources}
    found: set[tuple[str, str, str]] = set()
    kinds = ("Microsoft.Authorization/roleAssignments", "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments")
    for assignment in (each for kind in kinds for each in expansion.of(kind)):
        said = assignment.properties
        who = {OPERATOR: "operator", answer(identity, "principalId"): "apps"}[said["principalId"]]
        role = ROLES[said["roleDefinitionId"].rpartition("/")[2]]
        if kinds.index(assignment.type) == 1:
            where = f"database {said['scope'].rpartition('/dbs/')[2]}" if "/dbs/" in said["scope"] else "the whole account"
        else:
            where = _place(names[assignment.scope]) if assignment.scope else "the resource group"
            assert said["principalType"] == ("ServicePrincipal" if who == "apps" else "Group")
        found.add((who, role, where))
    return found


def _place(resource: Resource) -> str:
    own, *inside = resource.name.split("/")
    kind = re.search(r"(bus|insights|openai|kv|data|host)(?=-?[a-z2-7]{13}$)", own)
    return (kind[0] if kind else own) + (f", container {inside[-1]}" if inside else "")


def host_ids(expansion: Expansion) -> None:
    """Both apps share the host's storage, so each has an id of its own there ("Host IDs": 32 of lower-case letters, digits, hyphens)."""
    ids = [said["AzureFunctionsWebHost__hostid"] for said in settings_of(expansion).values()]
    assert len(set(ids)) == len(ids) == 2
    assert all(re.fullmatch(r"[a-z0-9](?!.*--)[a-z0-9-]{0,30}[a-z0-9]", name) for name in ids)


def flex(expansion: Expansion) -> None:
    """Two Flex Consumption apps of one package's kind, each with its plan and its container; the light one is always there for HTTP."""
    plans = {plan.id: plan.body["sku"] for plan in expansion.of("Microsoft.Web/serverfarms")}
    assert [*plans.values()] == [{"tier": "FlexConsumption", "name": "FC1"}] * 2
    apps = {name: next(app for app in expansion.of("Microsoft.Web/sites") if f"-{name}-" in app.name) for name in ("light", "heavy")}
    [identity] = expansion.of("Microsoft.ManagedIdentity/userAssignedIdentities")
    host = expansion.outputs["hostStorageAccount"]
    for name, app in apps.items():
        config = app.properties["functionAppConfig"]
        assert app.body["kind"] == "functionapp,linux"
        assert app.body["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}}
        assert app.properties["keyVaultReferenceIdentity"] == identity.id
        assert config["runtime"] == {"name": "python", "version": "3.11"}
        assert config["deployment"]["storage"] == {
            "type": "blobContainer",
            "value": f"https://{host}.blob.core.windows.net/deployment-{name}",
            "authentication": {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": identity.id},
        }
    ready = {name: at(app, "functionAppConfig.scaleAndConcurrency.alwaysReady") for name, app in apps.items()}
    assert ready == {"light": [{"name": "http", "instanceCount": 1}], "heavy": []}
    assert len({app.properties["serverFarmId"] for app in apps.values()} & plans.keys()) == 2


def alerts(expansion: Expansion) -> None:
    """Alerts look at this deployment's component, namespace and account, and tell who is named."""
    [component] = expansion.of("Microsoft.Insights/components")
    [bus] = expansion.of("Microsoft.ServiceBus/namespaces")
    [account] = expansion.of("Microsoft.DocumentDB/databaseAccounts")
    [told] = expansion.of("Microsoft.Insights/actionGroups")
    assert [mail["emailAddress"] for mail in told.properties["emailReceivers"]] == ["on-call@example.com"]
    rules = expansion.of("Microsoft.Insights/scheduledQueryRules")
    assert rules
    assert all(rule.properties["scopes"] == [component.id] for rule in rules)
    assert {scope for rule in expansion.of("Microsoft.Insights/metricAlerts") for scope in rule.properties["scopes"]} == {
        bus.id,
        account.id,
    }


def model(expansion: Expansion) -> None:
    """The model is the one the apps ask for, it never changes by itself, and an identity's token is taken at its address."""
    [account] = expansion.of("Microsoft.CognitiveServices/accounts")
    [deployment] = expansion.of("Microsoft.CognitiveServices/accounts/deployments")
    assert account.properties["customSubDomainName"] == account.name
    assert deployment.name == f"{account.name}/{deployment.properties['model']['name']}"
    assert {said["EMBEDDING_MODEL"] for said in settings_of(expansion).values()} == {deployment.properties["model"]["name"]}
    assert deployment.properties["versionUpgradeOption"] == "NoAutoUpgrade"


PROMISES: Final[tuple[Callable[[Expansion], None], ...]] = (
    queues,
    containers,
    blob_containers,
    settings,
    no_secrets,
    closed,
    rights,
    host_ids,
    flex,
    lifecycle,
    alerts,
    kept_and_not_kept,
    model,
    path_keys,
    tagged,
)
