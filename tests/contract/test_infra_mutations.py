"""Every promise of the template is one that can be broken: each line breaks it in a copy, in memory, and it is noticed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

import pytest

from devtools.bicep import judging
from devtools.bicep.expansion import Source, from_disk
from devtools.bicep.refusal import Refused
from devtools.bicep.values import Expansion
from shared.errors import ConfigurationError
from tests.contract import infra_keeping
from tests.contract import infra_promises as promises
from tests.contract.infra_promises import template

MODULES = PurePosixPath("infra/modules")


@dataclass(frozen=True)
class Mutation:
    """One change of one file that breaks a promise."""

    file: str
    old: str
    new: str

    def source(self) -> Source:
        """The files with the change in them."""
        changed = MODULES / self.file if self.file.endswith(".bicep") and self.file != "main.bicep" else PurePosixPath("infra") / self.file

        def text(path: PurePosixPath) -> str:
            there = from_disk(path)
            if path != changed:
                return there
            assert self.old in there, f"{self.old!r} is not in {self.file} any more"
            return there.replace(self.old, self.new, 1)

        return text


ROLE = """resource more 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(bus.id, appPrincipalId, 'more')
  scope: bus
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output id"""

BROKEN: list[tuple[Callable[[Expansion], None], Mutation]] = [
    (promises.queues, Mutation("topology.json", '"lockDuration": "PT5M"', '"lockDuration": "PT1M"')),
    (promises.queues, Mutation("topology.json", '"name": "shard-emission"', '"name": "shard-emissions"')),
    (promises.queues, Mutation("servicebus.bicep", "queue.requiresDuplicateDetection", "false")),
    (promises.queues, Mutation("servicebus.bicep", "maxDeliveryCount: queue.maxDeliveryCount", "maxDeliveryCount: 3")),
    (promises.queues, Mutation("servicebus.bicep", "      lockDuration: queue.lockDuration\n", "")),
    (promises.containers, Mutation("cosmos.bicep", "if (contains(spaces, container.space))", "if (!empty(spaces))")),
    (
        promises.containers,
        Mutation("cosmos.bicep", "var spaces = ['', embeddingSpace]", "var spaces = ['', 'lexical-512', embeddingSpace]"),
    ),
    (promises.containers, Mutation("cosmos.bicep", "vectorEmbeddingPolicy: container.vectorEmbeddingPolicy }", "}")),
    (promises.containers, Mutation("cosmos.bicep", "          partitionKey: container.partitionKey\n", "")),
    (promises.containers, Mutation("cosmos.bicep", "? {} : { defaultTtl: container.defaultTtl }", "? { defaultTtl: -1 } : {}")),
    (promises.containers, Mutation("cosmos.bicep", "EnableNoSQLVectorSearch", "EnableCassandra")),
    (promises.containers, Mutation("cosmos.bicep", "type: 'Continuous'", "type: 'Periodic'")),
    (promises.containers, Mutation("topology.json", '"kind": "MultiHash"', '"kind": "Hash"')),
    (promises.containers, Mutation("topology.json", '"distanceFunction": "cosine"', '"distanceFunction": "euclidean"')),
    (promises.blob_containers, Mutation("topology.json", '    "anchors"', '    "snapshots"')),
    (promises.blob_containers, Mutation("hoststorage.bicep", "'deployment-heavy'", "'deployment'")),
    (promises.settings, Mutation("main.bicep", "    AUTH_ISSUER: authIssuer\n", "    AUTH_ISSUERS: '${authIssuer}'\n")),
    (promises.settings, Mutation("main.bicep", "    AUTH_AUDIENCE: authAudience\n", "    SLACK_API_BASE_URL: authAudience\n")),
    (promises.settings, Mutation("main.bicep", "    COSMOS_DATABASE: databaseName\n", "    COSMOS_DATABASE: 'other'\n")),
    (
        promises.settings,
        Mutation(
            "main.bicep", "    EMBEDDING_MODEL: embeddingModel\n", "    EMBEDDING_MODEL: embeddingModel\n    EMBEDDING_OFFLINE: 'true'\n"
        ),
    ),
    (promises.settings, Mutation("main.bicep", "'ManagedIdentityCredential'", "'EnvironmentCredential'")),
    (promises.settings, Mutation("main.bicep", "storage.outputs.blobEndpoint", "hostStorage.outputs.blobEndpoint")),
    (promises.settings, Mutation("functionapp.bicep", "    AzureWebJobsStorage__credential: 'managedidentity'\n", "")),
    (promises.settings, Mutation("main.bicep", "consumerType: 'heavy'", "consumerType: 'light'")),
    (promises.no_secrets, Mutation("main.bicep", "    COSMOS_DATABASE: databaseName\n", "    COSMOS_DATABASE: 'x;AccountKey=abc'\n")),
    (
        promises.no_secrets,
        Mutation("main.bicep", "    AUTH_ISSUER: authIssuer\n", "    AUTH_ISSUER: authIssuer\n    EMBEDDING_AZURE_OPENAI_API_KEY: 'abc'\n"),
    ),
    (promises.closed, Mutation("servicebus.bicep", "disableLocalAuth: true", "disableLocalAuth: false")),
    (promises.closed, Mutation("cosmos.bicep", "    disableLocalAuth: true\n", "")),
    (promises.closed, Mutation("storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true")),
    (promises.closed, Mutation("hoststorage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true")),
    (promises.closed, Mutation("telemetry.bicep", "DisableLocalAuth: true", "DisableLocalAuth: false")),
    (promises.closed, Mutation("openai.bicep", "disableLocalAuth: true", "disableLocalAuth: false")),
    (promises.closed, Mutation("keyvault.bicep", "enableRbacAuthorization: true", "enableRbacAuthorization: false")),
    (promises.closed, Mutation("functionapp.bicep", "allow: false", "allow: true")),
    (promises.closed, Mutation("functionapp.bicep", "['ftp', 'scm']", "['ftp']")),
    (promises.closed, Mutation("functionapp.bicep", "httpsOnly: true", "httpsOnly: false")),
    (promises.rights, Mutation("servicebus.bicep", "[dataReceiver, dataSender]", "take([dataReceiver, dataSender], 1)")),
    (promises.rights, Mutation("servicebus.bicep", "output id", ROLE)),
    (promises.rights, Mutation("servicebus.bicep", "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39", "090c5cfd-751d-490a-894a-3ce6f1109419")),
    (promises.rights, Mutation("cosmos.bicep", "scope: '${account.id}/dbs/${database.name}'", "scope: account.id")),
    (promises.rights, Mutation("storage.bicep", "scope: containers[index]", "scope: account")),
    (
        promises.rights,
        Mutation(
            "keyvault.bicep",
            "guid(vault.id, appPrincipalId, secretsUser)\n  scope: vault\n",
            "guid(vault.id, appPrincipalId, secretsUser)\n",
        ),
    ),
    (
        promises.rights,
        Mutation(
            "keyvault.bicep",
            "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)",
            "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)",
        ),
    ),
    (promises.rights, Mutation("hoststorage.bicep", "principalType: 'ServicePrincipal'", "principalType: 'User'")),
    (promises.host_ids, Mutation("main.bicep", "hostId: 'heavy-${suffix}'", "hostId: 'light-${suffix}'")),
    (promises.host_ids, Mutation("main.bicep", "hostId: 'light-${suffix}'", "hostId: 'Light-${suffix}'")),
    (promises.flex, Mutation("main.bicep", "alwaysReadyHttp: lightAlwaysReady", "alwaysReadyHttp: lightAlwaysReady - 1")),
    (promises.flex, Mutation("functionapp.bicep", "name: 'FC1'", "name: 'Y1'")),
    (promises.flex, Mutation("main.bicep", "hostStorage.outputs.heavyContainer", "hostStorage.outputs.lightContainer")),
    (promises.flex, Mutation("functionapp.bicep", "    keyVaultReferenceIdentity: identityId\n", "")),
    (promises.flex, Mutation("functionapp.bicep", "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'")),
    (infra_keeping.lifecycle, Mutation("topology.json", '"claimsKeptDays": 44', '"claimsKeptDays": 14')),
    (infra_keeping.lifecycle, Mutation("storage.bicep", "prefixMatch: ['claims/']", "prefixMatch: ['']")),
    (infra_keeping.lifecycle, Mutation("storage.bicep", "enabled: true", "enabled: false")),
    (
        promises.alerts,
        Mutation("main.bicep", "appInsightsId: telemetry.outputs.componentId", "appInsightsId: telemetry.outputs.workspaceId"),
    ),
    (promises.alerts, Mutation("main.bicep", "    alertEmails: alertEmails\n", "    alertEmails: take(alertEmails, 0)\n")),
    (infra_keeping.kept_and_not_kept, Mutation("hoststorage.bicep", "enabled: true", "enabled: false")),
    (infra_keeping.kept_and_not_kept, Mutation("storage.bicep", "isVersioningEnabled: false", "isVersioningEnabled: true")),
    (infra_keeping.kept_and_not_kept, Mutation("keyvault.bicep", "purgeProtection ? true : null", "!purgeProtection")),
    (promises.model, Mutation("openai.bicep", "'NoAutoUpgrade'", "'OnceNewDefaultVersionAvailable'")),
    (promises.model, Mutation("openai.bicep", "    customSubDomainName: name\n", "")),
    (infra_keeping.path_keys, Mutation("telemetry.bicep", "${replace(hidden, 'COLUMN', 'Name')} | ", "")),
    (infra_keeping.path_keys, Mutation("telemetry.bicep", "['Microsoft-Table-AppTraces']", "['Microsoft-Table-AppEvents']")),
    (infra_keeping.tagged, Mutation("main.bicep", "    tags: tags\n    appInsightsId", "    appInsightsId")),
]


@pytest.mark.parametrize(
    ("promise", "mutation"), BROKEN, ids=lambda each: getattr(each, "__name__", None) or f"{each.file}: {each.new[:40].strip()}"
)
def test_a_broken_promise_is_noticed(promise: Callable[[Expansion], None], mutation: Mutation) -> None:
    expansion = template("prod", mutation.source())

    with pytest.raises((AssertionError, KeyError, ConfigurationError)):
        promise(expansion)


REFUSED = [
    ("is not Bicep", Mutation("servicebus.bicep", "disableLocalAuth: true", "disableLocalAuth = true")),
    ("listKeys is not known", Mutation("servicebus.bicep", "= bus.name", "= bus.listKeys().primaryKey")),
    ("function listKeys", Mutation("servicebus.bicep", "string = bus.name", "string = listKeys(bus.id, '2024-01-01').primaryKey")),
    ("is read nowhere", Mutation("servicebus.bicep", "param location string", "param location string\nparam forgotten string = ''")),
    ("has no parameter", Mutation("main.bicep", "    sku: serviceBusSku", "    tier: serviceBusSku")),
    ("is not given", Mutation("main.bicep", "    hostId: 'heavy-${suffix}'\n", "")),
    ("is declared nowhere", Mutation("main.bicep", "sku: serviceBusSku", "sku: contains([serviceBusSku], skus)")),
    ("against @allowed", Mutation("prod.bicepparam", "'Standard_ZRS'", "'Standard_GRS'")),
    ("has to be of type", Mutation("dev.bicepparam", "lightMemoryMB = 512", "lightMemoryMB = '512'")),
    ("has no parameter", Mutation("prod.bicepparam", "param environment", "param region = 'x'\nparam environment")),
    ("deployed twice", Mutation("hoststorage.bicep", "'deployment-heavy'", "'deployment-light'")),
    ("depends on itself", Mutation("main.bicep", "var short = take(namePrefix, 7)", "var short = take(short, 7)")),
    (
        "only the running deployment knows",
        Mutation("servicebus.bicep", "for role in roles: {", "for role in split(bus.properties.serviceBusEndpoint, ','): {"),
    ),
    ("is read, and is not deployed", Mutation("main.bicep", "azureOpenAi ? openAi!", "!azureOpenAi ? openAi!")),
    ("has no parent", Mutation("servicebus.bicep", "    parent: bus\n", "")),
    ("write parentheses", Mutation("main.bicep", "if (azureOpenAi)", "if (azureOpenAi || identity.outputs.id == 'x')")),
    ("nobody here knows", Mutation("identity.bicep", "identity.properties.clientId", "identity.properties.clientID")),
    ("against @maxLength", Mutation("main.bicep", "hostId: 'light-${suffix}'", "hostId: '${namePrefix}-${environment}-light-${suffix}'")),
    ("said twice", Mutation("servicebus.bicep", "      requiresSession:", "      maxDeliveryCount: 1\n      requiresSession:")),
]
"""What is no template at all, or what the compiler would not take or would warn of."""


@pytest.mark.parametrize(("said", "mutation"), REFUSED, ids=lambda each: each if isinstance(each, str) else each.file)
def test_what_the_compiler_would_not_take_is_refused(said: str, mutation: Mutation) -> None:
    environment = "dev" if mutation.file.startswith("dev") else "prod"
    given = {"azureOpenAi": False} if "!azureOpenAi" in mutation.new else {}

    with pytest.raises(Refused, match=said):
        template(environment, mutation.source(), **given)


MISSPELT = [
    ("there is no such property", Mutation("servicebus.bicep", "lockDuration: queue", "lockduration: queue")),
    ("there is no such property", Mutation("cosmos.bicep", "backupPolicy: {", "backup: {")),
    ("there is no such property", Mutation("topology.json", '"vectorEmbeddings"', '"embeddings"')),
    ("it is only ever answered", Mutation("servicebus.bicep", "    publicNetworkAccess: 'Enabled'\n", "    status: 'Active'\n")),
    ("is none of", Mutation("cosmos.bicep", "minimalTlsVersion: 'Tls12'", "minimalTlsVersion: 'TLS1_2'")),
    ("is none of", Mutation("topology.json", '"type": "quantizedFlat"', '"type": "quantised"')),
    ("it is missing", Mutation("cosmos.bicep", "    databaseAccountOfferType: 'Standard'\n", "")),
    ("it is missing", Mutation("cosmos.bicep", "    resource: {\n      id: databaseName\n    }\n", "    resource: {}\n")),
    ("is of another kind", Mutation("servicebus.bicep", "maxDeliveryCount: queue.maxDeliveryCount", "maxDeliveryCount: '10'")),
]
"""What Microsoft's models know better; those of Service Bus and Cosmos DB are in every environment."""


@pytest.mark.parametrize(
    ("said", "mutation"), MISSPELT, ids=lambda each: each if isinstance(each, str) else f"{each.file}: {each.new[:30].strip()}"
)
def test_a_property_that_the_model_does_not_take_is_noticed(said: str, mutation: Mutation) -> None:
    found = [fault for resource in template("prod", mutation.source()).resources for fault in judging.faults(resource.type, resource.body)]

    assert found
    assert all(said in fault for fault in found)
