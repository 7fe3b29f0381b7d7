"""Phone numbers: what is dialled, and the rows of digits that are not."""

import pytest

from processors.enrichment.entities.phones import phone_number, phones_in


def found_in(text: str, country: str = "US") -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.value) for one in phones_in(text, country)]


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+49 30 901820", "US", "+4930901820"),
        ("+49 (0)30 901820", "US", "+4930901820"),
        ("0049 30 901820", "US", "+4930901820"),
        ("+1-202-555-0123", "DE", "+12025550123"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("415.555.2671", "US", "+14155552671"),
        ("1-800-356-9377", "US", "+18003569377"),
        ("030 / 901820", "DE", None),
        ("030/901820", "DE", "+4930901820"),
        ("0171-2345678", "DE", "+491712345678"),
        ("020 7946 0958", "GB", "+442079460958"),
    ],
)
def test_a_number_as_people_write_it_is_brought_to_one_form(text: str, country: str, number: str | None) -> None:
    assert found_in(text, country) == ([(text, number)] if number else [])


def test_a_row_of_digits_is_a_number_where_a_word_says_so() -> None:
    assert found_in("order 4155552671") == []
    assert found_in("Tel.: 4155552671, fax 4155552672") == [("4155552671", "+14155552671")]


def test_what_stands_next_to_a_number_by_chance_is_no_part_of_it() -> None:
    assert found_in("room 12 415-555-2671") == [("415-555-2671", "+14155552671")]
    assert found_in("call +1 415 555 2671 2 times") == [("+1 415 555 2671", "+14155552671")]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("192.168.10.123", "US"),
        ("978-3-16-148410-0", "US"),
        ("1234 5678 9012 3456", "US"),
        ("GB29 NWBK 6016 1331 9268 19", "GB"),
        ("DE89 3704 0044 0532 0130 00", "DE"),
        ("version 4.155.555.2671", "US"),
        ("10:30-12:45", "US"),
        ("2025-2026", "DE"),
        ("Rechnung 0815-4711", "DE"),
        ("+1 415 555 267", "US"),
    ],
)
def test_other_rows_of_digits_are_no_numbers(text: str, country: str) -> None:
    assert found_in(text, country) == []


def test_a_field_that_holds_a_number_needs_no_signs_of_one() -> None:
    assert phone_number("4155552671", "US") == "+14155552671"
    assert phone_number("+49 30 901820 ext. 12", "US") == "+4930901820"
    assert phone_number("none", "US") is None
    assert phone_number("030 901820", "US") is None
    assert phone_number("1" * 5_000, "US") is None
