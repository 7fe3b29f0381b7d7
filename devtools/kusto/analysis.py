"""Kusto queries, parsed and analysed by Microsoft's own language service, without a cluster.

It knows names, types and functions; it runs nothing. Node.js starts once for all queries, which takes half a second.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from devtools.kusto.tables import TABLES

ROOT: Final = Path(__file__).resolve().parents[2]
LIBRARY: Final = Path("node_modules") / "@kusto" / "language-service-next"
SCRIPT: Final = Path(__file__).with_name("analyse.js")
LONGEST_SECONDS: Final = 60.0


class KustoMissing(Exception):
    """Node.js or the language service is not installed; the text is one line that says what to do."""


@dataclass(frozen=True)
class Fault:
    """What the language service finds wrong."""

    query: str
    line: int
    column: int
    message: str

    @override
    def __str__(self) -> str:
        return f"infra/queries/{self.query}.kql:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True)
class Use:
    """One place where a query reads a table, up to where it meets another one."""

    table: str
    keys: frozenset[str]
    """Of ``customDimensions``."""
    compared: tuple[tuple[str, tuple[str, ...]], ...]
    """Column and the texts it is compared with."""

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics it reads; none for another table."""
        return frozenset(name for column, texts in self.compared if column == "name" for name in texts if self.table == "customMetrics")


@dataclass(frozen=True)
class Analysis:
    """What is known of one query."""

    faults: tuple[Fault, ...]
    columns: Mapping[str, str]
    """Of the answer: name → type."""
    uses: tuple[Use, ...]
    renamed: tuple[tuple[str, str], ...]
    """Column and key of ``customDimensions``, where they differ."""


def analyse(queries: Mapping[str, str], *, tables: Mapping[str, str] = TABLES, root: Path = ROOT) -> dict[str, Analysis]:
    """Name → text to name → what is known.

    Raises:
        KustoMissing: see there.
    """
    node = shutil.which("node")
    if node is None:
        raise KustoMissing("Node.js is missing: install Node.js 20 or newer, then run scripts/setup")
    if not (root / LIBRARY).is_dir():
        raise KustoMissing("the parser of Kusto queries is not installed: run scripts/setup")
    asked = {"library": str(root / LIBRARY), "tables": dict(tables), "queries": dict(queries)}
    done = subprocess.run([node, SCRIPT], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=LONGEST_SECONDS)
    return {name: _analysis(name, said) for name, said in json.loads(done.stdout).items()}


def _analysis(name: str, said: Mapping[str, Any]) -> Analysis:
    return Analysis(
        faults=tuple(Fault(name, **fault) for fault in said["faults"]),
        columns=dict(said["columns"]),
        uses=tuple(
            Use(use["table"], frozenset(use["keys"]), tuple((column, tuple(texts)) for column, texts in use["compared"]))
            for use in said["uses"]
        ),
        renamed=tuple((column, key) for column, key in said["renamed"]),
    )
