"""The queries of alerts and workbook are Kusto: parsed, with every name in them known, by the language service the portal uses."""

from pathlib import Path

import pytest

from devtools.kusto.analysis import Fault, KustoMissing, analyse
from devtools.monitoring.queries import filled, placeholders, queries
from tests.contract.asked_of_kusto import MISSPELT, looked_at, of_alerts, of_workbook


@pytest.mark.parametrize("name", queries())
def test_every_query_is_without_fault(name: str) -> None:
    assert [str(fault) for fault in looked_at()[name].faults] == []


@pytest.mark.parametrize("what", MISSPELT)
def test_what_is_misspelt_is_found_where_it_is(what: str) -> None:
    _, line, named = MISSPELT[what]

    first = looked_at()[what].faults[0]

    assert first.line == line
    assert named in first.message


def test_the_query_they_were_made_of_is_without_fault() -> None:
    assert looked_at()["fine"].faults == ()


def test_a_fault_is_told_with_file_line_and_message() -> None:
    fault = Fault("flow", 4, 3, "The name 'x' does not refer to any known column.")

    assert str(fault) == "infra/queries/flow.kql:4:3: The name 'x' does not refer to any known column."


@pytest.mark.parametrize("name", queries())
def test_every_query_says_first_what_it_answers(name: str) -> None:
    assert queries()[name].startswith("// ")


def test_every_query_is_asked_by_an_alert_or_shown_in_the_workbook() -> None:
    assert set(queries()) == of_alerts() | of_workbook()


def test_only_the_workbook_fills_in_placeholders() -> None:
    used = {name: placeholders(text) for name, text in queries().items()}

    assert {name for name in of_alerts() if used[name]} == set()
    assert set().union(*used.values()) == {"{Source}", "{TimeRange:grain}"}


def test_placeholders_are_filled_in_as_the_workbook_does() -> None:
    assert filled('where "{Source}" in ("*", source) by bin(timestamp, {TimeRange:grain})') == (
        'where "slack" in ("*", source) by bin(timestamp, 5m)'
    )
    assert filled("ago({Other})") == "ago({Other})"


def test_what_is_compared_is_read_use_by_use() -> None:
    crawled, late = looked_at()["lag-to-vector"].uses

    assert [set(crawled.metrics), set(crawled.keys)] == [{"shardline.lag.shard"}, {"source", "pace"}]
    assert ("pace", ("bulk",)) in crawled.compared
    assert [set(late.metrics), set(late.keys)] == [{"shardline.lag.vector"}, {"source", "pace"}]


def test_without_the_language_service_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KustoMissing, match="run scripts/setup"):
        analyse({}, root=tmp_path)
