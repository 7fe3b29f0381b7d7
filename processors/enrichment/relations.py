"""What candidates lead to in turn, and what only confirms one: contacts' and companies' deals, the folder, the team, sums, dates. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from processors.enrichment.anchors.anchor import DEALS
from processors.enrichment.candidates import Candidates, few, taking_part
from processors.enrichment.weighing import Candidate, Weighed, piece
from shared.linking.evidence import Evidence
from shared.linking.policy import LinkingPolicy

NEAR_DAYS: Final = 30
"""A deal that closes so many days before or after may be what it is about."""
ATTACHED: Final = "attached_to"


@dataclass(frozen=True)
class FolderLink:
    """What a folder is attached to."""

    shard_id: str
    shard_type_id: str
    confidence: float


@dataclass(frozen=True)
class Folder:
    """The folder that a file or a folder is in."""

    shard_id: str
    links: tuple[FolderLink, ...] = ()


@dataclass(frozen=True)
class Sure:
    """A contact or company that is linked, or would be, and how sure that is."""

    shard_id: str
    confidence: float


def links_of(edges: Iterable[Mapping[str, Any]]) -> tuple[FolderLink, ...]:
    """What a folder's edges attach it to, in one order."""
    attached = (edge for edge in edges if edge.get("relationshipType") == ATTACHED)
    links = {
        FolderLink(
            str(edge.get("targetShardId")), str(edge.get("targetShardTypeId")), float((edge.get("metadata") or {}).get("confidence", 0))
        )
        for edge in attached
    }
    return tuple(sorted(links, key=lambda link: (link.shard_id, link.confidence)))


def by_folder(candidates: Candidates, folder: Folder | None) -> None:
    """What the folder is attached to."""
    for link in folder.links if folder is not None else ():
        anchor = candidates.index.get(link.shard_id)
        if folder is None or anchor is None:
            continue
        evidence = piece(candidates.policy, "folder", "relation", found_in="", value="", strength=link.confidence, via=folder.shard_id)
        candidates.add_anchor(anchor, evidence)


def by_contacts(candidates: Candidates, contacts: Sequence[Sure]) -> None:
    """The deals whose contact takes part."""
    for contact in contacts:
        evidence = piece(
            candidates.policy, "contact-of", "relation", found_in="", value="", strength=contact.confidence, via=contact.shard_id
        )
        for deal in few(candidates.index.deals_of_contact(contact.shard_id)):
            candidates.add_anchor(deal, evidence)


def by_companies(candidates: Candidates, companies: Sequence[Sure]) -> None:
    """The deal of a company that has one, and no other of the kind, that is open."""
    for company in companies:
        evidence = piece(
            candidates.policy, "account-of", "relation", found_in="", value="", strength=company.confidence, via=company.shard_id
        )
        open_ones = [deal for deal in candidates.index.deals_of_account(company.shard_id) if deal.is_open]
        for kind in sorted(DEALS):
            of_kind = [deal for deal in open_ones if deal.shard_type_id == kind and deal.shard_id != candidates.subject.shard.id]
            if len(of_kind) == 1:
                candidates.add_anchor(of_kind[0], evidence)


def corroborate(candidates: Candidates) -> None:
    """What confirms a deal that something else leads to."""
    people = taking_part(candidates.subject, candidates.index)
    for deal in candidates.of_type(*DEALS):
        for evidence in (*_team(candidates, deal, people), *_amount(candidates, deal), *_dates(candidates, deal)):
            candidates.add(deal.shard_id, deal.shard_type_id, deal.anchor, evidence)


def sure_of(weighed: Iterable[Weighed], least: float) -> list[Sure]:
    """Those with at least this score."""
    return [Sure(one.candidate.shard_id, one.score) for one in weighed if one.score >= least]


def _team(candidates: Candidates, deal: Candidate, people: Mapping[str, str]) -> Iterable[Evidence]:
    owner = candidates.index.get(deal.anchor.owner_id) if deal.anchor is not None and deal.anchor.owner_id is not None else None
    if owner is None:
        return
    for address in owner.emails:
        if address in people:
            yield piece(candidates.policy, "team", "participant", found_in=people[address], value=address, via=owner.shard_id)


def _amount(candidates: Candidates, deal: Candidate) -> Iterable[Evidence]:
    if deal.anchor is None or not deal.anchor.amount:
        return
    for mention in candidates.subject.mentions.of("money"):
        currency, _, number = mention.value.rpartition(" ")
        is_currency = not currency or deal.anchor.currency in {None, currency}
        if is_currency and float(number) == deal.anchor.amount:
            span = (mention.start, mention.end)
            yield piece(candidates.policy, "amount", "amount", found_in=mention.field, value=mention.value, span=span)


def _dates(candidates: Candidates, deal: Candidate) -> Iterable[Evidence]:
    close = deal.anchor.close_date if deal.anchor is not None else None
    if close is None:
        return
    policy, subject = candidates.policy, candidates.subject
    for mention in subject.mentions.of("date"):
        if mention.value == close.isoformat():
            span = (mention.start, mention.end)
            yield piece(policy, "close-date", "temporal", found_in=mention.field, value=mention.value, span=span)
    yield from (each for name, day in subject.dates for each in _near(policy, name, day, close))


def _near(policy: LinkingPolicy, name: str, day: date, close: date) -> Iterable[Evidence]:
    days = abs((day - close).days)
    if days <= NEAR_DAYS:
        strength = max(0.4, 0.6 - days / NEAR_DAYS * 0.2) / 0.6
        yield piece(policy, "near-in-time", "temporal", found_in=name, value=day.isoformat(), strength=strength)
