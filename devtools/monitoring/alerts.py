"""``infra/alerts.json``: what somebody is told of, read for checks and for the table in ``docs/operations.md``.

The file is written by hand; ``infra/modules/monitoring.bicep`` makes a rule of each entry, with the names of Azure's own properties.
"""

import json
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

ROOT: Final = Path(__file__).resolve().parents[2]
PATH: Final = Path("infra") / "alerts.json"

Row = tuple[str, ...]


class Wire(BaseModel):
    """As the file has it: camelCase, and nothing that is not named here."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)


class Dimension(Wire):
    """What an alert is told apart by: each value fires and ends by itself. ``*``: every value there is."""

    name: str
    operator: Literal["Include"]
    values: tuple[str, ...]


class Alert(Wire):
    """What both kinds say."""

    name: str
    display_name: str
    """What is so when it fires."""
    description: str
    severity: Literal[1, 2, 3]
    """1 wakes somebody, 2 waits for the morning, 3 is only shown."""
    evaluation_frequency: str
    window_size: str
    auto_mitigate: bool
    time_aggregation: str
    operator: Literal["GreaterThan", "GreaterThanOrEqual", "LessThan"]
    threshold: int
    dimensions: tuple[Dimension, ...]


class QueryAlert(Alert):
    """Asks Application Insights."""

    query: str
    """A file of ``infra/queries``, without its ending."""
    measure: str
    """The column of the answer that is compared."""


class MetricAlert(Alert):
    """Asks what a service counts itself."""

    metric_namespace: str
    metric_name: str


class Alerts(Wire):
    """The file."""

    queries: tuple[QueryAlert, ...]
    metrics: tuple[MetricAlert, ...]

    @property
    def all(self) -> tuple[Alert, ...]:
        """Both kinds."""
        return (*self.queries, *self.metrics)


def alerts(root: Path = ROOT) -> Alerts:
    """What the file says.

    Raises:
        ValidationError: a property is missing, unknown or of another kind.
    """
    return Alerts.model_validate(json.loads((root / PATH).read_text()))


def rows() -> list[Row]:
    """For the table: the gravest first."""
    ordered = sorted(alerts().all, key=lambda alert: alert.severity)
    return [(f"[{one.name}](#{one.name})", str(one.severity), _plain(one.evaluation_frequency), one.display_name) for one in ordered]


def _plain(duration: str) -> str:
    """``PT15M`` as ``15 min``."""
    return {"PT1H": "hour", "PT30M": "30 min", "PT15M": "15 min", "PT10M": "10 min", "PT5M": "5 min"}[duration]
