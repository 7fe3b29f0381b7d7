"""The set that encoders are measured with keeps its own rules, and the measure counts as it says."""

import math
import re
from collections.abc import Sequence

import pytest
from typing_extensions import override

from benchmarks.retrieval import Paraphrase, answer_ranks, content_words, mean_reciprocal_rank, paraphrases
from shared.embeddings.embedder import Model, Vector
from shared.topology import LEXICAL, Space

each_entry = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.query) for entry in paraphrases()])


class Compass(Model):
    """A text that is a number of degrees has that direction; every other text points north."""

    @property
    @override
    def space(self) -> Space:
        return LEXICAL

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        angles = [math.radians(float(text)) if text.isdecimal() else 0.0 for text in texts]
        return [(3 * math.cos(angle), 3 * math.sin(angle)) for angle in angles]


def sentences(text: str) -> int:
    return len(re.findall(r"[.?!](?:\s|$)", text))


def test_there_are_forty_queries_and_eighty_texts_and_none_twice() -> None:
    entries = paraphrases()

    assert len(entries) == 40
    assert len({text.casefold() for entry in entries for text in (entry.query, entry.answer, entry.distractor)}) == 120


@each_entry
def test_a_query_shares_no_content_word_with_its_answer(entry: Paraphrase) -> None:
    assert content_words(entry.query) & content_words(entry.answer) == set()


@each_entry
def test_a_query_shares_three_content_words_or_more_with_its_distractor(entry: Paraphrase) -> None:
    assert len(content_words(entry.query) & content_words(entry.distractor)) >= 3


@each_entry
def test_a_query_is_one_sentence_and_a_text_one_to_three_of_like_length(entry: Paraphrase) -> None:
    assert 6 <= len(entry.query.split()) <= 16
    assert sentences(entry.query) == 1
    for text in (entry.answer, entry.distractor):
        assert 8 <= len(text.split()) <= 32
        assert 1 <= sentences(text) <= 3


def test_distractors_are_not_longer_or_shorter_than_answers_on_the_whole() -> None:
    entries = paraphrases()

    answers = sum(len(entry.answer.split()) for entry in entries) / 40
    distractors = sum(len(entry.distractor.split()) for entry in entries) / 40
    assert 0.75 < answers / distractors < 1.33


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The buyer's price is TOO high, and the Buyer knows.", {"buyer's", "price", "high", "buyer", "knows"}),
        ("in-house tools; 15 of them", {"in-house", "tools", "15"}),
        ("Who is it for, and why?", set()),
    ],
)
def test_content_words_are_the_words_in_lower_case_without_stop_words(text: str, words: set[str]) -> None:
    assert content_words(text) == words


async def test_an_answer_comes_after_every_text_that_is_nearer_or_as_near() -> None:
    entries = [Paraphrase("10", "11", "90"), Paraphrase("80", "60", "85"), Paraphrase("45", "40", "50")]

    assert await answer_ranks(Compass(), entries) == [1, 3, 2]


async def test_an_encoder_that_tells_no_texts_apart_is_last_everywhere() -> None:
    assert await answer_ranks(Compass(), paraphrases()) == [80] * 40


def test_the_mean_reciprocal_rank_counts_a_second_place_half() -> None:
    assert mean_reciprocal_rank([1, 1, 2, 4]) == 0.6875
