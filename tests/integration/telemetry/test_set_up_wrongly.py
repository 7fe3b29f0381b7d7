"""A telemetry setting that is wrong is said, and stops nothing."""

import pytest

from shared.hosting.telemetry import metrics_of
from shared.settings import Settings
from shared.telemetry.names import Metric

pytestmark = pytest.mark.integration

ENVIRON = {
    **dict.fromkeys(("SERVICE_BUS", "COSMOS", "BLOB", "AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"), "x"),
    "EMBEDDING_OFFLINE": "true",
}


def test_a_connection_string_that_is_none_is_said_without_showing_it_and_measuring_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    settings, environ = Settings.from_environ({**ENVIRON, "APPLICATIONINSIGHTS_CONNECTION_STRING": "s3cr3t"}), dict[str, str]()

    metrics = metrics_of(settings, instance="a1b2", environ=environ)

    metrics.count(Metric.RELINKS)
    [line] = caplog.records
    assert (line.levelname, "APPLICATIONINSIGHTS_CONNECTION_STRING" in line.getMessage()) == ("ERROR", True)
    assert "s3cr3t" not in repr(vars(line))
    assert environ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"] == "true"
