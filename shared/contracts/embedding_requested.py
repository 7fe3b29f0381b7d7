"""``EmbeddingRequested``: (re)make a shard's vectors, or only their access list."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints
from typing_extensions import override

from shared import topology
from shared.access.acl import Principal
from shared.chunks.chunk import Chunk
from shared.contracts.message import Identifier, Message

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class EmbeddingRequested(Message):
    """What a shard's chunks have to be in one revision. No chunks: there must be none left."""

    TYPE: ClassVar[str] = "EmbeddingRequested"
    QUEUE: ClassVar[str] = topology.EMBEDDING_JOBS

    shard_id: Identifier
    shard_type_id: Identifier
    revision: int = Field(ge=1)
    space: Identifier
    generation: Hash
    content_hash: Hash
    acl_hash: Hash
    principals: tuple[Principal, ...]
    chunks: tuple[Chunk, ...]

    @override
    def identity(self) -> tuple[str, ...]:
        """Shard, revision, content and access list; the content's hash covers how the chunks are made."""
        return (self.shard_id, str(self.revision), self.content_hash, self.acl_hash)
