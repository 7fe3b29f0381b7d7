"""Names and texts are compared as words: accents, case, punctuation and legal forms do not matter, and nothing anybody writes raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.enrichment.names.common_words import is_common
from processors.enrichment.names.normal import key_word, normal_name, words_in

ANYTHING = st.text(max_size=80)


def forms(text: str) -> list[str]:
    return [word.form for word in words_in(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ship it to Kestrel Optics.", ["ship", "it", "to", "kestrel", "optics"]),
        ("acme-renewal_2026/drafts", ["acme", "renewal", "2026", "drafts"]),
        ("camelCase stays", ["camelcase", "stays"]),
        ("Crème Brûlée, Łódź, Ørsted, Straße", ["creme", "brulee", "lodz", "orsted", "strasse"]),
        ("S.A. and J.P. Morgan", ["sa", "and", "jp", "morgan"]),
        ("O'Brien, L\u2019Oréal", ["obrien", "loreal"]),
        ("Marks & Spencer, A&amp;B", ["marks", "and", "spencer", "a", "and", "b"]),
        ("node.js ends. Next", ["node", "js", "ends", "next"]),
        ("Ac\u200bme co\u00adop", ["acme", "coop"]),
        ("e\u0301cole ＡＣＭＥ", ["ecole", "acme"]),  # noqa: RUF001 - letters of full width
        ("上海汽车 和 Acme签约", ["上海汽车", "和", "acme", "签约"]),
        ("شركة أرامكو", ["شركة", "ارامكو"]),
        ("हिन्दी कंपनी", ["हिन्दी", "कंपनी"]),
        ("🤝🚀 — … !", []),
        ("", []),
    ],
)
def test_a_text_is_its_words(text: str, expected: list[str]) -> None:
    assert forms(text) == expected


def test_a_word_says_where_it_stands_and_whether_it_could_be_a_name() -> None:
    words = words_in("met Zoë's iOS team, 上海")

    assert [("met Zoë's iOS team, 上海"[word.start : word.end], word.is_capital) for word in words] == [
        ("met", False),
        ("Zoë's", True),
        ("iOS", True),
        ("team", False),
        ("上海", True),
    ]


def test_a_possessive_is_known_without_its_ending_too() -> None:
    (word,) = words_in("Acme\u2019s")

    assert (word.form, word.bare) == ("acmes", "acme")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Kestrel Optics GmbH & Co. KG", ("kestrel", "optics")),
        ("Kestrel Optics, Inc.", ("kestrel", "optics")),
        ("Kestrel Optics Pty. Ltd.", ("kestrel", "optics")),
        ("Kestrel Optics Sp. z o.o.", ("kestrel", "optics")),
        ("Kestrel S.A. de C.V.", ("kestrel",)),
        ("A.P. Møller – Mærsk A/S", ("ap", "moller", "maersk")),
        ("The Boeing Company", ("boeing",)),
        ("AB Volvo", ("volvo",)),
        ("ООО Роснефть", ("роснефть",)),  # noqa: RUF001 - Russian
        ("上海汽车集团股份有限公司", ("上海汽车集团",)),
        ("株式会社トヨタ", ("トヨタ",)),
        ("Smith & Co.", ("smith",)),
        ("Vodafone UK", ("vodafone", "uk")),
        ("GmbH", ("gmbh",)),
        ("Co. Ltd.", ("co",)),
        ("3M Co", ("3m",)),
        ("🤝", ()),
        ("", ()),
    ],
)
def test_a_company_is_known_without_its_legal_form(name: str, expected: tuple[str, ...]) -> None:
    assert normal_name(name) == expected


def test_a_persons_last_name_may_look_like_a_legal_form() -> None:
    assert normal_name("Ana Sá", is_company=False) == ("ana", "sa")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("kestrel", "renewal", "2026"), "kestrel"),
        (("global", "data", "services"), None),
        (("birch", "amber"), "amber"),
        (("ibm",), "ibm"),
        (("2026", "7"), None),
        ((), None),
    ],
)
def test_the_key_word_is_the_longest_that_is_not_common(words: tuple[str, ...], expected: str | None) -> None:
    assert key_word(words) == expected


@given(ANYTHING)
def test_words_come_in_order_and_none_is_empty(text: str) -> None:
    words = words_in(text)

    places = [place for word in words for place in (word.start, word.end)]

    assert places == sorted(places)
    assert all(word.form and word.bare and word.start < word.end <= len(text) for word in words)


@given(ANYTHING)
def test_a_name_that_has_words_is_never_without_any(text: str) -> None:
    assert bool(normal_name(text)) == bool(words_in(text))


@given(ANYTHING, st.booleans())
def test_a_normal_name_is_one_already(text: str, is_company: bool) -> None:
    name = normal_name(text, is_company=is_company)

    assert forms(" ".join(name)) == list(name)


@given(st.text(alphabet="abc XYZ.'\u2019-&é上", max_size=40))
def test_capitals_do_not_change_what_a_text_is_compared_by(text: str) -> None:
    assert forms(text.upper()) == forms(text.lower())


@given(ANYTHING)
def test_a_key_word_is_one_of_the_words_and_says_something(text: str) -> None:
    name = normal_name(text)
    key = key_word(name)

    assert key is None or (key in name and not is_common(key))


def test_a_very_long_name_is_read_in_one_go() -> None:
    name = normal_name("Kestrel " * 20_000 + "x" * 50_000 + " Ltd")

    assert (len(name), name[0]) == (20_001, "kestrel")
