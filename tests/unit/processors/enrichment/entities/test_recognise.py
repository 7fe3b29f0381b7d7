"""One pass over the fields of a shard: everything once, the exact before the vague, and no more than is looked at."""

import pytest

from processors.enrichment.entities.mention import Mention, Mentions
from processors.enrichment.entities.recognise import LONGEST_TEXT, MOST_OF_A_KIND, recognise

DEAL = "https://acme.lightning.force.com/lightning/r/Opportunity/0065g00000ABCDEAA5/view"


def found_in(text: str, field: str = "description") -> list[tuple[str, str]]:
    return [(mention.kind, mention.value) for mention in recognise({field: text}, default_country="US").found]


def test_a_text_that_mentions_something_of_every_kind() -> None:
    text = (
        f"Jane <jane.doe@acme.co.uk> wants the offer of € 12.000,00 by 12 March 2026, call +49 30 901820. Deal: {DEAL}. File: "
        "<https://docs.google.com/document/d/1dOcMinutesGd8Cd/edit|minutes>, in <#C024BE91L|harbour>. Id 0015g00000XyZaB."
    )

    assert found_in(text) == [
        ("email", "jane.doe@acme.co.uk"),
        ("money", "EUR 12000.00"),
        ("date", "2026-03-12"),
        ("phone", "+4930901820"),
        ("id", "salesforce:0065g00000ABCDEAA5"),
        ("id", "gdrive:1dOcMinutesGd8Cd"),
        ("id", "slack:C024BE91L"),
        ("id", "salesforce:0015g00000XyZaBAAV"),
    ]


def test_a_mention_says_where_it_stands() -> None:
    [mention] = recognise({"name": "Offer", "topic": f"see {DEAL}, please"}, default_country="US").found

    assert mention == Mention("id", "salesforce:0065g00000ABCDEAA5", "topic", 4, 4 + len(DEAL), DEAL)


def test_mentions_can_be_asked_for_by_kind() -> None:
    mentions = recognise({"name": "a@acme.example 2026-03-12 b@acme.example"}, default_country="US")

    assert [mention.text for mention in mentions.of("email")] == ["a@acme.example", "b@acme.example"]
    assert mentions.of("phone") == ()
    assert recognise({}, default_country="US") == Mentions()


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("+14155552671@acme.example", ("email", "+14155552671@acme.example")),
        ("0065g00000ABCDEAA5@in.acme.example", ("email", "0065g00000abcdeaa5@in.acme.example")),
        ("https://docs.google.com/document/d/1dOcMinutesGd8Cd/edit?user=jo@acme.example", ("id", "gdrive:1dOcMinutesGd8Cd")),
        ("https://acme.slack.com/archives/C024BE91L/p1700000000000100", ("id", "slack:C024BE91L")),
        ("<#C024BE91L|jo@acme.example 2026-03-12>", ("id", "slack:C024BE91L")),
        ("<@U024BE7LH|https://drive.google.com/file/d/1dOcMinutesGd8Cd>", ("id", "slack:U024BE7LH")),
        ("https://news.example/?to=jo@acme.example&on=2026-03-12", ("email", "jo@acme.example")),
        ("12.03.2026", ("date", "2026-03-12")),
        ("USD 415 555 267", ("money", "USD 415555267.00")),
    ],
)
def test_what_is_a_part_of_something_else_counts_once_as_the_more_exact(text: str, only: tuple[str, str]) -> None:
    assert found_in(text) == [only]


def test_numbers_and_days_in_an_address_of_the_web_are_none() -> None:
    assert found_in("https://news.example/2026/03/12/415-555-2671?price=EUR12") == []


def test_nothing_is_read_across_what_is_taken() -> None:
    assert found_in("EUR jo@acme.example 12") == [("email", "jo@acme.example")]
    assert found_in("12 https://news.example March 2026") == []


def test_a_field_for_phone_numbers_holds_one_whatever_it_looks_like() -> None:
    assert found_in("4155552671", field="phone") == [("phone", "+14155552671")]
    assert found_in("4155552671", field="name") == []
    assert found_in("ask jo@acme.example", field="phone") == [("email", "jo@acme.example")]


def test_an_address_in_mark_up_is_found_at_both_its_places() -> None:
    assert found_in("<mailto:jo@acme.example|jo@acme.example>") == [("email", "jo@acme.example")] * 2


def test_only_the_beginning_of_a_long_text_is_looked_at_and_that_is_said() -> None:
    short = recognise({"text": "x" * LONGEST_TEXT}, default_country="US")
    long = recognise({"text": "jo@acme.example " + "x" * LONGEST_TEXT + " al@acme.example"}, default_country="US")

    assert not short.is_cut
    assert long.is_cut
    assert [mention.value for mention in long.found] == ["jo@acme.example"]


def test_what_stands_across_the_end_is_not_taken_for_a_shorter_one() -> None:
    text = " " * (LONGEST_TEXT - 12) + "jo@acme.example and more"

    mentions = recognise({"text": text}, default_country="US")

    assert mentions == Mentions((), is_cut=True)


def test_there_are_only_so_many_mentions_of_a_kind_and_that_is_said() -> None:
    text = " ".join(f"p{number}@acme.example" for number in range(MOST_OF_A_KIND))

    whole = recognise({"text": text, "name": "2026-03-12"}, default_country="US")
    cut = recognise({"text": text, "name": "2026-03-12", "topic": "one@acme.example"}, default_country="US")

    assert not whole.is_cut
    assert cut.is_cut
    assert cut.found == whole.found
    assert len(cut.of("email")) == MOST_OF_A_KIND
