"""The settings, read once per worker from the environment; ``docs/settings.md`` explains each.

A connection to an Azure service is either a connection string (``COSMOS``) or the address an identity is used for
(``COSMOS__accountEndpoint``): the form the Functions host itself reads for triggers. Both are ordinary settings.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from shared.errors import ConfigurationError
from shared.topology import LEXICAL, MINILM, SPACES, Space

SERVED: Final = tuple(space for space in SPACES if space not in (MINILM, LEXICAL))
"""The spaces of models that a service serves."""


SECRET_PREFIX: Final = "SECRET_"  # noqa: S105 - what names begin with
_SECRET: Final = re.compile(SECRET_PREFIX + r"[0-9A-Z_]+")
_BASE_URL: Final = r"^(https://[^/?#\s@]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?)$"
"""Without a path. Plain HTTP is for this machine alone: bearer tokens go there."""


def secret_variable(name: str) -> str:
    """The variable that holds the secret of this name: ``acme-key`` is in ``SECRET_ACME_KEY``."""
    return SECRET_PREFIX + name.upper().replace("-", "_")


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceConnection(_Group):
    """One Azure service: a connection string, or the address for an identity."""

    connection_string: SecretStr | None = None
    address: str | None = None

    @model_validator(mode="after")
    def exactly_one(self) -> "ServiceConnection":
        if (self.connection_string is None) == (self.address is None):
            raise ValueError("give a connection string or an address for an identity, and not both")
        return self


class SalesforceSettings(_Group):
    """How Salesforce is received and asked."""

    webhook_limit_bytes: int = Field(default=16 * 1024 * 1024, gt=0)
    api_version: str = Field(default="66.0", pattern=r"^[0-9]{2,3}\.0$")


class GDriveSettings(_Group):
    """Where Google is asked."""

    api_base_url: str = Field(default="https://www.googleapis.com", pattern=_BASE_URL)
    directory_base_url: str = Field(default="https://admin.googleapis.com", pattern=_BASE_URL)


class SlackSettings(_Group):
    """How Slack is received and asked."""

    webhook_limit_bytes: int = Field(default=1024 * 1024, gt=0)
    signing_secrets: SecretStr | None = None
    """Pairs ``app=secret`` with commas between them; two of one app while its secret is replaced."""
    app_tokens: SecretStr | None = None
    """Pairs ``app=token`` of app-level tokens, ``xapp-…``."""
    api_base_url: str = Field(default="https://slack.com", pattern=_BASE_URL)
    window_seconds: float = Field(default=30, gt=0, le=900)
    """With the grace well under half of the hour in which a queue knows a message again."""

    @field_validator("signing_secrets", "app_tokens")
    @classmethod
    def in_pairs(cls, said: SecretStr | None) -> SecretStr | None:
        """Pairs can be read."""
        if said is not None:
            _pairs(said)
        return said

    @property
    def secrets_of_apps(self) -> Mapping[str, tuple[str, ...]]:
        """The signing secrets by app, in the order they stand in."""
        return _pairs(self.signing_secrets)

    @property
    def tokens_of_apps(self) -> Mapping[str, str]:
        """The app-level token by app; of several the last one."""
        return {app: tokens[-1] for app, tokens in _pairs(self.app_tokens).items()}


def _pairs(said: SecretStr | None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pair in said.get_secret_value().split(",") if said is not None else ():
        app, is_pair, value = (part.strip() for part in pair.partition("="))
        if not (is_pair and re.fullmatch(r"A[0-9A-Z]+", app) and value):
            raise ValueError("give pairs of an app's id and its secret, as A0123456789=secret, with commas between them")
        found[app] = (*found.get(app, ()), value)
    return found


class SyncSettings(_Group):
    """How sources are polled. Seconds."""

    step_seconds: float = Field(default=120, gt=0, le=240)
    """Well below the lock of a message, 300 s."""
    overlap_seconds: float = Field(default=600, ge=0)
    compare_grace_seconds: float = Field(default=900, ge=0)
    pace_age_seconds: float = Field(default=30, gt=0)


class EmbeddingSettings(_Group):
    """Who makes vectors: Azure OpenAI, or the offline encoder of a development machine."""

    azure_openai_endpoint: str | None = None
    azure_openai_api_key: SecretStr | None = None
    """Without one the deployment's identity is used."""
    azure_openai_deployment: str | None = None
    """The deployment's name, where it is not the model's."""
    model: str = "text-embedding-3-small"
    dimensions: int = Field(default=1536, gt=0)
    price_per_million_tokens: float = Field(default=0.02, ge=0)
    """US dollars; that of text-embedding-3-small."""
    offline: bool = False

    @model_validator(mode="after")
    def one_of_both(self) -> "EmbeddingSettings":
        if (self.azure_openai_endpoint is None) is not self.offline:
            raise ValueError("give the endpoint of Azure OpenAI or, on a development machine, allow the offline encoder, and not both")
        if not self.offline and self.space is None:
            known = ", ".join(f"{space.model} with {space.dimensions}" for space in SERVED)
            raise ValueError(f"there is no container for EMBEDDING_MODEL and EMBEDDING_DIMENSIONS as they are set, only for {known}")
        return self

    @property
    def space(self) -> Space | None:
        """The space of the model that is named, if there is a container for it."""
        return next((space for space in SERVED if (space.model, space.dimensions) == (self.model, self.dimensions)), None)


