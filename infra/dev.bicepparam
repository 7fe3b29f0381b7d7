// To try things: little, cheap, and gone without a trace when it is deleted.
using 'main.bicep'

param namePrefix = 'shardline'
param environment = 'dev'
param authAudience = 'api://shardline-dev'

param keyVaultPurgeProtection = false
param embeddingCapacity = 30
param lightMemoryMB = 512
param heavyMemoryMB = 2048
param lightMaximumInstances = 40
param telemetryDays = 30
param telemetryDailyCapGB = 1
