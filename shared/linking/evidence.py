"""Why a link is believed: pieces of evidence, and the one number they come to.

Everything the number is made of is stored with the link, so it can be recomputed by hand::

    of one source   =  min(ceiling, 1 - Π (1 - weight · strength))
    score           =  (1 - Π (1 - of each source)) · Π factor of each penalty

The first line is a noisy-or: each piece alone may be wrong, independently of the others. What comes from one source is not independent and
stays under that source's ceiling; several sources together may exceed it. Weights and ceilings are a tenant's policy when the link is
scored (``policy.py``), and part of the evidence from then on.
"""

from collections.abc import Iterable
from math import prod
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue

from shared.contracts.message import Wire

EvidenceSource = Literal["explicit", "manual", "crm", "participant", "relation", "name", "messaging", "llm", "temporal", "amount"]
"""Who says so. ``explicit``: an id or a URL that somebody wrote; ``manual``: a person who looked at it; ``crm``: a field of the CRM;
``participant``: somebody's address; ``relation``: what a linked contact, company or folder is linked to; ``name``: names in titles and
texts; ``messaging``: anything written in a messaging tool; ``llm``: a model; ``temporal``: dates near each other; ``amount``: the same
sum of money."""

Feature = Literal[
    "vendor-id",
    "native-id",
    "person",
    "email",
    "email-domain",
    "phone",
    "exact-name",
    "fuzzy-name",
    "contact-of",
    "account-of",
    "folder",
    "team",
    "amount",
    "close-date",
    "near-in-time",
]
"""What was noticed: a field that holds the vendor's id; an id or URL in a text; a person's word; somebody's address, its domain, a phone
number; a name as it is, or nearly; that the deal is the linked contact's or company's; what the folder is linked to; that its owner takes
part; its sum; its close date in the text; that the close date is near."""

Share = Annotated[float, Field(ge=0, le=1)]
MOST_CHARACTERS: Final = 200


class Evidence(Wire):
    """One piece of evidence."""

    feature: Feature
    source: EvidenceSource
    field: str
    """Where it was found: a canonical field of the linked shard, such as ``name`` or ``description``."""
    value: str
    """What was found there, cut at ``MOST_CHARACTERS``; for ``vendor-id`` and ``native-id`` the vendor's id itself."""
    weight: Share
    strength: Share = 1.0
    ceiling: Share
    """Of its source."""
    via: str | None = Field(default=None, exclude_if=lambda via: via is None)
    """The shard through which it speaks: the linked contact, company or folder."""
    span: tuple[int, int] | None = Field(default=None, exclude_if=lambda span: span is None)
    """Where in the field's text it stands, first character and the one after the last."""

    @property
    def share(self) -> float:
        """How much it says by itself."""
        return self.weight * self.strength


class Penalty(Wire):
    """Something that speaks against it: the score is multiplied."""

    reason: Literal["common-name", "country-conflict", "closed-deal"]
    factor: Share


def score(evidence: Iterable[Evidence], penalties: Iterable[Penalty] = ()) -> float:
    """The number, 0–1, rounded to four digits. 0 without evidence."""
    left: dict[str, float] = {}
    ceilings: dict[str, float] = {}
    for piece in evidence:
        left[piece.source] = left.get(piece.source, 1.0) * (1 - piece.share)
        ceilings[piece.source] = min(ceilings.get(piece.source, 1.0), piece.ceiling)
    doubt = prod(1 - min(ceilings[source], 1 - missed) for source, missed in sorted(left.items()))
    return round((1 - doubt) * prod(penalty.factor for penalty in penalties), 4)


def plain(piece: Evidence | Penalty) -> dict[str, JsonValue]:
    """As it stands in an edge."""
    return piece.model_dump(mode="json", by_alias=True)
