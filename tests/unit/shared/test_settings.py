"""Settings are read once, and every fault of them is told at once."""

import inspect
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from shared.errors import ConfigurationError
from shared.settings import VARIABLES, Settings

SECRET = "Endpoint=sb://x/;SharedAccessKey=s3cr3t"

AUTH = {
    "AUTH_ISSUER": "https://login.example/acme/v2.0",
    "AUTH_AUDIENCE": "api://shardline",
    "AUTH_JWKS_URL": "https://login.example/acme/keys",
}
LOCAL = {"SERVICE_BUS": SECRET, "COSMOS": "AccountKey=s3cr3t", "BLOB": "AccountKey=s3cr3t", "EMBEDDING_OFFLINE": "true", **AUTH}
AZURE = {
    "SERVICE_BUS__fullyQualifiedNamespace": "shardline.servicebus.windows.net",
    "COSMOS__accountEndpoint": "https://shardline.documents.azure.com",
    "BLOB__blobServiceUri": "https://shardline.blob.core.windows.net",
    "EMBEDDING_AZURE_OPENAI_ENDPOINT": "https://shardline.openai.azure.com",
    **AUTH,
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
    assert settings.embedding.azure_openai_endpoint == "https://shardline.openai.azure.com"
    assert settings.embedding.azure_openai_api_key is None
    assert (settings.embedding.model, settings.embedding.dimensions, settings.embedding.offline) == ("text-embedding-3-small", 1536, False)
    assert (settings.auth.tenant_claim, settings.auth.admin_role) == ("tid", "Shardline.Admin")


def test_each_variable_fills_its_field() -> None:
    environ = {
        **AZURE,
        "COSMOS_DATABASE": "other",
        "KEY_VAULT__vaultUri": "https://acme.vault.azure.net/",
        "SALESFORCE_WEBHOOK_LIMIT_BYTES": "1024",
        "SALESFORCE_API_VERSION": "67.0",
        "GDRIVE_API_BASE_URL": "http://127.0.0.1:7095",
        "GDRIVE_DIRECTORY_BASE_URL": "https://directory.example",
        "SLACK_WEBHOOK_LIMIT_BYTES": "2048",
        "SLACK_SIGNING_SECRETS": "A1=s3cr3t",
        "SLACK_APP_TOKENS": "A1=xapp-s3cr3t",
        "SLACK_API_BASE_URL": "http://127.0.0.1:7092",
        "SLACK_WINDOW_SECONDS": "0.5",
        "SYNC_STEP_SECONDS": "12.5",
        "SYNC_OVERLAP_SECONDS": "0",
        "SYNC_COMPARE_GRACE_SECONDS": "60",
        "SYNC_PACE_AGE_SECONDS": "5",
        "EMBEDDING_AZURE_OPENAI_API_KEY": "s3cr3t",
        "EMBEDDING_AZURE_OPENAI_DEPLOYMENT": "embeddings-eu",
        "AUTH_TENANT_CLAIM": "org",
        "AUTH_ADMIN_ROLE": "Boss",
        "CONSUMER_TYPE": "heavy",
    }

    settings = Settings.from_environ(environ)

    embedding, auth = settings.embedding, settings.auth
    assert (settings.cosmos_database, settings.salesforce.webhook_limit_bytes, settings.consumer_type) == ("other", 1024, "heavy")
    assert embedding.azure_openai_api_key is not None
    assert embedding.azure_openai_api_key.get_secret_value() == "s3cr3t"
    assert embedding.azure_openai_deployment == "embeddings-eu"
    assert (settings.key_vault_uri, settings.salesforce.api_version) == ("https://acme.vault.azure.net/", "67.0")
    assert tuple(settings.gdrive.model_dump().values()) == ("http://127.0.0.1:7095", "https://directory.example")
    slack = settings.slack
    assert (slack.webhook_limit_bytes, slack.api_base_url, slack.window_seconds) == (2048, "http://127.0.0.1:7092", 0.5)
    assert (slack.secrets_of_apps, slack.tokens_of_apps) == ({"A1": ("s3cr3t",)}, {"A1": "xapp-s3cr3t"})
    assert tuple(settings.sync.model_dump().values()) == (12.5, 0, 60, 5)
    assert (auth.issuer, auth.audience, auth.jwks_url) == tuple(AUTH.values())
    assert (auth.tenant_claim, auth.admin_role) == ("org", "Boss")


def test_how_sources_are_polled_has_defaults() -> None:
    settings = Settings.from_environ(LOCAL)

    assert settings.sync.model_dump() == {
        "step_seconds": 120,
        "overlap_seconds": 600,
        "compare_grace_seconds": 900,
        "pace_age_seconds": 30,
    }
    assert (settings.salesforce.api_version, settings.key_vault_uri, settings.secrets) == ("66.0", None, {})
    assert tuple(settings.gdrive.model_dump().values()) == ("https://www.googleapis.com", "https://admin.googleapis.com")
    assert tuple(settings.slack.model_dump().values()) == (1_048_576, None, None, "https://slack.com", 30)
    assert (settings.slack.secrets_of_apps, settings.slack.tokens_of_apps) == ({}, {})


def test_an_app_whose_signing_secret_is_replaced_has_two_of_them_in_their_order() -> None:
    environ = {"SLACK_SIGNING_SECRETS": "A1=new, A2=other,A1=old=er ", "SLACK_APP_TOKENS": "A1=xapp-1,A1=xapp-2"}

    slack = Settings.from_environ({**LOCAL, **environ}).slack

    assert slack.secrets_of_apps == {"A1": ("new", "old=er"), "A2": ("other",)}
    assert slack.tokens_of_apps == {"A1": "xapp-2"}


@pytest.mark.parametrize("variable", ["SLACK_SIGNING_SECRETS", "SLACK_APP_TOKENS"])
@pytest.mark.parametrize(
    "value", ["s3cr3t", "A1=", "=s3cr3t", "a1=s3cr3t", "A1=s3cr3t,", "A1:s3cr3t", "@Microsoft.KeyVault(VaultName=s3cr3t)"]
)
def test_pairs_that_cannot_be_read_are_named_without_what_was_in_them(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ({**LOCAL, variable: value})

    expected = "Value error, give pairs of an app's id and its secret, as A0123456789=secret, with commas between them"
    assert str(refused.value) == f"settings: {variable}: {expected}"


def test_every_variable_of_a_secret_is_one() -> None:
    environ = {"SECRET_ACME_KEY": "s3cr3t", "SECRET_EMPTY": "", "SECRETARY": "Jane", "XSECRET_A": "x", "SECRET_<NAME>": "odd"}

    secrets = Settings.from_environ({**LOCAL, **environ}).secrets

    assert {name: secret.get_secret_value() for name, secret in secrets.items()} == {"SECRET_ACME_KEY": "s3cr3t"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KEY_VAULT__vaultUri", "http://acme.vault.azure.net"),
        ("KEY_VAULT__vaultUri", "acme"),
        ("KEY_VAULT__vaultUri", "https://acme.vault.azure.net/secrets/x"),
        ("SALESFORCE_API_VERSION", "v66.0"),
        ("GDRIVE_API_BASE_URL", "http://www.googleapis.com"),
        ("GDRIVE_API_BASE_URL", "https://www.googleapis.com/drive/v3"),
        ("GDRIVE_DIRECTORY_BASE_URL", "https://user:word@admin.googleapis.com"),
        ("SALESFORCE_API_VERSION", "66.0/query"),
        ("SLACK_API_BASE_URL", "http://slack.com"),
        ("SLACK_API_BASE_URL", "https://slack.com/api"),
        ("SLACK_WINDOW_SECONDS", "0"),
        ("SLACK_WINDOW_SECONDS", "901"),
        ("SLACK_WEBHOOK_LIMIT_BYTES", "0"),
        ("SYNC_STEP_SECONDS", "0"),
        ("SYNC_STEP_SECONDS", "241"),
        ("SYNC_OVERLAP_SECONDS", "-1"),
        ("SYNC_PACE_AGE_SECONDS", "soon"),
    ],
)
def test_a_setting_of_the_sources_that_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^settings: {variable}: [^;]*$"):
        Settings.from_environ({**LOCAL, variable: value})


def test_all_faults_are_told_at_once_by_the_names_of_their_variables() -> None:
    environ = {
        "SERVICE_BUS": SECRET,
        "SERVICE_BUS__fullyQualifiedNamespace": "shardline.servicebus.windows.net",
        "COSMOS": "",
        "SALESFORCE_WEBHOOK_LIMIT_BYTES": "much",
        "AUTH_ISSUER": "https://login.example/acme/v2.0",
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
        "EMBEDDING_AZURE_OPENAI_ENDPOINT or EMBEDDING_OFFLINE",
        "AUTH_AUDIENCE",
        "AUTH_JWKS_URL",
        "CONSUMER_TYPE",
    ]
    assert not any(value in text for value in environ.values() if value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "1e6", "ten"])
