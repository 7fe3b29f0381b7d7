"""Counts kept in memory."""

from collections import Counter

from typing_extensions import override

from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric


class InMemoryMetrics(Metrics):
    """The metric port, readable."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Metric, frozenset[tuple[str, str]]]] = Counter()

    @override
    def count(self, metric: Metric, amount: int = 1, **attributes: str) -> None:
        self._counts[metric, frozenset(attributes.items())] += amount

    def total(self, metric: Metric, **attributes: str) -> int:
        """The sum over everything counted with at least these attributes."""
        wanted = set(attributes.items())
        return sum(amount for (name, said), amount in self._counts.items() if name is metric and wanted <= said)
