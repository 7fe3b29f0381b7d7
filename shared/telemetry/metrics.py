"""The metric port: three verbs, closed names.

Handlers and adapters measure through this port; what becomes of the values is decided in ``setup.py``.
"""

from typing import Protocol

from shared.telemetry.names import Metric


class Metrics(Protocol):
    """Counts, single values and states. Attributes are those the metric names, few and closed: never an id, never anything personal."""

    def count(self, metric: Metric, amount: float = 1, **attributes: str) -> None:
        """Add ``amount`` to a counter."""

    def record(self, metric: Metric, value: float, **attributes: str) -> None:
        """Add a value, in the metric's unit, to a histogram."""

    def set(self, metric: Metric, value: float, **attributes: str) -> None:
        """Say what a gauge shows now, in the metric's unit."""
