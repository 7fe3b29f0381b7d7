// What the Functions host keeps for itself (locks of timers, keys of functions) and the packages both apps run from.

@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param sku string

@description('The apps\' identity.')
param appPrincipalId string

// "Connecting to host storage with an identity" (Azure Functions): a host with HTTP, timer and Service Bus triggers needs exactly this one,
// on the account, since it creates containers. It covers what a deployment needs, too. Azure built-in roles, "Storage": Blob Data Owner.
var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

// One for each app: a package has the same name in both.
var lightContainer = 'deployment-light'
var heavyContainer = 'deployment-heavy'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
  }
}

// A package is written over the one before. That one can be brought back for a fortnight and is gone then by itself. A lifecycle rule would
// not know which package is in use, and an app without its package does not start.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [
  for container in [lightContainer, heavyContainer]: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource appOwns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, appPrincipalId, blobOwner)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobOwner)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output lightContainer string = containers[0].name
output heavyContainer string = containers[1].name
