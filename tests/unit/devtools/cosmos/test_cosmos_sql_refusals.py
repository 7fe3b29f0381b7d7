"""What the query language of the service has, or other dialects of SQL have, and this stand-in has not: refused, and by its name.

A query that is understood in another way than it was meant would look like one that was answered.
"""

import json

import pytest

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.functions import FUNCTIONS
from devtools.emulators.cosmos.sql.parser import parse

# fmt: off
FUNCTIONS_OF_THE_SERVICE = (
    "ACOS", "ASIN", "ATAN", "ATN2", "CEILING", "COS", "COT", "DEGREES", "EXP", "INTADD", "INTBITAND", "LOG", "LOG10", "NUMBERBIN", "PI",
    "POWER", "RADIANS", "RAND", "SIGN", "SIN", "SQRT", "SQUARE", "TAN", "TRUNC", "ARRAY_CONCAT", "ARRAY_SLICE",
    "ARRAY_CONTAINS_ALL", "ARRAY_CONTAINS_ANY", "CHOOSE", "OBJECTTOARRAY", "SETINTERSECT", "SETUNION",
    "SETDIFFERENCE", "DATETIMEADD", "DATETIMEBIN", "DATETIMEDIFF", "DATETIMEFROMPARTS", "DATETIMEPART",
    "GETCURRENTDATETIME", "GETCURRENTTICKS", "GETCURRENTTIMESTAMP", "IS_DATETIME", "IS_FINITE_NUMBER",
    "IS_INTEGER", "IS_PRIMITIVE", "INDEX_OF", "LEFT", "LTRIM", "REGEXMATCH", "REPLACE", "REPLICATE", "REVERSE", "RIGHT",
    "RTRIM", "STRINGJOIN", "STRINGSPLIT", "STRINGTOARRAY", "STRINGTOBOOLEAN", "STRINGTONULL", "STRINGTONUMBER",
    "STRINGTOOBJECT", "TOSTRING", "TRIM", "FULLTEXTCONTAINS", "FULLTEXTCONTAINSALL", "FULLTEXTCONTAINSANY",
    "FULLTEXTSCORE", "RRF", "ST_AREA", "ST_DISTANCE", "ST_INTERSECTS", "ST_ISVALID", "ST_ISVALIDDETAILED",
    "ST_WITHIN", "COUNTIF", "MAKELIST", "MAKESET", "STDEV", "VARIANCE", "IIF", "DOCUMENTID", "ALL", "FIRST", "LAST",
)
# fmt: on


