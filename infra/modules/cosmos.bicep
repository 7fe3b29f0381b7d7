// The shards, their chunks and what is kept about them. Containers, keys, indexes and vector policies are the topology's.

@minLength(3)
@maxLength(44)
param name string
param location string
param tags object
param databaseName string

@description('The space of the deployment\'s vectors, <model>-<dimensions>: of the containers with vectors only this one is created.')
param embeddingSpace string

@allowed(['serverless', 'autoscale'])
param capacity string
param busyThroughput int

@allowed(['Continuous7Days', 'Continuous30Days'])
param backup string

@description('The apps\' identity.')
param appPrincipalId string

@description('Empty: no operator.')
param operatorPrincipalId string

var topology = loadJsonContent('../topology.json')
// What has no vectors, and the space in use. The offline encoder's containers are for development machines.
var spaces = ['', embeddingSpace]

// "Connect to Azure Cosmos DB for NoSQL using role-based access control": Cosmos DB Built-in Data Contributor reads and writes items, and can
// neither create nor delete a container.
var dataContributor = '00000000-0000-0000-0000-000000000002'

var vectorSearch = [{ name: 'EnableNoSQLVectorSearch' }]
var serverless = [{ name: 'EnableServerless' }]

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: false
      }
    ]
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
    capabilities: capacity == 'serverless' ? concat(vectorSearch, serverless) : vectorSearch
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: backup
      }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: 'Enabled'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
  }
}

// One after the other: the account takes few changes of its containers at once. Throughput is each container's own, since a database that
// shares it cannot have vector indexes ("Vector search in Azure Cosmos DB for NoSQL", limitations). A vector policy cannot be changed later.
@batchSize(1)
resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [
  for container in topology.containers: if (contains(spaces, container.space)) {
    parent: database
    name: container.name
    properties: {
      resource: union(
        {
          id: container.name
          partitionKey: container.partitionKey
          indexingPolicy: container.indexingPolicy
        },
        container.defaultTtl == null ? {} : { defaultTtl: container.defaultTtl },
        container.vectorEmbeddingPolicy == null ? {} : { vectorEmbeddingPolicy: container.vectorEmbeddingPolicy }
      )
      options: capacity == 'serverless'
        ? {}
        : {
            autoscaleSettings: {
              maxThroughput: contains(['shards', 'shard-chunks-${embeddingSpace}'], container.name) ? busyThroughput : 1000
            }
          }
    }
  }
]

// Rights come last and one after the other, too: each wants the account for itself, and what comes meanwhile is refused with 412, "another
// user operation in progress which requires an exclusive lock" (hashicorp/terraform-provider-azurerm#15842).
resource appReadsAndWrites 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = {
  parent: account
  name: guid(database.id, appPrincipalId, dataContributor)
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    principalId: appPrincipalId
    scope: '${account.id}/dbs/${database.name}'
  }
  dependsOn: [containers]
}

resource operatorReadsAndWrites 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = if (!empty(operatorPrincipalId)) {
  parent: account
  name: guid(database.id, operatorPrincipalId, dataContributor)
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    principalId: operatorPrincipalId
    scope: '${account.id}/dbs/${database.name}'
  }
  dependsOn: [appReadsAndWrites]
}

output id string = account.id
output name string = account.name
output endpoint string = account.properties.documentEndpoint
