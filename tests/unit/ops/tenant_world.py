"""A tenant that has something in every place there is, under ids that other tenants have, too."""

import base64
import json
from datetime import timedelta

from devtools.fakes.samples import NOON, sample_connection, sample_gap, sample_id, sample_shard
from ops.parked_message import Place
from ops.tenants.places import BLOBS, ITEMS
from shared import topology
from shared.connections.connection import Credential
from shared.contracts.canonical import digest
from shared.contracts.claim import Claim, tenant_prefix
from shared.contracts.rejected import UNKNOWN_TENANT, Rejected
from shared.contracts.shard_emitted import ShardEmitted
from shared.contracts.sync import SyncRequested
from shared.messaging.envelope import Envelope
from shared.shards.ids import ShardId
from shared.shards.store import Alias
from tests.unit.ops.tenant_stores import TenantStores

LIVE = Place(topology.SHARD_EMISSION)
REJECTED = Place(topology.REJECTED_MESSAGES)
DEAD = Place(topology.EMBEDDING_JOBS, dead=True)


def canary(tenant_id: str) -> str:
    """What the tenant's records say, and nobody else's."""
    return f"canary-{digest(tenant_id)[:12]}"


def emitted(tenant_id: str, number: int = 1) -> ShardEmitted:
    """A message of the tenant's."""
    return ShardEmitted(
        tenant_id=tenant_id,
        correlation_id=canary(tenant_id),
        shard_id=sample_id(tenant_id, f"{number:015}AAA"),
        shard_type_id="c_account",
        revision=number,
        cause="content",
    )


def rejected(body: bytes, *, tenant_id: str = UNKNOWN_TENANT, number: int = 1) -> Rejected:
    """A message that was parked, whoever it was of."""
    try:
        text, is_base64 = body.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(body).decode(), True
    return Rejected(
        tenant_id=tenant_id,
        queue=topology.INGESTION_EVENTS,
        original_id=f"m{number}",
        reason="ContractViolation",
        detail="the body is not JSON",
        body=text,
        body_is_base64=is_base64,
        attempts=1,
        rejected_at=NOON,
    )


def connect(
    stores: TenantStores,
    tenant_id: str,
    account: str,
    *,
    secret: str | None = None,
    handle: str | None = None,
    credential: Credential | None = None,
) -> None:
    """A connection, its handle and its secret."""
    if credential is None and secret is not None:
        credential = Credential(kind="jwt-bearer", base_url="https://a.example", client_id="c", secret_name=secret)
    secret = None if credential is None else credential.secret_name
    connection = sample_connection(tenant_id, account).model_copy(update={"credential": credential})
    stores.items.put(topology.CONNECTIONS, connection.model_dump(mode="json", by_alias=True))
    if handle is not None:
        stores.items.put(topology.CONNECTIONS, {"id": handle, "aliasOf": connection.id})
    if secret is not None:
        stores.vault.there[secret] = f"value of {canary(tenant_id)}"


def fill(stores: TenantStores, tenant_id: str, account: str, *, shards: int = 3) -> None:
    """Something of the tenant in every place."""
    items, said = stores.items, canary(tenant_id)
    connect(stores, tenant_id, account, secret=f"key-of-{account}", handle=f"salesforce:handle-of-{account}")
    for number in range(shards):
        shard = sample_shard(tenant_id, external_id=f"{number:015}AAA", name=said)
        items.put(topology.SHARDS, shard.document())
        for space in topology.SPACES:
            key = {"tenantId": tenant_id, "shardId": shard.id}
            items.put(space.container, {**key, "id": "manifest", "kind": "manifest", "chunks": [said]})
            items.put(space.container, {**key, "id": "chunk", "kind": "chunk", "principals": [said], "embedding": [1, 2]})
    alias = Alias(tenant_id, ShardId("given-up"), sample_id(tenant_id))
    items.put(topology.SHARDS, alias.document())
    items.put(topology.SUGGESTED_LINKS, {"id": "same-suggestion", "tenantId": tenant_id, "reason": said})
    items.put(topology.GAPS, sample_gap(tenant_id).model_dump(mode="json", by_alias=True))
    items.put(topology.LINKING_POLICIES, {"id": tenant_id, "tenantId": tenant_id, "policy": said})
    items.put(topology.SHARD_TYPES, {"id": "c_account", "name": "Account"})
    stores.blobs.there[topology.ANCHORS][f"{tenant_prefix(tenant_id)}/anchors.jsonl.gz"] = said.encode()
    put_aside(stores, tenant_id)
    fill_queues(stores, tenant_id)


def put_aside(stores: TenantStores, tenant_id: str) -> None:
    """Bodies in blobs: one of the tenant's, and one that was parked when nobody could say whose it was."""
    body = emitted(tenant_id).encode()
    claim = Claim.of(body, tenant_id=tenant_id, message_id="same-message")
    stores.claims.blobs[claim.blob] = body
    _claimed(stores, LIVE, claim, tenant_id)
    large = rejected(body, number=7).encode()
    unknown = Claim.of(large, tenant_id=UNKNOWN_TENANT, message_id="same-message")
    stores.claims.blobs[unknown.blob] = large
    _claimed(stores, REJECTED, unknown, UNKNOWN_TENANT)


def _claimed(stores: TenantStores, place: Place, claim: Claim, tenant_id: str) -> None:
    body = json.dumps({"tenantId": tenant_id, "claim": claim.model_dump(mode="json", by_alias=True)}).encode()
    stores.send(place, Envelope(place.queue, "claimed", body, {}))


def fill_queues(stores: TenantStores, tenant_id: str) -> None:
    """What waits, what is scheduled, what is dead, what was parked with its tenant and without."""
    sync = SyncRequested(
        tenant_id=tenant_id,
        correlation_id="c",
        connection_id=f"salesforce:{canary(tenant_id)}",
        stream="Account",
        kind="changes",
        run="r",
        requested_at=NOON,
    )
    stores.send(Place(topology.SYNC_INBOUND), sync)
    stores.send(LIVE, emitted(tenant_id, 2))
    stores.send(LIVE, emitted(tenant_id, 3), is_scheduled=True, enqueued_at=NOON + timedelta(hours=20))
    stores.send(DEAD, emitted(tenant_id, 4), reason="a bug")
    stores.send(REJECTED, rejected(emitted(tenant_id, 5).encode(), tenant_id=tenant_id, number=5))
    stores.send(REJECTED, rejected(emitted(tenant_id, 6).encode(), number=6))
    stores.send(REJECTED, rejected(emitted(tenant_id, 8).encode()[:-30], number=8))
    stores.send(REJECTED, rejected(b"\xff" + emitted(tenant_id, 9).encode(), number=9))


EVERYWHERE = {
    *("connections", "connections-handles", "secrets"),
    *(place.name for place in ITEMS),
    *(place.name for place in BLOBS),
    *("sync-inbound", "shard-emission", "shard-emission.scheduled", "embedding-jobs.dead-letters", "rejected-messages"),
}
"""Where ``fill`` puts something."""