def test_a_limit_is_a_positive_whole_number(limit: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^settings: SALESFORCE_WEBHOOK_LIMIT_BYTES: [^;]*$"):
        Settings.from_environ({**LOCAL, "SALESFORCE_WEBHOOK_LIMIT_BYTES": limit})


@pytest.mark.parametrize("offline", ["true", "1", "True"])
def test_a_development_machine_needs_no_service_for_vectors(offline: str) -> None:
    settings = Settings.from_environ({**LOCAL, "EMBEDDING_OFFLINE": offline})

    assert settings.embedding.offline
    assert settings.embedding.azure_openai_endpoint is None


@pytest.mark.parametrize(
    "embedding",
    [
        {},
        {"EMBEDDING_OFFLINE": ""},
        {"EMBEDDING_OFFLINE": "false"},
        {"EMBEDDING_OFFLINE": "true", "EMBEDDING_AZURE_OPENAI_ENDPOINT": "https://shardline.openai.azure.com"},
        {"EMBEDDING_AZURE_OPENAI_API_KEY": "s3cr3t", "EMBEDDING_AZURE_OPENAI_DEPLOYMENT": "embeddings-eu"},
        {"EMBEDDING_MODEL": "text-embedding-3-small", "EMBEDDING_DIMENSIONS": "1536"},
    ],
    ids=str,
)
def test_either_azure_openai_or_the_offline_encoder_makes_vectors_and_never_both(embedding: dict[str, str]) -> None:
    environ = {name: value for name, value in LOCAL.items() if name != "EMBEDDING_OFFLINE"} | embedding

    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environ(environ)

    assert str(refused.value) == (
        "settings: EMBEDDING_AZURE_OPENAI_ENDPOINT or EMBEDDING_OFFLINE: Value error, give the endpoint of Azure OpenAI or,"
        " on a development machine, allow the offline encoder, and not both"
    )


def test_the_model_and_its_dimensions_are_read() -> None:
    settings = Settings.from_environ({**LOCAL, "EMBEDDING_MODEL": "text-embedding-3-large", "EMBEDDING_DIMENSIONS": "3072"})

    assert (settings.embedding.model, settings.embedding.dimensions) == ("text-embedding-3-large", 3072)


@pytest.mark.parametrize("wrong", [{"EMBEDDING_MODEL": "text-embedding-3-large"}, {"EMBEDDING_DIMENSIONS": "3072"}], ids=str)
def test_vectors_there_is_no_container_for_are_refused_before_the_first_is_paid_for(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="no container for EMBEDDING_MODEL and EMBEDDING_DIMENSIONS") as refused:
        Settings.from_environ({**AZURE, **wrong})

    assert not any(value in str(refused.value) for value in wrong.values())


@pytest.mark.parametrize(("variable", "value"), [("OFFLINE", "perhaps"), ("DIMENSIONS", "0"), ("DIMENSIONS", "-3"), ("DIMENSIONS", "many")])
def test_a_setting_of_the_embedding_that_makes_no_sense_is_named_alone(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^settings: EMBEDDING_{variable}: [^;]*$"):
        Settings.from_environ({**LOCAL, f"EMBEDDING_{variable}": value})


@pytest.mark.parametrize("missing", AUTH)
def test_the_api_is_never_open_for_want_of_a_setting(missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^settings: {missing}: Field required$"):
        Settings.from_environ({name: value for name, value in LOCAL.items() if name != missing})


@pytest.mark.parametrize("shown", [repr, str, lambda settings: settings.model_dump_json()])
def test_a_secret_is_never_shown(shown: object) -> None:
    assert callable(shown)
    of_slack = {"SLACK_SIGNING_SECRETS": "A1=s3cr3t", "SLACK_APP_TOKENS": "A1=s3cr3t"}
    for environ in (LOCAL, {**AZURE, **of_slack, "EMBEDDING_AZURE_OPENAI_API_KEY": "s3cr3t", "SECRET_ACME_KEY": "s3cr3t"}):
        assert "s3cr3t" not in shown(Settings.from_environ(environ))


def test_settings_do_not_change() -> None:
    settings = Settings.from_environ(LOCAL)

    with pytest.raises(ValidationError, match="frozen"):
        settings.cosmos_database = "other"  # type: ignore[misc] # the point of the test


def test_every_field_has_its_variable() -> None:
    assert sorted(VARIABLES.values()) == sorted(fields(Settings))


def fields(model: type[BaseModel], *group: str) -> Iterator[tuple[str, ...]]:
    """The fields of a group and of the groups in it."""
    for name, field in model.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, *group, name)
        else:
            yield (*group, name)
