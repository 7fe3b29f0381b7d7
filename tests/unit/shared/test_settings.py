"""Settings are read once, and every fault of them is told at once."""

import pytest
from pydantic import ValidationError

from shared.errors import ConfigurationError
from shared.settings import VARIABLES, ServiceConnection, Settings

SECRET = "Endpoint=sb://x/;SharedAccessKey=s3cr3t"

LOCAL = {"SERVICE_BUS": SECRET, "COSMOS": "AccountKey=s3cr3t", "BLOB": "AccountKey=s3cr3t"}
AZURE = {
    "SERVICE_BUS__fullyQualifiedNamespace": "shardline.servicebus.windows.net",
    "COSMOS__accountEndpoint": "https://shardline.documents.azure.com",
    "BLOB__blobServiceUri": "https://shardline.blob.core.windows.net",
}


def test_connection_strings_are_enough() -> None:
    settings = Settings.from_environ({**LOCAL, "PATH": "/usr/bin"})

    assert settings.service_bus.connection_string is not None
    assert settings.service_bus.connection_string.get_secret_value() == SECRET
    assert settings.service_bus.address is None
    assert (settings.cosmos_database, settings.consumer_type, settings.salesforce.webhook_limit_bytes) == ("shardline", "all", 16_777_216)


def test_addresses_for_an_identity_are_enough() -> None:
    settings = Settings.from_environ(AZURE)

    assert settings.cosmos.address == "https://shardline.documents.azure.com"
    assert settings.cosmos.connection_string is None


def test_each_variable_fills_its_field() -> None:
    environ = {**LOCAL, "COSMOS_DATABASE": "other", "SALESFORCE_WEBHOOK_LIMIT_BYTES": "1024", "CONSUMER_TYPE": "heavy"}

    settings = Settings.from_environ(environ)

    assert (settings.cosmos_database, settings.salesforce.webhook_limit_bytes, settings.consumer_type) == ("other", 1024, "heavy")


def test_all_faults_are_told_at_once_by_the_names_of_their_variables() -> None:
    environ = {
        "SERVICE_BUS": SECRET,
        "SERVICE_BUS__fullyQualifiedNamespace": "shardline.servicebus.windows.net",
        "COSMOS": "",
        "SALESFORCE_WEBHOOK_LIMIT_BYTES": "much",
        "CONSUMER_TYPE": "bright",
    }

    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ(environ)

    text = str(refused.value)
    assert [fault.partition(":")[0] for fault in text.removeprefix("settings: ").split("; ")] == [
        "SERVICE_BUS or SERVICE_BUS__fullyQualifiedNamespace",
        "COSMOS or COSMOS__accountEndpoint",
        "BLOB or BLOB__blobServiceUri",
        "SALESFORCE_WEBHOOK_LIMIT_BYTES",
        "CONSUMER_TYPE",
    ]
    assert not any(value in text for value in environ.values() if value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "1e6", "ten"])
def test_a_limit_is_a_positive_whole_number(limit: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^settings: SALESFORCE_WEBHOOK_LIMIT_BYTES: [^;]*$"):
        Settings.from_environ({**LOCAL, "SALESFORCE_WEBHOOK_LIMIT_BYTES": limit})


@pytest.mark.parametrize("shown", [repr, str, lambda settings: settings.model_dump_json()])
def test_a_secret_is_never_shown(shown: object) -> None:
    assert callable(shown)
    assert "s3cr3t" not in shown(Settings.from_environ(LOCAL))


def test_settings_do_not_change() -> None:
    settings = Settings.from_environ(LOCAL)

    with pytest.raises(ValidationError, match="frozen"):
        settings.cosmos_database = "other"  # type: ignore[misc] # the point of the test


def test_every_field_has_its_variable() -> None:
    filled = set(VARIABLES.values())
    single = {
        (name,)
        for name, field in Settings.model_fields.items()
        if field.annotation in (str, Settings.model_fields["consumer_type"].annotation)
    }
    services = {
        (name, part)
        for name, field in Settings.model_fields.items()
        if field.annotation is ServiceConnection
        for part in ServiceConnection.model_fields
    }

    assert filled == single | services | {("salesforce", "webhook_limit_bytes")}
