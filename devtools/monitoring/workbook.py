"""``infra/workbook.json``: the one dashboard, made of the table in ``panels`` and the queries in ``infra/queries``.

The form is that of Azure Monitor workbooks ("Notebook/1.0"; the schema is in Microsoft/Application-Insights-Workbooks on GitHub): items of
type 1 are text, 3 queries, 9 parameters, 10 metrics of a service, 12 groups. What only a deployment knows, ``<…>``, is filled in by
``infra/modules/monitoring.bicep``.
"""

import json
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from devtools.monitoring import queries
from devtools.monitoring.panels import COSMOS_DB, SECTIONS, SERVICE_BUS, Panel, PlatformPanel, Section

PATH: Final = "infra/workbook.json"
SCHEMA: Final = "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json"

APPLICATION_INSIGHTS_ID: Final = "<application insights id>"
RESOURCE_IDS: Final = {SERVICE_BUS: "<service bus id>", COSMOS_DB: "<cosmos db id>"}

SOURCES: Final = "sources"
"""The query whose answer the list of sources offers."""

_HOUR_MS: Final = 3_600_000
_RANGES_MS: Final = tuple(hours * _HOUR_MS for hours in (1, 4, 12, 24, 48, 168, 720))
_AGGREGATIONS: Final = {"Count": 2, "Maximum": 4, "Total": 7}
"""As workbooks number them."""
_OF_COMPONENT: Final = {"queryType": 0, "resourceType": "microsoft.insights/components"}
_SHOWN_TIME: Final = {"timeContext": {"durationMs": 0}, "timeContextFromParameter": "TimeRange"}

_HEAD: Final = """\
# Shardline

What goes through, and what does not. Choose a time range, and a source where only one is of interest: connections, gaps, flow, lag \
and vendors follow it. Made by scripts/generate from devtools/monitoring: what is changed in the portal is gone with the next deployment."""


def files() -> dict[str, str]:
    """Path → text."""
    return {PATH: json.dumps(workbook(), indent=2, ensure_ascii=False) + "\n"}


def workbook() -> dict[str, Any]:
    """All of it, as an object."""
    texts = queries.queries()
    return {
        "version": "Notebook/1.0",
        "items": [_text("head", _HEAD), _parameters(texts), *(_section(section, texts) for section in SECTIONS)],
        "fallbackResourceIds": [APPLICATION_INSIGHTS_ID],
        "$schema": SCHEMA,
    }


def _parameters(texts: dict[str, str]) -> dict[str, Any]:
    return {
        "type": 9,
        "content": {
            "version": "KqlParameterItem/1.0",
            "parameters": [
                {
                    "id": _id("TimeRange"),
                    "version": "KqlParameterItem/1.0",
                    "name": "TimeRange",
                    "label": "Time range",
                    "type": 4,
                    "isRequired": True,
                    "value": {"durationMs": 24 * _HOUR_MS},
                    "typeSettings": {
                        "selectableValues": [{"durationMs": milliseconds} for milliseconds in _RANGES_MS],
                        "allowCustom": True,
                    },
                },
                {
                    "id": _id("Source"),
                    "version": "KqlParameterItem/1.0",
                    "name": "Source",
                    "label": "Source",
                    "type": 2,
                    "isRequired": True,
                    "query": texts[SOURCES],
                    "typeSettings": {"additionalResourceOptions": [], "showDefault": False},
                    "value": "*",
                    **_SHOWN_TIME,
                    **_OF_COMPONENT,
                },
            ],
            "style": "above",
            **_OF_COMPONENT,
        },
        "name": "parameters",
    }


def _section(section: Section, texts: dict[str, str]) -> dict[str, Any]:
    name = f"section-{_slug(section.title)}"
    words = f"## {section.title}\n\n{section.answers}\n\n**When it is red:** {section.when_red}"
    items = [_text(f"{name}-text", words)]
    for panel in section.panels:
        items += [_platform(panel)] if isinstance(panel, PlatformPanel) else [_query(panel, texts[panel.query])]
    return {
        "type": 12,
        "content": {"version": "NotebookGroup/1.0", "groupType": "editable", "items": items},
        "name": name,
    }


def _query(panel: Panel, text: str) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "query": text,
        "size": 0,
        "title": panel.title,
        "noDataMessage": "Nothing in this time.",
        "showExportToExcel": True,
        **_SHOWN_TIME,
        **_OF_COMPONENT,
        "visualization": panel.shape,
    }
    if panel.shape == "table":
        marked = [_marked(panel.red_above_zero)] if panel.red_above_zero else []
        content["gridSettings"] = {"formatters": marked, "rowLimit": 250, "filter": True}
    return {"type": 3, "content": content, "customWidth": "50" if panel.is_half else "100", "name": panel.query}


def _marked(column: str) -> dict[str, Any]:
    """A cell with a red sign where it is more than 0 and a green one where it is not; formatter 18 is "Thresholds"."""
    grid = [
        {"operator": ">", "thresholdValue": "0", "representation": "failed", "text": "{0}{1}"},
        {"operator": "Default", "thresholdValue": None, "representation": "success", "text": "{0}{1}"},
    ]
    return {"columnMatch": column, "formatter": 18, "formatOptions": {"thresholdsOptions": "icons", "thresholdsGrid": grid}}


def _platform(panel: PlatformPanel) -> dict[str, Any]:
    return {
        "type": 10,
        "content": {
            "chartId": _id(f"{panel.resource_type}/{panel.metric}"),
            "version": "MetricsItem/2.0",
            "size": 0,
            "chartType": 2,
            "title": panel.title,
            "resourceType": panel.resource_type,
            "metricScope": 0,
            "resourceIds": [RESOURCE_IDS[panel.resource_type]],
            **_SHOWN_TIME,
            "metrics": [
                {
                    "namespace": panel.resource_type,
                    "metric": f"{panel.resource_type}--{panel.metric}",
                    "aggregation": _AGGREGATIONS[panel.aggregation],
                    **({"splitBy": panel.split_by} if panel.split_by else {}),
                }
            ],
        },
        "customWidth": "50",
        "name": _slug(panel.title),
    }


def _text(name: str, words: str) -> dict[str, Any]:
    return {"type": 1, "content": {"json": words}, "name": name}


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"shardline/workbook/{name}"))


def _slug(title: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
