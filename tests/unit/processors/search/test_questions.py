"""What is a question, and what is said to those who ask something else."""

import pytest

from processors.search.api import Question
from shared.errors import BadRequest


def test_a_question_is_a_text_and_how_many_answers_are_wanted() -> None:
    assert Question.read("  who makes rockets? ", "3") == Question("who makes rockets?", 3)


@pytest.mark.parametrize("limit", [None, ""])
def test_ten_answers_are_wanted_where_nobody_says(limit: str | None) -> None:
    assert Question.read("rockets", limit).limit == 10


@pytest.mark.parametrize("limit", ["1", "50"])
def test_from_one_to_fifty_may_be_asked_for(limit: str) -> None:
    assert Question.read("rockets", limit).limit == int(limit)


def test_a_question_of_a_thousand_characters_of_any_script_is_read() -> None:
    assert len(Question.read("山" * 1000 + " ", None).text) == 1000


@pytest.mark.parametrize("text", ["x\x00y", "😀", "a\nb", "' OR 1=1 --", "%", "*"], ids=repr)
def test_any_text_is_a_question(text: str) -> None:
    assert Question.read(text, None).text == text


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [
        (None, None, "q is missing: what do you look for?"),
        ("", None, "q is missing: what do you look for?"),
        (" \n\u3000", None, "q is missing: what do you look for?"),
        ("x" * 1001, None, "q has more than 1000 characters"),
        ("rockets \ud800", None, "q is not text"),
        ("\udfff", None, "q is not text"),
        ("rockets", "ten", "limit is not a whole number"),
        ("rockets", "1.5", "limit is not a whole number"),
        ("rockets", "1e1", "limit is not a whole number"),
        ("rockets", " ", "limit is not a whole number"),
        ("rockets", "9" * 5000, "limit is not a whole number"),
        ("rockets", "0", "limit is from 1 to 50"),
        ("rockets", "-1", "limit is from 1 to 50"),
        ("rockets", "51", "limit is from 1 to 50"),
        ("rockets", "9" * 100, "limit is from 1 to 50"),
    ],
)
def test_what_makes_no_sense_is_answered_in_words_for_people(text: str | None, limit: str | None, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        Question.read(text, limit)

    assert str(refused.value) == said
