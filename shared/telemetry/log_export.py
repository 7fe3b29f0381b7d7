"""Our own log lines as OpenTelemetry's records: the words, the ids that come with them, and the trace they are part of."""

import logging
import math
from typing import Any, Final

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from typing_extensions import override

OURS: Final = ("ingestion", "processors", "shared")
"""The loggers that are exported. What others say (an SDK, the host) may hold anything, and reaches the host's log alone."""

_LARGEST: Final = 2**63
"""Numbers as the wire has them. One that does not fit would have a collector refuse all the lines it came with."""

_log = logging.getLogger("telemetry")
"""Of the host's log: it is not exported."""

_STANDARD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
_SEVERITIES: Final = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)


class LogExport(logging.Handler):
    """Hands records to a provider. Of an exception only its kind goes out: its text may hold anything."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._provider.get_logger(record.name).emit(
                LogRecord(
                    timestamp=int(record.created * 1e9),
                    severity_number=_severity(record.levelno),
                    severity_text=record.levelname,
                    body=record.getMessage(),
                    attributes=_attributes(record),
                )
            )
        except Exception as error:  # a line that cannot be told must not end what it tells of; and logging itself would print its arguments
            _log.warning("a line could not be told", extra={"logger": record.name, "reason": type(error).__name__})


def export_ours(provider: LoggerProvider) -> None:
    """Send our lines through the provider, and not to the host's log as well: the host would export each of them again."""
    for name in OURS:
        logger = logging.getLogger(name)
        for known in [handler for handler in logger.handlers if isinstance(handler, LogExport)]:
            logger.removeHandler(known)
        logger.addHandler(LogExport(provider))
        logger.propagate = False


def _severity(level: int) -> SeverityNumber:
    return next((number for least, number in _SEVERITIES if level >= least), SeverityNumber.DEBUG)


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    told = {name: _told(value) for name, value in vars(record).items() if name not in _STANDARD}
    said = {name: value for name, value in told.items() if value is not None}
    if record.exc_info and record.exc_info[0] is not None:
        said["error"] = record.exc_info[0].__name__
    return said


def _told(value: object) -> str | int | float | None:
    """What goes out of a value: texts and numbers, and lists of texts as one. Of anything else nobody knows what it would show."""
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return "; ".join(value)
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float) else None
