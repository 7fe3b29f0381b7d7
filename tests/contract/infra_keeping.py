"""What the template promises of what is kept: for how long, what can be brought back, and what is never written down."""

import re

from devtools.bicep.values import Expansion
from shared.topology import TOPOLOGY


def lifecycle(expansion: Expansion) -> None:
    """Claims outlive the last message that can name them by 30 days, old snapshots go, and no rule touches a package."""
    [policy] = expansion.of("Microsoft.Storage/storageAccounts/managementPolicies")
    rules = policy.properties["policy"]["rules"]
    days = {
        rule["definition"]["filters"]["prefixMatch"][0]: rule["definition"]["actions"]["baseBlob"]["delete"][
            "daysAfterModificationGreaterThan"
        ]
        for rule in rules
        if rule["enabled"] and len(rule["definition"]["filters"]["prefixMatch"]) == 1
    }
    assert len(rules) == 2
    assert days == {"claims/": 44, "anchors/": 90}
    assert days["claims/"] == max(queue.time_to_live.days for queue in TOPOLOGY.queues) + 30
    assert policy.name.partition("/")[0] == expansion.outputs["storageAccount"]


def kept_and_not_kept(expansion: Expansion) -> None:
    """Of what is erased no copy stays in the data's account; a package that was written over comes back, and so does a vault."""
    data, host = (expansion.outputs[name] for name in ("storageAccount", "hostStorageAccount"))
    services = {each.name.partition("/")[0]: each.properties for each in expansion.of("Microsoft.Storage/storageAccounts/blobServices")}
    off = {"enabled": False}
    assert (services[data]["deleteRetentionPolicy"], services[data]["containerDeleteRetentionPolicy"]) == (off, off)
    assert services[data]["isVersioningEnabled"] is False
    assert services[host]["deleteRetentionPolicy"] == {"enabled": True, "days": 14}
    [vault] = expansion.of("Microsoft.KeyVault/vaults")
    assert vault.properties["enablePurgeProtection"] in (True, None), "Key Vault refuses false"


def path_keys(expansion: Expansion) -> None:
    """There is a rule of this workspace that cuts addresses where Salesforce's key begins, in each table that may hold one."""
    [workspace] = expansion.of("Microsoft.OperationalInsights/workspaces")
    [rule] = expansion.of("Microsoft.Insights/dataCollectionRules")
    assert rule.body["kind"] == "WorkspaceTransforms"
    [destination] = rule.properties["destinations"]["logAnalytics"]
    assert destination["workspaceResourceId"] == workspace.id
    assert all(flow["destinations"] == [destination["name"]] for flow in rule.properties["dataFlows"])
    cut = {
        table.removeprefix("Microsoft-Table-"): set(re.findall(r"extend (\w+) = iff", flow["transformKql"]))
        for flow in rule.properties["dataFlows"]
        for table in flow["streams"]
    }
    assert cut == {
        "AppRequests": {"Url", "Name", "OperationName"},
        "AppDependencies": {"OperationName"},
        "AppExceptions": {"OperationName"},
        "AppTraces": {"OperationName"},
    }
    wanted = rule.id if expansion.parameters.get("hidePathKeys") else None
    assert workspace.properties["defaultDataCollectionRuleResourceId"] == wanted


def tagged(expansion: Expansion) -> None:
    """Whatever takes tags says whose it is, and what it is part of."""
    without = [resource.name for resource in expansion.resources if resource.body.get("location") and not resource.body.get("tags")]
    assert without == []
