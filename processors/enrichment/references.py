"""Which fields of a shard name another record of the same vendor, and what that means: a table.

A CRM's own reference is the surest link there is short of a person's word and an id that somebody wrote: at first .9, by the tenant's
policy. The relationship is named from the side that holds the field; names are those of the product's relationship vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


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
    is_scoped: bool = True
    """Whether the vendor's ids are those of one account of its, and not of the vendor as a whole."""
    prefix: str = ""
    """How such an id begins, where the field may hold other kinds of ids too: those are no reference."""


_ACCOUNT: Final = ("Account", "c_account")
_CONTACT: Final = ("Contact", "c_contact")
_OPPORTUNITY: Final = ("Opportunity", "c_opportunity")
_USER: Final = ("User", "c_person")
_OWNER: Final = Reference("salesforce", "ownerId", *_USER, "has_owner", prefix="005")
"""A queue, ``00G``, may own a record too: it is nobody's."""

_FOLDER: Final = ("File", "c_folder")
"""To Google Drive a folder is a file, too."""


def _drive(field: str, record_type: str, shard_type_id: str, relationship_type: str) -> Reference:
    return Reference("gdrive", field, record_type, shard_type_id, relationship_type, is_scoped=False)


_DRIVE_OWNER: Final = _drive("owner", "User", "c_person", "has_owner")

REFERENCES: Final[Mapping[str, tuple[Reference, ...]]] = {
    "c_account": (Reference("salesforce", "parentId", *_ACCOUNT, "child_of"), _OWNER),
    "c_contact": (
        Reference("salesforce", "accountId", *_ACCOUNT, "contact_for"),
        Reference("salesforce", "reportsToId", *_CONTACT, "reports_to"),
        _OWNER,
    ),
    "c_file": (
        _drive("parentFolderExternalId", *_FOLDER, "child_of"),
        _drive("shortcutTargetId", "File", "c_file", "references"),
        _drive("shortcutTargetFolderId", *_FOLDER, "references"),
        _DRIVE_OWNER,
    ),
    "c_folder": (_drive("parentExternalId", *_FOLDER, "child_of"), _DRIVE_OWNER),
    "c_lead": (
        Reference("salesforce", "convertedAccountId", *_ACCOUNT, "related_to"),
        Reference("salesforce", "convertedContactId", *_CONTACT, "related_to"),
        Reference("salesforce", "convertedOpportunityId", *_OPPORTUNITY, "related_to"),
        _OWNER,
    ),
    "c_opportunity": (
        Reference("salesforce", "accountId", *_ACCOUNT, "opportunity_for"),
        Reference("salesforce", "contactId", *_CONTACT, "has_contact_role"),
        _OWNER,
    ),
    "c_person": (Reference("salesforce", "managerId", *_USER, "reports_to"),),
}
"""By the type of the shard that holds the field. What a lead became is derived from the lead, and not the other way about: hence
``related_to``."""
