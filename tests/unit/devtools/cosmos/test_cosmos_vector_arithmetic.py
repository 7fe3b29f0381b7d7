"""Two vectors compared, with NumPy and without."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.cosmos.documents import stored_record
from devtools.emulators.cosmos.values import UNDEFINED
from devtools.emulators.cosmos.vectors import PLAIN, Arithmetic, fastest, vector_of

ARITHMETICS = pytest.mark.parametrize("arithmetic", [PLAIN, fastest()], ids=["plain", "fastest"])


@ARITHMETICS
@given(st.lists(st.tuples(st.integers(-9999, 9999), st.floats(-1, 1)), min_size=1, max_size=5))
def test_a_cosine_is_between_minus_one_and_one_whatever_counts(arithmetic: Arithmetic, pairs: list[tuple[int, float]]) -> None:
    left, right = (vector_of(list(one), arithmetic) for one in zip(*pairs, strict=True))

    assert left is not None
    assert right is not None
    cosine = left.compared(right, "cosine")
    assert cosine is UNDEFINED or -1 <= cosine <= 1


@ARITHMETICS
@pytest.mark.parametrize(("metric", "expected"), [("cosine", 0.96), ("dotproduct", 24.0), ("euclidean", 2**0.5)])
def test_with_and_without_numpy_the_numbers_are_the_same(arithmetic: Arithmetic, metric: Any, expected: float) -> None:
    left, right = vector_of([3, 4], arithmetic), vector_of([4.0, 3], arithmetic)

    assert left is not None
    assert right is not None
    assert left.compared(right, metric) == pytest.approx(expected)


def test_without_numpy_the_plain_arithmetic_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)

    assert fastest.__wrapped__() is PLAIN


def test_a_vector_is_prepared_once_for_a_version_of_an_item() -> None:
    item = stored_record({"id": "1", "deep": {"v": [1, 0]}}, epk="", number=1, lsn=1)

    assert item.vector(("deep", "v")) is item.vector(("deep", "v"))


@pytest.mark.parametrize("value", [None, [], "ab", {}, [True, False], [1, "2"], [[1]], [1e39], [10**400], [None]])
def test_what_is_no_flat_array_of_numbers_within_single_precision_is_no_vector(value: Any) -> None:
    assert vector_of(value) is None
