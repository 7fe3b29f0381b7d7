"""Our log lines as records: words, level, ids and trace; and of an exception its kind alone."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from shared.telemetry.log_export import OURS, LogExport, export_ours
from shared.telemetry.names import Span
from shared.telemetry.tracing import span
from tests.plugins.seen_spans import Spans, id_of, trace_of

pytest_plugins = ["tests.plugins.traces"]


class Told:
    """A logger, and what it came to."""

    def __init__(self) -> None:
        self.exporter: Any = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]  # the SDK's own
        provider = LoggerProvider()
        provider.add_log_record_processor(SimpleLogRecordProcessor(self.exporter))
        self.provider = provider
        self.log = logging.getLogger("of a test")
        self.log.handlers[:] = [LogExport(provider)]
        self.log.setLevel(logging.DEBUG)

    def one(self) -> Any:
        [found] = self.exporter.get_finished_logs()
        return found.log_record


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (logging.DEBUG, SeverityNumber.DEBUG),
        (logging.INFO, SeverityNumber.INFO),
        (logging.WARNING, SeverityNumber.WARN),
        (logging.ERROR, SeverityNumber.ERROR),
        (logging.CRITICAL, SeverityNumber.FATAL),
    ],
)
def test_words_level_and_ids_are_told(level: int, severity: SeverityNumber) -> None:
    told = Told()

    told.log.log(level, "message %s", "handled", extra={"tenant": "acme", "attempt": 2, "correlation": None})

    record = told.one()
    assert (record.body, record.severity_number) == ("message handled", severity)
    assert dict(record.attributes) == {"tenant": "acme", "attempt": 2}


def test_lists_of_words_are_one_and_what_nobody_knows_is_left_out() -> None:
    told = Told()

    told.log.warning("x", extra={"reasons": ["a", "b"], "payload": {"name": "s3cr3t"}, "thing": object(), "mixed": ["a", 1]})

    assert dict(told.one().attributes) == {"reasons": "a; b"}


def test_a_line_is_in_the_trace_it_was_said_in(spans: Spans) -> None:
    told = Told()

    with span(Span.HANDLE):
        told.log.info("x")

    step, record = spans.one("handle message"), told.one()
    assert (record.trace_id, record.span_id) == (trace_of(step), id_of(step))


def test_of_an_exception_its_kind_is_told_and_not_its_text() -> None:
    told = Told()

    try:
        int("s3cr3t")
    except ValueError:
        told.log.exception("failed")

    assert dict(told.one().attributes) == {"error": "ValueError"}
    assert "s3cr3t" not in repr(vars(told.one()))


def test_a_line_that_cannot_be_told_ends_nothing_and_what_is_in_it_is_printed_nowhere(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    monkeypatch.setattr(told.log, "propagate", False)

    told.log.handle(logging.LogRecord("of a test", logging.INFO, "", 0, "%s and %s", ("s3cr3t",), None))

    assert told.exporter.get_finished_logs() == ()
    assert [(line.name, line.__dict__["logger"]) for line in caplog.records] == [("telemetry", "of a test")]
    assert "s3cr3t" not in capsys.readouterr().err + caplog.text


def test_a_number_that_no_collector_can_read_is_told_as_a_text() -> None:
    told = Told()

    told.log.info("x", extra={"large": 2**63, "least": -(2**63), "ratio": float("nan"), "endless": float("-inf"), "share": 0.5})

    assert dict(told.one().attributes) == {"large": str(2**63), "least": -(2**63), "ratio": "nan", "endless": "-inf", "share": 0.5}


@pytest.fixture
def ours() -> Iterator[None]:
    before = [(name, logging.getLogger(name).handlers[:], logging.getLogger(name).propagate) for name in OURS]
    yield
    for name, handlers, propagate in before:
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).propagate = propagate


@pytest.mark.usefixtures("ours")
def test_our_lines_are_told_once_and_not_to_the_host_as_well(caplog: pytest.LogCaptureFixture) -> None:
    told = Told()
    export_ours(told.provider)
    export_ours(told.provider)

    logging.getLogger("processors.of_a_test").error("ours")
    logging.getLogger("azure.of_a_test").error("somebody's")

    assert told.one().body == "ours"
    assert [record.getMessage() for record in caplog.records] == ["somebody's"]
