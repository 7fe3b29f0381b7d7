"""The tables of an Application Insights component that queries may use, with their columns.

Source of the columns: Azure Monitor's reference of the tables ``AppMetrics``, ``AppRequests``, ``AppTraces``, ``AppDependencies`` and
``AppExceptions``, each with the names a component's own queries use ("Workspace-based resource changes"). Only documented columns are here,
and of the common ones only those a query of ours could want: where a person was and what they held is not asked.
"""

from typing import Final

_COMMON: Final = (
    "timestamp:datetime, itemId:string, itemType:string, customDimensions:dynamic, operation_Name:string, operation_Id:string,"
    " operation_ParentId:string, operation_SyntheticSource:string, application_Version:string, client_Type:string, cloud_RoleName:string,"
    " cloud_RoleInstance:string, appId:string, appName:string, iKey:string, sdkVersion:string, _ResourceId:string"
)

TABLES: Final = {
    "customMetrics": f"({_COMMON}, name:string, value:real, valueCount:int, valueSum:real, valueMin:real, valueMax:real, valueStdDev:real)",
    "requests": (
        f"({_COMMON}, customMeasurements:dynamic, id:string, source:string, name:string, url:string, success:string, resultCode:string,"
        " duration:real, performanceBucket:string, itemCount:int)"
    ),
    "dependencies": (
        f"({_COMMON}, customMeasurements:dynamic, id:string, target:string, type:string, name:string, data:string, success:string,"
        " resultCode:string, duration:real, performanceBucket:string, itemCount:int)"
    ),
    "traces": f"({_COMMON}, customMeasurements:dynamic, message:string, severityLevel:int, itemCount:int)",
    "exceptions": (
        f"({_COMMON}, customMeasurements:dynamic, problemId:string, handledAt:string, type:string, message:string, assembly:string,"
        " method:string, outerType:string, outerMessage:string, outerAssembly:string, outerMethod:string, innermostType:string,"
        " innermostMessage:string, innermostAssembly:string, innermostMethod:string, severityLevel:int, details:dynamic, itemCount:int)"
    ),
}
"""Name → columns with their types, as the language service reads them."""
