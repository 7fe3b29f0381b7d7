"""Which shards the mentions of a shard lead to, and with what evidence: ids, addresses, numbers, names. Pure.

What those lead to in turn is ``relations.py``. Nothing here looks at a score, and nothing but a mention makes a candidate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from processors.enrichment.anchors.anchor import Anchor
from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.entities.domains import company_domain
from processors.enrichment.names.similarity import name_strength
from processors.enrichment.subject import Subject
from processors.enrichment.weighing import Candidate, piece
from shared.linking.evidence import Evidence, EvidenceSource
from shared.linking.policy import LinkingPolicy
from shared.linking.vocabulary import relation_between

SURNAME_ALONE: Final = 0.6
MEMBERS: Final = "members"
"""The field of a channel that says who is in it."""
MOST_LED: Final = 20
"""What leads to more than so many, an address that a thousand contacts have, a switchboard's number, says nothing of any of them."""


@dataclass(frozen=True)
class Stored:
    """A file or a folder that is there, as an id leads to it."""

    shard_id: str
    shard_type_id: str


@dataclass
class Candidates:
    """Those of one shard, by their ids."""

    subject: Subject
    index: AnchorIndex
    policy: LinkingPolicy
    found: dict[str, Candidate] = field(default_factory=dict)

    def add(self, shard_id: str, shard_type_id: str, anchor: Anchor | None, evidence: Evidence) -> None:
        """Something leads to this shard. What nothing may be said of, and the shard itself, are left out."""
        if evidence.feature in self.policy.switched_off or shard_id == self.subject.shard.id:
            return
        known = self.found.get(shard_id)
        if known is None:
            relation = relation_between(self.subject.shard.shard_type_id, shard_type_id)
            if relation is None:
                return
            known = self.found[shard_id] = Candidate(shard_id, shard_type_id, relation.relationship_type, anchor)
        known.pieces.append(evidence)

    def add_anchor(self, anchor: Anchor, evidence: Evidence) -> None:
        """Something leads to this anchor."""
        self.add(anchor.shard_id, anchor.shard_type_id, anchor, evidence)

    def of_type(self, *shard_type_ids: str) -> list[Candidate]:
        """Those of these types."""
        return [one for one in self.found.values() if one.shard_type_id in shard_type_ids]


def mentioned_in(subject: Subject, index: AnchorIndex, policy: LinkingPolicy, stored: Mapping[str, Stored]) -> Candidates:
    """What the shard's own mentions lead to.

    Args:
        subject: the shard.
        index: the anchors of its tenant.
        policy: its tenant's.
        stored: by ``system:id``, the files and folders that its links lead to.
    """
    candidates = Candidates(subject, index, policy)
    _by_ids(candidates, stored)
    _by_addresses(candidates)
    _by_phones(candidates)
    _by_names(candidates)
    return candidates


def addresses_of_members(subject: Subject, index: AnchorIndex) -> dict[str, str]:
    """The addresses of those who take part and are known by a vendor's id alone → that id."""
    people = ((one, person) for one in subject.participants.slack_ids for person in index.by_native_id(f"slack:{one}"))
    return {address: one for one, person in people if person.shard_type_id == "c_person" for address in person.emails}


def taking_part(subject: Subject, index: AnchorIndex) -> dict[str, str]:
    """The addresses of all who take part, not those in its texts → the field that says so."""
    said = {address: name for address, mention, name in subject.emails() if mention is None or name in subject.address_fields}
    return dict.fromkeys(addresses_of_members(subject, index), MEMBERS) | said


def few(anchors: Iterable[Anchor]) -> Sequence[Anchor]:
    """All of them, or none where they are more than ``MOST_LED``."""
    found = list(islice(anchors, MOST_LED + 1))
    return found if len(found) <= MOST_LED else ()


