"""The shard: a typed document, one per vendor record.

The field names are those of the stored document: camelCase, but for the two relationship lists, which the founding documents write with
underscores. ``revision_number`` rises when content, text, ACL or a person changes the shard; links, vectors and stamps never raise it.
"""

from typing import Any, Final, Literal

from pydantic import Field, JsonValue

from shared.access.acl import Acl, Principal
from shared.contracts.canonical import digest
from shared.contracts.ingestion import Coverage
from shared.contracts.message import Identifier, Instant, Wire
from shared.linking.decision import LinkDecision
from shared.linking.evidence import EvidenceSource
from shared.shards.versions import Order, Version, order

Status = Literal["active", "archived", "deleted", "draft"]
"""``archived``: nobody shows us the record any more; whether it was deleted is not known. ``draft``: named by others, and not seen yet."""
GONE: Final = frozenset({"archived", "deleted"})

KEPT_FOR_GOOD: Final = -1
DELETED_TTL_SECONDS: Final = 90 * 24 * 3600
"""How long a deleted shard is kept: the retention of architecture 7."""


class ExternalRelationship(Wire):
    """The edge to the vendor record. There is one per system and scope."""

    id: str
    system: str
    system_type: Literal["crm", "storage", "messaging", "other"]
    scope: str
    record_type: str
    external_id: str
    label: str | None = None
    sync_status: Literal["synced", "pending", "failed", "stale"] = "synced"
    sync_direction: Literal["inbound", "outbound", "bidirectional"] = "inbound"
    last_synced_at: Instant
    created_at: Instant
    created_by: str = "system"


class Seen(Wire):
    """When, and in which of the vendor's versions, a record was seen."""

    vendor_version: str | None
    observed_at: Instant

    def order(self, other: "Seen") -> Order:
        """How this sighting stands to another, whatever tables they were read by."""
        return order(Version(self.vendor_version, self.observed_at, ""), Version(other.vendor_version, other.observed_at, ""))


class Normalization(Wire):
    """Normalization's stamp: what was seen last, and how it looked."""

    fingerprint: str
    vendor_version: str | None
    observed_at: Instant
    conversion_version: str
    coverage: Coverage
    unmerged: Seen | None = Field(default=None, exclude_if=lambda seen: seen is None)
    """The newest sighting that said that the record was merged into no other: an older merge is over. None where none said it."""
    complete_at: Instant | None = Field(default=None, exclude_if=lambda moment: moment is None)
    """Of a record whose vendor has no versions: when all of it was seen last. None: never."""
    spoken: dict[str, Instant] = Field(default={}, exclude_if=lambda spoken: not spoken)
    """Of such a record: the vendor's fields that were told by themselves since then, and when."""

    @property
    def version(self) -> Version:
        """Its place in the order of versions."""
        return Version(self.vendor_version, self.observed_at, self.conversion_version)


class EdgeMetadata(Wire):
    """How sure an edge is, and why: the reasons are kept, so that the number can be followed by hand."""

    confidence: float = Field(ge=0, le=1)
    source: EvidenceSource
    """The one that says most."""
    extraction_method: str
    evidence: tuple[dict[str, JsonValue], ...] = ()
    """Each as ``Evidence``: the confidence can be recomputed from them and the penalties."""
    penalties: tuple[dict[str, JsonValue], ...] = Field(default=(), exclude_if=lambda penalties: not penalties)
    confirmed_by: str | None = Field(default=None, exclude_if=lambda confirmed_by: confirmed_by is None)
    """The person who said that it is so."""
    confirmed_at: Instant | None = Field(default=None, exclude_if=lambda confirmed_at: confirmed_at is None)


class InternalRelationship(Wire):
    """An edge to another shard of the same tenant, written on the side that says it."""

    id: str
    target_shard_id: str
    target_shard_type_id: str
    relationship_type: str
    metadata: EdgeMetadata
    created_at: Instant
    created_by: str


class Enriched(Wire):
    """Enrichment's stamp."""

    revision: int
    edge_set_hash: str


class Processing(Wire):
    """The stamps of the stages after normalization."""

    enriched: Enriched | None = None


class Linking(Wire):
    """Enrichment's notes: what a shard is found by when what it may be linked to changes."""

    keys: tuple[str, ...] = ()
    """What it mentions, and the anchors it was held against: ``processors/enrichment/keys.py``."""
    has_more_keys: bool = Field(default=False, exclude_if=lambda has_more: not has_more)
    """Whether there were more than are kept: what is beyond them is not found when it comes later."""
    anchor: str | None = Field(default=None, exclude_if=lambda anchor: anchor is None)
    """A hash of what it is recognised by, as it was made known to others; None for what nothing is linked to."""
    anchor_keys: tuple[str, ...] = Field(default=(), exclude_if=lambda keys: not keys)
    """What it was recognised by then: those who share one of these have to be told when it changes."""
    suggestions: dict[str, str] = Field(default={}, exclude_if=lambda suggestions: not suggestions)
    """By id: a hash of what is suggested."""
    policy: str | None = Field(default=None, exclude_if=lambda policy: policy is None)
    """The version of the tenant's policy it was linked under."""


