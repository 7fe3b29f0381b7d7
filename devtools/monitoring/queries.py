"""``infra/queries``: one Kusto query a file, for alerts and for panels of the workbook.

A panel's query may hold the placeholders of the workbook's parameters, which the workbook fills in before it asks: ``{Source}`` (``*`` or a
source's name) and ``{TimeRange:grain}`` (how long one point of a chart is). An alert's may not. The time itself is not written into
panels: the workbook asks for the time range it shows.
"""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path("infra") / "queries"

FILLED: Final = {"{Source}": "slack", "{TimeRange:grain}": "5m"}
"""What the workbook would fill in, for one choice of parameters."""

_PLACEHOLDER = re.compile(r"\{[A-Za-z]+(?::[a-z]+)?\}")


def queries(root: Path = ROOT) -> dict[str, str]:
    """Name → text as written."""
    return {file.stem: file.read_text() for file in sorted((root / FOLDER).glob("*.kql"))}


def placeholders(text: str) -> set[str]:
    """The placeholders in a query."""
    return set(_PLACEHOLDER.findall(text))


def filled(text: str) -> str:
    """The query as the workbook asks it. A placeholder nobody fills in stays, and is then an error of syntax, as it would be there."""
    return _PLACEHOLDER.sub(lambda found: FILLED.get(found[0], found[0]), text)
