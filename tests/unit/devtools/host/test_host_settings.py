import json
from pathlib import Path

import pytest

from devtools.host.hostjson import HostJson, ServiceBusLimits, read_host_json, seconds
from devtools.host.identities import Identity
from devtools.host.refusal import AppRefused
from devtools.host.settings import SettingMissing, add_to_environment, connection, is_disabled, read_local_settings, resolve


def test_local_settings_become_variables_except_nulls_and_what_exists(tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"IsEncrypted": False, "Values": {"A": "file", "B": "file", "C": None, "D": 4}}))
    environ = {"A": "already here"}

    add_to_environment(read_local_settings(path), environ)

    assert environ == {"A": "already here", "B": "file", "D": "4"}


@pytest.mark.parametrize("document", ["[]", '{"Values": 1}', '{"Values": {"A": {}}}', '{"IsEncrypted": true}', "not json"])
def test_settings_that_core_tools_would_not_take_are_refused(document: str, tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(document)

    with pytest.raises(ValueError, match=r"must|encrypted|Expecting"):
        read_local_settings(path)


def test_percent_names_are_filled_in() -> None:
    assert resolve("%PREFIX%-events-%N%", {"PREFIX": "dev", "N": "1"}) == "dev-events-1"


def test_an_unresolved_percent_name_says_which() -> None:
    with pytest.raises(SettingMissing, match="%QUEUE% does not resolve"):
        resolve("%QUEUE%", {})


@pytest.mark.parametrize("name", ["SERVICE_BUS", "AzureWebJobsSERVICE_BUS"])
def test_a_connection_is_found_by_its_name_with_or_without_prefix(name: str) -> None:
    assert connection("SERVICE_BUS", {name: "Endpoint=sb://localhost"}) == "Endpoint=sb://localhost"


NAMESPACE = {"SERVICE_BUS__fullyQualifiedNamespace": "x.servicebus.windows.net"}
MANAGED = {**NAMESPACE, "SERVICE_BUS__credential": "managedidentity"}


@pytest.mark.parametrize(
    ("settings", "identity"),
    [
        ({**MANAGED, "SERVICE_BUS__clientId": "an-id"}, Identity("x.servicebus.windows.net", is_managed=True, client_id="an-id")),
        ({**MANAGED, "SERVICE_BUS__credential": "ManagedIdentity"}, Identity("x.servicebus.windows.net", is_managed=True)),
        (NAMESPACE, Identity("x.servicebus.windows.net")),
        ({"AzureWebJobsSERVICE_BUS__fullyQualifiedNamespace": "y"}, Identity("y")),
    ],
)
def test_a_connection_may_be_an_identity(settings: dict[str, str], identity: Identity) -> None:
    assert connection("SERVICE_BUS", settings) == identity


def test_a_connection_string_comes_before_an_identity() -> None:
    assert connection("SERVICE_BUS", {**MANAGED, "SERVICE_BUS": "Endpoint=sb://localhost"}) == "Endpoint=sb://localhost"


def test_the_identity_of_a_database_account_has_its_endpoint() -> None:
    settings = {"COSMOS__accountEndpoint": "https://x.documents.azure.com:443/"}

    assert connection("COSMOS", settings, address="accountEndpoint") == Identity("https://x.documents.azure.com:443/")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({**NAMESPACE, "SERVICE_BUS__credential": "workloadidentity"}, "this host has managedidentity alone"),
        ({**NAMESPACE, "SERVICE_BUS__clientId": "an-id"}, "only where SERVICE_BUS__credential is managedidentity"),
    ],
)
def test_an_identity_of_another_kind_says_what_is_possible(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingMissing, match=said):
        connection("SERVICE_BUS", settings)


@pytest.mark.parametrize("settings", [{"SERVICE_BUS": ""}, {"SERVICE_BUS__credential": "managedidentity"}])
def test_a_missing_connection_is_named(settings: dict[str, str]) -> None:
    with pytest.raises(SettingMissing, match=r"there is no setting SERVICE_BUS, .* or SERVICE_BUS__fullyQualifiedNamespace"):
        connection("SERVICE_BUS", settings)


@pytest.mark.parametrize(
    ("settings", "disabled"),
    [
        ({"AzureWebJobs.my-function.Disabled": "true"}, True),
        ({"AzureWebJobs.my-function.Disabled": "1"}, True),
        ({"AzureWebJobs_my-function_Disabled": "True"}, True),
        ({"AzureWebJobs.my-function.Disabled": "false"}, False),
        ({"AzureWebJobs.other.Disabled": "true"}, False),
        ({}, False),
    ],
)
def test_a_function_is_disabled_by_its_setting(settings: dict[str, str], disabled: bool) -> None:
    assert is_disabled("my-function", settings) is disabled


def test_host_json_gives_prefix_and_limits(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    bus = {"maxConcurrentCalls": 32, "prefetchCount": 4, "maxAutoLockRenewalDuration": "00:15:00"}
    path.write_text(json.dumps({"version": "2.0", "extensions": {"http": {"routePrefix": ""}, "serviceBus": bus}}))

    assert read_host_json(path) == HostJson(route_prefix="", service_bus=ServiceBusLimits(32, 4, 900.0))


def test_an_empty_host_json_means_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text('{"version": "2.0"}')

    assert read_host_json(path) == HostJson(route_prefix="api", function_timeout_seconds=1800.0, service_bus=ServiceBusLimits(16, 0, 300.0))


@pytest.mark.parametrize(("text", "seconds_"), [("00:10:00", 600.0), ("-1", None)])
def test_function_timeout_is_a_time_span_or_no_limit(text: str, seconds_: float | None, tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text(json.dumps({"version": "2.0", "functionTimeout": text}))

    assert read_host_json(path).function_timeout_seconds == seconds_


def test_app_settings_override_host_json_whatever_their_case(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text(json.dumps({"version": "2.0", "extensions": {"serviceBus": {"maxConcurrentCalls": 32}}}))
    settings = {
        "AzureFunctionsJobHost__functionTimeout": "00:00:05",
        "AzureFunctionsJobHost__extensions__ServiceBus__MaxConcurrentCalls": "2",
        "AzureFunctionsJobHost__extensions__http__routePrefix": "v1",
        "UNRELATED": "x",
    }

    host_json = read_host_json(path, settings)

    assert host_json == HostJson("v1", 5.0, ServiceBusLimits(2, 0, 300.0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "version"),
        ("[]", "cannot be read"),
        ("{", "cannot be read"),
        ('{"version": "2.0", "extensions": {"serviceBus": {"maxAutoLockRenewalDuration": "5m"}}}', "not a time span"),
        ('{"version": "2.0", "extensions": {"serviceBus": {"autoCompleteMessages": false}}}', "autoCompleteMessages"),
    ],
)
def test_a_wrong_host_json_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text(text)

    with pytest.raises(AppRefused, match=reason):
        read_host_json(path)


def test_a_missing_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AppRefused, match=r"there is no host\.json"):
        read_host_json(tmp_path / "host.json")


def test_a_time_span_may_have_days() -> None:
    assert seconds("1.00:00:30") == 86430.0
