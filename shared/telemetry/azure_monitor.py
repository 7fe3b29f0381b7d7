"""Application Insights, through Microsoft's exporter.

It keeps nothing on disk (the file systems of a Functions app are read-only or thrown away), and tells nothing to anybody but the component
that is named: ``QUIET`` turns off what it would send to its maker. Its HTTP client knows nothing of the environment
(docs/decisions/0020-no-proxy-from-the-environment.md).
"""

import ssl
from collections.abc import Mapping
from typing import Any, Final

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.monitor.opentelemetry.exporter import AzureMonitorLogExporter, AzureMonitorMetricExporter, AzureMonitorTraceExporter
from requests.adapters import HTTPAdapter
from typing_extensions import override

from shared.telemetry.exporters import ANSWER_SECONDS, Exporters

QUIET: Final[Mapping[str, str]] = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "true",
}
"""Environment that has to be set before an exporter is made: the exporter takes these from nowhere else."""


def azure_monitor(connection_string: str, *, credential: Any = None) -> Exporters:
    """The component of a connection string. ``credential``: an identity (``azure.core.credentials.TokenCredential``), where the component
    takes nothing else.

    Raises:
        ValueError: the connection string is none.
    """

    def options() -> dict[str, Any]:
        return {
            "connection_string": connection_string,
            "credential": credential,
            "disable_offline_storage": True,
            "timeout": ANSWER_SECONDS,
            "retry_total": 1,
            "transport": _transport(),
        }

    return Exporters(
        "Application Insights",
        AzureMonitorTraceExporter(**options()),
        AzureMonitorMetricExporter(**options()),
        AzureMonitorLogExporter(**options()),
    )


def _transport() -> RequestsTransport:
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _TrustingTheSystem())
    return RequestsTransport(
        session=session, session_owner=False, use_env_settings=False, connection_timeout=ANSWER_SECONDS, read_timeout=ANSWER_SECONDS
    )


class _TrustingTheSystem(HTTPAdapter):
    """Trusts whom everything else trusts, and not only the list that comes with the client (docs/decisions/0046)."""

    @override
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=ssl.create_default_context(), **kwargs)
