"""LIKE against its definition, and in a time that no pattern can make long."""

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.emulators.cosmos.sql.operators import is_like


def by_definition(text: str, pattern: str) -> bool:
    """`%` is any letters or none, `_` is any one letter, everything else is itself."""

    @cache
    def fits(at: int, wanted: int) -> bool:
        if wanted == len(pattern):
            return at == len(text)
        if pattern[wanted] == "%":
            return any(fits(rest, wanted + 1) for rest in range(at, len(text) + 1))
        return at < len(text) and pattern[wanted] in {"_", text[at]} and fits(at + 1, wanted + 1)

    return fits(0, 0)


@given(st.text("ab_%\n", max_size=8), st.text("ab_%", max_size=8))
def test_a_text_is_like_a_pattern_by_definition_and_no_other_way(text: str, pattern: str) -> None:
    assert is_like(text, pattern) is by_definition(text, pattern)


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [("Hello World", "Hel%W_rld", True), ("hello", "Hello", False), ("a.c", "a_c", True), ("abc", "a.c", False), ("ab", "ab%ab", False)],
)
def test_letters_are_themselves(text: str, pattern: str, *, expected: bool) -> None:
    assert is_like(text, pattern) is expected


@pytest.mark.parametrize(
    "pattern", ["%a" * 2000 + "%b", "%" * 10_000 + "b", "%a_" * 2000 + "%b", "_" * 19_999 + "b", "%" + "a" * 5000 + "b%"]
)
def test_a_hostile_pattern_holds_nobody_up(pattern: str) -> None:
    began = time.process_time()

    assert not is_like("a" * 20_000, pattern)

    assert time.process_time() - began < 2
