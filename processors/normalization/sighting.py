"""An event with what identifies its record: which conversion, whose ids, which shard."""

from dataclasses import dataclass

from shared.contracts.ingestion import IngestionEvent
from shared.conversions.conversion import Conversion
from shared.conversions.registry import conversion_of
from shared.errors import UnmappableRecord
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Normalization
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
        conversion = conversion_of(event.source, event.record_type)
        scope = (event.connection_id or "").partition(":")[2] if conversion.scope == "account" else ""
        if conversion.scope == "account" and not scope:
            raise UnmappableRecord(f"{event.source} {event.record_type}: the event does not say whose id it holds (no connection)")
        return cls(event, conversion, scope, conversion.external_id(event.source_id))

    @property
    def shard_id(self) -> ShardId:
        """The derived id."""
        return self._shard_id_of(self.external_id)

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
        return None if external_id == self.external_id else Survivor(external_id, self._shard_id_of(external_id))

    @property
    def version(self) -> Version:
        """Its place in the order of versions."""
        return Version(self.event.vendor_version, self.event.observed_at, self.conversion.version)

    @property
    def is_deletion(self) -> bool:
        """Whether the record is gone."""
        flag = self.conversion.deleted_flag
        said = (self.event.payload or {}).get(flag) if flag else None
        return self.event.event_type == "delete" or said is True or said in ("true", "1")

    def _shard_id_of(self, external_id: str) -> ShardId:
        return shard_id(
            tenant_id=self.event.tenant_id,
            system=self.event.source,
            scope=self.scope,
            record_type=self.conversion.record_type,
            external_id=external_id,
        )

    def is_covered_by(self, stamp: Normalization) -> bool:
        """Whether the newest version known speaks for every field this one speaks for."""
        if stamp.coverage == "complete":
            return True
        if self.event.coverage == "complete":
            return False
        mapped = {kind.field for kind in self.conversion.fields.values()}
        return mapped.intersection(self.event.coverage) <= set(stamp.coverage)
