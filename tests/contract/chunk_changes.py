"""Changes of a shard's chunks, with vectors of 1,536 numbers of which most are zero."""

from collections.abc import Mapping, Sequence

from shared.access.acl import TENANT, Principal, user
from shared.chunks.chunk import Chunk
from shared.chunks.store import ChunkChange, Manifest
from shared.embeddings.embedder import Vector
from shared.shards.ids import ShardId
from tests.plugins.twins import Chunks

ONE, TWO = ShardId("1" * 32), ShardId("2" * 32)
ANNA, BEN = user("anna@acme.example"), user("ben@acme.example")
GENERATION = "0123456789abcdef0123456789abcdef"
DIMENSIONS = 1536


def towards(*values: float) -> Vector:
    """A vector that begins with these numbers."""
    return [*values, *[0.0] * (DIMENSIONS - len(values))]


EAST, NORTH = towards(1.0), towards(0.0, 1.0)


def chunk(chunk_id: str) -> Chunk:
    return Chunk(id=chunk_id, start=3, end=17, text="never stored")


def change(
    before: Manifest | None = None,
    *,
    put: Mapping[str, Vector] | None = None,
    readers: Sequence[str] = (),
    remove: Sequence[str] = (),
    principals: tuple[Principal, ...] = (TENANT,),
    revision: int = 1,
) -> ChunkChange:
    """A change of the state that was read, with the manifest as it will be."""
    known = before or Manifest()
    acl_hash = f"of {'+'.join(principals)}"
    there = {**known.chunks, **dict.fromkeys([*(put or {}), *readers], acl_hash)}
    told = {"revision": revision, "content_hash": f"words of {revision}", "acl_hash": acl_hash}
    return ChunkChange(
        manifest=known.model_copy(update={**told, "chunks": {name: hash_ for name, hash_ in there.items() if name not in remove}}),
        generation=GENERATION,
        principals=principals,
        acl_hash=acl_hash,
        put=[(chunk(name), vector) for name, vector in (put or {}).items()],
        readers=readers,
        remove=remove,
    )


async def write(chunks: Chunks, tenant_id: str, what: ChunkChange, shard_id: ShardId = ONE) -> Manifest:
    return await chunks.store.write(tenant_id, shard_id, "c_account", what)


async def found(chunks: Chunks, tenant_id: str, vector: Vector = EAST, *, by: Sequence[Principal] = (TENANT,), most: int = 10) -> list[str]:
    return [near.chunk_id for near in await chunks.store.nearest(tenant_id, vector, principals=by, most=most)]
