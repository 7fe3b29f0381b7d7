"""One JSON line per log record, marked with the invocation it belongs to.

Azure ties a line to an invocation only when it is written in the function's task or pool thread; every other line is dropped from
Application Insights. Such lines are printed here with ``"dropped_in_azure": true``, so that nobody relies on them.
"""

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

from typing_extensions import override

from devtools.host.context import current_invocation, in_host_half

_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_CHATTY = ("azure.core.pipeline.policies.http_logging_policy", "azure.servicebus._pyamqp")


class JsonLines(logging.Handler):
    """Writes ``{"time", "level", "logger", "message", "function", "invocationId"}`` and the record's ``extra`` fields."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if in_host_half.get():  # the pump's SDK: in Azure that is another process, and the pump says itself what matters
            return
        try:
            self._stream.write(json_line(record) + "\n")
            self._stream.flush()
        except Exception:  # logging's own rule: a bad record or a closed pipe must not fail the caller
            self.handleError(record)


def json_line(record: logging.LogRecord) -> str:
    """The record as one line of JSON, without a line end. Values that JSON does not know become text."""
    invocation_id, function = current_invocation()
    line: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    if invocation_id:
        line |= {"function": function, "invocationId": invocation_id}
    else:
        line["dropped_in_azure"] = True
    extra = {name: value for name, value in record.__dict__.items() if name not in _OWN_FIELDS and name not in line}
    if record.exc_info:
        extra["exception"] = logging.Formatter().formatException(record.exc_info)
    return json.dumps(line | extra, default=str, ensure_ascii=False)


def log_to(stream: TextIO) -> None:
    """Send every record from INFO up to the stream; SDK chatter only from WARNING."""
    root = logging.getLogger()
    root.handlers[:] = [JsonLines(stream)]
    root.setLevel(logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
