"""Shards that were made by another conversion than the code's. Only the vendor's record can be converted anew, so this points to
``renormalize``, which reads it again."""

from collections import Counter

from typing_extensions import override

from ops.migrations.documents import Document, Wanted
from ops.migrations.migration import Done, Due, Migration, MigrationPorts
from ops.tenants.showing import Progress
from shared.conversions.registry import CONVERSIONS


class ConversionsNamed(Migration):
    """Shards of an earlier conversion."""

    name = "conversions"
    says = "shards made by another conversion than the code's; each connection's are made anew by renormalize"
    is_done_here = False

    @override
    async def due(self, ports: MigrationPorts, tenant_id: str | None) -> Due:
        connections = Counter([str(row.get("connectionId") or "") async for row in ports.shards.each(otherwise_made(), tenant_id)])
        named = (f"python -m ops renormalize {name}  ({count:,} shards)" for name, count in sorted(connections.items()) if name)
        nameless = [f"{connections['']:,} shards of no connection: they change when their record does"] if connections[""] else []
        return Due(connections.total(), (*named, *nameless))

    @override
    async def carry_out(self, ports: MigrationPorts, tenant_id: str | None, progress: Progress) -> Done:
        return Done()


def otherwise_made() -> Wanted:
    """Active shards whose conversion is none of the code's."""
    versions = sorted({conversion.version for conversion in CONVERSIONS})

    def is_met_by(document: Document) -> bool:
        made_by = (document.get("normalization") or {}).get("conversionVersion")
        return document.get("status") == "active" and isinstance(made_by, str) and made_by not in versions

    where = (
        'c.status = "active" AND IS_STRING(c.normalization.conversionVersion)'
        " AND NOT ARRAY_CONTAINS(@versions, c.normalization.conversionVersion)"
    )
    return Wanted(where, is_met_by, {"versions": versions}, "c.id, c.tenantId, c.metadata.connectionId")
