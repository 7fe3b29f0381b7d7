"""Accounts whose chunks are made, and what goes wrong on the way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from typing_extensions import override

from devtools.fakes.embedding import CountingEmbedder, InMemoryChunks
from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.samples import sample_shard
from devtools.fakes.stores import InMemoryShards
from processors.embedding.worker import embed
from shared import topology
from shared.access.acl import Acl, Principal, readers
from shared.chunks.store import ChunkChange, Manifest
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.enrichment_done import EnrichmentDone
from shared.messaging.outcomes import Outcome
from shared.shards.carried import CarriedShard
from shared.shards.ids import ShardId
from shared.shards.model import Shard, Status, Vectors
from shared.shards.store import Change

TENANT: Final = "acme"
ADA: Final = readers([Principal("user:ada@acme.example")])
BOB: Final = readers([Principal("user:bob@acme.example")])


class Killed(BaseException):
    """The process ended here: nothing after it ran."""


class Edited(Change):
    """Somebody changed a shard: whole fields of it."""

    def __init__(self, shard: Shard, **fields: Any) -> None:
        self._shard = shard.model_copy(update=fields)
        self._names = fields

    @override
    def paths(self) -> dict[str, Any]:
        document = self._shard.document()
        names = {name: Shard.model_fields[name].alias or name for name in self._names}
        return {names[name]: document[names[name]] for name in self._names}


def an_account(description: str | None = None, *, acl: Acl = ADA, status: Status = "active", number: int = 1) -> Shard:
    """The first revision of one."""
    shard = sample_shard(TENANT, external_id=f"0010000000{number:05}AAA")
    data = {"name": "Acme", **({"description": description} if description else {})}
    return shard.model_copy(update={"structured_data": data, "acl": acl, "status": status})


def paragraphs(*numbers: int) -> str:
    """A description of so many paragraphs, each of its own."""
    return "\n\n".join(f"Paragraph number {number}." for number in numbers)


async def now_stored(shards: InMemoryShards, shard: Shard) -> Shard:
    """The shard as it is."""
    found = await shards.read(shard.tenant_id, ShardId(shard.id))
    assert found is not None
    return found


async def edited(
    shards: InMemoryShards, shard: Shard, *, description: str | None = None, acl: Acl | None = None, status: Status | None = None
) -> Shard:
    """Its next revision, with what is given changed."""
    known = await now_stored(shards, shard)
    fields: dict[str, Any] = {"revision_number": known.revision_number + 1}
    if description is not None:
        fields["structured_data"] = {**known.structured_data, "description": description}
    fields |= {name: value for name, value in {"acl": acl, "status": status}.items() if value is not None}
    return await shards.change(known, Edited(known, **fields))


def links_done(shard: Shard, *, carried: bool = False, at: datetime | None = None) -> EnrichmentDone:
    """What enrichment says of a revision."""
    return EnrichmentDone(
        tenant_id=shard.tenant_id,
        correlation_id="c0ffee",
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        revision=shard.revision_number,
        edge_set_hash="0" * 32,
        carried=CarriedShard.of(shard, at=at) if carried and at is not None else None,
    )


def asked(pipeline: InMemoryPipeline) -> list[EmbeddingRequested]:
    """Every request the broker kept."""
    sent = [envelope for envelope in pipeline.transport.sent if envelope.queue == topology.EMBEDDING_JOBS]
    return [EmbeddingRequested.decode(envelope.body) for envelope in sent]


async def request_for(pipeline: InMemoryPipeline, shard: Shard) -> EmbeddingRequested:
    """What the pipeline asks for when this revision has its links."""
    before = len(asked(pipeline))
    await pipeline.request(links_done(shard))
    [message] = asked(pipeline)[before:]
    return message


class Accounts:
    """The worker over stores that may be replaced before a call."""

    def __init__(self, *, chunks: InMemoryChunks | None = None, shards: InMemoryShards | None = None) -> None:
        self.pipeline = InMemoryPipeline()
        self.pipeline.shards = self.shards = shards or InMemoryShards()
        self.pipeline.chunks = self.chunks = chunks or InMemoryChunks()
        self.embedder: CountingEmbedder = self.pipeline.embedder

    async def store(self, description: str | None = None, *, acl: Acl = ADA, status: Status = "active", number: int = 1) -> Shard:
        """A new account."""
        return await self.shards.create(an_account(description, acl=acl, status=status, number=number))

    async def request(self, shard: Shard) -> EmbeddingRequested:
        """What is asked for this revision."""
        return await request_for(self.pipeline, shard)

    async def embed(self, message: EmbeddingRequested) -> Outcome:
        """What the worker makes of a request."""
        return await embed(
            message,
            chunks=self.chunks,
            shards=self.shards,
            embedder=self.embedder,
            metrics=self.pipeline.metrics,
            now=self.pipeline.clock,
        )

    async def embedded(self, description: str | None = None, *, acl: Acl = ADA) -> Shard:
        """An account whose chunks are made."""
        shard = await self.store(description, acl=acl)
        await self.embed(await self.request(shard))
        return await now_stored(self.shards, shard)

    async def vectors(self, shard: Shard) -> Vectors:
        """What the shard says of its chunks."""
        found = (await now_stored(self.shards, shard)).vectors
        assert found is not None
        return found

    async def manifest(self, shard: Shard) -> Manifest:
        """What the partition says of itself."""
        found = await self.chunks.manifest(shard.tenant_id, ShardId(shard.id))
        assert found is not None
        return found

    def texts(self, *, since: int = 0) -> list[str]:
        """What was embedded."""
        return self.embedder.texts[since:]

    def stored(self, shard: Shard) -> dict[str, dict[str, Any]]:
        """Its chunks, by id."""
        return self.chunks.of(shard.tenant_id, shard.id)

    def found_by(self, shard: Shard) -> set[tuple[str, ...]]:
        """Every list of principals its chunks have."""
        return {tuple(item["principals"]) for item in self.stored(shard).values()}


class WatchedChunks(InMemoryChunks):
    """Keeps every change that was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[ChunkChange] = []

    @override
    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        self.changes.append(change)
        return await super().write(tenant_id, shard_id, shard_type_id, change)

    @property
    def sizes(self) -> list[tuple[int, int, int]]:
        """How many chunks each put, gave readers, and removed."""
        return [(len(change.put), len(change.readers), len(change.remove)) for change in self.changes]


def ids_of(items: Sequence[Any]) -> set[str]:
    """Their ids."""
    return {item.id for item in items}