def _by_ids(candidates: Candidates, stored: Mapping[str, Stored]) -> None:
    for mention in candidates.subject.mentions.of("id"):
        evidence = piece(
            candidates.policy,
            "native-id",
            "explicit",
            found_in=mention.field,
            value=mention.value.partition(":")[2],
            span=(mention.start, mention.end),
        )
        for anchor in candidates.index.by_native_id(mention.value):
            candidates.add_anchor(anchor, evidence)
        if (there := stored.get(mention.value)) is not None:
            candidates.add(there.shard_id, there.shard_type_id, None, evidence)


def _by_addresses(candidates: Candidates) -> None:
    """Contacts by their addresses, companies by the domains of addresses and websites."""
    subject, policy, index = candidates.subject, candidates.policy, candidates.index
    found: list[tuple[str, str, EvidenceSource, tuple[int, int] | None]] = []
    for address, mention, name in subject.emails():
        is_written = subject.is_messaging and mention is not None and name not in subject.address_fields
        span = None if mention is None else (mention.start, mention.end)
        found.append((address, name, "messaging" if is_written else "participant", span))
    found += [(address, MEMBERS, "participant", None) for address in addresses_of_members(subject, index)]
    for address, name, source, span in found:
        for contact in few(_of_type(index.by_email(address), "c_contact")):
            candidates.add_anchor(contact, piece(policy, "email", source, found_in=name, value=address, span=span))
        _by_domain(candidates, address, name, source, span)
    for name, domain in subject.websites:
        _by_domain(candidates, domain, name, "name", None)


def _by_domain(candidates: Candidates, address: str, name: str, source: EvidenceSource, span: tuple[int, int] | None) -> None:
    domain = company_domain(address)
    if domain is None or any(domain in {own, company_domain(own)} for own in candidates.policy.own_domains):
        return
    companies = few(_of_type(candidates.index.by_domain(domain), "c_account"))
    is_in_text = span is not None and name not in candidates.subject.address_fields
    said: EvidenceSource = "name" if is_in_text and source != "messaging" else source
    for company in companies:
        evidence = piece(candidates.policy, "email-domain", said, found_in=name, value=domain, strength=1 / len(companies), span=span)
        candidates.add_anchor(company, evidence)


def _by_phones(candidates: Candidates) -> None:
    source = _written_source(candidates.subject)
    for mention in candidates.subject.mentions.of("phone"):
        evidence = piece(candidates.policy, "phone", source, found_in=mention.field, value=mention.value, span=(mention.start, mention.end))
        for anchor in few(candidates.index.by_phone(mention.value)):
            candidates.add_anchor(anchor, evidence)


def _by_names(candidates: Candidates) -> None:
    policy, source = candidates.policy, _written_source(candidates.subject)
    for name, words in candidates.subject.words.items():
        is_fuzzy = "fuzzy-name" not in policy.switched_off
        text = str(candidates.subject.shard.structured_data.get(name, ""))
        for hit in candidates.index.named_in(words, fuzzy=is_fuzzy, is_title=name in candidates.subject.titles):
            anchor = candidates.index.get(hit.anchor_id)
            if anchor is None:
                continue
            evidence = piece(
                policy,
                "exact-name" if hit.is_exact else "fuzzy-name",
                source,
                found_in=name,
                value=text[hit.start : hit.end] or hit.text,
                strength=_whole(anchor) * (hit.rarity if hit.is_exact else name_strength(hit.similarity) * min(1.0, hit.rarity)),
                span=(hit.start, hit.end),
            )
            candidates.add_anchor(anchor, evidence)


def _whole(anchor: Anchor) -> float:
    """How much a name says of who has it: a surname alone is many people's."""
    return SURNAME_ALONE if anchor.shard_type_id == "c_contact" and all(len(name) == 1 for name in anchor.names) else 1.0


def _written_source(subject: Subject) -> EvidenceSource:
    return "messaging" if subject.is_messaging else "name"


def _of_type(anchors: Iterable[Anchor], shard_type_id: str) -> Iterator[Anchor]:
    return (anchor for anchor in anchors if anchor.shard_type_id == shard_type_id)
