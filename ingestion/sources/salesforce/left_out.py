"""Fields that are left out because the vendor does not show them, remembered in a stream's cursor.

What changes in a hidden field moves the stamp of its record, and the record is read without it. Once the field is shown again no stamp
tells of that any more: so all of the object is read once more. A worker whose description is older than the cursor's describes anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from ingestion.sources.salesforce.describe import Description, Selection
from ingestion.sources.source import Ask, Page, Reading

LEFT_OUT: Final = "leftOut"


@dataclass(frozen=True)
class LeftOut:
    """Which fields are left out, and the moment of the description that first said so."""

    fields: frozenset[str]
    described_at: datetime

    @classmethod
    def read(cls, cursor: Mapping[str, JsonValue] | None) -> "LeftOut | None":
        """From a cursor; None when it says nothing of that."""
        said = (cursor or {}).get(LEFT_OUT)
        fields = said.get("fields") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(fields, list):
            return None
        return cls(frozenset(map(str, fields)), datetime.fromisoformat(str(said["describedAt"])))

    def cursor(self) -> dict[str, JsonValue]:
        """As JSON."""
        return {"fields": [*sorted(self.fields)], "describedAt": self.described_at.isoformat()}


def is_outdated(description: Description, reading: Reading) -> bool:
    """Whether the object has to be described anew: for a new back-fill, and when another worker has seen other fields since."""
    if reading.kind == "backfill" and reading.cursor is None:
        return True
    known = LeftOut.read(reading.cursor)
    return known is not None and known.described_at > description.described_at


def remembering(page: Page, reading: Reading, selection: Selection, description: Description) -> Page:
    """The page with what it leaves out in its cursor; and with the wish for a back-fill, when a field can be read that was left out."""
    known, missing = LeftOut.read(reading.cursor), frozenset(selection.missing)
    if known is not None and not _asks_for_fields(reading):
        # Whether a parent's field can be read no description says, only a query that names it.
        missing |= {field for field in known.fields if "." in field}
    note = known if known is not None and known.fields == missing else LeftOut(missing, description.described_at)
    is_shown_again = known is not None and not known.fields <= missing
    asks = (*page.asks, Ask(reading.stream, "backfill")) if is_shown_again and reading.kind == "changes" else page.asks
    return replace(page, cursor={**page.cursor, LEFT_OUT: note.cursor()}, asks=asks)


def _asks_for_fields(reading: Reading) -> bool:
    return reading.kind == "backfill" or "window" in (reading.cursor or {})
