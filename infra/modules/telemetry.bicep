// Where both apps tell what they do. Nobody gets in with an instrumentation key alone.

@minLength(4)
@maxLength(63)
param workspaceName string
@minLength(1)
@maxLength(255)
param componentName string
param location string
param tags object
param keptDays int
param dailyCapGB int

@minLength(3)
@maxLength(64)
param ruleName string

@description('Whether the workspace goes by the rule below, which has to be there already.')
param usesRule bool

@description('The apps\' identity.')
param appPrincipalId string

// Azure built-in roles, "Monitor": Monitoring Metrics Publisher. Application Insights takes telemetry from who has it ("Microsoft Entra
// authentication for Application Insights"), metrics or not.
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// What is stored of a webhook's address: nothing behind the source, where Salesforce's key stands (docs/security.md). Routes have no case.
var hidden = '''
extend at = indexof(tolower(COLUMN), "webhooks/salesforce/")
| extend COLUMN = iff(at < 0, COLUMN, strcat(substring(COLUMN, 0, at), "webhooks/salesforce/-"))'''
var hiddenOperation = '${replace(hidden, 'COLUMN', 'OperationName')} | project-away at'

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: keptDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGB
    }
    // By its id and not by its symbol: the rule names its workspace, so neither can be made of the other in one deployment.
    defaultDataCollectionRuleResourceId: usesRule ? resourceId('Microsoft.Insights/dataCollectionRules', ruleName) : null
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

// The name of a request may be its address ("POST /api/…", Azure/azure-sdk-for-python#42453), and what happens within it repeats that as its
// operation. All of these tables take transformations (Azure Monitor Logs reference, "Ingestion-time transformation").
resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: ruleName
  location: location
  tags: tags
  kind: 'WorkspaceTransforms'
  properties: {
    destinations: {
      logAnalytics: [
        {
          name: 'workspace'
          workspaceResourceId: workspace.id
        }
      ]
    }
    dataFlows: [
      {
        streams: ['Microsoft-Table-AppRequests']
        destinations: ['workspace']
        transformKql: 'source | ${replace(hidden, 'COLUMN', 'Url')} | ${replace(hidden, 'COLUMN', 'Name')} | ${hiddenOperation}'
      }
      {
        streams: ['Microsoft-Table-AppDependencies']
        destinations: ['workspace']
        transformKql: 'source | ${hiddenOperation}'
      }
      {
        streams: ['Microsoft-Table-AppExceptions']
        destinations: ['workspace']
        transformKql: 'source | ${hiddenOperation}'
      }
      {
        streams: ['Microsoft-Table-AppTraces']
        destinations: ['workspace']
        transformKql: 'source | ${hiddenOperation}'
      }
    ]
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
    DisableIpMasking: false
  }
}

resource appTells 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, appPrincipalId, metricsPublisher)
  scope: component
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output workspaceId string = workspace.id
output componentId string = component.id
output componentName string = component.name
