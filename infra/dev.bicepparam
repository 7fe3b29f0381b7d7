// To try things: little, cheap, and gone without a trace when it is deleted.
using 'main.bicep'

param namePrefix = 'shardline'
param environment = 'dev'
// Yours to say: the id of the application registered for the API (docs/deploy.md). This one is nobody's, and scripts/deploy refuses it.
param authAudience = '00000000-0000-0000-0000-000000000000'

param keyVaultPurgeProtection = false
param embeddingCapacity = 30
param lightMemoryMB = 512
param heavyMemoryMB = 2048
param lightMaximumInstances = 40
param telemetryDays = 30
param telemetryDailyCapGB = 1
