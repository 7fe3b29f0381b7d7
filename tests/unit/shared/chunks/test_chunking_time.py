"""A text of a megabyte costs what its length costs, whatever somebody wrote into it."""

import time

import pytest

from shared.chunks.chunk import chunks_of

MEGABYTE = 1_000_000
SECONDS = 3.0
"""Of processor time. A tenth of it is what the slowest takes; what grows with the square of the length takes minutes."""


@pytest.mark.parametrize(
    ("unit", "chunks"),
    [
        pytest.param("\n", 0, id="newlines"),
        pytest.param(" ", 0, id="spaces"),
        pytest.param("\r\n", 0, id="CRLF"),
        pytest.param("\n ", 0, id="newlines and spaces"),
        pytest.param("a", 1563, id="one word"),
        pytest.param("a.\n", 1565, id="short sentences"),
        pytest.param("a ", 1563, id="short words"),
        pytest.param("a" + " " * 999, 1000, id="gaps"),
        pytest.param("a" + "\n" * 999, 1000, id="blank lines"),
        pytest.param("\n" + " " * 998 + "a", 1000, id="indented"),
        pytest.param(". ", 1563, id="stops"),
        pytest.param("。", 4695, id="stops without spaces"),
        pytest.param("e\u0301", 2348, id="combining"),
        pytest.param("a" * 29 + "\n\n", 3513, id="short paragraphs"),  # 2,000 alone, then twenty at a time
        pytest.param("a\n\n", 3556, id="paragraphs of a letter"),
    ],
)
def test_a_hostile_megabyte_is_cut_in_linear_time(unit: str, chunks: int) -> None:
    text = unit * (MEGABYTE // len(unit))

    began = time.process_time()
    found = chunks_of(text, generation="g")
    took_seconds = time.process_time() - began

    assert len(found) == chunks
    assert took_seconds < SECONDS
