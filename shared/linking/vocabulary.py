"""Which shards are linked, by what relationship, and on which side it is written: a table.

A relationship is written once, on the side that says it (the owning side, the first of the pair), and read from both: a shard holds its
own, and whoever names it is found by an index (``RecordIndex.naming``). Names are those of the product's relationship vocabulary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Relation:
    """What may be said of a pair of types."""

    relationship_type: str
    says: str
    """In words, between the two names: "«file» ``is attached to`` «deal»"."""
    said_back: str
    """The same from the other side."""


_ATTACHED: Final = Relation("attached_to", "is attached to", "has attached")
_RELATED: Final = Relation("related_to", "is about", "is what it is about in")
_REFERENCES: Final = Relation("references", "refers to", "is referred to by")
_PARTICIPANT: Final = Relation("has_participant", "has as a participant", "takes part in")

INFERRED: Final[Mapping[tuple[str, str], Relation]] = {
    **{(one, deal): _ATTACHED for one in ("c_file", "c_folder") for deal in ("c_account", "c_opportunity", "c_project")},
    **{(one, "c_contact"): _REFERENCES for one in ("c_file", "c_folder")},
    **{("c_channel", deal): _RELATED for deal in ("c_account", "c_opportunity", "c_project")},
    ("c_channel", "c_contact"): _PARTICIPANT,
    ("c_lead", "c_account"): _RELATED,
    ("c_lead", "c_contact"): _RELATED,
    ("c_contact", "c_account"): Relation("contact_for", "is a contact at", "has as a contact"),
    ("c_opportunity", "c_contact"): Relation("has_stakeholder", "has as a stakeholder", "is a stakeholder of"),
    ("c_opportunity", "c_project"): _RELATED,
    ("c_project", "c_account"): _RELATED,
    ("c_project", "c_opportunity"): _RELATED,
    **{
        (one, other): _REFERENCES
        for one in ("c_account", "c_channel", "c_contact", "c_file", "c_folder", "c_lead", "c_opportunity", "c_project")
        for other in ("c_channel", "c_file", "c_folder")
    },
}
"""By owning type and other type: what enrichment may find out. To channels, files and folders nothing but an id or a URL leads."""

STATED: Final[Mapping[str, Relation]] = {
    "child_of": Relation("child_of", "belongs to", "holds"),
    "contact_for": Relation("contact_for", "is a contact at", "has as a contact"),
    "has_contact_role": Relation("has_contact_role", "has as its contact", "is the contact of"),
    "has_owner": Relation("has_owner", "is owned by", "owns"),
    "opportunity_for": Relation("opportunity_for", "is a deal with", "has the deal"),
    "reports_to": Relation("reports_to", "reports to", "is reported to by"),
    "references": _REFERENCES,
    "related_to": _RELATED,
}
"""By relationship: what vendors' own references say (``processors/enrichment/references.py``)."""


def relation_between(owning_type: str, other_type: str) -> Relation | None:
    """What enrichment, or a person, may say of such a pair; None: nothing."""
    return INFERRED.get((owning_type, other_type))


def words_of(relationship_type: str) -> Relation:
    """How a relationship reads; of an unknown one, its name as it is."""
    for relation in (*STATED.values(), *INFERRED.values()):
        if relation.relationship_type == relationship_type:
            return relation
    return Relation(relationship_type, relationship_type.replace("_", " "), f"{relationship_type.replace('_', ' ')} (of)")
