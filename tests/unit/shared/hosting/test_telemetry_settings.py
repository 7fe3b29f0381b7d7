"""Where telemetry goes, as the settings say; and that what is set wrongly is refused without being shown."""

import pytest

from shared.errors import ConfigurationError
from shared.settings import Settings, TelemetrySettings

KEY = "00000000-0000-4000-8000-000000000000"
ENVIRON = {
    **dict.fromkeys(("SERVICE_BUS", "COSMOS", "BLOB", "AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"), "x"),
    "EMBEDDING_OFFLINE": "true",
}


def telemetry(**said: str) -> TelemetrySettings:
    return Settings.from_environ({**ENVIRON, **said}).telemetry


@pytest.mark.parametrize(
    ("said", "wants", "client_id"),
    [
        (None, False, None),
        ("", False, None),
        ("Authorization=AAD", True, None),
        ("Authorization=AAD;ClientId=c-1", True, "c-1"),
        (" authorization = aad ; clientid = c-1 ", True, "c-1"),
        ("ClientId=c-1", False, "c-1"),
        ("nonsense;;=", False, None),
    ],
)
def test_the_identity_is_wanted_where_the_host_would_want_it(said: str | None, wants: bool, client_id: str | None) -> None:
    settings = telemetry(**({} if said is None else {"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": said}))

    assert (settings.wants_identity, settings.identity_client_id) == (wants, client_id)


@pytest.mark.parametrize(
    "endpoint", ["collector:4318", "ftp://collector", "http://u:s3cr3t@collector:4318", "http://collector/?key=s3cr3t"]
)
def test_an_endpoint_that_is_no_address_is_refused_without_being_shown(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="OTEL_EXPORTER_OTLP_ENDPOINT") as refused:
        telemetry(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)

    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4318", "https://collector.example/otlp", "https://collector.example/"])
def test_an_address_with_or_without_a_path_is_fine(endpoint: str) -> None:
    assert telemetry(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint).otlp_endpoint == endpoint


@pytest.mark.parametrize("share", ["-0.1", "1.1", "most"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(ConfigurationError, match="TELEMETRY_TRACES_KEPT"):
        telemetry(TELEMETRY_TRACES_KEPT=share)


def test_nothing_of_it_is_shown_by_the_settings() -> None:
    said = {"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY}", "OTEL_EXPORTER_OTLP_HEADERS": f"x-key={KEY}"}

    assert KEY not in repr(telemetry(**said))
