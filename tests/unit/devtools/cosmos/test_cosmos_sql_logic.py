"""The three-valued logic of queries against its truth tables, written down a second time and in another way, and against its laws."""

from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.emulators.cosmos.sql.evaluate import rows
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.values import UNDEFINED

DOCUMENT: Final[dict[str, Any]] = {"id": "1", "n": 3, "text": "b", "yes": True, "no": False, "nothing": None}
T, F, U = True, False, UNDEFINED
NOT: Final = {T: F, F: T, U: U}
AND: Final = {(T, T): T, (T, F): F, (T, U): U, (F, T): F, (F, F): F, (F, U): F, (U, T): U, (U, F): F, (U, U): U}
OR: Final = {(T, T): T, (T, F): T, (T, U): T, (F, T): T, (F, F): F, (F, U): U, (U, T): T, (U, F): U, (U, U): U}
"""As the service documents AND, OR and NOT (Azure documentation, Cosmos DB NoSQL query, logical operators)."""
LEAVES: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": U,
    "1": 1,
    "3.0": 3.0,
    "'a'": "a",
    "'b'": "b",
    "c.n": 3,
    "c.text": "b",
    "c.yes": True,
    "c.no": False,
    "c.nothing": None,
    "c.missing": U,
    "c.n.deeper": U,
}


@dataclass(frozen=True)
class Term:
    """A part of a query and the value it must have."""

    text: str
    value: Any


def truth(value: Any) -> Any:
    """What AND, OR and NOT see: anything but a boolean is undefined to them."""
    return value if isinstance(value, bool) else U


def species(value: Any) -> str:
    return "number" if type(value) in {int, float} else type(value).__name__


def compared(sign: str, left: Any, right: Any) -> Any:
    """Values of one type are compared, anything else is undefined; null is equal to itself."""
    if U in (left, right) or species(left) != species(right):
        return U
    is_same, is_less = left == right, left is not None and left < right
    return {"=": is_same, "!=": not is_same, "<": is_less, "<=": is_less or is_same, ">": not (is_less or is_same), ">=": not is_less}[sign]


def larger(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    pairs = st.tuples(inner, inner)
    signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        inner.map(lambda a: Term(f"(NOT {a.text})", NOT[truth(a.value)])),
        pairs.map(lambda p: Term(f"({p[0].text} AND {p[1].text})", AND[truth(p[0].value), truth(p[1].value)])),
        pairs.map(lambda p: Term(f"({p[0].text} OR {p[1].text})", OR[truth(p[0].value), truth(p[1].value)])),
        pairs.map(lambda p: Term(f"({p[0].text} ?? {p[1].text})", p[1].value if p[0].value is U else p[0].value)),
        st.tuples(inner, signs, inner).map(lambda t: Term(f"({t[0].text} {t[1]} {t[2].text})", compared(t[1], t[0].value, t[2].value))),
        st.tuples(inner, inner, inner).map(
            lambda t: Term(f"({t[0].text} ? {t[1].text} : {t[2].text})", t[1].value if t[0].value is True else t[2].value)
        ),
        inner.map(lambda a: Term(f"IS_DEFINED({a.text})", a.value is not U)),
    )


TERMS = st.recursive(st.sampled_from([Term(text, value) for text, value in LEAVES.items()]), larger, max_leaves=8)
TEXTS = TERMS.map(lambda term: term.text)
MANY: Final = settings(deadline=None, max_examples=60)
FEW: Final = settings(deadline=None, max_examples=15)
"""For laws that follow from the truth tables, too."""


def asked(text: str) -> list[Any]:
    query = parse(text)
    return rows(query, {query.root or "": DOCUMENT})


def value_of(text: str) -> Any:
    """The value, with its type, since Python takes one for true; UNDEFINED where there is no row."""
    found = asked(" ".join(("SELECT VALUE", text, "FROM c")))
    return (species(found[0]), found[0]) if found else U


def keeps(text: str) -> bool:
    return asked(" ".join(("SELECT VALUE c.id FROM c WHERE", text))) == ["1"]


@MANY
@given(TERMS)
def test_a_term_has_the_value_of_the_truth_tables(term: Term) -> None:
    assert value_of(term.text) == (U if term.value is U else (species(term.value), term.value))


@MANY
@given(TERMS)
def test_an_item_is_kept_by_true_alone(term: Term) -> None:
    assert keeps(term.text) is (term.value is True)


@pytest.mark.long
@settings(deadline=None, max_examples=3000)
@given(TERMS)
def test_a_term_has_the_value_of_the_truth_tables_at_length(term: Term) -> None:
    assert value_of(term.text) == (U if term.value is U else (species(term.value), term.value))
    assert keeps(term.text) is (term.value is True)


@FEW
@given(TEXTS)
def test_an_item_is_never_kept_by_a_term_and_by_its_opposite(text: str) -> None:
    assert not (keeps(text) and keeps(f"NOT {text}"))


@FEW
@given(TEXTS, TEXTS)
def test_neither_and_nor_or_cares_which_side_comes_first(one: str, another: str) -> None:
    assert value_of(f"({one} AND {another})") == value_of(f"({another} AND {one})")
    assert value_of(f"({one} OR {another})") == value_of(f"({another} OR {one})")


@FEW
@given(TEXTS, TEXTS)
def test_not_goes_into_a_bracket(one: str, another: str) -> None:
    assert value_of(f"(NOT ({one} AND {another}))") == value_of(f"((NOT {one}) OR (NOT {another}))")
    assert value_of(f"(NOT ({one} OR {another}))") == value_of(f"((NOT {one}) AND (NOT {another}))")


@FEW
@given(TEXTS, TEXTS, TEXTS)
def test_in_is_a_line_of_equalities(subject: str, one: str, another: str) -> None:
    assert value_of(f"({subject} IN ({one}, {another}))") == value_of(f"({subject} = {one} OR {subject} = {another})")
    assert value_of(f"({subject} NOT IN ({one}, {another}))") == value_of(f"(NOT ({subject} IN ({one}, {another})))")


@FEW
@given(TEXTS, TEXTS, TEXTS)
def test_between_is_two_comparisons(subject: str, low: str, high: str) -> None:
    assert value_of(f"({subject} BETWEEN {low} AND {high})") == value_of(f"({subject} >= {low} AND {subject} <= {high})")


@FEW
@given(TEXTS, TEXTS)
def test_not_equal_is_the_opposite_of_equal(one: str, another: str) -> None:
    assert value_of(f"({one} != {another})") == value_of(f"(NOT ({one} = {another}))") == value_of(f"({one} <> {another})")
