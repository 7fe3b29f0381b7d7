import logging
import math
import subprocess
import sys
from pathlib import Path

import pytest

from shared.embeddings.lexical import LexicalModel, lexical_vector
from shared.topology import LEXICAL

ROOT = Path(__file__).parents[4]


def cosine(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(lexical_vector(one), lexical_vector(other), strict=True))


def test_texts_that_share_words_are_nearer_than_texts_that_do_not() -> None:
    question = "renewal of the Acme contract"

    near = cosine(question, "the Acme contract is up for renewal")

    assert near > 0.6
    assert near > 3 * abs(cosine(question, "Lunch menu: soup, salad and fish"))


def test_case_does_not_matter_and_a_words_endings_matter_little() -> None:
    assert cosine("ACME Renewal", "acme renewal") == pytest.approx(1)
    assert cosine("renewals", "renewal") > 0.5


def test_it_knows_nothing_of_meaning() -> None:
    assert abs(cosine("cancel", "terminate")) < 0.2


def test_a_word_said_nine_times_does_not_count_nine_times() -> None:
    assert cosine("acme " * 9 + "renewal", "acme renewal") > 0.8


def test_a_texts_vector_is_the_same_in_every_process() -> None:
    script = "from shared.embeddings.lexical import lexical_vector; print([i for i, x in enumerate(lexical_vector('acme')) if x])"

    answers = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert answers == {"[8, 62, 147, 459]\n"}


HOSTILE = [
    "",
    " \t\n",
    "\x00\x01\x1b[0m\x7f",
    "\ud83d",
    "👩‍👩‍👧‍👦" * 400,
    "a" * 200_000,
    "word " * 50_000,
    "\u0301" * 5000,
    "...!?",
    "東京都",
]


async def test_no_text_is_too_strange_for_a_vector_of_length_one() -> None:
    vectors = await LexicalModel().encode(HOSTILE)

    assert [len(vector) for vector in vectors] == [LEXICAL.dimensions] * len(HOSTILE)
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * len(HOSTILE))


def test_emoji_are_words() -> None:
    assert cosine("🚀", "🚀 launch") > 0.3
    assert cosine("🚀", "🎉") < 0.5


async def test_vectors_come_in_the_order_of_their_texts() -> None:
    assert await LexicalModel().encode(["one", "two"]) == [lexical_vector("one"), lexical_vector("two")]


async def test_it_says_once_and_in_words_that_search_knows_no_meaning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        model = LexicalModel()
        await model.encode(["one"])
        await model.encode(["two"])

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "search is lexical now: it finds texts by how words are spelled, and knows nothing of what they mean")
    ]
    assert model.space.quality == "lexical"
