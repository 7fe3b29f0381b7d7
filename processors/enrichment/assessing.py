"""Everything that may be said of one shard's links, from what is known at one moment. Pure: the same knowledge gives the same answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.candidates import Candidates, Stored, addresses_of_members, mentioned_in
from processors.enrichment.keys import mentioned
from processors.enrichment.relations import Folder, Sure, by_companies, by_contacts, by_folder, corroborate, sure_of
from processors.enrichment.subject import Subject, targets_of
from processors.enrichment.weighing import Candidate, Decided, Weighed, decide, weighed
from shared.linking.decision import LinkDecision
from shared.linking.policy import LinkingPolicy

STATED_ONCE: Final = frozenset({("c_contact", "contact_for"), ("c_lead", "related_to")})
"""Type and relationship: where the CRM itself says it, nothing else of the kind is looked for."""
NOTHING: Final = Decided()


@dataclass(frozen=True)
class Stated:
    """What a vendor's own reference says, and people did not take back."""

    relationship_type: str
    shard_id: str
    shard_type_id: str
    confidence: float


@dataclass(frozen=True)
class Known:
    """What else is known, of files and folders, which no index holds."""

    stored: Mapping[str, Stored] = field(default_factory=dict)
    """By ``system:id``: what links in the texts lead to."""
    folder: Folder | None = None
    """The one it is in."""
    stated: Sequence[Stated] = ()


@dataclass(frozen=True)
class Assessment:
    """What linking comes to."""

    decided: Decided = NOTHING
    keys: tuple[str, ...] = ()
    has_more_keys: bool = False
    mentions: Mapping[str, int] = field(default_factory=dict)
    """How many of each kind were found."""


def assess(subject: Subject, index: AnchorIndex, policy: LinkingPolicy, known: Known, decisions: Iterable[LinkDecision]) -> Assessment:
    """What is linked and what suggested of an active shard, and by what keys it is found when that may change.

    Raises:
        ValueError: the anchors are another tenant's.
    """
    if index.tenant_id != subject.shard.tenant_id:
        raise ValueError("anchors of another tenant")
    if not targets_of(subject.shard.shard_type_id):
        return Assessment()
    decided = {decision.statement: decision for decision in decisions}
    candidates = mentioned_in(subject, index, policy, known.stored)
    by_folder(candidates, known.folder)
    scale = _Scale(subject.country)
    contacts = _sure("c_contact", candidates, scale, least=policy.link_from, stated=known.stated, decided=decided)
    companies = _sure("c_account", candidates, scale, least=policy.suggest_from, stated=known.stated, decided=decided)
    by_contacts(candidates, contacts)
    by_companies(candidates, companies)
    corroborate(candidates)
    open_ones = [one for one in candidates.found.values() if not _is_stated(one, subject, known.stated)]
    keys, has_more = mentioned(
        subject,
        held_against={
            *candidates.found,
            *([] if known.folder is None else [known.folder.shard_id]),
            *(decision.target_shard_id for decision in subject.shard.link_decisions),
        },
        led_by={one.shard_id for one in (*contacts, *companies)},
        known_addresses=sorted(addresses_of_members(subject, index)),
    )
    return Assessment(
        decided=decide(scale.weighed(open_ones), decided, policy),
        keys=keys,
        has_more_keys=has_more,
        mentions={kind: len(found) for kind in ("id", "email", "phone", "money", "date") if (found := subject.mentions.of(kind))},
    )


@dataclass(frozen=True)
class _Scale:
    """Weighs each candidate once: a contact is weighed for what it leads to, and for itself."""

    country: str | None
    known: dict[str, tuple[int, Weighed | None]] = field(default_factory=dict)
    """By id: how many pieces there were, and what they came to."""

    def weighed(self, candidates: Iterable[Candidate]) -> list[Weighed]:
        """Those that something but corroborating evidence speaks for."""
        return [one for each in candidates if (one := self._one(each)) is not None]

    def _one(self, candidate: Candidate) -> Weighed | None:
        known = self.known.get(candidate.shard_id)
        if known is None or known[0] != len(candidate.pieces):
            known = self.known[candidate.shard_id] = (len(candidate.pieces), weighed(candidate, country=self.country))
        return known[1]


def _sure(
    shard_type_id: str,
    candidates: Candidates,
    scale: _Scale,
    *,
    least: float,
    stated: Iterable[Stated],
    decided: Mapping[tuple[str, str], LinkDecision],
) -> list[Sure]:
    """Contacts, or companies, that lead to deals: those that people confirmed, the vendor states, or something leads to; in one order."""
    open_ones = [one for one in candidates.of_type(shard_type_id) if one.statement not in decided]
    found = {one.shard_id: one.confidence for one in sure_of(scale.weighed(open_ones), least)}
    found |= {one.shard_id: one.confidence for one in stated if one.shard_type_id == shard_type_id}
    found |= {one.target_shard_id: 1.0 for one in decided.values() if one.holds and one.target_shard_type_id == shard_type_id}
    return [Sure(shard_id, confidence) for shard_id, confidence in sorted(found.items())]


def _is_stated(candidate: Candidate, subject: Subject, stated: Iterable[Stated]) -> bool:
    kind = (subject.shard.shard_type_id, candidate.relationship_type)
    same = [one for one in stated if one.relationship_type == candidate.relationship_type]
    if kind in STATED_ONCE and any(one.shard_type_id == candidate.shard_type_id for one in same):
        return True
    return any(one.shard_id == candidate.shard_id for one in same)