class TelemetrySettings(_Group):
    """Where measurements, spans and logs go: nowhere, to Application Insights, to a collector, or to both."""

    application_insights: SecretStr | None = None
    application_insights_authentication: str | None = None
    """The form the Functions host reads: ``Authorization=AAD;ClientId=<id>``."""
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://[^/?#\s@]+(/[^?#\s@]*)?$")
    """The collector's base; ``/v1/traces``, ``/v1/metrics`` and ``/v1/logs`` are added."""
    otlp_headers: SecretStr | None = None
    """``name=value`` with commas between them."""
    traces_kept: float = Field(default=1.0, ge=0, le=1)
    """The share of traces."""

    @property
    def identity_client_id(self) -> str | None:
        """The client id that is named."""
        return self._authentication.get("clientid")

    @property
    def wants_identity(self) -> bool:
        """Whether Application Insights takes nobody's word but an identity's."""
        return self._authentication.get("authorization", "").lower() == "aad"

    @property
    def _authentication(self) -> Mapping[str, str]:
        pairs = (part.partition("=") for part in (self.application_insights_authentication or "").split(";"))
        return {name.strip().lower(): value.strip() for name, _, value in pairs}


class AuthSettings(_Group):
    """Whose bearer tokens open the API."""

    issuer: str
    audience: str
    jwks_url: str
    tenant_claim: str = "tid"
    admin_role: str = "Shardline.Admin"


