"""The meaning of queries, on one document at a time and without a server."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.evaluate import rows
from devtools.emulators.cosmos.sql.parser import parse

DOCUMENT: dict[str, Any] = {
    "id": "1",
    "n": 3,
    "half": 0.5,
    "text": "Hello World",
    "yes": True,
    "nothing": None,
    "tags": ["red", "blue"],
    "lines": [{"sku": "a", "count": 2}, {"sku": "b", "count": 5}],
    "owner": {"value": 4, "order": 1, "a b": 2},
}


WORDS = (
    *("*", "VALUE", "TOP", "DISTINCT", "c", ".", "n", "id", "FROM", "FROM c", "WHERE", "ORDER BY", "OFFSET", "LIMIT", "1", "'x'", "@p"),
    *("(", ")", "[", "]", "{", "}", ",", ":", "=", "!=", "<", "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "EXISTS", "ARRAY", "COUNT"),
    *("?", "??", "||", "+", "-", "/", "JOIN t IN c.tags", "t", "AS", "ASC", "null", "undefined", "(SELECT VALUE c.n)", "c.n", "SUM(c.n)"),
)


def run(text: str, **parameters: Any) -> list[Any]:
    query = parse(text)
    return rows(query, {**{f"@{name}": value for name, value in parameters.items()}, query.root or "": DOCUMENT})


def keeps(condition: str, **parameters: Any) -> bool:
    return bool(run(" ".join(("SELECT * FROM c WHERE", condition)), **parameters))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT c.id, c.n FROM c", [{"id": "1", "n": 3}]),
        ("SELECT c.id theId, c.n AS number FROM c", [{"theId": "1", "number": 3}]),
        ("SELECT c.id, c.missing FROM c", [{"id": "1"}]),
        ("SELECT c.n + 1, c.n * 2 FROM c", [{"$1": 4, "$2": 6}]),
        ("SELECT c.owner['a b'], c.owner.value, c.owner.order FROM c", [{"a b": 2, "value": 4, "order": 1}]),
        ("SELECT VALUE c.n FROM c", [3]),
        ("SELECT VALUE c.missing FROM c", []),
        ("SELECT VALUE r.n FROM root r WHERE r.id = '1'", [3]),
        ("SELECT VALUE {'a': c.n, b: [c.id, c.missing]} FROM c", [{"a": 3, "b": ["1"]}]),
        ("SELECT VALUE t FROM t IN c.tags", ["red", "blue"]),
        ("SELECT VALUE owner.value FROM c.owner", [4]),
        ("SELECT c.id, t AS tag FROM c JOIN t IN c.tags", [{"id": "1", "tag": "red"}, {"id": "1", "tag": "blue"}]),
        ("SELECT VALUE l.sku FROM c JOIN l IN c.lines WHERE l.count > 3", ["b"]),
        ("SELECT VALUE l.sku FROM c JOIN l IN (SELECT VALUE x FROM x IN c.lines WHERE x.count < 3)", ["a"]),
        ("SELECT VALUE ARRAY(SELECT VALUE l.count FROM l IN c.lines) FROM c", [[2, 5]]),
        ("SELECT VALUE (SELECT VALUE SUM(l.count) FROM l IN c.lines) FROM c", [7]),
        ("SELECT DISTINCT VALUE 1 FROM c JOIN t IN c.tags", [1]),
        ("select value c.n from c -- in small letters, with a comment", [3]),
        ('SELECT VALUE "quo\\"te" FROM c', ['quo"te']),
        ("SELECT VALUE 'it\\'s \\u00e9' FROM c", ["it's é"]),
        ("SELECT VALUE c.tags[1] FROM c", ["blue"]),
        ("SELECT VALUE c[@name] FROM c", [3]),
    ],
)
def test_a_query_gives_these_rows(text: str, expected: list[Any]) -> None:
    assert run(text, name="n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT VALUE COUNT(1) FROM c JOIN l IN c.lines", [2]),
        ("SELECT VALUE COUNT(c.missing) FROM c", [0]),
        ("SELECT VALUE COUNT(1) FROM c WHERE false", [0]),
        ("SELECT VALUE SUM(c.n) FROM c WHERE false", [0]),
        ("SELECT VALUE AVG(l.count) FROM l IN c.lines", [3.5]),
        ("SELECT VALUE AVG(c.n) FROM c WHERE false", []),
        ("SELECT VALUE SUM(l.sku) FROM l IN c.lines", []),
        ("SELECT MIN(l.count) AS low, MAX(l.count) AS high FROM l IN c.lines", [{"low": 2, "high": 5}]),
    ],
)
def test_an_aggregate_has_one_row(text: str, expected: list[Any]) -> None:
    assert run(text) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "c.n = 3",
        "c.n = 3.0",
        "c.n BETWEEN 3 AND 4 AND c.id = '1'",
        "c.id IN ('0', '1')",
        "c.id NOT IN ('0', '2')",
        "c.n != 4 AND c.n <> 5",
        "c.nothing = null",
        "IS_NULL(c.nothing) AND IS_DEFINED(c.nothing)",
        "NOT IS_DEFINED(c.missing)",
        "c.tags = ['red', 'blue']",
        "c.missing = 1 OR true",
        "NOT (c.missing = 1 AND false)",
        "c.text LIKE 'Hel%W_rld'",
        "CONTAINS(c.text, 'WORLD', true)",
        "STARTSWITH(c.text, 'Hello') AND ENDSWITH(c.text, 'World')",
        "STRINGEQUALS(c.text, 'hello world', true)",
        "ARRAY_CONTAINS(c.tags, 'red')",
        "ARRAY_CONTAINS(c.lines, {'sku': 'a'}, true)",
        "ARRAY_CONTAINS(@wanted, c.id)",
        "ARRAY_LENGTH(c.tags) = 2",
        "EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 'blue')",
        "(c.missing ?? 'fallback') = 'fallback'",
        "(c.n > 2 ? 'big' : 'small') = 'big'",
        "LOWER(c.text) || '!' = 'hello world!'",
        "SUBSTRING(c.text, 6, 5) = 'World' AND LENGTH(c.text) = 11",
        "ROUND(c.half) = 1 AND FLOOR(-c.half) = -1 AND ABS(-2) = 2",
        "c.n % 2 = 1 AND c.n / 2 = 1.5 AND 1 + 2 * 3 = 7",
        "( ( c.id = '1' AND c.n = 3 ) OR ( c.id = '2' AND c.n = 4 ) )",
    ],
)
def test_a_true_condition_keeps_the_item(condition: str) -> None:
    assert keeps(condition, wanted=["1"])


@pytest.mark.parametrize(
    "condition",
    [
        "c.n = '3'",
        "c.yes = 1",
        "NOT (c.n = '3')",
        "c.n != '3'",
        "c.missing = null",
        "c.missing != 1",
        "NOT (c.missing = 1)",
        "c.missing = 1 AND true",
        "c.n",
        "c.tags < ['z']",
        "c.id > 0",
        "ARRAY_CONTAINS(c.lines, {'sku': 'a'})",
        "NOT ARRAY_CONTAINS(c.missing, 1)",
        "c.n / 0 = 1",
        "EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 'green')",
        "c.id NOT IN ('1', 2)",
    ],
)
def test_a_false_or_undefined_condition_drops_the_item(condition: str) -> None:
    assert not keeps(condition)


def test_a_condition_may_have_thousands_of_terms() -> None:
    assert keeps(" OR ".join([*["( c.id = '0' AND c.n = 3 )"] * 3000, "c.n = 3"]))


@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_any_words_are_a_query_or_refused(words: list[str]) -> None:
    with suppress(RefusedError):
        run(" ".join(("SELECT", *words)), p=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT * FROM c WHERE",
        "SELECT * FROM c WHERE c.n = ",
        "SELECT * FROM c WHERE c.n == 3",
        "SELECT * FROM c; DROP",
        "SELECT * FROM c extra words",
        "SELECT * FROM c JOIN t IN c.tags",
        "SELECT x.id FROM c",
        "SELECT * FROM c WHERE root.n = 1",
        "SELECT c.id FROM c JOIN c IN c.tags",
        "SELECT c.n, COUNT(1) FROM c",
        "SELECT * FROM c WHERE COUNT(1) > 1",
        "SELECT c.n FROM c GROUP BY c.n",
        "SELECT * FROM c ORDER BY c.n + 1",
        "SELECT VALUE t FROM c JOIN t IN c.lines ORDER BY t.sku",
        "SELECT VALUE t FROM t IN c.lines ORDER BY t.sku",
        "SELECT VALUE 1 ORDER BY c.n",
        "SELECT * FROM c ORDER BY RANK RRF(c.n)",
        "SELECT TOP 1 * FROM c OFFSET 1 LIMIT 1",
        "SELECT * FROM c OFFSET 1",
        "SELECT VALUE udf.mine(c.n) FROM c",
        "SELECT VALUE STARTWITH(c.id, '1') FROM c",
        "SELECT VALUE CONTAINS(c.id) FROM c",
        "SELECT VALUE 'open FROM c",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="SC1001") as refused:
        parse(text)

    assert refused.value.status == 400
