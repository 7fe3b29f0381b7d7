"""The second judge: every property and every enumerated value of a resource against Microsoft's own model of it.

``python -m devtools.bicep.judging < resources.json`` prints a line per fault and ``judged: …`` with the types it knew. It needs nothing but
the standard library and the packages of ``MODELS`` that are there, so that the environment of the Azure CLI can run it. A package is of one
version and a resource of another: what the models know is the newer one's. A property they know and an old API version does not passes.
"""

import importlib
import importlib.util
import json
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from devtools.bicep.shapes import Property, exact, is_enumeration, properties

MODELS: Final[Mapping[str, str]] = {
    "Microsoft.ServiceBus/namespaces": "servicebus.models:SBNamespace",
    "Microsoft.ServiceBus/namespaces/queues": "servicebus.models:SBQueue",
    "Microsoft.DocumentDB/databaseAccounts": "cosmosdb.models:DatabaseAccountCreateUpdateParameters",
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": "cosmosdb.models:SqlDatabaseCreateUpdateParameters",
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": "cosmosdb.models:SqlContainerCreateUpdateParameters",
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments": "cosmosdb.models:SqlRoleAssignmentCreateUpdateParameters",
    "Microsoft.Storage/storageAccounts": "storage.models:StorageAccountCreateParameters",
    "Microsoft.Storage/storageAccounts/blobServices": "storage.models:BlobServiceProperties",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "storage.models:BlobContainer",
    "Microsoft.Storage/storageAccounts/managementPolicies": "storage.models:ManagementPolicy",
    "Microsoft.KeyVault/vaults": "keyvault.models:VaultCreateOrUpdateParameters",
    "Microsoft.Web/serverfarms": "web.models:AppServicePlan",
    "Microsoft.Web/sites": "web.models:Site",
    "Microsoft.Web/sites/config": "web.models:StringDictionary",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "web.models:CsmPublishingCredentialsPoliciesEntity",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi.v2024_11_30.models:Identity",
    "Microsoft.Authorization/roleAssignments": "authorization.models:RoleAssignmentCreateParameters",
    "Microsoft.OperationalInsights/workspaces": "loganalytics.models:Workspace",
    "Microsoft.Insights/components": "applicationinsights.v2020_02_02_preview.models:ApplicationInsightsComponent",
    "Microsoft.Insights/dataCollectionRules": "monitor.models:DataCollectionRuleResource",
    "Microsoft.Insights/workbooks": "applicationinsights.v2018_06_17_preview.models:Workbook",
    "Microsoft.Insights/actionGroups": "monitor.models:ActionGroupResource",
    "Microsoft.Insights/metricAlerts": "monitor.models:MetricAlertResource",
    "Microsoft.Insights/scheduledQueryRules": "monitor.models:ScheduledQueryRuleResource",
    "Microsoft.CognitiveServices/accounts": "cognitiveservices.models:Account",
    "Microsoft.CognitiveServices/accounts/deployments": "cognitiveservices.models:Deployment",
}
"""Resource type → the class of a package below ``azure.mgmt`` that its body is an instance of."""

UNJUDGED: Final = ("Microsoft.Insights/diagnosticSettings",)
"""Types that no package of the Azure CLI has a model of any more."""

NOT_MODELLED: Final = ("Microsoft.Insights/components.properties.DisableLocalAuth",)
"""Properties of our API version that the newest package, of an earlier one, does not know. One line each, read in the documentation of
"Microsoft.Insights/components 2020-02-02"."""

WORDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "str": str,
    "duration": str,
    "iso-8601": str,
    "bool": bool,
    "int": int,
    "long": int,
    "float": (int, float),
}
"""How older packages call types."""


def model(resource_type: str) -> type | None:
    """The class, or None where its package is not installed here, or has none."""
    if resource_type in UNJUDGED:
        return None
    place, _, name = MODELS[resource_type].partition(":")
    if importlib.util.find_spec("azure") is None or importlib.util.find_spec(f"azure.mgmt.{place.partition('.')[0]}") is None:
        return None
    found: type = getattr(importlib.import_module(f"azure.mgmt.{place}"), name)
    return found


def faults(resource_type: str, body: Mapping[str, Any]) -> Iterator[str]:
    """One sentence per property that is not there, may not be written, or has a value of another kind.

    Raises:
        KeyError: nobody has said yet which model the type has.
    """
    judged = model(resource_type)
    if judged is not None:
        for fault in against(judged, body):
            if f"{resource_type}{fault}" not in {f"{known}: there is no such property" for known in NOT_MODELLED}:
                yield f"{resource_type}{fault}"


