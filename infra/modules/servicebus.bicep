// The queues between the stages. Their values are the topology's.

@minLength(6)
@maxLength(50)
param name string
param location string
param tags object

@allowed(['Standard', 'Premium'])
param sku string

@description('The apps\' identity.')
param appPrincipalId string

@description('Empty: no operator.')
param operatorPrincipalId string
param operatorPrincipalType string

var topology = loadJsonContent('../topology.json')

// Azure built-in roles, "Integration". Not Azure Service Bus Data Owner, which may delete queues. Without it the host cannot ask how many
// messages wait, and scales by peeking at them (docs/infrastructure.md, "Identities and rights").
var dataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
var dataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
var roles = [dataReceiver, dataSender]

resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: sku == 'Premium' ? { name: 'Premium', tier: 'Premium', capacity: 1 } : { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

// One after the other: the namespace refuses changes while another one is under way.
@batchSize(1)
resource queues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for queue in topology.queues: {
    parent: bus
    name: queue.name
    properties: {
      lockDuration: queue.lockDuration
      defaultMessageTimeToLive: queue.defaultMessageTimeToLive
      deadLetteringOnMessageExpiration: queue.deadLetteringOnMessageExpiration
      requiresDuplicateDetection: queue.requiresDuplicateDetection
      duplicateDetectionHistoryTimeWindow: queue.duplicateDetectionHistoryTimeWindow
      requiresSession: queue.requiresSession
      maxDeliveryCount: queue.maxDeliveryCount
      // The most there is without partitions: a back-fill may wait here for a day, and a full queue refuses webhooks.
      maxSizeInMegabytes: 5120
    }
  }
]

// On the namespace and not on each queue: it holds the app's queues and nothing else, and the app receives from and sends to all of them.
resource appRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    name: guid(bus.id, appPrincipalId, role)
    scope: bus
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource operatorRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: if (!empty(operatorPrincipalId)) {
    name: guid(bus.id, operatorPrincipalId, role)
    scope: bus
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: operatorPrincipalId
      principalType: operatorPrincipalType
    }
  }
]

output id string = bus.id
output name string = bus.name
// The endpoint is https://<name>.<the cloud's suffix>:443/, and a client is given the host alone.
output hostName string = split(replace(bus.properties.serviceBusEndpoint, 'https://', ''), ':')[0]
