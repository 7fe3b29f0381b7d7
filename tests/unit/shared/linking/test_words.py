"""Reasons in words: a sentence for each piece of evidence."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.linking.evidence import Evidence, EvidenceSource, Feature, Penalty, plain
from shared.linking.words import AGAINST, NOTES, SENTENCES, USUAL, Named, why

FILE = Named("c_file", "Harbour – renewal.pdf")
DEAL = Named("c_opportunity", "Harbour – renewal")
VIA = {
    "contact-1": Named("c_contact", "Ann Byron"),
    "company-1": Named("c_account", "Harbour Ltd"),
    "folder-1": Named("c_folder", "Customers"),
}


def piece(feature: Feature, source: EvidenceSource, field: str = "", value: str = "", via: str | None = None) -> dict[str, Any]:
    return plain(Evidence(feature=feature, source=source, field=field, value=value, weight=0.5, ceiling=0.9, via=via))


def told(*evidence: dict[str, Any], owner: Named = FILE, other: Named = DEAL, **more: Any) -> list[str]:
    return list(why(evidence, more.pop("penalties", ()), owner=owner, other=other, via=VIA, **more))


SAID: list[tuple[dict[str, Any], str]] = [
    (piece("vendor-id", "crm", "accountId", "001x"), "the file's account is «Harbour – renewal», as its own record says"),
    (piece("native-id", "explicit", "description", "006x"), "the file's description holds an id or a link of «Harbour – renewal»"),
    (piece("person", "manual", "", "ada@acme.example"), "ada@acme.example said so"),
    (piece("email", "participant", "owner", "ann@x.example"), "the file's owner holds the address of «Harbour – renewal»: ann@x.example"),
    (
        piece("email-domain", "name", "text", "x.example"),
        "the file's text holds an address at the domain, x.example, of «Harbour – renewal»",
    ),
    (piece("phone", "name", "text", "+4930123"), "the file's text holds the phone number of «Harbour – renewal»: +4930123"),
    (piece("exact-name", "name", "name", "Harbour – renewal"), "the file's name holds the deal's name: «Harbour – renewal»"),
    (piece("fuzzy-name", "name", "name", "Harbor renewals"), "the file's name holds nearly the deal's name: «Harbor renewals»"),
    (piece("contact-of", "relation", via="contact-1"), "the file has to do with «Ann Byron», the deal's contact"),
    (piece("account-of", "relation", via="company-1"), "the file has to do with «Harbour Ltd», whose deal this is"),
    (piece("folder", "relation", via="folder-1"), "the file is in «Customers», which is linked to the deal"),
    (piece("team", "relation", value="bob@x.example"), "bob@x.example, who owns the deal, is among the people of the file"),
    (piece("amount", "amount", "text", "EUR 12000.00"), "the file's text holds the deal's amount: EUR 12000.00"),
    (piece("close-date", "temporal", "name", "2026-12-01"), "the file's name holds the deal's close date: 2026-12-01"),
    (
        piece("near-in-time", "temporal", "createdDate", "2026-11-20"),
        "the file was made or changed on 2026-11-20, near the deal's close date",
    ),
]


@pytest.mark.parametrize(("evidence", "sentence"), SAID, ids=[str(evidence["feature"]) for evidence, _ in SAID])
def test_each_kind_of_evidence_has_its_sentence(evidence: dict[str, Any], sentence: str) -> None:
    assert told(evidence) == [sentence]


def test_no_feature_no_source_and_no_penalty_is_without_words() -> None:
    assert set(SENTENCES) == set(USUAL) == set(get_args(Feature)) == {evidence["feature"] for evidence, _ in SAID}
    assert set(NOTES) == set(get_args(EvidenceSource))
    assert set(AGAINST) == set(get_args(Penalty.model_fields["reason"].annotation))
    assert set().union(*USUAL.values()) <= set(NOTES)


def test_a_name_that_is_the_whole_name_is_told_as_such() -> None:
    same = Named("c_file", "Harbour – renewal")

    assert told(piece("exact-name", "name", "name", "Harbour – renewal"), owner=same) == [
        "the file's name is the deal's name: «Harbour – renewal»"
    ]


def test_a_source_that_counts_for_less_is_named() -> None:
    assert told(
        piece("exact-name", "messaging", "topic", "Harbour"), piece("account-of", "llm", via="company-1"), owner=Named("c_channel", "x")
    ) == [
        "the channel's topic holds the deal's name: «Harbour» (in a messaging tool, which counts for less)",
        "the channel has to do with «Harbour Ltd», whose deal this is (found by a model, which counts for less)",
    ]


def test_what_speaks_against_it_comes_last() -> None:
    penalties = [plain(Penalty(reason=reason, factor=0.5)) for reason in ("common-name", "country-conflict", "closed-deal")]

    assert told(piece("near-in-time", "temporal"), penalties=penalties, is_ambiguous=True)[1:] == [
        "against it: the deal's name is a common word",
        "against it: the file and the deal are of different countries",
        "against it: the deal is closed",
        "against it: another deal is as likely",
    ]


def test_a_shard_that_may_not_be_named_and_one_without_a_name_are_called_by_what_they_are() -> None:
    assert told(piece("folder", "relation", via="another")) == ["the file is in a folder, which is linked to the deal"]
    assert told(piece("native-id", "explicit", "text", "006x"), other=Named("c_opportunity", None)) == [
        "the file's text holds an id or a link of the deal: 006x"
    ]
    assert told(piece("near-in-time", "temporal"), owner=Named("c_new", "x")) == [
        "the record was made or changed near the deal's close date"
    ]


def test_lists_of_people_and_websites_are_called_what_they_are() -> None:
    assert told(
        piece("email", "participant", "members", "a@x.example"),
        piece("email", "participant", "permissions", "a@x.example"),
        piece("email-domain", "name", "website", "x.example"),
        other=Named("c_account", "Harbour"),
    ) == [
        "the file's list of members holds the address of «Harbour»: a@x.example",
        "the file's sharing list holds the address of «Harbour»: a@x.example",
        "the file's website is at the domain, x.example, of «Harbour»",
    ]


def test_what_speaks_through_a_shard_that_may_not_be_seen_is_told_without_its_value() -> None:
    """The address is that of somebody whom the reader may not see."""
    hidden = piece("team", "participant", "members", "secret@x.example", via="person-1")

    assert told(hidden) == ["a person, who owns the deal, is among the people of the file"]
    assert told({**hidden, "via": "company-1"})[0].startswith("secret@x.example")


def test_a_name_is_told_on_one_line_and_cut() -> None:
    [sentence] = told(piece("phone", "name", "text", "+49"), other=Named("c_contact", "Ann\n" * 900))
    assert len(sentence) < 400
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("mailingCountry", "mailing country"),
        ("ownerId", "owner"),
        ("reportsToId", "manager"),
        ("parentExternalId", "parent folder"),
        ("convertedAccountId", "converted account"),
        ("text_summary", "text summary"),
    ],
)
def test_a_field_is_called_by_words(field: str, words: str) -> None:
    assert told(piece("amount", "amount", field, "7")) == [f"the file's {words} holds the deal's amount: 7"]


def test_the_same_said_twice_is_told_once() -> None:
    assert len(told(piece("near-in-time", "temporal"), piece("near-in-time", "temporal"))) == 1


def test_evidence_of_another_deployment_is_told_as_far_as_there_are_words() -> None:
    old = {"feature": "vendor-id", "field": "ownerId", "value": "005x", "weight": 0.9}

    assert told(old, {"feature": "telepathy", "field": "name"}, {}, penalties=[{"reason": "hunch"}]) == [
        "the file's owner is «Harbour – renewal», as its own record says",
        "the file's name says so, in a way that there are no words for here",
        "the file says so, in a way that there are no words for here",
        "against it: something there are no words for here",
    ]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["feature", "source", "field", "value", "via", "weight"]), st.text() | st.floats() | st.none())
    ),
    st.text(),
)
def test_whatever_is_stored_every_reason_is_one_short_line(evidence: list[dict[str, Any]], name: str) -> None:
    named = Named("c_file", " ".join(name.split())[:50] or None)

    for sentence in why(evidence, owner=named, other=DEAL, via={}):
        assert sentence
        assert len(sentence) < 1_000


@given(st.sampled_from(SAID), st.text(max_size=400))
def test_a_value_is_told_on_one_line_and_cut(said: tuple[dict[str, Any], str], value: str) -> None:
    [sentence] = told({**said[0], "value": value})

    assert "\n" not in sentence
    assert len(sentence) < 400
