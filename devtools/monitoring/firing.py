"""Whether an alert of ``infra/alerts.json`` would fire: its query over rows in memory, compared as Azure Monitor compares.

Azure Monitor, "Log search alert rules": the rows of the window are asked, each combination of values of the dimensions is looked at alone,
the measure's column is aggregated over its rows, and where there is no row there is nothing to compare.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from devtools.kusto.evaluation import Row, answer
from devtools.monitoring.alerts import QueryAlert
from devtools.monitoring.queries import queries

_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
}
_AGGREGATED: Final[Mapping[str, Callable[[Iterable[Any]], Any]]] = {"Maximum": max, "Total": sum}


def fired(alert: QueryAlert, tables: Mapping[str, Iterable[Row]], *, now: datetime) -> set[tuple[str, ...]]:
    """The combinations of the dimensions' values, in the alert's order, it fires for; ``{()}`` where it has none and fires."""
    begin = now - timedelta(minutes=window_minutes(alert))
    seen = {name: [row for row in rows if begin < row["timestamp"] <= now] for name, rows in tables.items()}
    measured: dict[tuple[str, ...], list[Any]] = {}
    for row in answer(queries()[alert.query], seen, now=now):
        key = tuple(row[dimension.name] for dimension in alert.dimensions)
        if all("*" in dimension.values or value in dimension.values for dimension, value in zip(alert.dimensions, key, strict=True)):
            measured.setdefault(key, []).append(row[alert.measure])
    is_met, together = _COMPARED[alert.operator], _AGGREGATED[alert.time_aggregation]
    return {key for key, values in measured.items() if is_met(together(values), alert.threshold)}


def window_minutes(alert: QueryAlert) -> int:
    """``PT30M``, ``PT1H``, ``P1D``."""
    number = int("".join(sign for sign in alert.window_size if sign.isdigit()))
    return number * {"M": 1, "H": 60, "D": 1440}[alert.window_size[-1]]
