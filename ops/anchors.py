"""What a tenant's shards may be linked to, counted; and whether a worker holds all of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from devtools.local.tables import table
from processors.enrichment.anchors.index import MOST_ANCHORS
from shared.linking.anchor import AnchorRows


@dataclass(frozen=True)
class AnchorCount:
    """Of one tenant."""

    of_types: Counter[str]

    @property
    def total(self) -> int:
        """All together."""
        return self.of_types.total()

    @property
    def left_out(self) -> int:
        """How many a worker does not hold: nothing is linked to these, but by vendors' own references."""
        return max(0, self.total - MOST_ANCHORS)

    def plain(self) -> dict[str, Any]:
        """For machines."""
        return {"total": self.total, "leftOut": self.left_out, "ofTypes": dict(sorted(self.of_types.items()))}

    def rendered(self) -> str:
        """For people."""
        lines = [table(("shard type", "anchors"), sorted(self.of_types.items())), ""] if self.total else []
        held = f"; a worker holds {MOST_ANCHORS:,}, and {self.left_out:,} are not recognised" if self.left_out else ""
        return "\n".join([*lines, f"{self.total:,} anchors{held}"])


async def anchors_counted(tenant_id: str, rows: AnchorRows) -> AnchorCount:
    """Read all of them, which a large tenant's take a minute.

    Raises:
        TransientError: when the store cannot answer now.
    """
    return AnchorCount(Counter([row.shard_type_id async for row in rows.changed_since(tenant_id, 0) if row.status == "active"]))