def against(model_of: Any, value: Mapping[str, Any], way: str = "") -> Iterator[str]:
    """The same for one class. ``way``: how one came to the value, ``.properties.sku``."""
    known = properties(exact(model_of, value))
    yield from _members(known, value, way, sys.modules[model_of.__module__])
    for name, each in known.items():
        if each.is_required and not each.is_read_only and not _has(value, name):
            yield f"{way}.{name}: it is missing"


def _has(value: Any, name: str) -> bool:
    """Whether something is said at a name, which may be a way of several."""
    first, _, rest = name.partition(".")
    if not isinstance(value, Mapping):
        return False
    return name in value or (first in value and bool(rest) and _has(value[first], rest))


def _members(known: Mapping[str, Property], value: Mapping[str, Any], way: str, module: types.ModuleType) -> Iterator[str]:
    for name, inner in value.items():
        here = f"{way}.{name}"
        below = {key.removeprefix(f"{name}."): each for key, each in known.items() if key.startswith(f"{name}.") and name not in known}
        if below and isinstance(inner, Mapping):
            yield from _members(below, inner, here, module)
        elif name not in known:
            yield f"{here}: there is no such property"
        elif known[name].is_read_only:
            yield f"{here}: it is only ever answered"
        elif inner is not None:
            yield from _value(known[name].type, inner, here, module)


def _value(hint: Any, value: Any, way: str, module: types.ModuleType) -> Iterator[str]:
    if isinstance(hint, str):
        yield from _worded(hint, value, way, module)
        return
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        yield from _union([each for each in arguments if each is not type(None)], value, way, module)
    elif origin is typing.Literal:
        yield from _listed({getattr(each, "value", each) for each in arguments}, value, way)
    elif origin is list:
        yield from _elements(arguments[0], value, way, module)
    elif origin is dict:
        yield from _entries(arguments[1], value, way, module)
    elif is_enumeration(hint):
        yield from _listed({each.value for each in hint}, value, way)
    elif hint in (str, int, float, bool):
        yield from _plain((int, float) if hint is float else hint, value, way)
    elif isinstance(hint, type) and (hasattr(hint, "_attribute_map") or hasattr(hint, "_calculated")):
        yield from against(hint, value, way) if isinstance(value, Mapping) else [f"{way}: {value!r} is no object"]


def _listed(known: set[Any], value: Any, way: str) -> Iterator[str]:
    if value not in known:
        yield f"{way}: {value!r} is none of {sorted(known)}"


def _union(kinds: list[Any], value: Any, way: str, module: types.ModuleType) -> Iterator[str]:
    """``str | SomeEnum`` means one of the words that are known; otherwise one of the kinds has to fit."""
    closed = [kind for kind in kinds if is_enumeration(kind)]
    if closed:
        yield from _value(closed[0], value, way, module)
        return
    complaints = [list(_value(kind, value, way, module)) for kind in kinds]
    if complaints and all(complaints):
        yield from min(complaints, key=len)


def _worded(words: str, value: Any, way: str, module: types.ModuleType) -> Iterator[str]:
    if words.startswith("["):
        yield from _elements(words[1:-1], value, way, module)
    elif words.startswith("{"):
        yield from _entries(words[1:-1], value, way, module)
    elif words in WORDS:
        yield from _plain(WORDS[words], value, way)
    elif hasattr(module, words):
        yield from _value(getattr(module, words), value, way, module)


def _plain(kind: type | tuple[type, ...], value: Any, way: str) -> Iterator[str]:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        yield f"{way}: {value!r} is of another kind"


def _elements(kind: Any, value: Any, way: str, module: types.ModuleType) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{way}: {value!r} is no array"
        return
    for index, each in enumerate(value):
        yield from _value(kind, each, f"{way}[{index}]", module)


def _entries(kind: Any, value: Any, way: str, module: types.ModuleType) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{way}: {value!r} is no object"
        return
    for name, each in value.items():
        yield from _value(kind, each, f"{way}.{name}", module)


def main(resources: Iterable[Mapping[str, Any]]) -> int:
    """Judge what is on standard input: ``[{"type": …, "body": …}]``."""
    resources = list(resources)
    found = [fault for resource in resources for fault in faults(resource["type"], resource["body"])]
    for fault in found:
        print(fault)
    print("judged: " + " ".join(sorted({resource["type"] for resource in resources if model(resource["type"]) is not None})))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(json.load(sys.stdin)))
