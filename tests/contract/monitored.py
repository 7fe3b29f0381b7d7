"""The monitoring module, and one deployment's values for it."""

from pathlib import PurePosixPath
from typing import Final

MODULE: Final = PurePosixPath("infra/modules/monitoring.bicep")

_GROUP: Final = "/subscriptions/s/resourceGroups/g/providers"

PARAMETERS: Final = {
    "location": "westeurope",
    "namePrefix": "shard-dev",
    "appInsightsId": f"{_GROUP}/Microsoft.Insights/components/shard-dev",
    "serviceBusNamespaceId": f"{_GROUP}/Microsoft.ServiceBus/namespaces/shard-dev",
    "cosmosAccountId": f"{_GROUP}/Microsoft.DocumentDB/databaseAccounts/shard-dev",
    "alertEmails": ["operator@example.com"],
    "onCallActionGroupIds": [f"{_GROUP}/Microsoft.Insights/actionGroups/phone"],
}
