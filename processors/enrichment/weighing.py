"""What the evidence comes to under a tenant's policy: linked, suggested, or nothing. Pure.

The score is that of ``shared/linking/evidence.py`` over exactly what is stored with the link, so it can be recomputed from that alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from processors.enrichment.anchors.anchor import Anchor
from processors.enrichment.names.common_words import is_common
from shared.linking.decision import LinkDecision
from shared.linking.evidence import MOST_CHARACTERS, Evidence, EvidenceSource, Feature, Penalty, score
from shared.linking.policy import LinkingPolicy

MOST_PIECES: Final = 10
"""Of one link: those that say most."""
CORROBORATING: Final[frozenset[Feature]] = frozenset({"team", "amount", "close-date", "near-in-time"})
"""They make no candidate by themselves."""
IDENTIFYING: Final[frozenset[Feature]] = frozenset({"vendor-id", "native-id", "email"})
"""Of what is linked by these, several may be true at once: there are no rivals."""
_NAMES: Final[frozenset[Feature]] = frozenset({"exact-name", "fuzzy-name"})
_ADDRESSED: Final[frozenset[Feature]] = frozenset({"native-id", "vendor-id", "email", "phone"})

COMMON_NAME: Final = Penalty(reason="common-name", factor=0.5)
COUNTRY_CONFLICT: Final = Penalty(reason="country-conflict", factor=0.7)
CLOSED_DEAL: Final = Penalty(reason="closed-deal", factor=0.8)


@dataclass(frozen=True)
class Candidate:
    """A shard that something leads to, and all that does."""

    shard_id: str
    shard_type_id: str
    relationship_type: str
    anchor: Anchor | None
    """What it is recognised by; None for files and folders, which are by ids alone."""
    pieces: list[Evidence] = field(default_factory=list)

    @property
    def statement(self) -> tuple[str, str]:
        """What a link to it would say."""
        return self.relationship_type, self.shard_id


@dataclass(frozen=True)
class Weighed:
    """A candidate with its score, and what the score is made of."""

    candidate: Candidate
    evidence: tuple[Evidence, ...]
    penalties: tuple[Penalty, ...]
    score: float
    is_ambiguous: bool = False
    """Whether it would have been linked, were there no rival as likely."""

    @property
    def is_identified(self) -> bool:
        """Whether an id or an address leads to it, and not a likeness."""
        return any(piece.feature in IDENTIFYING for piece in self.evidence)


@dataclass(frozen=True)
class Decided:
    """What is to be done."""

    linked: tuple[Weighed, ...] = ()
    suggested: tuple[Weighed, ...] = ()


def piece(
    policy: LinkingPolicy,
    feature: Feature,
    source: EvidenceSource,
    *,
    found_in: str,
    value: str,
    strength: float = 1.0,
    via: str | None = None,
    span: tuple[int, int] | None = None,
) -> Evidence:
    """A piece of evidence under this policy."""
    return Evidence(
        feature=feature,
        source=source,
        field=found_in,
        value=value[:MOST_CHARACTERS],
        weight=policy.weights[feature],
        strength=round(min(max(strength, 0.0), 1.0), 4),
        ceiling=policy.ceilings[source],
        via=via,
        span=span,
    )


def weighed(candidate: Candidate, *, country: str | None) -> Weighed | None:
    """Its score; None where nothing but corroborating evidence speaks for it.

    Args:
        candidate: what leads to it.
        country: of the shard that would be linked, as ``Anchor.country``; None where it is not told.
    """
    evidence = best(candidate.pieces)
    if all(each.feature in CORROBORATING for each in evidence):
        return None
    penalties = tuple(_penalties(candidate.anchor, evidence, country))
    return Weighed(candidate, evidence, penalties, score(evidence, penalties))


def best(pieces: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Of each feature the piece that says most, no span twice (the name as it is before one like it), and what says something at all. The
    same in whatever order they come."""
    kept: list[Evidence] = []
    found = list(pieces)
    exact = [each for each in found if each.feature == "exact-name"]
    for each in sorted(found, key=_rank):
        if each.feature == "fuzzy-name" and any(_overlap(one, each) for one in exact):
            continue
        is_there = any(other.feature == each.feature or _overlap(other, each) for other in kept)
        if each.share > 0 and not is_there:
            kept.append(each)
    return tuple(kept[:MOST_PIECES])


def decide(of_all: Sequence[Weighed], decisions: Mapping[tuple[str, str], LinkDecision], policy: LinkingPolicy) -> Decided:
    """Which of them are linked, and which suggested. What a person has decided is neither; what they confirmed is a rival for sure."""
    open_ones = sorted((one for one in of_all if one.candidate.statement not in decisions), key=_by_score)
    confirmed = [decision.target_shard_type_id for decision in decisions.values() if decision.holds]
    linked, suggested = [], []
    for one in open_ones:
        if one.score < policy.suggest_from:
            continue
        likely = one.score >= policy.link_from
        is_clear = one.is_identified or _is_ahead(one, open_ones, confirmed, policy.margin)
        if likely and is_clear and policy.links_automatically:
            linked.append(one)
        else:
            suggested.append(_ambiguous(one) if likely and not is_clear else one)
    most = policy.max_suggestions if policy.suggests else 0
    return Decided(tuple(linked), tuple(suggested[:most]))


def _is_ahead(one: Weighed, others: Iterable[Weighed], confirmed: Iterable[str], margin: float) -> bool:
    kind = one.candidate.shard_type_id
    rivals = [other.score for other in others if other is not one and other.candidate.shard_type_id == kind]
    rivals += [1.0 for confirmed_kind in confirmed if confirmed_kind == kind]
    return all(round(one.score - rival, 4) >= margin and one.score > rival for rival in rivals)


def _ambiguous(one: Weighed) -> Weighed:
    return Weighed(one.candidate, one.evidence, one.penalties, one.score, is_ambiguous=True)


def _penalties(anchor: Anchor | None, evidence: Sequence[Evidence], country: str | None) -> Iterable[Penalty]:
    """None where an id leads there: then there is nothing to be mistaken in."""
    features = {each.feature for each in evidence}
    if anchor is None or features & {"native-id", "vendor-id"}:
        return
    if features & _NAMES and not features & _ADDRESSED and _is_common(anchor):
        yield COMMON_NAME
    if country is not None and anchor.country is not None and _differ(country, anchor.country):
        yield COUNTRY_CONFLICT
    if anchor.is_deal and not anchor.is_open:
        yield CLOSED_DEAL


def _is_common(anchor: Anchor) -> bool:
    return all(len(name) == 1 and is_common(name[0]) for name in anchor.names)


def _differ(one: str, other: str) -> bool:
    """A code and a name say nothing of each other."""
    return one != other and one.isupper() == other.isupper()


def _overlap(one: Evidence, other: Evidence) -> bool:
    if one.field != other.field or one.span is None or other.span is None:
        return False
    return one.span[0] < other.span[1] and other.span[0] < one.span[1]


def _rank(each: Evidence) -> tuple[object, ...]:
    return (-each.share, each.feature == "fuzzy-name", each.feature, each.source, each.field, each.span or (), each.value, each.via or "")


def _by_score(one: Weighed) -> tuple[float, str, str]:
    return -one.score, one.candidate.shard_id, one.candidate.relationship_type
