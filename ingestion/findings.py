"""What a comparison found: counts, and the first keys of each fault by name. Travels in a cursor, and is stored as a report."""

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, JsonValue

from shared.contracts.message import Wire

Fault = Literal["missing", "extra", "stale"]
"""``missing``: the source has the record and we do not. ``extra``: the other way round. ``stale``: we have an older version, or somebody
else wrote ours."""

MOST_NAMED: Final = 20
"""So many keys of each fault are in a report."""


class Findings(Wire):
    """Of one comparison, or of a part of it."""

    vendor_count: int = 0
    """Records the source has."""
    stored_count: int = 0
    """Of these, records that have a shard."""
    missing: int = 0
    extra: int = 0
    stale: int = 0
    pending: int = 0
    """Differences too young to be one: they may still be on their way."""
    unknown_readers: int = 0
    """Shards that are for admins alone, because nobody could tell who else may read the record."""
    named: Mapping[Fault, tuple[str, ...]] = Field(default_factory=dict)
    """The first keys of each fault."""

    @property
    def fault_count(self) -> int:
        """How much is wrong."""
        return self.missing + self.extra + self.stale

    def has_same_faults(self, other: Self | None) -> bool:
        """Whether another comparison found the same to be wrong."""
        return other is not None and (self.missing, self.extra, self.stale, self.named) == (
            other.missing,
            other.extra,
            other.stale,
            other.named,
        )

    def plus(self, other: Self) -> Self:
        """Both together."""
        counts = ("vendor_count", "stored_count", "missing", "extra", "stale", "pending", "unknown_readers")
        sums = {name: getattr(self, name) + getattr(other, name) for name in counts}
        faults = {*self.named, *other.named}
        named = {fault: (*self.named.get(fault, ()), *other.named.get(fault, ()))[:MOST_NAMED] for fault in sorted(faults)}
        return self.model_copy(update={**sums, "named": named})

    def report(self) -> dict[str, JsonValue]:
        """As JSON."""
        return self.model_dump(mode="json", by_alias=True)
