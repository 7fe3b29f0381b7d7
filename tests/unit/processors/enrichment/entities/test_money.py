"""Sums of money: how people write them, and what is too open to be one."""

import pytest

from processors.enrichment.entities.money import money_in


def found_in(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.value) for one in money_in(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("€ 12.000,00", "EUR 12000.00"),
        ("€12,000", "EUR 12000.00"),
        ("12.000 €", "EUR 12000.00"),
        ("1.234.567,89 EUR", "EUR 1234567.89"),
        ("CHF 1'200.50", "CHF 1200.50"),
        ("NOK 12 500", "NOK 12500.00"),
        ("12\u00a0500 zł", "PLN 12500.00"),
        ("US$ 5 million", "USD 5000000.00"),
        ("1.2M EUR", "EUR 1200000.00"),
        ("USD 3k", "USD 3000.00"),
        ("3k€", "EUR 3000.00"),
        ("5 Mio. €", "EUR 5000000.00"),
        ("2,5 Mrd. Euro", "EUR 2500000000.00"),
        ("£1.5", "GBP 1.50"),
    ],
)
def test_a_sum_is_brought_to_one_form(text: str, value: str) -> None:
    assert found_in(text) == [(text, value)]


@pytest.mark.parametrize("text", ["$1,200.50", "¥1200.50", "1 200,50 kr", "1200.5 dollars"])
def test_a_sign_that_several_currencies_share_leaves_the_currency_open(text: str) -> None:
    assert found_in(text) == [(text, "1200.50")]


@pytest.mark.parametrize(
    "text", ["1.250 Mio €", "1,250k USD", "0.500 EUR", "$0.0015", "EUR 12,00,000", "1.200.50 €", "1,20,300.5 €", "€ 9999999999999999"]
)
def test_a_number_that_may_mean_two_things_or_none_is_not_taken(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize("text", ["MX$5", "€12abc", "12", "page 12", "12 EURO2", "PHP 8", "TRY 5", "3 m", "x€5", "1.5k"])
def test_a_number_without_a_currency_of_its_own_is_no_money(text: str) -> None:
    assert found_in(text) == []


def test_each_number_has_its_own_currency() -> None:
    assert [value for _, value in found_in("€100 €200")] == ["EUR 100.00", "EUR 200.00"]
    assert [value for _, value in found_in("12 EUR, 13 USD")] == ["EUR 12.00", "USD 13.00"]
    assert found_in("budget 2026 EUR 500") == [("EUR 500", "EUR 500.00")]
    assert found_in("12€ a month, 5 kr.") == [("12€", "EUR 12.00"), ("5 kr", "5.00")]
