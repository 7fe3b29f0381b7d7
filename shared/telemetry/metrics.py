"""The metric port: one verb, closed names.

Handlers and adapters count through this port; what becomes of the counts is decided in ``setup.py``.
"""

from typing import Protocol

from shared.telemetry.names import Metric


class Metrics(Protocol):
    """Counts."""

    def count(self, metric: Metric, amount: int = 1, **attributes: str) -> None:
        """Add ``amount`` to ``metric``. Attributes are few and closed: never an id, never anything personal."""
