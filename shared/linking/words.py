"""Why a link is believed, in words: one sentence for each piece of evidence, made of it and of names alone.

What is said of a shard that a reader may not see is left to the caller: without its name in ``via`` a sentence does without.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.linking.evidence import MOST_CHARACTERS, EvidenceSource, Feature

KINDS: Final[Mapping[str, str]] = {
    "c_account": "company",
    "c_channel": "channel",
    "c_contact": "contact",
    "c_file": "file",
    "c_folder": "folder",
    "c_lead": "lead",
    "c_opportunity": "deal",
    "c_person": "person",
    "c_project": "project",
}
FIELDS: Final[Mapping[str, str]] = {
    "members": "list of members",
    "parentExternalId": "parent folder",
    "parentFolderExternalId": "parent folder",
    "permissions": "sharing list",
    "reportsToId": "manager",
    "shortcutTargetFolderId": "target",
    "shortcutTargetId": "target",
}
"""Fields whose words are not those of their name."""


@dataclass(frozen=True)
class Named:
    """A shard as a sentence calls it."""

    shard_type_id: str
    name: str | None

    @property
    def kind(self) -> str:
        """What it is."""
        return KINDS.get(self.shard_type_id, "record")

    @property
    def quoted(self) -> str:
        """Its name; of one without, what it is."""
        name = _text(self.name)
        return f"«{name}»" if name else f"the {self.kind}"


@dataclass(frozen=True)
class _Piece:
    """A piece of evidence, and what it is about."""

    owner: Named
    other: Named
    field: str
    value: str
    via: Named | None

    @property
    def place(self) -> str:
        """Where it was found."""
        return f"the {self.owner.kind}'s {_field(self.field)}" if self.field else f"the {self.owner.kind}"

    @property
    def its(self) -> str:
        """Of what it is linked to."""
        return f"the {self.other.kind}'s"

    def through(self, kind: str) -> str:
        """What it speaks through; without its name, of what kind that is."""
        return self.via.quoted if self.via is not None and self.via.name else f"a {kind}"

    def told(self, text: str, value: str = "") -> str:
        """The sentence, and what it rests on, where that is known."""
        return f"{text}: {value}" if value else text


def _record(piece: _Piece) -> str:
    return f"{piece.place} is {piece.other.quoted}, as its own record says"


def _id(piece: _Piece) -> str:
    return piece.told(f"{piece.place} holds an id or a link of {piece.other.quoted}", "" if piece.other.name else piece.value)


def _name(piece: _Piece) -> str:
    is_whole = piece.field == "name" and piece.owner.name == piece.value
    return piece.told(f"{piece.place} {'is' if is_whole else 'holds'} {piece.its} name", f"«{piece.value}»" if piece.value else "")


def _near_name(piece: _Piece) -> str:
    return piece.told(f"{piece.place} holds nearly {piece.its} name", f"«{piece.value}»" if piece.value else "")


def _domain(piece: _Piece) -> str:
    domain = f", {piece.value}," if piece.value else ""
    if piece.field == "website":
        return f"{piece.place} is at the domain{domain} of {piece.other.quoted}"
    return f"{piece.place} holds an address at the domain{domain} of {piece.other.quoted}"


def _near_in_time(piece: _Piece) -> str:
    day = f" on {piece.value}," if piece.value else ""
    return f"the {piece.owner.kind} was made or changed{day} near {piece.its} close date"


def _team(piece: _Piece) -> str:
    who = piece.value or piece.through("person")
    return f"{who}, who owns the {piece.other.kind}, is among the people of the {piece.owner.kind}"


SENTENCES: Final[Mapping[Feature, Callable[[_Piece], str]]] = {
    "vendor-id": _record,
    "native-id": _id,
    "person": lambda piece: f"{piece.value or 'a person'} said so",
    "email": lambda piece: piece.told(f"{piece.place} holds the address of {piece.other.quoted}", piece.value),
    "email-domain": _domain,
    "phone": lambda piece: piece.told(f"{piece.place} holds the phone number of {piece.other.quoted}", piece.value),
    "exact-name": _name,
    "fuzzy-name": _near_name,
    "contact-of": lambda piece: f"the {piece.owner.kind} has to do with {piece.through('contact')}, {piece.its} contact",
    "account-of": lambda piece: f"the {piece.owner.kind} has to do with {piece.through('company')}, whose {piece.other.kind} this is",
    "folder": lambda piece: f"the {piece.owner.kind} is in {piece.through('folder')}, which is linked to the {piece.other.kind}",
    "team": _team,
    "amount": lambda piece: piece.told(f"{piece.place} holds {piece.its} amount", piece.value),
    "close-date": lambda piece: piece.told(f"{piece.place} holds {piece.its} close date", piece.value),
    "near-in-time": _near_in_time,
}
NOTES: Final[Mapping[EvidenceSource, str]] = {
    "explicit": "written there as such",
    "manual": "by a person",
    "crm": "in the CRM",
    "participant": "of somebody who takes part",
    "relation": "through what it is linked to",
    "name": "in a title or a text",
    "messaging": "in a messaging tool, which counts for less",
    "llm": "found by a model, which counts for less",
    "temporal": "by a date",
    "amount": "by a sum of money",
}
"""Said of a piece whose source is another than its feature's usual one."""
USUAL: Final[Mapping[Feature, frozenset[EvidenceSource]]] = {
    "vendor-id": frozenset({"crm"}),
    "native-id": frozenset({"explicit"}),
    "person": frozenset({"manual"}),
    "email": frozenset({"participant"}),
    "email-domain": frozenset({"name", "participant"}),
    "phone": frozenset({"name"}),
    "exact-name": frozenset({"name"}),
    "fuzzy-name": frozenset({"name"}),
    "contact-of": frozenset({"relation"}),
    "account-of": frozenset({"relation"}),
    "folder": frozenset({"relation"}),
    "team": frozenset({"relation", "participant"}),
    "amount": frozenset({"amount"}),
    "close-date": frozenset({"temporal", "name"}),
    "near-in-time": frozenset({"temporal"}),
}
AGAINST: Final[Mapping[str, Callable[[Named, Named], str]]] = {
    "common-name": lambda _, other: f"against it: the {other.kind}'s name is a common word",
    "country-conflict": lambda owner, other: f"against it: the {owner.kind} and the {other.kind} are of different countries",
    "closed-deal": lambda _, other: f"against it: the {other.kind} is closed",
}


