"""The tables in the documentation, between ``<!-- generated: name -->`` and ``<!-- end -->``.

A table whose last column is a person's sentence keeps the sentences that are there, by the first column; a new row says that its sentence
is missing, and ``tests/contract/test_docs.py`` turns red until someone writes it.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from devtools.generate import contents, faults, linking, parameters, resources
from devtools.generate.contents import Row
from devtools.monitoring import alerts

MISSING = "**to be explained**"

_BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<old>.*?)(?P<close><!-- end -->)", re.DOTALL)


class Table:
    """One generated table."""

    def __init__(self, *columns: str, rows: Callable[[], list[Row]], explained: str = "") -> None:
        self.columns = (*columns, *((explained,) if explained else ()))
        self.rows = rows
        self.is_explained = bool(explained)

    def made(self, old: str) -> str:
        """The table as it should be now. ``old``: as it is, for the sentences."""
        written = _sentences(old)
        lines = [self.columns, tuple("---" for _ in self.columns)]
        lines += [(*row, *((written.get(row[0], MISSING),) if self.is_explained else ())) for row in self.rows()]
        return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


TABLES: Mapping[str, Table] = {
    "settings": Table("variable", "default", "secret", rows=contents.settings, explained="what for"),
    "metrics": Table("metric", "instrument", "unit", "what it says", rows=contents.metrics),
    "spans": Table("span", rows=contents.spans, explained="what for"),
    "functions": Table("function", "trigger", "route, queue or schedule", "class", rows=contents.functions, explained="what for"),
    "queues": Table("queue", "a message says", "lock", "time to live", "duplicate window", "deliveries", rows=contents.queues),
    "containers": Table("container", "holds", "partition key", "expiry", rows=contents.containers),
    "blob-containers": Table("blob container", rows=contents.blob_containers, explained="what for"),
    "fault-kinds": Table("kind", "what goes wrong", "who can do it", rows=faults.kinds),
    "fault-fields": Table("field", "needed", "default", rows=faults.fields, explained="what for"),
    "fault-places": Table("stand-in", "started by", "operations that can meet it", rows=faults.places),
    "slack-events": Table("event", "treatment", "speaks for", "read with, and when", "why", rows=contents.slack_events),
    "linking-values": Table("value", "set with", "at first", rows=linking.values, explained="what for"),
    "linking-weights": Table("feature", "weight at first", "may be off", rows=linking.weights, explained="what is noticed"),
    "linking-ceilings": Table("source", "ceiling at first", rows=linking.ceilings, explained="who says so"),
    "alerts": Table("alert", "severity", "looks every", "fires when", rows=alerts.rows),
    "parameters": Table("parameter", "dev", "prod", "otherwise", "what it is", rows=parameters.parameters),
    "resources": Table("resource", "API version", "how many", "module", rows=resources.resources, explained="what for"),
    "errors": Table("error", "is a", "what it says", rows=contents.errors, explained="what happens"),
}


def pages(root: Path) -> dict[str, str]:
    """Path → text of every page with a generated table, as it should be."""
    found = {}
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        if page.exists() and _BLOCK.search(text := page.read_text()):
            found[page.relative_to(root).as_posix()] = _BLOCK.sub(_remade, text)
    return found


def _remade(block: re.Match[str]) -> str:
    return block["open"] + TABLES[block["name"]].made(block["old"]) + block["close"]


def _sentences(table: str) -> dict[str, str]:
    """First cell → last cell of each row."""
    rows = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()]
    return {row[0]: row[-1] for row in rows if row}
