// Who makes vectors.

@minLength(2)
@maxLength(64)
param name string
param location string
param tags object

@description('The model, and the name of its deployment: the app asks for a deployment called like the model.')
param model string

@description('Where it is run: what the model is offered as.')
param sku string

@description('Thousands of tokens a minute.')
param capacity int

@description('The apps\' identity.')
param appPrincipalId string

// Azure built-in roles, "AI + machine learning": Cognitive Services OpenAI User.
var openAiUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'

resource account 'Microsoft.CognitiveServices/accounts@2024-10-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: {
    name: 'S0'
  }
  properties: {
    // An identity's token is taken at an address of the account's own only.
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }
}

resource deployment 'Microsoft.CognitiveServices/accounts/deployments@2024-10-01' = {
  parent: account
  name: model
  sku: {
    name: sku
    capacity: capacity
  }
  properties: {
    model: {
      format: 'OpenAI'
      name: model
      version: '1'
    }
    // Another version is another space: its vectors cannot be compared with those that are stored.
    versionUpgradeOption: 'NoAutoUpgrade'
  }
}

resource appAsks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, appPrincipalId, openAiUser)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', openAiUser)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output endpoint string = account.properties.endpoint
