"""The shard types in the database follow the registry. Every worker sees to that when it starts; here it is seen without one."""

from typing_extensions import override

from ops.migrations.migration import Done, Due, Migration, MigrationPorts
from ops.tenants.showing import Progress
from shared.shard_types.ensure import ensure_shard_types, is_as_new
from shared.shard_types.registry import SHARD_TYPES


class TypesFollow(Migration):
    """Definitions that are missing or older than the code's."""

    name = "shard-types"
    says = "definitions of shard types that are missing, or older than the code's"
    is_done_here = True

    @override
    async def due(self, ports: MigrationPorts, tenant_id: str | None) -> Due:
        older = 0
        for known in SHARD_TYPES:
            stored = await ports.types.read(known.id)
            older += stored is None or not is_as_new(stored, known.document())
        return Due(older)

    @override
    async def carry_out(self, ports: MigrationPorts, tenant_id: str | None, progress: Progress) -> Done:
        return Done(len(await ensure_shard_types(SHARD_TYPES, store=ports.types)))