class Vectors(Wire):
    """The embedding worker's stamp: what the shard's chunks were made from. The vectors themselves are with the chunks."""

    space: str
    quality: Literal["semantic", "lexical"]
    """``lexical``: these vectors know words and no meaning."""
    generation: str
    """How the chunks were made: the space, the text template, the way of cutting."""
    content_hash: str
    acl_hash: str
    chunk_count: int = Field(ge=0)
    revision: int = Field(ge=1)
    """The shard's revision they are true for."""
    generated_at: Instant


class Audience(Wire):
    """The people that a shard stands for: who may look into a folder, who is in a group."""

    principal: Principal
    """What access lists name them by."""
    members: tuple[Principal, ...]
    """Who they are: people, domains, and other such groups."""


class Metadata(Wire):
    """Bookkeeping."""

    created_by: str = "system"
    updated_by: str = "system"
    connection_id: str | None = None
    correlation_id: str | None = None
    tags: tuple[str, ...] = ()
    audience: Audience | None = Field(default=None, exclude_if=lambda audience: audience is None)
    ancestors: tuple[str, ...] = Field(default=(), exclude_if=lambda ancestors: not ancestors)
    """The vendor's ids of the folders it stands in, from the highest down, as far as access to them is access to it."""
    gone_with: str | None = Field(default=None, exclude_if=lambda gone_with: gone_with is None)
    """The shard of the folder it went with, and will come back with."""
    gone_at: Instant | None = Field(default=None, exclude_if=lambda gone_at: gone_at is None)
    """By the vendor's clock, of what is or was in a folder: when it was seen to be gone. What was seen there until then went along."""
    is_binned: bool = Field(default=False, exclude_if=lambda is_binned: not is_binned)
    """Whether the vendor calls the record itself deleted, whoever holds it."""
    home: Seen | None = Field(default=None, exclude_if=lambda home: home is None)
    """The newest sighting in the stream that is the record's home: what other streams saw before it is over."""
    let_go: dict[str, Instant] = Field(default={}, exclude_if=lambda let_go: not let_go)
    """The streams, as edges name them, that said that they do not show the record any longer, and when."""


class Shard(Wire):
    """One shard, as stored."""

    id: Identifier
    tenant_id: Identifier
    user_id: str = "system"
    shard_type_id: Identifier
    schema_version: int = Field(ge=1)
    structured_data: dict[str, JsonValue]
    unstructured_data: dict[str, JsonValue] | None = None
    internal_relationships: tuple[dict[str, JsonValue], ...] = Field(default=(), alias="internal_relationships")
    """Each as ``InternalRelationship``, kept as it was read: others may add to theirs what this deployment does not know."""
    external_relationships: tuple[ExternalRelationship, ...] = Field(default=(), alias="external_relationships")
    vectors: Vectors | None = None
    ml_fields: dict[str, JsonValue] | None = None
    acl: Acl
    metadata: Metadata
    status: Status
    source: Literal["ui", "api", "import", "integration", "system"] = "integration"
    revision_number: int = Field(ge=1)
    normalization: Normalization | None = None
    processing: Processing = Processing()
    linking: Linking | None = Field(default=None, exclude_if=lambda linking: linking is None)
    link_decisions: tuple[LinkDecision, ...] = Field(default=(), exclude_if=lambda decisions: not decisions)
    """What people decided about its links."""
    created_at: Instant
    updated_at: Instant
    ttl: int = KEPT_FOR_GOOD
    etag: str | None = Field(default=None, exclude=True)
    """The store's mark of this very state; None for a shard not stored yet."""

    def document(self) -> dict[str, Any]:
        """The stored form."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def is_gone(self) -> bool:
        """Whether the record is not there any more, or not for us."""
        return self.status in GONE

    @property
    def is_as_stamped(self) -> bool:
        """Whether the content is what normalization's stamp says; not when somebody else wrote it."""
        if self.normalization is None:
            return False
        return self.normalization.fingerprint == fingerprint(
            structured_data=dict(self.structured_data),
            acl=self.acl,
            status=self.status,
            external=self.external_relationships,
            schema_version=self.schema_version,
        )

    @property
    def awaits_enrichment(self) -> bool:
        """Whether enrichment has not stamped this revision: then, and only then, it is announced."""
        return self.processing.enriched is None or self.processing.enriched.revision < self.revision_number

    @property
    def awaits_embedding(self) -> bool:
        """Whether the vectors are not known to be this revision's: then, and only then, enrichment announces it."""
        return self.vectors is None or self.vectors.revision < self.revision_number


def fingerprint(
    *, structured_data: dict[str, Any], acl: Acl, status: Status, external: tuple[ExternalRelationship, ...], schema_version: int
) -> str:
    """A hash of what a person would call the content. Moments of syncing are not part of it."""
    edges = sorted([edge.system, edge.scope, edge.record_type, edge.external_id, edge.label or ""] for edge in external)
    return digest(structured_data, [entry.model_dump(mode="json") for entry in acl], status, edges, schema_version)
