"""Which fields of a shard name another record of the same vendor, and what that means: a table.

A CRM's own reference is the surest link there is short of a person's word: confidence .9 (the ceilings by source of architecture and
issue 8). The relationship is named from the side that holds the field; names are those of the product's relationship vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CRM_CONFIDENCE: Final = 0.9


@dataclass(frozen=True)
class Reference:
    """One field that holds a vendor id."""

    system: str
    field: str
    """Canonical field of the structured data; holds the id in the one form it is stored in."""
    record_type: str
    """The vendor's kind of record the id is of: part of the shard's derived id."""
    shard_type_id: str
    relationship_type: str


REFERENCES: Final[Mapping[str, tuple[Reference, ...]]] = {
    "c_opportunity": (Reference("salesforce", "accountId", "Account", "c_account", "opportunity_for"),),
    "c_contact": (Reference("salesforce", "accountId", "Account", "c_account", "contact_for"),),
}
"""By the type of the shard that holds the field."""
