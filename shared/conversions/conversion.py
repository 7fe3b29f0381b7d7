"""The one way to describe a mapping: a declarative table from a vendor's record to a shard's structured data, and its engine.

A ``Conversion`` is data: it serialises, its hash is the ``conversionVersion``, and a reviewer reads it row by row against the vendor's
page.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.canonical import digest
from shared.contracts.ingestion import Coverage
from shared.conversions.derivations import Derivation, Fallback
from shared.conversions.fields import FORMS, FieldKind
from shared.conversions.kind import Scalar
from shared.conversions.lists import Roster
from shared.errors import UnmappableRecord

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Placement(BaseModel):
    """That such a record stands in a folder: who may look into one of the folders above may read it, too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parent: str
    """Canonical field that holds the folder's id."""
    path: str | None = None
    """Canonical field for the names from the root down, of what is a folder itself; None: nothing stands in such a record."""
    limited: str = "isLimited"
    """Canonical flag: only those it is shared with itself may look inside."""


class Conversion(BaseModel):
    """How one kind of record of one source becomes one type of shard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    record_type: str
    when: tuple[str, str] | None = Field(default=None, exclude_if=lambda when: when is None)
    """A field of the vendor's and its value: the table is for records that say so. None: for all that no other table is for."""
    shard_type_id: str
    system_type: Literal["crm", "storage", "messaging", "other"]
    scope: Literal["account", "none"]
    """Whose ids the records have: the connected vendor account's, or the vendor's as a whole."""
    id_form: Literal["plain", "salesforce", "address"] = "plain"
    """How the vendor writes its ids."""
    fields: Mapping[str, FieldKind]
    """Canonical field → how it is read."""
    derived: Mapping[str, Derivation] = {}
    """Canonical field → how it is derived when the record does not say it itself."""
    belongs: Mapping[str, str] = {}
    """Canonical field → the id it belongs to, such as ``ownerName`` → ``ownerId``. An event that says another id and leaves the field out
    leaves it unknown: it must not be told of the wrong record."""
    readers: Literal["unknown", "owner", "self", "permissions", "members", "channel"] = "unknown"
    """Who may read such a record, as far as the record tells: nobody can say, the person who owns it, the person it is, those it is shared
    with, those who are in it, those who are in it or, where it is public, in its workspace."""
    owner_field: str | None = None
    """Canonical field that holds the owner's id, where readers are ``owner``."""
    owner_prefix: str = ""
    """How the ids of people begin: an owner with another one is a queue or a group, of which it is not known who is in it."""
    deleted_flag: str | None = None
    """The vendor's field that says a record is gone."""
    deleted_itself: str | None = Field(default=None, exclude_if=lambda field: field is None)
    """The vendor's field that says of a record that is gone whether it is by itself, and not only with the folder it is in."""
    merged_into: str | None = None
    """The vendor's field in a record that is gone that names the one it was merged into."""
    renamed_from: str | None = Field(default=None, exclude_if=lambda field: field is None)
    """The vendor's field that names the id the record had before."""
    lost_flag: str | None = Field(default=None, exclude_if=lambda flag: flag is None)
    """Canonical flag: the vendor does not show us the record any longer, and whether it is there is not known."""
    has_versions: bool = Field(default=True, exclude_if=lambda has_versions: has_versions)
    """Whether the vendor's records have versions; without, every field has its own moment."""
    placement: Placement | None = Field(default=None, exclude_if=lambda placement: placement is None)
    """Where it stands; None: in no folder."""

    @cached_property
    def version(self) -> str:
        """A hash of the table."""
        return digest(self.model_dump(mode="json"))

    @cached_property
    def vendor_fields(self) -> frozenset[str]:
        """Every field of the vendor's that the table reads; those of records it refers to with dots."""
        flags = (self.deleted_flag, self.deleted_itself, self.merged_into, self.renamed_from, self.when and self.when[0])
        return frozenset({*(name for kind in self.fields.values() for name in kind.reads), *(flag for flag in flags if flag is not None)})

    def external_id(self, source_id: str) -> str:
        """The vendor's id of a record, in the one form it is stored in.

        Raises:
            UnmappableRecord: when it is not an id of this vendor.
        """
        try:
            return FORMS[self.id_form](source_id)
        except ValueError as error:
            raise UnmappableRecord(f"{self.source} {self.record_type}: the record's id is {error}") from None

    def read(
        self,
        record: Mapping[str, Any],
        coverage: Coverage,
        *,
        known: Mapping[str, Any] = NOTHING,
        later: Collection[str] = (),
    ) -> dict[str, Scalar]:
        """The canonical fields the record speaks for. One it speaks for and leaves out is None: it was cleared.

        Args:
            record: as the vendor gave it.
            coverage: which of the vendor's fields it speaks for; of a roster, ``members.<id>`` is one person in it.
            known: the canonical fields as they are known, which a roster is changed in.
            later: the vendor's fields that something later has spoken of, as a coverage names them. They are left as they are known.

        Raises:
            UnmappableRecord: naming the vendor's fields that cannot be read, and not their values.
        """
        read: dict[str, Scalar] = {}
        unreadable = []
        for name, kind in self.fields.items():
            is_spoken_of = (coverage == "complete" or kind.field in coverage) and kind.field not in later
            singles = kind.singles(coverage, later) if isinstance(kind, Roster) and not is_spoken_of else ()
            if not is_spoken_of and not singles:
                continue
            try:
                value = kind.found_in(record)
                if isinstance(kind, Roster) and singles:
                    read[name] = kind.changed(value, known.get(name), singles)
                    continue
                read[name] = None if value is None else kind.read(value)
                if isinstance(kind, Roster):
                    read[name] = kind.kept(read[name], known.get(name), later)
            except (ValueError, KeyError, TypeError, OverflowError):
                unreadable.append(f"{kind.field} is not a {kind.kind}")
        if unreadable:
            raise UnmappableRecord(f"{self.source} {self.record_type}: {'; '.join(unreadable)}")
        return read

    def merge(self, known: Mapping[str, Any], read: Mapping[str, Scalar]) -> dict[str, Any]:
        """What is known afterwards: the fields read replace theirs, all others stay, derived ones follow.

        A field that belongs to an id is forgotten with it. A field that is only ever derived follows into the unknown too. One that the
        vendor may also say keeps what was said last. What only stands in for another follows that one.
        """
        stood_in = [name for name, one in self.derived.items() if isinstance(one, Fallback) and one.stands(name, known)]
        merged = {**known, **dict.fromkeys(stood_in), **read}
        for name, owner in self.belongs.items():
            if name in known and name not in read and owner in read and read[owner] != known.get(owner):
                merged[name] = None
        for name, derivation in self.derived.items():
            is_due = merged.get(name) is None or (name not in read and not read.keys().isdisjoint(derivation.inputs))
            value = derivation.derive(merged) if is_due else None
            if value is not None or (is_due and name in merged and name not in self.fields):
                merged[name] = value
        return merged
