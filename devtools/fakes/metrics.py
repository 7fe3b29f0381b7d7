"""Measurements kept in memory."""

from collections import Counter, defaultdict

from typing_extensions import override

from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Instrument, Metric

_Key = tuple[Metric, frozenset[tuple[str, str]]]


class InMemoryMetrics(Metrics):
    """The metric port, readable. It refuses what the names do not allow: another instrument, other attributes."""

    def __init__(self) -> None:
        self._counts: Counter[_Key] = Counter()
        self._values: defaultdict[_Key, list[float]] = defaultdict(list)
        self._shown: dict[_Key, float] = {}

    @override
    def count(self, metric: Metric, amount: float = 1, **attributes: str) -> None:
        self._counts[_key(metric, Instrument.COUNTER, attributes)] += amount  # type: ignore[assignment]  # whole numbers but for costs

    @override
    def record(self, metric: Metric, value: float, **attributes: str) -> None:
        self._values[_key(metric, Instrument.HISTOGRAM, attributes)].append(value)

    @override
    def set(self, metric: Metric, value: float, **attributes: str) -> None:
        self._shown[_key(metric, Instrument.GAUGE, attributes)] = value

    def total(self, metric: Metric, **attributes: str) -> int:
        """The sum over everything counted with at least these attributes."""
        wanted = set(attributes.items())
        return sum(amount for (name, said), amount in self._counts.items() if name is metric and wanted <= said)

    def values(self, metric: Metric, **attributes: str) -> list[float]:
        """The single values recorded with at least these attributes."""
        wanted = set(attributes.items())
        return [value for (name, said), values in self._values.items() if name is metric and wanted <= said for value in values]

    def shown(self, metric: Metric, **attributes: str) -> float | None:
        """What a gauge shows for exactly these attributes, if it was set."""
        return self._shown.get((metric, frozenset(attributes.items())))

    def said(self, metric: Metric) -> list[dict[str, str]]:
        """The sets of attributes under which something was measured."""
        return [dict(said) for name, said in (*self._counts, *self._values, *self._shown) if name is metric]


def _key(metric: Metric, instrument: Instrument, attributes: dict[str, str]) -> _Key:
    if metric.instrument is not instrument or sorted(attributes) != sorted(metric.attributes):
        raise ValueError(f"{metric} is a {metric.instrument} by {metric.attributes}")
    return metric, frozenset(attributes.items())
