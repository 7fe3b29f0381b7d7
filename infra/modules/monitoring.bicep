// Who is told of what, and the one dashboard. What is looked for is ../alerts.json with ../queries, what is shown is ../workbook.json;
// what to do about each alert is docs/operations.md, "Alerts".

@description('Where the rules and the workbook live. Metric alerts and the action group have no place.')
param location string

@description('What every name begins with.')
param namePrefix string

@description('Tags of everything here.')
param tags object = {}

@description('The Application Insights component that both apps tell. Alerts and workbook ask it alone.')
param appInsightsId string

@description('The Service Bus namespace, for its own counts of dead letters and refused requests.')
param serviceBusNamespaceId string

@description('The Cosmos DB account, for its own count of refused requests.')
param cosmosAccountId string

@description('Who gets a mail for alerts of severity 1 and 2. Empty: alerts are seen in the portal only.')
param alertEmails array = []

@description('Action groups of your own that wake somebody (phone, paging service). Only alerts of severity 1 go there.')
param onCallActionGroupIds array = []

var alerts = loadJsonContent('../alerts.json')

// The path of a loaded file has to be a literal: this is the list of them, by the names ../alerts.json uses.
var queries = {
  'api-failing': loadTextContent('../queries/api-failing.kql')
  'breaker-held': loadTextContent('../queries/breaker-held.kql')
  'breaker-opened': loadTextContent('../queries/breaker-opened.kql')
  'claims-lost': loadTextContent('../queries/claims-lost.kql')
  'connections-paused': loadTextContent('../queries/connections-paused.kql')
  'gaps-open-all-day': loadTextContent('../queries/gaps-open-all-day.kql')
  'lag-to-shard': loadTextContent('../queries/lag-to-shard.kql')
  'lag-to-vector': loadTextContent('../queries/lag-to-vector.kql')
  'measures-heard': loadTextContent('../queries/measures-heard.kql')
  'measuring-failed': loadTextContent('../queries/measuring-failed.kql')
  'oldest-messages': loadTextContent('../queries/oldest-messages.kql')
  'rejected-share': loadTextContent('../queries/rejected-share.kql')
  'vendor-budget': loadTextContent('../queries/vendor-budget.kql')
  'webhook-5xx': loadTextContent('../queries/webhook-5xx.kql')
  'webhook-failures': loadTextContent('../queries/webhook-failures.kql')
}

var resourceIds = {
  'Microsoft.ServiceBus/namespaces': serviceBusNamespaceId
  'Microsoft.DocumentDB/databaseAccounts': cosmosAccountId
}

resource mails 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'shardline'
    enabled: true
    emailReceivers: [
      for (address, index) in alertEmails: {
        name: 'email-${index}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

// Severity 1 wakes somebody, 2 can wait for the morning and is mailed, 3 is shown in the portal and nothing is sent.
var toldBySeverity = [
  []
  concat([mails.id], onCallActionGroupIds)
  [mails.id]
  []
]

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts.queries: {
    name: '${namePrefix}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${namePrefix}: ${alert.displayName}'
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [appInsightsId]
      evaluationFrequency: alert.evaluationFrequency
      windowSize: alert.windowSize
      autoMitigate: alert.autoMitigate
      // Each query is parsed and checked before it gets here; a component that has heard nothing yet must not refuse a rule.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: queries[alert.query]
            metricMeasureColumn: alert.measure
            timeAggregation: alert.timeAggregation
            operator: alert.operator
            threshold: alert.threshold
            dimensions: alert.dimensions
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: toldBySeverity[alert.severity]
      }
    }
  }
]

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in alerts.metrics: {
    name: '${namePrefix}-${alert.name}'
    location: 'global'
    tags: tags
    properties: {
      description: '${alert.displayName}. ${alert.description}'
      severity: alert.severity
      enabled: true
      scopes: [resourceIds[alert.metricNamespace]]
      evaluationFrequency: alert.evaluationFrequency
      windowSize: alert.windowSize
      autoMitigate: alert.autoMitigate
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricNamespace: alert.metricNamespace
            metricName: alert.metricName
            timeAggregation: alert.timeAggregation
            operator: alert.operator
            threshold: alert.threshold
            dimensions: alert.dimensions
          }
        ]
      }
      actions: [
        for id in toldBySeverity[alert.severity]: {
          actionGroupId: id
        }
      ]
    }
  }
]

// The placeholders stand for what only a deployment knows.
var workbookText = replace(
  replace(
    replace(loadTextContent('../workbook.json'), '<application insights id>', appInsightsId),
    '<service bus id>',
    serviceBusNamespaceId
  ),
  '<cosmos db id>',
  cosmosAccountId
)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, namePrefix, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${namePrefix}: what goes through, and what does not'
    category: 'workbook'
    sourceId: appInsightsId
    version: 'Notebook/1.0'
    serializedData: workbookText
  }
}

output actionGroupId string = mails.id
output workbookId string = workbook.id
