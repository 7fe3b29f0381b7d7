// What people rely on. authAudience, operatorPrincipalId and alertEmails are yours to set, here or as --parameters of the command.
using 'main.bicep'

param namePrefix = 'shardline'
param environment = 'prod'
param authAudience = 'api://shardline'

param cosmosCapacity = 'autoscale'
param cosmosBackup = 'Continuous30Days'
param storageSku = 'Standard_ZRS'
