// Everything Shardline runs on, in one resource group. What each part is and why: docs/infrastructure.md.
// Queues, containers and their values are not written here: infra/topology.json is generated from shared/topology.py.

targetScope = 'resourceGroup'

@description('What every name begins with: 3 to 12 lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(12)
param namePrefix string

@description('Where everything lives. Flex Consumption and the embedding model are not offered everywhere.')
param location string = resourceGroup().location

@description('Part of every name and of every tag. Nothing else depends on it: environments differ in the other parameters.')
@allowed(['dev', 'prod'])
param environment string

@description('Standard carries about 125 live events a second (docs/infrastructure.md); Premium carries more, and costs from the first hour.')
@allowed(['Standard', 'Premium'])
param serviceBusSku string = 'Standard'

@description('The Python of both apps. The artefact holds packages for exactly this one.')
@allowed(['3.11', '3.12', '3.13'])
param pythonVersion string = '3.11'

@description('The "iss" of the bearer tokens that open the API, to the letter. At first: this subscription\'s own Entra ID tenant.')
param authIssuer string = '${az.environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'

@description('The "aud" of those tokens: the application registered for the API.')
@minLength(1)
param authAudience string

@description('Where the issuer publishes its signing keys.')
param authJwksUrl string = '${az.environment().authentication.loginEndpoint}${tenant().tenantId}/discovery/v2.0/keys'

@description('The claim of a token that names the caller\'s tenant.')
@minLength(1)
param authTenantClaim string = 'tid'

@description('The role that makes a caller one of the tenant\'s admins.')
@minLength(1)
param authAdminRole string = 'Shardline.Admin'

// An address inside the vault, not what it holds.
@description('The address of the secret with the signing secrets of Slack apps, in this vault. Empty: every call of Slack is refused.')
#disable-next-line secure-secrets-in-params
param slackSigningSecretsUri string = ''

@description('Whether to create an Azure OpenAI account with the embedding model.')
param azureOpenAi bool = true

@description('Without an account of our own: the address of one that is there. Its owner lets the identity in.')
param azureOpenAiEndpoint string = ''

@description('The model that makes vectors. With the dimensions it says which container of chunks is created.')
@allowed(['text-embedding-3-small'])
param embeddingModel string = 'text-embedding-3-small'

@description('Numbers in a vector.')
@allowed([1536])
param embeddingDimensions int = 1536

@description('Where the model is run: Standard in this region, DataZoneStandard in its part of the world, GlobalStandard anywhere.')
@allowed(['Standard', 'DataZoneStandard', 'GlobalStandard'])
param embeddingSku string = 'Standard'

@description('Quota of the model\'s deployment, in thousands of tokens a minute. It is what limits a back-fill.')
@minValue(1)
param embeddingCapacity int = 120

@description('Serverless is billed by the request unit and ends at 5,000 a second and partition; autoscale is billed by the hour.')
@allowed(['serverless', 'autoscale'])
param cosmosCapacity string = 'serverless'

@description('With autoscale: the most request units a second of each of the two containers that grow, shards and chunks.')
@minValue(1000)
param cosmosBusyThroughput int = 4000

@description('How far back the database can be restored to any second: 7 days are free.')
@allowed(['Continuous7Days', 'Continuous30Days'])
param cosmosBackup string = 'Continuous7Days'

@description('Once on it cannot be switched off, and the vault\'s name is taken until its soft-deleted self is gone.')
param keyVaultPurgeProtection bool = true

@description('How many copies of what is stored: LRS in one building, ZRS in three.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_LRS'

@description('The group (or person) that runs "python -m ops". Empty: nobody but the apps has a right on data.')
param operatorPrincipalId string = ''

@description('What the operator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'Group'

@description('Who gets mail from the alerts. Empty: the alerts stand in the portal alone.')
param alertEmails array = []

@description('Action groups that wake somebody (phone, paging service), by their ids: alerts of severity 1 go there.')
param onCallActionGroupIds array = []

@description('Whether keys in the addresses of webhooks are left out of what is stored. Not at the first deployment: the rule for it has to be there.')
param hidePathKeys bool = false

@description('Instances of the light app that are always there for HTTP. A vendor waits three seconds for its answer, and a cold start takes some.')
@minValue(1)
param lightAlwaysReady int = 1

@description('Memory of one instance of the light app. Where enrichment runs it holds the anchors of the tenants it works for.')
@allowed([512, 2048, 4096])
param lightMemoryMB int = 2048

@description('Memory of one instance of the heavy app, which cuts long texts and holds their vectors.')
@allowed([2048, 4096])
param heavyMemoryMB int = 4096

@description('How many instances the light app may have, all its functions together.')
@minValue(40)
@maxValue(1000)
param lightMaximumInstances int = 100

@description('How many instances the heavy app may have. More is of no use once the model\'s quota is spent.')
@minValue(40)
@maxValue(1000)
param heavyMaximumInstances int = 40

@description('Days that logs and metrics are kept.')
@minValue(30)
@maxValue(730)
param telemetryDays int = 90

@description('Gigabytes of telemetry a day after which no more is taken until the next; -1: no limit.')
param telemetryDailyCapGB int = -1

// The same resource group, prefix and environment always give the same names, and no other deployment in Azure has them.
var suffix = uniqueString(resourceGroup().id, namePrefix, environment)
// Storage accounts and key vaults may have 24 characters, of which the suffix takes 13.
var short = take(namePrefix, 7)
var tags = {
  application: 'shardline'
  environment: environment
}
var databaseName = 'shardline'

module identity 'modules/identity.bicep' = {
  name: '${namePrefix}-${environment}-identity'
  params: {
    name: '${namePrefix}-${environment}-apps-${suffix}'
    location: location
    tags: tags
  }
}

module telemetry 'modules/telemetry.bicep' = {
  name: '${namePrefix}-${environment}-telemetry'
  params: {
    workspaceName: '${namePrefix}-${environment}-logs-${suffix}'
    componentName: '${namePrefix}-${environment}-insights-${suffix}'
    location: location
    tags: tags
    keptDays: telemetryDays
    dailyCapGB: telemetryDailyCapGB
    ruleName: '${namePrefix}-${environment}-pathkeys-${suffix}'
    usesRule: hidePathKeys
    appPrincipalId: identity.outputs.principalId
  }
}

module serviceBus 'modules/servicebus.bicep' = {
  name: '${namePrefix}-${environment}-servicebus'
  params: {
    name: '${namePrefix}-${environment}-bus-${suffix}'
    location: location
    tags: tags
    sku: serviceBusSku
    appPrincipalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: '${namePrefix}-${environment}-cosmos'
  params: {
    name: '${namePrefix}-${environment}-${suffix}'
    location: location
    tags: tags
    databaseName: databaseName
    embeddingSpace: '${embeddingModel}-${embeddingDimensions}'
    capacity: cosmosCapacity
    busyThroughput: cosmosBusyThroughput
    backup: cosmosBackup
    appPrincipalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
  }
}

module storage 'modules/storage.bicep' = {
  name: '${namePrefix}-${environment}-storage'
  params: {
    name: '${short}data${suffix}'
    location: location
    tags: tags
    sku: storageSku
    appPrincipalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
  }
}

module hostStorage 'modules/hoststorage.bicep' = {
  name: '${namePrefix}-${environment}-hoststorage'
  params: {
    name: '${short}host${suffix}'
    location: location
    tags: tags
    sku: storageSku
    appPrincipalId: identity.outputs.principalId
  }
}

module vault 'modules/keyvault.bicep' = {
  name: '${namePrefix}-${environment}-keyvault'
  params: {
    name: '${short}-kv-${suffix}'
    location: location
    tags: tags
    purgeProtection: keyVaultPurgeProtection
    workspaceId: telemetry.outputs.workspaceId
    appPrincipalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
  }
}

module openAi 'modules/openai.bicep' = if (azureOpenAi) {
  name: '${namePrefix}-${environment}-openai'
  params: {
    name: '${namePrefix}-${environment}-openai-${suffix}'
    location: location
    tags: tags
    model: embeddingModel
    sku: embeddingSku
    capacity: embeddingCapacity
    appPrincipalId: identity.outputs.principalId
  }
}

// Azure Functions: "Configure an identity-based connection". The host reads the connection of the triggers, SERVICE_BUS, and so does the app.
// AZURE_TOKEN_CREDENTIALS keeps the app's credential from trying anything but the managed identity (azure-identity, DefaultAzureCredential).
var settings = union(
  {
    SERVICE_BUS__fullyQualifiedNamespace: serviceBus.outputs.hostName
    SERVICE_BUS__credential: 'managedidentity'
    SERVICE_BUS__clientId: identity.outputs.clientId
    COSMOS__accountEndpoint: cosmos.outputs.endpoint
    COSMOS_DATABASE: databaseName
    BLOB__blobServiceUri: storage.outputs.blobEndpoint
    KEY_VAULT__vaultUri: vault.outputs.uri
    AZURE_CLIENT_ID: identity.outputs.clientId
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
    EMBEDDING_AZURE_OPENAI_ENDPOINT: azureOpenAi ? openAi!.outputs.endpoint : azureOpenAiEndpoint
    EMBEDDING_MODEL: embeddingModel
    EMBEDDING_DIMENSIONS: string(embeddingDimensions)
    AUTH_ISSUER: authIssuer
    AUTH_AUDIENCE: authAudience
    AUTH_JWKS_URL: authJwksUrl
    AUTH_TENANT_CLAIM: authTenantClaim
    AUTH_ADMIN_ROLE: authAdminRole
  },
  // A reference without a version follows a new one within a day, or at the next restart of the app.
  empty(slackSigningSecretsUri)
    ? {}
    : { SLACK_SIGNING_SECRETS: '@Microsoft.KeyVault(SecretUri=${slackSigningSecretsUri})' }
)

module lightApp 'modules/functionapp.bicep' = {
  name: '${namePrefix}-${environment}-light'
  params: {
    name: '${namePrefix}-${environment}-light-${suffix}'
    location: location
    tags: tags
    consumerType: 'light'
    hostId: 'light-${suffix}'
    pythonVersion: pythonVersion
    memoryMB: lightMemoryMB
    maximumInstances: lightMaximumInstances
    alwaysReadyHttp: lightAlwaysReady
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    deploymentContainerUri: '${hostStorage.outputs.blobEndpoint}${hostStorage.outputs.lightContainer}'
    componentName: telemetry.outputs.componentName
    settings: settings
  }
}

module heavyApp 'modules/functionapp.bicep' = {
  name: '${namePrefix}-${environment}-heavy'
  params: {
    name: '${namePrefix}-${environment}-heavy-${suffix}'
    location: location
    tags: tags
    consumerType: 'heavy'
    hostId: 'heavy-${suffix}'
    pythonVersion: pythonVersion
    memoryMB: heavyMemoryMB
    maximumInstances: heavyMaximumInstances
    // Nobody waits for what it does: messages wait in their queue until an instance is up.
    alwaysReadyHttp: 0
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    deploymentContainerUri: '${hostStorage.outputs.blobEndpoint}${hostStorage.outputs.heavyContainer}'
    componentName: telemetry.outputs.componentName
    settings: settings
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: '${namePrefix}-${environment}-monitoring'
  params: {
    location: location
    namePrefix: '${namePrefix}-${environment}'
    tags: tags
    appInsightsId: telemetry.outputs.componentId
    serviceBusNamespaceId: serviceBus.outputs.id
    cosmosAccountId: cosmos.outputs.id
    alertEmails: alertEmails
    onCallActionGroupIds: onCallActionGroupIds
  }
}

output lightAppName string = lightApp.outputs.name
output heavyAppName string = heavyApp.outputs.name
output lightHostName string = lightApp.outputs.hostName
output heavyHostName string = heavyApp.outputs.hostName
output serviceBusNamespace string = serviceBus.outputs.name
output cosmosAccount string = cosmos.outputs.name
output cosmosDatabase string = databaseName
output storageAccount string = storage.outputs.name
output hostStorageAccount string = hostStorage.outputs.name
output keyVaultName string = vault.outputs.name
output keyVaultUri string = vault.outputs.uri
output identityClientId string = identity.outputs.clientId
output appInsightsName string = telemetry.outputs.componentName
