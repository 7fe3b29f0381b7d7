"""VectorDistance on a few items and without a server."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.cosmos.documents import Record, stored_record
from devtools.emulators.cosmos.measures import check_bounded, measured
from devtools.emulators.cosmos.paging import page
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.condition import holds
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.wire import decode

VECTORS = {
    "east": [9999, 0],
    "north": [0, 3],
    "northeast": [7, 7],
    "west": [-2, 0],
    "none": None,
    "nested": [[1, 0]],
    "longer": [1, 0, 0],
    "nothing": [0, 0],
    "words": ["1", "0"],
}


def container(metric: str = "cosine", dimensions: int = 2) -> dict[str, Any]:
    embedding = {"path": "/deep/v", "dataType": "float32", "dimensions": dimensions, "distanceFunction": metric}
    return {"vectorEmbeddingPolicy": {"vectorEmbeddings": [embedding]}}


def record(name: str, vector: Any, number: int = 1) -> Record:
    return stored_record({"id": name, "deep": {"v": vector}}, epk="", number=number, lsn=number)


RECORDS = [record(name, vector, number) for number, (name, vector) in enumerate(VECTORS.items(), start=1)]


def pages(text: str, records: list[Record] | None = None, *, metric: str = "cosine", most: int = -1, **parameters: Any) -> list[list[Any]]:
    query = parse(text)
    scope = measured(query, container(metric), {f"@{name}": value for name, value in parameters.items()})
    found: list[list[Any]] = []
    token: str | None = None
    while not found or token is not None:
        result = page(query, RECORDS if records is None else records, scope, token=token, most=most, mark="q")
        found.append([decode(row) for row in result.rows])
        token = result.token
    return found


def names(text: str, **options: Any) -> list[Any]:
    return [row for rows in pages(text, **options) for row in rows]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("cosine", ["east", "northeast", "north", "west"]),
        ("dotproduct", ["east", "northeast", "north", "nothing", "west"]),
        ("euclidean", ["nothing", "west", "north", "northeast", "east"]),
    ],
)
def test_the_nearest_come_first_by_the_policys_function_and_items_without_a_score_last(metric: str, expected: list[str]) -> None:
    found = names("SELECT VALUE c.id FROM c ORDER BY VectorDistance(c.deep.v, @v)", metric=metric, v=[1, 0])

    assert found[: len(expected)] == expected
    assert found[len(expected) :] == [name for name in VECTORS if name not in expected]


@pytest.mark.parametrize("metric", ["cosine", "dotproduct", "euclidean"])
def test_the_fourth_argument_names_another_function_in_any_case(metric: str) -> None:
    options = "{'distanceFunction': 'Euclidean', dataType: 'float32'}"
    text = " ".join(("SELECT TOP 2 VALUE c.id FROM c ORDER BY VectorDistance(c.deep.v, @v, false,", options, ")"))

    assert names(text, metric=metric, v=[1, 0]) == ["nothing", "west"]


@pytest.mark.parametrize(
    ("metric", "expected"), [("cosine", [1.0, 0.6, -1.0]), ("dotproduct", [15.0, 9.0, -5.0]), ("euclidean", [2.0, 4.0, 6.0])]
)
def test_a_score_is_projected_and_does_not_see_a_vectors_length_in_its_cosine(metric: str, expected: list[float]) -> None:
    items = [record("same", [3, 0]), record("near", [1.8, 2.4]), record("opposite", [-1, 0])]

    found = names("SELECT VALUE VectorDistance(c.deep.v, @v) FROM c", records=items, metric=metric, v=[5, 0])

    assert found == pytest.approx(expected)


def test_a_score_that_is_not_there_is_left_out_of_the_row() -> None:
    found = names("SELECT c.id, VectorDistance(@v, c.deep.v) AS score FROM c WHERE c.id IN ('north', 'none')", v=[0, 1])

    assert found == [{"id": "north", "score": 1.0}, {"id": "none"}]


def test_a_score_can_be_asked_about() -> None:
    assert names("SELECT VALUE c.id FROM c WHERE VectorDistance(c.deep.v, [1, 0]) > 0.5") == ["east", "northeast"]
    assert names("SELECT VALUE MAX(VectorDistance(c.deep.v, [0, 1])) FROM c WHERE c.id = 'north'") == [1.0]


def test_pages_of_the_nearest_go_on_where_they_ended_also_among_equals() -> None:
    items = [record(str(number), [number % 3, 1], number) for number in range(1, 9)]

    found = pages("SELECT TOP 7 VALUE c.id FROM c ORDER BY VectorDistance(c.deep.v, [0, 1])", items, most=2)

    assert found == [["3", "6"], ["1", "4"], ["7", "2"], ["5"]]


@given(st.lists(st.lists(st.integers(-9999, 9999), min_size=2, max_size=2), max_size=12), st.integers(1, 5))
def test_pages_together_are_what_one_page_is(vectors: list[list[int]], most: int) -> None:
    items = [record(str(number), vector, number) for number, vector in enumerate(vectors, start=1)]
    text = "SELECT VALUE c.id FROM c ORDER BY VectorDistance(c.deep.v, [3, -4])"

    assert [row for rows in pages(text, items, most=most) for row in rows] == pages(text, items)[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("VectorDistance(c.deep.v, [1, 2, 3])", "2 dimensions and is compared with a vector of 3"),
        ("VectorDistance(c.deep.v, [[1, 2]])", "not a vector"),
        ("VectorDistance(c.deep.v, null)", "not a vector"),
        ("VectorDistance(c.other, [1, 2])", "does not have the path '/other'"),
        ("VectorDistance(c.deep, [1, 2])", "does not have the path '/deep'"),
        ("VectorDistance(c.deep.v[0], [1, 2])", "does not have the path"),
        ("VectorDistance(c.deep.v, [1, 2], 'yes')", "third argument"),
        ("VectorDistance(c.deep.v, [1, 2], true, 'cosine')", "options"),
        ("VectorDistance(c.deep.v, [1, 2], true, {distance: 'cosine'})", "options"),
        ("VectorDistance(c.deep.v, [1, 2], true, {distanceFunction: 'manhattan'})", "no distance function"),
        ("VectorDistance(c.deep.v, [1, 2], true, {distanceFunction: 1})", "no distance function"),
        ("VectorDistance(c.deep.v, [1, 2], true, {dataType: 'float64'})", "no data type"),
    ],
)
def test_what_cannot_be_measured_is_refused(call: str, words: str) -> None:
    query = parse(" ".join(("SELECT VALUE", call, "FROM c")))

    with pytest.raises(RefusedError, match=words) as refused:
        measured(query, container(), {})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM c ORDER BY VectorDistance(c.v, [1]) ASC",
        "SELECT * FROM c ORDER BY VectorDistance(c.v, [1]) DESC",
        "SELECT * FROM c ORDER BY VectorDistance(c.v, [1]), c.id",
        "SELECT * FROM c ORDER BY c.id, VectorDistance(c.v, [1])",
        "SELECT * FROM c ORDER BY -VectorDistance(c.v, [1])",
        "SELECT VectorDistance(c.v, [1]) AS score FROM c ORDER BY score",
        "SELECT VectorDistance(c.v) FROM c",
        "SELECT VectorDistance(c.v, [1], true, {}, 1) FROM c",
        "SELECT VectorDistance(c.v, c.w) FROM c",
        "SELECT VectorDistance(c.v, [c.n]) FROM c",
        "SELECT VectorDistance(c.v, [1], c.yes) FROM c",
        "SELECT VectorDistance(c.v, VectorDistance(c.v, [1])) FROM c",
        "SELECT VectorDistance(c.v, MAX(1)) FROM c",
        "SELECT VectorDistance([1], [1]) FROM c",
        "SELECT VectorDistance(c[@name], [1]) FROM c",
        "SELECT VectorDistance(p.v, [1]) FROM c JOIN p IN c.passages",
        "SELECT * FROM c WHERE EXISTS(SELECT VALUE 1 FROM p IN c.ps WHERE VectorDistance(c.v, [1]) > 0)",
    ],
)
def test_a_vector_distance_that_cannot_stand_so_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="SC1001") as refused:
        parse(text)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    "text",
    [
        "SELECT TOP 5 * FROM c ORDER BY VectorDistance(c.v, [1])",
        "SELECT * FROM c ORDER BY VectorDistance(c.v, [1]) OFFSET 0 LIMIT 5",
        "SELECT VectorDistance(c.v, [1]) FROM c",
    ],
)
def test_a_number_of_the_nearest_may_come_from_all_partitions(text: str) -> None:
    check_bounded(parse(text))


def test_all_of_the_nearest_may_not_come_from_all_partitions() -> None:
    with pytest.raises(RefusedError, match="TOP or LIMIT"):
        check_bounded(parse("SELECT * FROM c ORDER BY VectorDistance(c.v, [1])"))


def test_the_condition_of_a_patch_has_no_distances() -> None:
    with pytest.raises(RefusedError, match="neither"):
        holds("FROM c WHERE VectorDistance(c.v, [1]) > 0", {"v": [1]})
