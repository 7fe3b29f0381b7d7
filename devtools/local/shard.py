"""``shard``: the shards that are stored, for people to read; or some of them whole."""

import argparse
from collections.abc import Iterable
from typing import Any

from devtools.local.clients import cosmos_client
from devtools.local.output import failed, show_json
from devtools.local.run import DATABASE, Run, folder_of
from devtools.local.tables import table
from shared import topology
from shared.shard_types.integration_state import INTEGRATION_STATE
from shared.shards.model import Shard

_SHOWN = {
    "c_account": ("industry", "annualRevenue", "numberOfEmployees", "website"),
    "c_contact": ("title", "email", "accountId"),
    "c_opportunity": ("stage", "amount", "closeDate", "accountId"),
    "c_lead": ("company", "status", "email"),
    "c_person": ("title", "email"),
    "c_folder": ("path", "ownerEmail"),
    "c_file": ("mimeType", "ownerEmail"),
    "c_group": ("email",),
    "c_channel": ("type", "memberCount", "topic"),
}


async def command(options: argparse.Namespace) -> int:
    """List the shards, or show those whose id begins so."""
    run = Run.current(folder_of(options.port_offset))
    found = await shards_of(run, tenant_id=options.tenant or run.tenant_id)
    if options.id is not None:
        found = [shard for shard in found if shard.id.startswith(options.id)]
        if not found:
            return failed(f"no shard {options.id} of tenant {options.tenant or run.tenant_id}")
    if options.json or options.id is not None:
        show_json([shard.document() for shard in found])
    else:
        print(f"{shard_table(found)}\n\n{len(found):,} shards")
    return 0


async def shards_of(run: Run, *, tenant_id: str) -> list[Shard]:
    """Every shard of a record of a tenant, newest first."""
    query = "SELECT * FROM c WHERE c.tenantId = @tenant AND NOT IS_DEFINED(c.aliasOf) AND c.shardTypeId != @states"
    parameters: list[dict[str, Any]] = [{"name": "@tenant", "value": tenant_id}, {"name": "@states", "value": INTEGRATION_STATE.id}]
    async with cosmos_client(run) as client:
        container = client.get_database_client(DATABASE).get_container_client(topology.SHARDS)
        found = container.query_items(query, parameters=parameters, partition_key=[tenant_id])
        shards = [Shard.model_validate({**document, "etag": document["_etag"]}) async for document in found]
    return sorted(shards, key=lambda shard: shard.updated_at, reverse=True)


def shard_table(shards: Iterable[Shard]) -> str:
    """One line a shard: what a person would look for."""
    rows = []
    for shard in sorted(shards, key=lambda shard: (shard.shard_type_id, str(shard.structured_data.get("name")))):
        shown = [
            f"{field}={shard.structured_data[field]}" for field in _SHOWN.get(shard.shard_type_id, ()) if shard.structured_data.get(field)
        ]
        rows.append(
            (shard.shard_type_id, shard.structured_data.get("name"), "  ".join(shown), f"r{shard.revision_number}", shard.status, shard.id)
        )
    return table(("type", "name", "content", "revision", "status", "id"), rows)