class Settings(_Group):
    """Everything a deployment may set, in groups."""

    service_bus: ServiceConnection
    cosmos: ServiceConnection
    cosmos_database: str = "shardline"
    blob: ServiceConnection
    key_vault_uri: str | None = Field(default=None, pattern=r"^https://[^/?#]+/?$")
    secrets: Mapping[str, SecretStr] = {}
    """By variable. A field of its own for each would have to know the connections."""
    salesforce: SalesforceSettings = SalesforceSettings()
    gdrive: GDriveSettings = GDriveSettings()
    slack: SlackSettings = SlackSettings()
    sync: SyncSettings = SyncSettings()
    embedding: EmbeddingSettings
    auth: AuthSettings
    telemetry: TelemetrySettings = TelemetrySettings()
    consumer_type: Literal["light", "heavy", "all"] = "all"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            ConfigurationError: naming every variable that is missing or wrong, at once, and none of their values.
        """
        raw: dict[str, Any] = {}
        for variable, path in VARIABLES.items():
            if environ.get(variable):
                group = raw
                for name in path[:-1]:
                    group = group.setdefault(name, {})
                group[path[-1]] = environ[variable]
        raw["secrets"] = {name: value for name, value in environ.items() if _SECRET.fullmatch(name) and value}
        for group_name in ("service_bus", "cosmos", "blob", "embedding", "auth"):
            raw.setdefault(group_name, {})
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            faults = [f"{_variables_at(fault['loc'])}: {fault['msg']}" for fault in error.errors(include_input=False, include_url=False)]
            raise ConfigurationError("settings: " + "; ".join(faults)) from None


VARIABLES: dict[str, tuple[str, ...]] = {
    "SERVICE_BUS": ("service_bus", "connection_string"),
    "SERVICE_BUS__fullyQualifiedNamespace": ("service_bus", "address"),
    "COSMOS": ("cosmos", "connection_string"),
    "COSMOS__accountEndpoint": ("cosmos", "address"),
    "COSMOS_DATABASE": ("cosmos_database",),
    "BLOB": ("blob", "connection_string"),
    "BLOB__blobServiceUri": ("blob", "address"),
    "KEY_VAULT__vaultUri": ("key_vault_uri",),
    "SECRET_<NAME>": ("secrets",),
    "SALESFORCE_WEBHOOK_LIMIT_BYTES": ("salesforce", "webhook_limit_bytes"),
    "SALESFORCE_API_VERSION": ("salesforce", "api_version"),
    "GDRIVE_API_BASE_URL": ("gdrive", "api_base_url"),
    "GDRIVE_DIRECTORY_BASE_URL": ("gdrive", "directory_base_url"),
    "SLACK_WEBHOOK_LIMIT_BYTES": ("slack", "webhook_limit_bytes"),
    "SLACK_SIGNING_SECRETS": ("slack", "signing_secrets"),
    "SLACK_APP_TOKENS": ("slack", "app_tokens"),
    "SLACK_API_BASE_URL": ("slack", "api_base_url"),
    "SLACK_WINDOW_SECONDS": ("slack", "window_seconds"),
    "SYNC_STEP_SECONDS": ("sync", "step_seconds"),
    "SYNC_OVERLAP_SECONDS": ("sync", "overlap_seconds"),
    "SYNC_COMPARE_GRACE_SECONDS": ("sync", "compare_grace_seconds"),
    "SYNC_PACE_AGE_SECONDS": ("sync", "pace_age_seconds"),
    "EMBEDDING_AZURE_OPENAI_ENDPOINT": ("embedding", "azure_openai_endpoint"),
    "EMBEDDING_AZURE_OPENAI_API_KEY": ("embedding", "azure_openai_api_key"),
    "EMBEDDING_AZURE_OPENAI_DEPLOYMENT": ("embedding", "azure_openai_deployment"),
    "EMBEDDING_MODEL": ("embedding", "model"),
    "EMBEDDING_DIMENSIONS": ("embedding", "dimensions"),
    "EMBEDDING_PRICE_PER_MILLION_TOKENS": ("embedding", "price_per_million_tokens"),
    "EMBEDDING_OFFLINE": ("embedding", "offline"),
    "AUTH_ISSUER": ("auth", "issuer"),
    "AUTH_AUDIENCE": ("auth", "audience"),
    "AUTH_JWKS_URL": ("auth", "jwks_url"),
    "AUTH_TENANT_CLAIM": ("auth", "tenant_claim"),
    "AUTH_ADMIN_ROLE": ("auth", "admin_role"),
    "APPLICATIONINSIGHTS_CONNECTION_STRING": ("telemetry", "application_insights"),
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": ("telemetry", "application_insights_authentication"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("telemetry", "otlp_endpoint"),
    "OTEL_EXPORTER_OTLP_HEADERS": ("telemetry", "otlp_headers"),
    "TELEMETRY_TRACES_KEPT": ("telemetry", "traces_kept"),
    "CONSUMER_TYPE": ("consumer_type",),
}
"""Which variable fills which field. One of them stands for many."""

EITHER: tuple[tuple[str, str], ...] = (
    ("SERVICE_BUS", "SERVICE_BUS__fullyQualifiedNamespace"),
    ("COSMOS", "COSMOS__accountEndpoint"),
    ("BLOB", "BLOB__blobServiceUri"),
    ("EMBEDDING_AZURE_OPENAI_ENDPOINT", "EMBEDDING_OFFLINE"),
)
"""Exactly one of each pair is set."""


def _variables_at(location: tuple[int | str, ...]) -> str:
    """The variable of a field; of a whole group, the pair of which one is to be set."""
    names = [name for name, path in VARIABLES.items() if path[: len(location)] == location]
    return " or ".join(name for name in names if len(names) == 1 or any(name in pair for pair in EITHER))
