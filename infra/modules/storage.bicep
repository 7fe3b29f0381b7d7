// What is too large for a message, and snapshots of what is linked by. Apart from the host's own storage, whose owner the apps must be.

@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param sku string

@description('The apps\' identity.')
param appPrincipalId string

@description('Empty: no operator.')
param operatorPrincipalId string
param operatorPrincipalType string

var topology = loadJsonContent('../topology.json')

// A snapshot that was not written anew for so long is read from the shards once more: the tenant may be gone.
var anchorsKeptDays = 90

// Azure built-in roles, "Storage": Storage Blob Data Contributor.
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

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

// Nothing is kept of what was deleted: a tenant that is erased must be gone, and all of this can be lost without harm or is on its way.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: false
    }
    containerDeleteRetentionPolicy: {
      enabled: false
    }
    isVersioningEnabled: false
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [
  for container in topology.blobContainers: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'claims-outlive-their-messages'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['claims/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: topology.claimsKeptDays
                }
              }
            }
          }
        }
        {
          name: 'old-snapshots-of-anchors'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['anchors/']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: anchorsKeptDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource appRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (container, index) in topology.blobContainers: {
    name: guid(account.id, container, appPrincipalId, blobContributor)
    scope: containers[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource operatorRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (container, index) in topology.blobContainers: if (!empty(operatorPrincipalId)) {
    name: guid(account.id, container, operatorPrincipalId, blobContributor)
    scope: containers[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
      principalId: operatorPrincipalId
      principalType: operatorPrincipalType
    }
  }
]

output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
