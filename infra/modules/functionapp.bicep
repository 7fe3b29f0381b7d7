// One of the two apps. Both run the same package; CONSUMER_TYPE says which of its functions.

@minLength(2)
@maxLength(60)
param name string
param location string
param tags object

@allowed(['light', 'heavy'])
param consumerType string

// Azure Functions host, "Host IDs": at most 32 characters, and two apps with one id on one storage account take each other's timers and
// locks. By itself it is the beginning of the app's name, which both have in common when the prefix is long.
@minLength(1)
@maxLength(32)
param hostId string
param pythonVersion string
param memoryMB int
param maximumInstances int

@description('Instances that are always there for HTTP; 0: none.')
param alwaysReadyHttp int
param identityId string
param identityClientId string
param hostStorageName string
param deploymentContainerUri string
param componentName string

@description('What both apps are set to.')
param settings object

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// A plan of its own, and called like the app: Flex Consumption has one app to a plan.
resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    // With which identity references to Key Vault are read. By itself: a system-assigned one, which there is not.
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: memoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyHttp == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyHttp }]
        triggers: {
          http: {
            // Said and not left to the platform, whose own number goes by memory and language. The functions wait, and do not block.
            perInstanceConcurrency: 32
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
    }
  }
}

// "App settings reference for Azure Functions". A resource of its own, since some of these values are known only while this is deployed.
// The connection string of Application Insights is an address: whoever sends there needs the right to, since local authentication is off.
resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    CONSUMER_TYPE: consumerType
    AzureFunctionsWebHost__hostid: hostId
    AzureWebJobsStorage__accountName: hostStorageName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
  })
}

// Who deploys does so as itself: no user names and passwords for publishing. One after the other and after the settings: a site that is being
// changed refuses another change ("Cannot modify this site because another operation is in progress", 59203).
@batchSize(1)
resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = [
  for door in ['ftp', 'scm']: {
    parent: app
    name: door
    properties: {
      allow: false
    }
    dependsOn: [appSettings]
  }
]

output name string = app.name
output hostName string = app.properties.defaultHostName