def why(
    evidence: Iterable[Mapping[str, Any]],
    penalties: Iterable[Mapping[str, Any]] = (),
    *,
    owner: Named,
    other: Named,
    via: Mapping[str, Named],
    is_ambiguous: bool = False,
) -> tuple[str, ...]:
    """A sentence for each piece, in the order given; then what speaks against it. Evidence of another deployment is told, too.

    Args:
        evidence: as it is stored.
        penalties: the same.
        owner: the side that says the link.
        other: what it is linked to.
        via: the shards that evidence speaks through and that may be named, by id.
        is_ambiguous: whether there is a rival.
    """
    told = [*(_told(piece, owner, other, via) for piece in evidence), *(_against(penalty, owner, other) for penalty in penalties)]
    if is_ambiguous:
        told.append(f"against it: another {other.kind} is as likely")
    return tuple(dict.fromkeys(told))


def _told(said: Mapping[str, Any], owner: Named, other: Named, via: Mapping[str, Named]) -> str:
    feature, source = said.get("feature"), said.get("source")
    through = said.get("via")
    named = via.get(through) if isinstance(through, str) else None
    value = "" if through is not None and named is None else _text(said.get("value"))  # what it says is of a shard that may not be seen
    piece = _Piece(owner, other, _text(said.get("field")), value, named)
    for known, sentence in SENTENCES.items():
        if known == feature:
            note = next((text for noted, text in NOTES.items() if noted == source and noted not in USUAL[known]), None)
            return sentence(piece) + (f" ({note})" if note else "")
    return f"{piece.place} says so, in a way that there are no words for here"


def _against(penalty: Mapping[str, Any], owner: Named, other: Named) -> str:
    sentence = AGAINST.get(str(penalty.get("reason")))
    return sentence(owner, other) if sentence else "against it: something there are no words for here"


def _text(value: object) -> str:
    """On one line."""
    return " ".join(value.split())[:MOST_CHARACTERS] if isinstance(value, str) else ""


def _field(name: str) -> str:
    """A canonical field in words: ``mailingCountry`` is its mailing country, ``accountId`` its account."""
    if name in FIELDS:
        return FIELDS[name]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()
    return words.removesuffix(" id").removesuffix(" external")
