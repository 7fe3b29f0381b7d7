"""Where this worker's measurements, spans and logs go, as the settings say. A part of the composition root.

An exporter costs a worker a fifth of a second and more to import: it is loaded only where it is wanted, and on the thread of ``loading``.
"""

import logging
from collections.abc import MutableMapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from shared.settings import Settings, TelemetrySettings
    from shared.telemetry.exporters import Exporters
    from shared.telemetry.metrics import Metrics


log = logging.getLogger("telemetry")
"""Of the host's log: it is not exported."""


def metrics_of(settings: "Settings", *, instance: str, environ: MutableMapping[str, str]) -> "Metrics":
    """Set telemetry up.

    Args:
        instance: tells this worker from the others.
        environ: gets what keeps an exporter from telling its maker.

    A place that is named wrongly is said in the host's log and told nothing: messages go on.
    """
    from shared.hosting.health import VERSION
    from shared.telemetry.setup import Worker, set_up_telemetry

    consumer = settings.consumer_type
    worker = Worker("shardline" if consumer == "all" else f"shardline-{consumer}", VERSION, instance)
    exporters = [*_application_insights(settings.telemetry, environ), *_collector(settings.telemetry)]
    return set_up_telemetry(worker, exporters, traces_kept=settings.telemetry.traces_kept)


def _application_insights(settings: "TelemetrySettings", environ: MutableMapping[str, str]) -> "list[Exporters]":
    if settings.application_insights is None:
        return []
    from shared.telemetry.azure_monitor import QUIET, azure_monitor

    environ.update(QUIET)
    credential = None
    if settings.wants_identity:
        from shared.telemetry.azure_identity import identity

        credential = identity(settings.identity_client_id)
    try:
        return [azure_monitor(settings.application_insights.get_secret_value(), credential=credential)]
    except Exception as error:  # a telemetry setting that is wrong is no reason to answer no webhook; its text may quote the setting
        reason = type(error).__name__
        log.error("nothing is sent to Application Insights: look at APPLICATIONINSIGHTS_CONNECTION_STRING", extra={"reason": reason})  # noqa: TRY400 - as above
        return []


def _collector(settings: "TelemetrySettings") -> "list[Exporters]":
    if settings.otlp_endpoint is None:
        return []
    from shared.telemetry.otlp import otlp

    said = settings.otlp_headers.get_secret_value() if settings.otlp_headers is not None else ""
    pairs = (pair.partition("=") for pair in said.split(",") if pair.strip())
    return [otlp(settings.otlp_endpoint, headers={name.strip().lower(): unquote(value.strip()) for name, _, value in pairs})]
