"""What evidence comes to: ceilings, penalties, the margin to a rival; and every number can be recomputed from what is stored with it."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.anchors.anchor import Anchor, anchor_of
from processors.enrichment.weighing import MOST_PIECES, Candidate, Weighed, best, decide, piece, weighed
from shared.linking.anchor import AnchorRow
from shared.linking.decision import LinkDecision
from shared.linking.evidence import Evidence, EvidenceSource, Feature, Penalty, score
from shared.linking.policy import CEILINGS, WEIGHTS, LinkingPolicy
from tests.unit.processors.chain.linked_records import channel, company, customer, folder, proposal, renewal, seller
from tests.unit.processors.chain.records import say

POLICY: Final = LinkingPolicy()


def anchor(kind: str = "c_account", *, name: str = "Harbour Lights", **fields: Any) -> Anchor:
    row = AnchorRow("id", kind, "active", (("salesforce", "org", "Account", "001"),), {"name": name, **fields}, 0)
    made = anchor_of(row, tenant_id="acme", default_country="US")
    assert made is not None
    return made


def said(
    feature: Feature, source: EvidenceSource, *, strength: float = 1.0, span: tuple[int, int] | None = None, field: str = "name"
) -> Evidence:
    return piece(POLICY, feature, source, found_in=field, value="as it stands", strength=strength, span=span)


def of(*pieces: Evidence, to: Anchor | None = None, target: str = "target", kind: str = "c_account", country: str | None = None) -> Weighed:
    found = weighed(Candidate(target, kind, "attached_to", to or anchor(), list(pieces)), country=country)
    assert found is not None
    return found


CEILED: Final[dict[str, tuple[list[Evidence], float]]] = {
    "an id in a text": ([said("native-id", "explicit")], 0.995),
    "a field of the CRM": ([said("vendor-id", "crm")], 0.9),
    "a participant's address": ([said("email", "participant")], 0.85),
    "a linked contact's deal": ([said("contact-of", "relation", strength=0.85)], 0.68),
    "a name in a title": ([said("exact-name", "name")], 0.92),
    "a name and a phone number in a text": ([said("exact-name", "name"), said("phone", "name")], 0.92),
    "a name in a messaging tool": ([said("exact-name", "messaging")], 0.5),
    "an address and a name in a messaging tool": ([said("email", "messaging"), said("exact-name", "messaging")], 0.5),
    "independent signals, above one ceiling": ([said("email", "participant"), said("exact-name", "messaging")], 0.925),
    "contact, company and folder": (
        [said("contact-of", "relation"), said("account-of", "relation"), said("folder", "relation")],
        0.8,
    ),
    "a near date besides": ([said("exact-name", "name", strength=0.6), said("near-in-time", "temporal")], 0.8208),
}


@pytest.mark.parametrize(("pieces", "number"), CEILED.values(), ids=list(CEILED))
def test_what_comes_of_one_source_stays_under_its_ceiling(pieces: list[Evidence], number: float) -> None:
    assert of(*pieces).score == number


@pytest.mark.parametrize("feature", ["team", "amount", "close-date", "near-in-time"])
def test_what_only_confirms_makes_no_candidate(feature: Feature) -> None:
    only = Candidate("target", "c_opportunity", "attached_to", anchor("c_opportunity"), [said(feature, "temporal")])

    assert weighed(only, country=None) is None


def test_of_one_feature_the_best_piece_counts_once() -> None:
    found = best([said("exact-name", "name", strength=0.5), said("exact-name", "name"), said("exact-name", "name", strength=0.7)])

    assert [each.strength for each in found] == [1.0]


def test_no_span_counts_twice_and_a_name_as_it_is_beats_one_that_is_like_it() -> None:
    exact, like = said("exact-name", "name", strength=0.3, span=(0, 7)), said("fuzzy-name", "name", span=(0, 14))

    assert best([like, exact]) == (exact,)
    assert len(best([said("email-domain", "name", span=(0, 20)), said("exact-name", "name", span=(5, 9))])) == 1
    assert len(best([said("email-domain", "name", span=(0, 20)), said("exact-name", "name", span=(5, 9), field="other")])) == 2


PENALISED: Final[dict[str, tuple[Weighed, list[str]]]] = {
    "a single common word": (of(said("exact-name", "name"), to=anchor(name="Bank")), ["common-name"]),
    "the same by its address": (of(said("exact-name", "name"), said("email", "participant"), to=anchor(name="Bank")), []),
    "another country": (of(said("exact-name", "name"), to=anchor(billingCountryCode="DE"), country="FR"), ["country-conflict"]),
    "the same country": (of(said("exact-name", "name"), to=anchor(billingCountryCode="DE"), country="DE"), []),
    "a code and a name of a country": (of(said("exact-name", "name"), to=anchor(billingCountry="Germany"), country="FR"), []),
    "a deal that is closed": (of(said("exact-name", "name"), to=anchor("c_opportunity", isClosed=True)), ["closed-deal"]),
    "a closed deal's id": (of(said("native-id", "explicit"), to=anchor("c_opportunity", isClosed=True)), []),
}


@pytest.mark.parametrize(("found", "reasons"), PENALISED.values(), ids=list(PENALISED))
def test_what_speaks_against_it_lowers_the_score(found: Weighed, reasons: list[str]) -> None:
    assert [penalty.reason for penalty in found.penalties] == reasons
    assert found.score == score(found.evidence, found.penalties)


def test_each_of_what_speaks_against_it_multiplies_the_score() -> None:
    abroad = anchor("c_opportunity", isClosed=True, billingCountryCode="DE")

    assert of(said("exact-name", "name"), to=anchor("c_opportunity", isClosed=True)).score == round(0.92 * 0.8, 4)
    assert of(said("exact-name", "name"), to=abroad, country="FR").score == round(0.92 * 0.7 * 0.8, 4)
    assert of(said("exact-name", "name"), to=anchor(name="Bank")).score == round(0.92 * 0.5, 4)


def named(strength: float, target: str, kind: str = "c_account") -> Weighed:
    return of(said("exact-name", "name", strength=strength), target=target, kind=kind)


def ends(*found: Weighed, policy: LinkingPolicy = POLICY, decisions: tuple[LinkDecision, ...] = ()) -> tuple[list[str], list[str]]:
    done = decide(found, {decision.statement: decision for decision in decisions}, policy)
    return [one.candidate.shard_id for one in done.linked], [one.candidate.shard_id for one in done.suggested]


def decision(verdict: Any, target: str) -> LinkDecision:
    return LinkDecision.model_validate(
        {
            "verdict": verdict,
            "relationshipType": "attached_to",
            "targetShardId": target,
            "targetShardTypeId": "c_account",
            "decidedBy": "vera",
            "decidedAt": "2026-11-21T12:00:00Z",
        }
    )


SETTLED: Final[dict[str, tuple[tuple[list[str], list[str]], tuple[list[str], list[str]]]]] = {
    "sure": (ends(named(1, "a")), (["a"], [])),
    "likely": (ends(named(0.7, "a")), ([], ["a"])),
    "unlikely": (ends(named(0.6, "a")), ([], [])),
    "well ahead": (ends(named(1, "a"), named(0.9, "b")), (["a"], ["b"])),
    "a narrow lead": (ends(named(1, "a"), named(0.96, "b")), ([], ["a", "b"])),
    "as likely": (ends(named(1, "b"), named(1, "a")), ([], ["a", "b"])),
    "rivals of other types are none": (ends(named(1, "a"), named(1, "b", "c_opportunity")), (["a", "b"], [])),
    "addresses are no rivals": (
        ends(of(said("email", "participant"), target="a"), of(said("email", "participant"), target="b")),
        (["a", "b"], []),
    ),
    "one that was rejected is no rival": (ends(named(1, "a"), named(1, "b"), decisions=(decision("rejected", "a"),)), (["b"], [])),
    "one that was approved is": (ends(named(1, "a"), named(1, "b"), decisions=(decision("approved", "a"),)), ([], ["b"])),
    "at most so many": (ends(named(0.7, "b"), named(0.7, "a"), policy=LinkingPolicy(max_suggestions=1)), ([], ["a"])),
    "a wider margin": (ends(named(1, "a"), named(0.9, "b"), policy=LinkingPolicy(margin=0.2)), ([], ["a", "b"])),
}


@pytest.mark.parametrize(("found", "expected"), SETTLED.values(), ids=list(SETTLED))
def test_what_is_linked_and_what_is_suggested(found: tuple[list[str], list[str]], expected: tuple[list[str], list[str]]) -> None:
    assert found == expected


PIECES = st.builds(
    lambda feature, source, strength, start: said(feature, source, strength=strength, span=(start, start + 3)),
    st.sampled_from(sorted(WEIGHTS)),
    st.sampled_from(sorted(CEILINGS)),
    st.floats(0, 1),
    st.integers(0, 40),
)


@given(pieces=st.lists(PIECES, min_size=1, max_size=30), rotated=st.integers(0, 29))
def test_the_score_is_that_of_what_is_stored_in_whatever_order_it_was_found(pieces: list[Evidence], rotated: int) -> None:
    place = rotated % len(pieces)
    one = weighed(Candidate("target", "c_account", "attached_to", anchor(), pieces), country=None)
    other = weighed(Candidate("target", "c_account", "attached_to", anchor(), [*pieces[place:], *pieces[:place]]), country=None)

    assert one == other or (one is not None and other is not None and one.evidence == other.evidence)
    if one is not None:
        assert one.score == score(one.evidence, one.penalties)
        assert len(one.evidence) <= MOST_PIECES
        assert len({each.feature for each in one.evidence}) == len(one.evidence)


async def test_every_stored_link_and_suggestion_can_be_recomputed_from_what_is_stored_with_it() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, company(), customer(), renewal(), seller(), folder(name="Harbour Lights"), proposal(), channel())

    edges: list[dict[str, Any]] = [dict(edge) for one in pipeline.shards.all() for edge in one.internal_relationships]
    assert len(edges) > 10
    for edge in edges:
        metadata = edge["metadata"]
        evidence = [Evidence.model_validate(each) for each in metadata["evidence"]]
        assert metadata["confidence"] == score(evidence, [Penalty.model_validate(each) for each in metadata.get("penalties", ())])
    for one in pipeline.suggestions.known.values():
        evidence = [Evidence.model_validate(each) for each in one.evidence]
        assert one.confidence == score(evidence, [Penalty.model_validate(each) for each in one.penalties])
