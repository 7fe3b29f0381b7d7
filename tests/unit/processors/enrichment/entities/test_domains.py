"""Which company an address belongs to."""

import pytest

from processors.enrichment.entities.domains import FREE_MAIL, SHARED_PAGES, company_domain, registrable_domain


@pytest.mark.parametrize(
    "text",
    [
        "jo@mail.acme.co.uk",
        "https://www.acme.co.uk/about?x#y",
        "www.ACME.co.uk.",
        "acme.co.uk:8080",
        "//acme.co.uk",
        "http://u:p@acme.co.uk",
    ],
)
def test_an_address_a_host_and_a_link_have_one_registrable_domain(text: str) -> None:
    assert registrable_domain(text) == "acme.co.uk"


def test_names_in_other_scripts_have_one_form() -> None:
    assert (
        registrable_domain("info@münchen.example") == registrable_domain("https://www.xn--mnchen-3ya.example") == "xn--mnchen-3ya.example"
    )


def test_whoever_has_a_part_of_a_public_host_has_a_domain_of_their_own() -> None:
    assert registrable_domain("https://acme.github.io") == "acme.github.io"
    assert registrable_domain("https://github.io") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "1.2.3.4",
        "https://[::1]/",
        "co.uk",
        "a..b.com",
        "acme com",
        "\ud800.com",
        "x" * 900,
        "javascript:alert(1)",
        "http://",
    ],
)
def test_what_has_no_registrable_domain_has_none(text: str) -> None:
    assert registrable_domain(text) is None


def test_an_address_anybody_may_have_says_no_company() -> None:
    assert company_domain("jo@gmail.com") is None
    assert company_domain("https://www.linkedin.com/company/acme") is None
    assert company_domain("jo@acme.example") == "acme.example"


def test_the_lists_hold_registrable_domains() -> None:
    for domain in FREE_MAIL | SHARED_PAGES:
        assert registrable_domain(f"www.{domain}") == domain