def refusal(text: str) -> str:
    """The message a query is refused with."""
    with pytest.raises(RefusedError) as refused:
        parse(text)

    [error] = json.loads(refused.value.message)["errors"]
    assert (refused.value.status, error["code"]) == (400, "SC1001")
    return str(error["message"])


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("SELECT COUNT(1) AS k, c.n FROM c GROUP BY c.n", "GROUP BY"),
        ("SELECT c.n FROM c WHERE c.n > 1 GROUP BY c.n ORDER BY c.n", "GROUP BY"),
        ("SELECT VALUE ARRAY(SELECT VALUE t FROM t IN c.tags GROUP BY t) FROM c", "GROUP BY"),
        ("SELECT * FROM c ORDER BY RANK RRF(FullTextScore(c.text, 'a'), VectorDistance(c.v, [1]))", "ORDER BY RANK"),
        ("SELECT TOP 3 * FROM c ORDER BY RANK FullTextScore(c.text, 'a')", "ORDER BY RANK"),
        ("SELECT * FROM c ORDER BY LOWER(c.n)", "ORDER BY item must be the path"),
        ("SELECT * FROM c ORDER BY c.n + 1", "ORDER BY item must be the path"),
        ("SELECT * FROM c ORDER BY VectorDistance(c.v, [1]), c.n", "stands alone"),
        ("SELECT * FROM c ORDER BY VectorDistance(c.v, [1]) DESC", "neither ASC nor DESC"),
        ("SELECT * FROM c ORDER BY c.n NULLS FIRST", "'NULLS'"),
        ("SELECT VALUE ARRAY(SELECT VALUE t.a FROM t IN c.tags ORDER BY t.a) FROM c", "ORDER BY, TOP or OFFSET in a subquery"),
        ("SELECT VALUE ARRAY(SELECT TOP 1 VALUE t FROM t IN c.tags) FROM c", "ORDER BY, TOP or OFFSET in a subquery"),
        ("SELECT VALUE ARRAY(SELECT VALUE t FROM t IN c.tags OFFSET 1 LIMIT 1) FROM c", "ORDER BY, TOP or OFFSET in a subquery"),
        ("SELECT * FROM c WHERE EXISTS(SELECT VALUE 1 FROM t IN c.tags ORDER BY c.n)", "ORDER BY, TOP or OFFSET in a subquery"),
        ("SELECT * FROM (SELECT VALUE c FROM c)", "'('"),
        ("SELECT * FROM c WHERE c.n IN (SELECT VALUE 1)", "'SELECT'"),
        ("SELECT VALUE COUNT(DISTINCT c.n) FROM c", "'DISTINCT'"),
        ("SELECT VALUE COUNT(*) FROM c", "'*'"),
        ("SELECT * FROM c WHERE COUNT(1) > 1", "aggregate can only stand in the SELECT list"),
        ("SELECT SUM(c.n), c.n FROM c", "beside an aggregate"),
        ("SELECT VALUE COUNT(1) FROM c ORDER BY c.n", "An aggregate has one row"),
        ("SELECT TOP 1 * FROM c OFFSET 1 LIMIT 1", "TOP and OFFSET"),
        ("SELECT * FROM c OFFSET 1", "end of query"),
        ("SELECT * FROM c LIMIT 1", "LIMIT"),
        ("SELECT * FROM c WHERE c.t LIKE 'a!%' ESCAPE '!'", "'ESCAPE'"),
        ("SELECT * FROM c WHERE c.n & 1 = 1", "'&'"),
        ("SELECT * FROM c WHERE c.n | 1 = 1", "'|'"),
        ("SELECT * FROM c WHERE c.n ^ 1 = 1", "'^'"),
        ("SELECT * FROM c WHERE ~c.n = 1", "'~'"),
        ("SELECT * FROM c WHERE c.n << 1 = 2", "'<'"),
        ("SELECT * FROM c WHERE c.n >>> 1 = 2", "'>'"),
        ("SELECT VALUE udf.mine(c.n) FROM c", "'('"),
        ("SELECT VALUE 1 FROM c LEFT JOIN t IN c.tags", "LEFT"),
        ("SELECT VALUE 1 FROM c CROSS APPLY c.tags", "CROSS"),
        ("SELECT VALUE 1 FROM c JOIN d ON c.id = d.id", "'ON'"),
        ("SELECT * FROM c, d", "','"),
        ("SELECT * FROM c UNION SELECT * FROM c", "UNION"),
        ("SELECT c.n FROM c HAVING c.n > 1", "HAVING"),
        ("SELECT * FROM c FOR JSON", "FOR"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "'WITH'"),
        ("SELECT c.* FROM c", "'*'"),
        ("SELECT CASE WHEN c.n THEN 1 END FROM c", "'c'"),
        ("SELECT * FROM c WHERE c.n IS NULL", "'IS'"),
        ("SELECT * FROM c WHERE !c.n", "'!'"),
        ("SELECT * FROM c /* note */", "'/'"),
        ("SELECT * FROM c; SELECT * FROM c", "';'"),
        ("INSERT INTO c VALUES (1)", "'INSERT'"),
        ("UPDATE c SET c.n = 1", "'UPDATE'"),
        ("DELETE FROM c", "'DELETE'"),
    ],
)
def test_what_is_missing_is_refused_by_its_name(text: str, missing: str) -> None:
    assert missing in refusal(text)


@pytest.mark.parametrize("name", FUNCTIONS_OF_THE_SERVICE)
def test_a_function_this_stand_in_lacks_is_refused_by_its_name(name: str) -> None:
    assert refusal(f"SELECT VALUE {name}(1)") == f"'{name}' is not a recognized built-in function name in this stand-in."


def test_no_function_is_both_here_and_missing() -> None:
    assert FUNCTIONS.keys().isdisjoint(FUNCTIONS_OF_THE_SERVICE)


@pytest.mark.parametrize(
    "text", ["SELECT * FROM c ORDER BY c.rank", "SELECT c.left AS left FROM c", "SELECT * FROM rank ORDER BY rank.n DESC"]
)
def test_words_that_would_be_refused_may_name_properties(text: str) -> None:
    assert parse(text).root is not None
