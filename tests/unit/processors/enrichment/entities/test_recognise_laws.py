"""What holds for every text, whoever wrote it: nothing is raised, places are exact, nothing overlaps, and the time it takes is in
proportion to its length."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.enrichment.entities.domains import registrable_domain
from processors.enrichment.entities.mention import MentionKind
from processors.enrichment.entities.recognise import recognise
from processors.enrichment.entities.urls import urls_in
from shared.conversions.identifiers import salesforce_id

often = settings(max_examples=150, deadline=None)

FORMS: dict[MentionKind, str] = {
    "id": r"salesforce:[A-Za-z0-9]{15}[A-Z0-5]{3}|gdrive:[A-Za-z0-9_-]{10,128}|slack:[CDGUW][A-Z0-9]{1,20}",
    "email": r"[^\s@A-Z]+@[^\s@A-Z]+\.[^\s@A-Z]+",
    "phone": r"\+[1-9][0-9]{5,14}",
    "money": r"(?:[A-Z]{3} )?(?:0|[1-9][0-9]{0,14})\.[0-9]{2}",
    "date": r"(?:19|20|21)[0-9]{2}-[01][0-9]-[0-3][0-9]",
}
PIECES = st.sampled_from(
    [
        *("jo@acme.example", "https://", "https://acme.my.salesforce.com/", "0065g00000ABCDE", "0065g00000ABCDEAA5", "%2F", "?id=", "&"),
        *("https://drive.google.com/file/d/", "1dOcMinutesGd8Cd", "<#C024BE91L|", ">", "<@U024BE7LH>", "https://acme.slack.com/archives/"),
        *("€", "$", "EUR ", "12.000,00", "1.2M", " k", "kr", "12 March 2026", "2026-03-12", "12.03.2026", "03/04/2026", "-", ".", ","),
        *("+49 30 901820", "(415) 555-2671", "Tel. ", "4155552671", "0", " ", "\n", "@", "/", "|", "<", "\u200b", "\u0301", "\ud800", "٣"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(codec=None), max_size=200))


@often
@given(TEXTS, st.sampled_from(["description", "phone"]), st.sampled_from(["US", "DE", "ZZ"]))
def test_every_mention_is_where_it_says_in_its_one_form_and_overlaps_no_other(text: str, field: str, country: str) -> None:
    mentions = recognise({field: text}, default_country=country)

    done = 0
    for mention in mentions.found:
        assert mention.field == field
        assert done <= mention.start < mention.end
        assert text[mention.start : mention.end] == mention.text
        assert re.fullmatch(FORMS[mention.kind], mention.value), mention
        done = mention.end
    assert not mentions.is_cut


@often
@given(TEXTS)
def test_the_one_form_is_the_same_again_and_can_be_stored(text: str) -> None:
    for mention in recognise({"description": text}, default_country="US").found:
        json.dumps(mention.value, ensure_ascii=False).encode()
        if mention.value.startswith("salesforce:"):
            assert salesforce_id(mention.value.removeprefix("salesforce:")) == mention.value.removeprefix("salesforce:")
        if mention.kind in ("email", "phone", "date"):
            [again] = recognise({"description": mention.value}, default_country="US").found
            assert (again.kind, again.value) == (mention.kind, mention.value)


@often
@given(st.text(st.sampled_from("0123456789abcdefABCDEF"), min_size=18, max_size=18))
def test_no_id_with_wrong_check_letters_is_taken(token: str) -> None:
    for found in recognise({"description": token}, default_country="US").of("id"):
        assert found.value == f"salesforce:{token[:15]}{token[15:].upper()}" == f"salesforce:{salesforce_id(token)}"


@often
@given(TEXTS)
def test_domains_of_anything_raise_nothing_and_are_stable(text: str) -> None:
    domain = registrable_domain(text)

    assert domain is None or registrable_domain(f"https://www.{domain}/x") == domain


@often
@given(TEXTS, TEXTS)
def test_fields_do_not_see_each_other(one: str, other: str) -> None:
    both = recognise({"name": one, "description": other}, default_country="US")

    alone = (*recognise({"name": one}, default_country="US").found, *recognise({"description": other}, default_country="US").found)
    assert both.found == alone


HOSTILE = [
    *("a", "0", "1 ", "@", "a@", "a.", "a@a.", "-", "+", "(", "+1 ", "(1", "€", "€1", "1€", "1.", "1,", "1 000 ", "1.000.", "12.", "2026"),
    *("2026-", "12.03.", "12 March ", "1 March 2026", "https://", "https://a", "//", "%", "%25", "%2F", "<", "<@", "<@U", "<#C1|", "|"),
    *("\x00", "\u200b", "\u0301", "\ud800", "مرحبا", "<div>", "<a href='", "&amp;", "?id=", "https://a.force.com/", "a.force.com."),
    *(
        "https://drive.google.com/open?",
        "drive.google.com/",
        "https://slack.com/app_redirect?",
        "//slack.com/app_redirect?",
        "0065g00000ABCDE",
    ),
    *("415-555-2671 ", "415 555 2672 ", "+1 415 555 267 ", "0015g", "tel ", "a-", "a-a.", "1'", "k", "(((((1)))))", "USD 1", "kr "),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hundred_thousand_hostile_characters_are_read_to_the_end(piece: str) -> None:
    length = 100_000
    text = (piece * (length // len(piece) + 1))[:length]

    mentions = recognise({"text": text, "name": f"{text[:200]}@{text[:200]}", "phone": text}, default_country="DE")

    assert mentions.is_cut
    assert all(text[mention.start : mention.end] == mention.text for mention in mentions.found if mention.field == "text")


def test_addresses_of_the_web_end_where_nobody_would_go_on() -> None:
    text = '(see https://acme.example/a_(b)). https://acme.example/x\u200by "https://acme.example/q?a=1" https://acme.example/\ud800'

    found = [text[start:end] for start, end in urls_in(text)]

    assert found == ["https://acme.example/a_(b", "https://acme.example/x", "https://acme.example/q?a=1", "https://acme.example/"]
