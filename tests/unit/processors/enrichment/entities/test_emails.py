"""Addresses of people in a text: whole ones, and no part of one."""

import pytest

from processors.enrichment.entities.emails import emails_in


def found_in(text: str) -> list[str]:
    return [one.value for one in emails_in(text)]


@pytest.mark.parametrize(
    "text",
    [
        "jane@acme.example",
        "JANE@Acme.Example",
        "(jane@acme.example)",
        "'jane@acme.example'",
        "mailto:jane@acme.example?subject=x",
        '<a href="mailto:jane@acme.example">her</a>',
        "write to jane@acme.example.",
        "https://acme.example/form?to=jane@acme.example&x=1",
        "\ufeffjane@acme.example\u200b",
    ],
)
def test_an_address_is_found_without_what_stands_around_it(text: str) -> None:
    assert found_in(text) == ["jane@acme.example"]


def test_slacks_mark_up_of_an_address_holds_it_twice() -> None:
    text = "<mailto:jane@acme.example|jane@acme.example>"

    assert [text[one.start : one.end] for one in emails_in(text)] == ["jane@acme.example", "jane@acme.example"]


def test_tags_apostrophes_and_names_in_other_scripts_are_part_of_it() -> None:
    text = "jane.doe+crm@acme.co.uk, o'brien@acme.example; INFO@müller.example/jane_d@xn--mller-kva.example"

    assert found_in(text) == ["jane.doe+crm@acme.co.uk", "o'brien@acme.example", "info@müller.example", "jane_d@xn--mller-kva.example"]


@pytest.mark.parametrize(
    "text",
    [
        "@here",
        "jane @ acme.example",
        "a@b",
        "logo@2x.png",
        "jane@127.0.0.1",
        "jane@acme..example",
        "jane@-acme.example",
        "jane..doe@acme.example",
        "jane.@acme.example",
        "mailto%3Ajane@acme.example",
    ],
)
def test_what_is_no_address_is_not_taken(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "jane@acme.example@evil.example",
        "ev\u200bil@acme.example",
        "ju\u0308rgen@acme.example",
        "info@acme.examplu\u0308",
        "\ud800jane@acme.example",
        "jane@acme.example\udc00",
        "j" * 65 + "@acme.example",
    ],
)
def test_what_may_be_a_part_of_another_address_is_none(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize("text", ["https://jane:secret@acme.example/x", "ssh://git@code.example/x"])
def test_who_signs_in_in_a_link_is_no_address(text: str) -> None:
    assert found_in(text) == []
