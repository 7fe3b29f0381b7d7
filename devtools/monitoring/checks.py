"""What queries say of metrics, held against what the code says of them. Each check yields a line for each fault."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from devtools.kusto.analysis import Analysis, Use


class Named(Protocol):
    """A metric: of ``shared.telemetry.names``, or one a test makes up."""

    @property
    def value(self) -> str: ...

    @property
    def meaning(self) -> str: ...


Values = Mapping[tuple[str, str], Iterable[str]]
"""Metric and attribute → the values the code can say, where it says so elsewhere than in the metric's meaning."""


def words(metric: Named) -> set[str]:
    """What a metric's meaning names in backticks: its attributes, and values of theirs."""
    return set(re.findall(r"`([^`]+)`", metric.meaning))


def unknown_metrics(analyses: Mapping[str, Analysis], metrics: Iterable[Named]) -> Iterator[str]:
    """Queries that ask for a metric nobody measures, or for none."""
    known = {metric.value for metric in metrics}
    for query, use in _uses(analyses):
        for name in sorted(use.metrics - known):
            yield f"{query}: no metric is called {name}"
        if not use.metrics:
            yield f"{query}: customMetrics without a metric"


def unknown_attributes(analyses: Mapping[str, Analysis], metrics: Iterable[Named]) -> Iterator[str]:
    """Queries that ask for an attribute the metric's meaning does not name."""
    known = {metric.value: metric for metric in metrics}
    for query, use in _uses(analyses):
        for metric in [known[name] for name in sorted(use.metrics) if name in known]:
            for key in sorted(use.keys - words(metric)):
                yield f"{query}: {metric.value} has no {key}"


def unknown_values(analyses: Mapping[str, Analysis], metrics: Iterable[Named], values: Values) -> Iterator[str]:
    """Queries that compare an attribute with what the code never says."""
    known = {metric.value: metric for metric in metrics}
    for query, use in _uses(analyses):
        for metric in [known[name] for name in sorted(use.metrics) if name in known]:
            for column, texts in use.compared:
                if column in use.keys:
                    said = set(values.get((metric.value, column), words(metric)))
                    yield from (f"{query}: {metric.value} never says {column} {text}" for text in texts if text not in said)


def renamed_columns(analyses: Mapping[str, Analysis]) -> Iterator[str]:
    """Columns named otherwise than the attribute they hold: what they are compared with could not be checked."""
    for query, analysis in analyses.items():
        yield from (f"{query}: {key} is called {column}" for column, key in analysis.renamed)


def _uses(analyses: Mapping[str, Analysis]) -> Iterator[tuple[str, Use]]:
    for query, analysis in analyses.items():
        yield from ((query, use) for use in analysis.uses if use.table == "customMetrics")
