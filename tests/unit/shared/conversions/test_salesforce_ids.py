"""Salesforce ids in one form: 18 characters, the last three saying which of the first are capitals."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.conversions.identifiers import salesforce_id
from shared.conversions.salesforce import ACCOUNT
from shared.errors import UnmappableRecord


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("001D000000IRFma", "001D000000IRFmaIAH"),
        ("005D0000001KyEI", "005D0000001KyEIIA0"),
        ("00Dx0000001gF8c", "00Dx0000001gF8cEAE"),
        ("000000000000000", "000000000000000AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
        ("abcdefghijklmno", "abcdefghijklmnoAAA"),
    ],
)
def test_an_id_of_15_characters_becomes_one_of_18(short: str, whole: str) -> None:
    assert salesforce_id(short) == whole
    assert salesforce_id(whole) == whole
    assert salesforce_id(f" {whole}\n") == whole
    assert salesforce_id(whole[:15] + whole[15:].lower()) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "001",
        "001D000000IqhS",
        "001D000000IqhSLI",
        "001D000000IqhSLIAZX",
        "001D000000IqhS!",
        "001D000000IqhSLIAA",
        "001d000000iqhsliaz",
        "001D000000Iqh\u00dcL",
        "\uff10\uff10\uff11D000000IqhSL",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a Salesforce id"):
        salesforce_id(text)


@given(st.text(string.ascii_letters + string.digits, min_size=15, max_size=15))
@settings(deadline=None, max_examples=100)
def test_bringing_an_id_to_its_form_twice_changes_nothing(short: str) -> None:
    whole = salesforce_id(short)

    assert whole.startswith(short)
    assert len(whole) == 18
    assert salesforce_id(whole) == whole


@given(
    st.text(string.ascii_letters + string.digits, min_size=15, max_size=15),
    st.text(string.ascii_letters + string.digits, min_size=15, max_size=15),
)
@settings(deadline=None, max_examples=100)
def test_two_ids_stay_two_even_where_case_is_ignored(one: str, other: str) -> None:
    assert (salesforce_id(one).lower() == salesforce_id(other).lower()) == (one == other)
    assert (salesforce_id(one).lower() == salesforce_id(one.swapcase()).lower()) == one.isdigit()


def test_a_record_whose_id_is_none_is_not_mapped_and_not_quoted() -> None:
    with pytest.raises(UnmappableRecord, match=r"^salesforce Account: the record's id is not a Salesforce id$"):
        ACCOUNT.external_id("notification 04l5g00000ABcdeAAD")
