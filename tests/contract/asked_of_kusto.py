"""Every query of ``infra/queries`` and a few wrong ones, looked at by Microsoft's language service: Node.js starts once for all."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from devtools.kusto.analysis import Analysis, analyse
from devtools.monitoring import alerts, panels, workbook
from devtools.monitoring.queries import filled, queries

FINE: Final = """customMetrics
| where name == "shardline.messages.handled" and timestamp > ago(1h)
| extend outcome = tostring(customDimensions.outcome)
| where outcome == "rejected"
| summarize rejected = sum(valueSum) by outcome
"""

MISSPELT: Final = {
    "a column of a table": (FINE.replace("valueSum", "valueSun"), 5, "'valueSun'"),
    "a column made before": (FINE.replace("by outcome", "by outcom"), 5, "'outcom'"),
    "a function": (FINE.replace("ago(", "agoo("), 2, "'agoo'"),
    "an aggregate": (FINE.replace("sum(", "summ("), 5, "'summ'"),
    "a table": (FINE.replace("customMetrics", "customMetric"), 1, "'customMetric'"),
    "an operator": (FINE.replace("| summarize", "| sumarize"), 5, ""),
    "a bracket": (FINE.replace("ago(1h)", "ago(1h"), 2, ""),
    "a placeholder nobody fills in": (FINE.replace("ago(1h)", "ago({TimeRang})"), 2, ""),
    "a function's arguments": (FINE.replace("sum(valueSum)", "sum(valueSum, 1)"), 5, "argument"),
}
"""What is misspelt → the query, the line at fault, and what the message names."""


@cache
def looked_at() -> Mapping[str, Analysis]:
    """By the name of the query; the wrong ones by what is wrong with them."""
    texts = {name: filled(text) for name, text in queries().items()}
    wrong = {what: filled(text) for what, (text, _, _) in MISSPELT.items()}
    return analyse({**texts, **wrong, "fine": FINE})


def ours() -> dict[str, Analysis]:
    """Those of ``infra/queries`` alone."""
    return {name: looked_at()[name] for name in queries()}


def of_alerts() -> set[str]:
    """The queries alerts ask."""
    return {alert.query for alert in alerts.alerts().queries}


def of_workbook() -> set[str]:
    """The queries the workbook asks."""
    shown = {panel.query for section in panels.SECTIONS for panel in section.panels if isinstance(panel, panels.Panel)}
    return shown | {workbook.SOURCES}
