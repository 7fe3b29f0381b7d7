"""An event with what identifies its record: which conversion, whose ids, which shard."""

from dataclasses import dataclass, replace

from shared.contracts.ingestion import Coverage, IngestionEvent
from shared.conversions.conversion import Conversion
from shared.conversions.registry import conversion_of
from shared.errors import UnmappableRecord
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Normalization, Seen, Shard
from shared.shards.versions import Version


@dataclass(frozen=True)
class Survivor:
    """Another record of the same kind, in which a merged one lives on."""

    external_id: str
    shard_id: ShardId


@dataclass(frozen=True)
class Sighting:
    """One vendor record, seen once."""

    event: IngestionEvent
    conversion: Conversion
    scope: str
    """Whose ids they are: the vendor account, or empty where ids are the vendor's as a whole."""
    external_id: str

    @classmethod
    def of(cls, event: IngestionEvent) -> "Sighting":
        """Find the conversion and the record's identity.

        Raises:
            UnmappableRecord: when there is no conversion, or the event does not say whose id it holds.
        """
        conversion = conversion_of(event.source, event.record_type, event.payload)
        scope = (event.connection_id or "").partition(":")[2] if conversion.scope == "account" else ""
        if conversion.scope == "account" and not scope:
            raise UnmappableRecord(f"{event.source} {event.record_type}: the event does not say whose id it holds (no connection)")
        return cls(event, conversion, scope, conversion.external_id(event.source_id))

    def of_shard(self, shard: Shard | None) -> "Sighting":
        """The same, read by the table of what the record has become, where the event does not say what it is."""
        if shard is None or self.event.payload is not None:
            return self
        conversion = conversion_of(self.event.source, self.event.record_type, shard_type_id=shard.shard_type_id)
        return replace(self, conversion=conversion)

    @property
    def holder(self) -> str | None:
        """The stream it was seen through, as an edge names it; None where a record is in one stream only."""
        account = (self.event.connection_id or "").partition(":")[2]
        return None if self.event.stream is None else f"{account}/{self.event.stream}"

    @property
    def is_departure(self) -> bool:
        """Whether it says no more than that the stream does not show the record any longer: another one may."""
        return self.event.event_type == "delete" and self.event.payload is None and self.event.stream is not None

    @property
    def shard_id(self) -> ShardId:
        """The derived id."""
        return self.shard_id_of(self.external_id)

    @property
    def survivor(self) -> "Survivor | None":
        """The record this one was merged into; None for one that was not.

        Raises:
            UnmappableRecord: when what should name it is no id.
        """
        field = self.conversion.merged_into
        said = (self.event.payload or {}).get(field) if field and self.is_deletion else None
        if not isinstance(said, str) or not said:
            return None
        external_id = self.conversion.external_id(said)
        return None if external_id == self.external_id else Survivor(external_id, self.shard_id_of(external_id))

    @property
    def previous(self) -> "Survivor | None":
        """The record under the id it had before, of an event that says that it has another one now; None for any other event.

        Raises:
            UnmappableRecord: when what should name it is no id.
        """
        field = self.conversion.renamed_from
        said = (self.event.payload or {}).get(field) if field else None
        if not isinstance(said, str) or not said:
            return None
        external_id = self.conversion.external_id(said)
        return None if external_id == self.external_id else Survivor(external_id, self.shard_id_of(external_id))

    @property
    def version(self) -> Version:
        """Its place in the order of versions."""
        return Version(self.event.vendor_version, self.event.observed_at, self.conversion.version)

    @property
    def seen(self) -> Seen:
        """The same without the table it is read by: a merge does not hang on that."""
        return Seen(vendor_version=self.event.vendor_version, observed_at=self.event.observed_at)

    @property
    def is_unmerged(self) -> bool:
        """Whether it says that the record was merged into no other. A log of deletions does not, nor does what leaves the field out."""
        field, event = self.conversion.merged_into, self.event
        if field is None or event.payload is None or event.payload.get(field):
            return False
        return event.coverage == "complete" or field in event.coverage

    @property
    def is_deletion(self) -> bool:
        """Whether the record is gone."""
        flag = self.conversion.deleted_flag
        said = (self.event.payload or {}).get(flag) if flag else None
        return self.event.event_type == "delete" or said is True or said in ("true", "1")

    @property
    def is_gone_with_its_folder(self) -> bool:
        """Whether the vendor says that it is gone, and that it is not by itself."""
        field = self.conversion.deleted_itself
        return self.is_deletion and field is not None and (self.event.payload or {}).get(field) is False

    def shard_id_of(self, external_id: str) -> ShardId:
        """That of another record of the same kind."""
        return shard_id(
            tenant_id=self.event.tenant_id,
            system=self.event.source,
            scope=self.scope,
            record_type=self.conversion.record_type,
            external_id=external_id,
        )

    def is_covered_by(self, stamp: Normalization) -> bool:
        """Whether the newest version known speaks for every field this one speaks for."""
        return self._mapped(self.event.coverage) <= self._mapped(stamp.coverage)

    def speaks_for_more_than(self, stamp: Normalization) -> bool:
        """Whether it speaks for every field the newest version known speaks for, and for others."""
        return self._mapped(self.event.coverage) > self._mapped(stamp.coverage)

    def _mapped(self, coverage: Coverage) -> frozenset[str]:
        """The fields of a coverage that the conversion reads."""
        mapped = frozenset(kind.field for kind in self.conversion.fields.values())
        return mapped if coverage == "complete" else mapped.intersection(coverage)
