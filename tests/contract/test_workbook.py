"""The workbook shows what is measured, by the names it is measured under: a metric or an attribute that is renamed turns this red."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.bicep.expansion import deployed, from_disk
from devtools.bicep.values import Place
from devtools.monitoring import checks, panels, workbook
from devtools.monitoring.alerts import alerts
from shared import errors
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.shard_emitted import ShardEmitted
from shared.contracts.sync import SyncRequested
from shared.messaging.outcomes import OUTCOMES
from shared.telemetry.names import Metric
from shared.topology import TOPOLOGY
from tests.contract.asked_of_kusto import looked_at, of_workbook, ours
from tests.contract.monitored import MODULE, PARAMETERS

ROOT = Path(__file__).parents[2]

NOT_SHOWN: Final[dict[Metric, str]] = {}
"""Metrics that no panel shows, each with the reason why not."""


def texts_in(path: str) -> set[str]:
    """Every text a module of ours can say."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


TYPES: Final = {
    contract.TYPE for contract in (SyncRequested, IngestionEvent, IngestionBatch, ShardEmitted, EnrichmentDone, EmbeddingRequested)
}
ERRORS: Final = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.PipelineError)}

VALUES: Final = {
    ("shardline.messages.handled", "outcome"): OUTCOMES,
    ("shardline.messages.handled", "type"): TYPES,
    ("shardline.messages.handled", "reason"): ERRORS,
    ("shardline.queue.age", "queue"): {queue.name for queue in TOPOLOGY.queues},
    ("shardline.webhook.requests", "outcome"): texts_in("ingestion/receiver.py"),
    ("shardline.lag.vector", "pace"): checks.words(Metric.LAG_SHARD),
    ("shardline.api.requests", "outcome"): texts_in("shared/hosting/api.py"),
}
"""What the code can say. Where a metric's own meaning names its values in backticks, these count."""


def test_every_metric_a_query_asks_for_is_measured() -> None:
    assert list(checks.unknown_metrics(ours(), Metric)) == []


def test_every_attribute_a_query_asks_for_is_one_of_the_metric() -> None:
    assert list(checks.unknown_attributes(ours(), Metric)) == []


def test_every_value_a_query_compares_with_is_one_the_code_says() -> None:
    assert list(checks.unknown_values(ours(), Metric, VALUES)) == []


def test_a_column_has_the_name_of_the_attribute_it_holds() -> None:
    assert list(checks.renamed_columns(ours())) == []


def test_every_metric_is_shown_or_says_why_not() -> None:
    shown = {name for query in of_workbook() for use in ours()[query].uses for name in use.metrics}

    assert {metric for metric in Metric if metric.value not in shown} == set(NOT_SHOWN)


def test_the_attributes_of_a_metric_are_named_in_its_meaning() -> None:
    assert [metric for metric in Metric if not set(metric.attributes) <= checks.words(metric)] == []


@dataclass(frozen=True)
class Renamed:
    """A metric as it would be after somebody changed its name or its meaning."""

    value: str
    meaning: str


@pytest.mark.parametrize("metric", Metric)
def test_a_renamed_metric_turns_this_red(metric: Metric) -> None:
    after = [Renamed(f"{each}.renamed" if each is metric else each.value, each.meaning) for each in Metric]

    assert any(metric.value in fault for fault in checks.unknown_metrics(ours(), after))


def test_a_renamed_attribute_turns_this_red() -> None:
    asked = {(name, key) for analysis in ours().values() for use in analysis.uses for name in use.metrics for key in use.keys}

    assert len(asked) > 50
    for metric, attribute in sorted(asked):
        after = [Renamed(each, each.meaning.replace(f"`{attribute}`", "`renamed`") if each == metric else each.meaning) for each in Metric]
        assert any(fault.endswith(f": {metric} has no {attribute}") for fault in checks.unknown_attributes(ours(), after))


def test_a_value_nobody_says_turns_this_red() -> None:
    fine = {"fine": looked_at()["fine"]}
    values = {("shardline.messages.handled", "outcome"): ["parked"]}

    assert list(checks.unknown_values(fine, Metric, values)) == ["fine: shardline.messages.handled never says outcome rejected"]


def test_log_lines_that_are_looked_for_are_written() -> None:
    compared = [found for analysis in ours().values() for use in analysis.uses for found in use.compared]
    told = {text for column, texts in compared if column == "message" for text in texts}

    assert told == {"connection paused"}
    assert {"connection paused", "connection", "reason"} <= texts_in("ingestion/pausing.py")


def test_every_section_says_what_it_answers_and_what_to_do_when_it_is_red() -> None:
    for section in panels.SECTIONS:
        assert section.panels
        assert section.answers.endswith(".")
        assert section.when_red.endswith(".")


def test_every_panel_has_a_title_of_its_own() -> None:
    titles = [panel.title for section in panels.SECTIONS for panel in section.panels]

    assert len(titles) == len(set(titles))


def test_every_alert_that_asks_a_query_is_named_where_it_is_seen() -> None:
    words = " ".join(section.when_red for section in panels.SECTIONS) + (ROOT / "infra" / "queries" / "signs.kql").read_text()

    assert [alert.name for alert in alerts().all if alert.name not in words] == []


def test_every_section_is_explained_in_the_guide() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()

    assert [section.title for section in panels.SECTIONS if f"\n| {section.title} |" not in page] == []


def items(of: dict[str, Any]) -> list[dict[str, Any]]:
    """All items, those in groups too."""
    found = []
    for item in of["items"]:
        found += [item, *(items(item["content"]) if item["type"] == 12 else [])]
    return found


def test_the_file_is_a_workbook_with_a_time_range_and_a_source() -> None:
    made = json.loads((ROOT / workbook.PATH).read_text())

    assert made["version"] == "Notebook/1.0"
    [parameters] = [item["content"]["parameters"] for item in items(made) if item["type"] == 9]
    assert [(each["name"], each["type"], each["value"]) for each in parameters] == [
        ("TimeRange", 4, {"durationMs": 86_400_000}),
        ("Source", 2, "*"),
    ]


def test_every_panel_follows_the_time_range_and_has_a_name_of_its_own() -> None:
    made = json.loads((ROOT / workbook.PATH).read_text())
    asked = [item for item in items(made) if item["type"] in {3, 10}]

    assert {item["content"]["timeContextFromParameter"] for item in asked} == {"TimeRange"}
    assert len({item["name"] for item in items(made)}) == len(items(made))


def test_a_deployment_fills_in_its_own_resources() -> None:
    module = deployed(MODULE, PARAMETERS, source=from_disk, place=Place(), where="a test")
    [resource] = [resource for resource in module.resources if resource.type == "Microsoft.Insights/workbooks"]
    made = json.loads(resource.properties["serializedData"])

    assert made["fallbackResourceIds"] == [PARAMETERS["appInsightsId"]]
    assert resource.properties["sourceId"] == PARAMETERS["appInsightsId"]
    assert {one for item in items(made) if item["type"] == 10 for one in item["content"]["resourceIds"]} == {
        PARAMETERS["serviceBusNamespaceId"],
        PARAMETERS["cosmosAccountId"],
    }
    assert "<" not in str([item["content"].get("resourceIds") for item in items(made)])
