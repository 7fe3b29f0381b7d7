"""Reads the bindings of triggers, and refuses those this host cannot imitate."""

from dataclasses import replace
from typing import Any

import azure.functions as func

from devtools.host.function import ChangesTrigger, HttpTrigger, QueueTrigger, TimerTrigger, Trigger
from devtools.host.refusal import AppRefused


def trigger_of(function: str, binding: dict[str, Any]) -> Trigger:
    """The trigger of a binding's dictionary.

    Raises:
        AppRefused: it is of a kind, or has a property, that is not imitated.
    """
    match binding["type"]:
        case "httpTrigger":
            methods = binding.get("methods") or ()
            return HttpTrigger(str(binding.get("route") or function), frozenset(_text(method).upper() for method in methods))
        case "timerTrigger":
            is_monitored = binding.get("useMonitor") is not False
            return TimerTrigger(str(binding["schedule"]), binding.get("runOnStartup") is True, is_monitored)
        case "serviceBusTrigger":
            _check_service_bus(function, binding)
            return QueueTrigger(str(binding["queueName"]), str(binding["connection"]))
        case "cosmosDBTrigger":
            return _changes_trigger(function, binding)
        case other:
            raise AppRefused("policy", f"{other} is not imitated", function=function)


def _check_service_bus(function: str, binding: dict[str, Any]) -> None:
    if binding.get("topicName"):
        raise AppRefused("policy", "Service Bus topics are not imitated", function=function)
    if binding.get("isSessionsEnabled"):
        raise AppRefused("policy", "Service Bus sessions are not imitated", function=function)
    if _text(binding.get("cardinality") or "one").lower() != "one":
        raise AppRefused(
            "policy", "cardinality many is not imitated: in Azure it shifts optional metadata between messages", function=function
        )
    if binding.get("dataType") is not func.DataType.BINARY:
        reason = "a Service Bus trigger needs data_type=func.DataType.BINARY: every other mode changes bodies or lets them forge metadata"
        raise AppRefused("policy", reason, function=function)


def _changes_trigger(function: str, binding: dict[str, Any]) -> ChangesTrigger:
    if "containerName" not in binding:
        reason = "cosmos_db_trigger_v3 works with the extension bundles 2.x and 3.x alone: use cosmos_db_trigger"
        raise AppRefused("policy", reason, function=function)
    if binding.get("startFromBeginning") and binding.get("startFromTime"):
        raise AppRefused("policy", "only one of start_from_beginning and start_from_time can be used", function=function)
    connection, database = str(binding["connection"]), str(binding["databaseName"])
    usual = ChangesTrigger(connection, database, str(binding["containerName"]), connection, database)
    return replace(
        usual,
        lease_connection=str(binding.get("leaseConnection") or connection),
        lease_database=str(binding.get("leaseDatabaseName") or database),
        lease_container=str(binding.get("leaseContainerName") or usual.lease_container),
        prefix=str(binding.get("leaseContainerPrefix") or ""),
        creates_lease_container=binding.get("createLeaseContainerIfNotExists") is True,
        start=str(binding.get("startFromTime") or ("beginning" if binding.get("startFromBeginning") else "now")),
        most=int(binding.get("maxItemsPerInvocation") or usual.most),
        poll_seconds=_interval(binding, "feedPollDelay", usual.poll_seconds),
        acquire_seconds=_interval(binding, "leaseAcquireInterval", usual.acquire_seconds),
        expire_seconds=_interval(binding, "leaseExpirationInterval", usual.expire_seconds),
        renew_seconds=_interval(binding, "leaseRenewInterval", usual.renew_seconds),
    )


def _interval(binding: dict[str, Any], name: str, usual_seconds: float) -> float:
    """In seconds, of milliseconds."""
    return int(binding[name]) / 1000 if binding.get(name) else usual_seconds


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))
