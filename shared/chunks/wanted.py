"""What a shard's chunks have to be: derived from the shard alone, so that whoever asks, and whenever, gets the same answer."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from shared.access.acl import Principal
from shared.chunks.chunk import CUTTING, PASSAGE_BYTES, Chunk, chunks_of
from shared.chunks.store import Manifest
from shared.contracts.canonical import digest
from shared.errors import UnmappableRecord
from shared.shard_types.registry import shard_type
from shared.shard_types.text_template import TextTemplate
from shared.shards.model import Shard, Vectors
from shared.topology import Space


@dataclass(frozen=True)
class Wanted:
    """The chunks of one revision of a shard, and who may find them. None at all for what must not be found."""

    revision: int
    space: str
    generation: str
    content_hash: str
    acl_hash: str
    principals: tuple[Principal, ...]
    chunks: tuple[Chunk, ...]

    @classmethod
    def of(cls, shard: Shard, space: Space) -> Self:
        """From the shard as it is."""
        text = text_of(shard)
        made_by = generation(shard.shard_type_id, space)
        principals = tuple(sorted({entry.subject for entry in shard.acl}))
        return cls(
            revision=shard.revision_number,
            space=space.name,
            generation=made_by,
            content_hash=digest(made_by, text),
            acl_hash=digest(*principals),
            principals=principals,
            chunks=chunks_of(text, generation=made_by),
        )

    def is_held_by(self, manifest: Manifest) -> bool:
        """Whether all of it is in the store with its readers, and nothing else of the shard."""
        if not self.chunks:
            return not manifest.chunks
        held = (manifest.content_hash, manifest.acl_hash, set(manifest.chunks))
        return held == (self.content_hash, self.acl_hash, {chunk.id for chunk in self.chunks})

    def is_told_by(self, vectors: Vectors) -> bool:
        """Whether a summary, of whatever revision, tells of these chunks for these readers."""
        told = (vectors.space, vectors.generation, vectors.content_hash, vectors.acl_hash)
        return told == (self.space, self.generation, self.content_hash, self.acl_hash)


def text_of(shard: Shard) -> str:
    """A shard in words. Empty for one that is gone, one without a name, and a type nobody looks for."""
    template = _template(shard.shard_type_id)
    if template is None or shard.is_gone:
        return ""
    extracted = (shard.unstructured_data or {}).get("text")
    return template.text(shard.structured_data, extracted if isinstance(extracted, str) else None)


def heading_of(shard: Shard) -> str:
    """The line that names a shard."""
    template = _template(shard.shard_type_id)
    return template.heading(shard.structured_data) if template else ""


@lru_cache(maxsize=256)
def generation(shard_type_id: str, space: Space) -> str:
    """How this deployment makes a type's chunks: the space, the template, the way of cutting. Another way is another generation."""
    template = _template(shard_type_id)
    return digest(space.name, template.version if template else None, CUTTING, PASSAGE_BYTES)


def _template(shard_type_id: str) -> TextTemplate | None:
    try:
        return shard_type(shard_type_id).text
    except UnmappableRecord:  # a type of a later deployment, or one that is none of ours: it has no words here
        return None
