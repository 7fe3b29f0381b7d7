"""Pages of a query, and what their tokens survive."""

from collections.abc import Sequence
from typing import Any

import pytest

from devtools.emulators.cosmos.documents import Record, stored_record
from devtools.emulators.cosmos.paging import Page, page
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.wire import decode


def records(*contents: dict[str, Any]) -> list[Record]:
    return [
        stored_record({"id": str(number), **content}, epk="", number=number, lsn=number) for number, content in enumerate(contents, start=1)
    ]


def one_page(text: str, items: Sequence[Record], *, token: str | None = None, most: int = 2) -> Page:
    return page(parse(text), items, {}, token=token, most=most, mark="q")


def pages(text: str, items: Sequence[Record], *, most: int = 2) -> list[list[Any]]:
    found: list[list[Any]] = []
    token: str | None = None
    while True:
        result = one_page(text, items, token=token, most=most)
        found.append([decode(row) for row in result.rows])
        token = result.token
        if token is None:
            return found


NUMBERS = records({"n": 3}, {"n": 1}, {"n": 2}, {"n": 1}, {"n": "x"}, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT VALUE c.id FROM c", [["1", "2"], ["3", "4"], ["5", "6"]]),
        ("SELECT VALUE c.id FROM c ORDER BY c.n", [["6", "2"], ["4", "3"], ["1", "5"]]),
        ("SELECT VALUE c.id FROM c ORDER BY c.n DESC", [["5", "1"], ["3", "2"], ["4", "6"]]),
        ("SELECT VALUE c.id FROM c ORDER BY c.n ASC, c.id DESC", [["6", "4"], ["2", "3"], ["1", "5"]]),
        ("SELECT TOP 3 VALUE c.id FROM c", [["1", "2"], ["3"]]),
        ("SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 1 LIMIT 3", [["2", "3"], ["4"]]),
        ("SELECT VALUE c.id FROM c OFFSET 9 LIMIT 3", [[]]),
        ("SELECT DISTINCT VALUE c.n FROM c", [[3, 1], [2, "x"]]),
        ("SELECT VALUE c.n FROM c", [[3, 1], [2, 1], ["x"]]),
        ("SELECT VALUE COUNT(1) FROM c", [[6]]),
    ],
)
def test_a_query_is_answered_in_these_pages(text: str, expected: list[list[Any]]) -> None:
    assert pages(text, NUMBERS) == expected


def test_minus_one_asks_for_as_much_as_fits_into_four_megabytes() -> None:
    large = records(*({"text": "x" * 1024 * 1024} for _ in range(5)))

    assert [len(rows) for rows in pages("SELECT * FROM c", large, most=-1)] == [3, 2]


def test_items_that_vanish_between_pages_shift_nothing() -> None:
    token = one_page("SELECT VALUE c.id FROM c ORDER BY c.n", NUMBERS).token

    rest = [record for record in NUMBERS if record.id not in {"6", "4"}]

    assert [decode(row) for row in one_page("SELECT VALUE c.id FROM c ORDER BY c.n", rest, token=token).rows] == ["3", "1"]


@pytest.mark.parametrize("token", ["", "nonsense", "bm9uc2Vuc2U=", "W10=", "e30="])
def test_a_token_that_cannot_be_read_is_refused(token: str) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        one_page("SELECT * FROM c", NUMBERS, token=token)


def test_a_token_of_another_query_is_refused() -> None:
    token = one_page("SELECT * FROM c", NUMBERS).token

    with pytest.raises(RefusedError, match="another query"):
        page(parse("SELECT * FROM c"), NUMBERS, {}, token=token, most=2, mark="another")
