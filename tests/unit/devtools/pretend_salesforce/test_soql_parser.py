"""SOQL as text: what is a query, what is not, and that a query that was written is read as itself."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce.soql.parser import parse
from devtools.vendors.salesforce.soql.tree import OPERATORS, Among, Chain, Comparison, Condition, Not, Order, Query, SoqlError

NAMES = ("Id", "Name", "SystemModstamp", "Amount", "IsDeleted", "Total__c")
ONE = Comparison(("Name",), "=", "x")
OTHER = Comparison(("Amount",), ">", Decimal(1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT Id FROM Account", Query((("Id",),), "Account")),
        ("select id\n\tfrom Account", Query((("id",),), "Account")),
        ("SELECT Id, Owner.Name FROM Account", Query((("Id",), ("Owner", "Name")), "Account")),
        ("SELECT COUNT() FROM Account", Query((), "Account")),
        ("SELECT Id FROM Account LIMIT 5 OFFSET 2", Query((("Id",),), "Account", limit=5, offset=2)),
        (
            "SELECT Id FROM A ORDER BY SystemModstamp, Id DESC NULLS LAST",
            Query((("Id",),), "A", order=(Order(("SystemModstamp",)), Order(("Id",), descending=True, nulls_last=True))),
        ),
    ],
)
def test_a_query(text: str, expected: Query) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name = 'x'", ONE),
        ("Name <> 'x'", Comparison(("Name",), "!=", "x")),
        ("Name = 'x' AND Amount > 1", Chain("AND", (ONE, OTHER))),
        ("Name = 'x' or Amount > 1 OR Name = 'x'", Chain("OR", (ONE, OTHER, ONE))),
        ("Name = 'x' AND (Amount > 1 OR Name = 'x')", Chain("AND", (ONE, Chain("OR", (OTHER, ONE))))),
        ("NOT Name = 'x' AND Amount > 1", Chain("AND", (Not(ONE), OTHER))),
        ("(NOT (Name = 'x'))", Not(ONE)),
        ("Name IN ('a', 'b')", Among(("Name",), ("a", "b"))),
        ("Owner.Name NOT IN ('a', null)", Among(("Owner", "Name"), ("a", None), negated=True)),
        (r"Name LIKE 'a\_%'", Comparison(("Name",), "LIKE", r"a\_%")),
        (r"Name = 'O\'Hara \\ \n \u00e9'", Comparison(("Name",), "=", "O'Hara \\ \n é")),
        ("Amount >= -1.5", Comparison(("Amount",), ">=", Decimal("-1.5"))),
        ("IsDeleted = TRUE", Comparison(("IsDeleted",), "=", value=True)),
        ("Name != null", Comparison(("Name",), "!=", None)),
        ("Day < 2026-01-02", Comparison(("Day",), "<", date(2026, 1, 2))),
        ("At <= 2026-01-02T03:04:05Z", Comparison(("At",), "<=", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))),
        ("At > 2026-01-02T05:04:05.000+02:00", Comparison(("At",), ">", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))),
        ("At > 2026-01-02T03:04:05.000+0000", Comparison(("At",), ">", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))),
    ],
)
def test_a_condition(text: str, expected: Condition) -> None:
    assert parse(f"SELECT Id FROM Account WHERE {text}").where == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT FROM Account",
        "SELECT Id, FROM Account",
        "SELECT Id Name FROM Account",
        "SELECT Id FROM",
        "SELECT Id FROM Account.Name",
        "SELECT Id FROM Account WHERE",
        "SELECT Id FROM Account WHERE Name",
        "SELECT Id FROM Account WHERE Name = 'x' AND Name = 'y' OR Name = 'z'",
        "SELECT Id FROM Account WHERE (Name = 'x'",
        "SELECT Id FROM Account WHERE Name = x",
        "SELECT Id FROM Account WHERE Name = 'x",
        r"SELECT Id FROM Account WHERE Name = 'a\qb'",
        "SELECT Id FROM Account WHERE Name IN ()",
        "SELECT Id FROM Account WHERE At > 2026-13-01T00:00:00Z",
        "SELECT Id FROM Account ORDER Name",
        "SELECT Id FROM Account LIMIT -1",
        "SELECT Id FROM Account LIMIT 'x'",
        "SELECT Id FROM Account; DELETE",
        "SELECT Id FROM Account GROUP BY Name",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "DELETE FROM Account",
        f"SELECT Id FROM Account WHERE {'(' * 200}Name = 'x'{')' * 200}",
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(SoqlError) as refused:
        parse(text)

    assert refused.value.code == "MALFORMED_QUERY"


paths = st.one_of(st.sampled_from(NAMES).map(lambda name: (name,)), st.sampled_from(NAMES).map(lambda name: ("Owner", name)))
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - it wants naive bounds
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.dates(),
    moments,
    moments.map(lambda moment: moment.replace(microsecond=0)),
)
leaves = st.one_of(
    st.builds(Comparison, paths, st.sampled_from(OPERATORS), literals),
    st.builds(Among, paths, st.lists(literals, min_size=1, max_size=3).map(tuple), st.booleans()),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(Chain, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
queries = st.builds(
    Query,
    st.lists(paths, max_size=4).map(tuple),
    st.sampled_from(["Account", "Invoice__c"]),
    st.none() | conditions,
    st.lists(st.builds(Order, paths, st.booleans(), st.booleans()), max_size=3).map(tuple),
    st.none() | st.integers(0, 10_000),
    st.integers(0, 2000),
)


@given(queries)
def test_a_query_that_is_written_is_read_as_itself(query: Query) -> None:
    assert parse(str(query)) == query
