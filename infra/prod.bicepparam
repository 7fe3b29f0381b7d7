// What people rely on. operatorPrincipalId, alertEmails and onCallActionGroupIds are yours to set, here or as --parameters of the command.
using 'main.bicep'

param namePrefix = 'shardline'
param environment = 'prod'
// Yours to say: the id of the application registered for the API (docs/deploy.md). This one is nobody's, and scripts/deploy refuses it.
param authAudience = '00000000-0000-0000-0000-000000000000'

param cosmosCapacity = 'autoscale'
param cosmosBackup = 'Continuous30Days'
param storageSku = 'Standard_ZRS'
