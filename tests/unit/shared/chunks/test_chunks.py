"""How a text is cut, by example."""

from typing import Final

import pytest

from shared.chunks.chunk import MOST_PARAGRAPHS, PASSAGE_BYTES, chunks_of

SENTENCE: Final = "The engine weaves algebraic patterns just as the loom weaves flowers and leaves. "
"""81 characters: eight of them do not fit into a passage."""


def passages(text: str) -> list[str]:
    return [text[chunk.start : chunk.end] for chunk in chunks_of(text, generation="g")]


def test_a_chunk_is_a_passage_and_where_it_stands() -> None:
    text = "Account: Acme\nType: customer\n\nMakes rockets."

    first, second = chunks_of(text, generation="g")

    assert (first.start, first.end, first.text) == (0, 28, "Account: Acme\nType: customer")
    assert (second.start, second.end, second.text) == (30, 44, "Makes rockets.")


def test_a_text_of_nothing_but_short_lines_is_cut_by_length_alone_after_the_first_ones() -> None:
    text = "a\n\n" * 40_000

    found = chunks_of(text, generation="g")

    assert [chunk.text for chunk in found[:2000]] == ["a"] * 2000
    assert [chunk.text.count("a") for chunk in found[2000:]] == [213] * 178 + [86]
    assert [chunk.text for chunk in found] == [text[chunk.start : chunk.end] for chunk in found]


@pytest.mark.parametrize(
    ("paragraphs", "chunks", "last"),
    [
        (1999, 1999, "p1998"),
        (2000, 2000, "p1999"),
        (2001, 2001, "p2000"),
        (2002, 2001, "p2000\n\np2001"),
        (2003, 2001, "p2000\n\np2001\n\np2002"),
    ],
)
def test_two_thousand_paragraphs_stand_alone_and_what_follows_them_stands_together(paragraphs: int, chunks: int, last: str) -> None:
    found = passages("\n\n".join(f"p{number}" for number in range(paragraphs)))

    assert (len(found), found[0], found[-1]) == (chunks, "p0", last)


def test_what_is_cut_by_length_alone_still_keeps_to_sentences_and_to_the_size() -> None:
    text = "p\n\n" * MOST_PARAGRAPHS + SENTENCE * 20 + "\n\nThe end."

    assert [len(passage) for passage in passages(text)[MOST_PARAGRAPHS:]] == [566, 566, 496]
    assert passages(text)[-1].endswith("leaves. \n\nThe end.")


@pytest.mark.parametrize("text", ["", " ", "\n", "\n\n\n", "\r\n\r\n", "\t \f\v \u00a0\u2003\u2028"], ids=repr)
def test_a_text_without_words_has_no_chunks(text: str) -> None:
    assert chunks_of(text, generation="g") == ()


@pytest.mark.parametrize(
    "between",
    ["\n\n", "\n \n", "\n\t\n\n  ", "\r\n\r\n", "\n\f\n", "\n\u00a0\n"],
    ids=["plain", "space", "tab", "CRLF", "form feed", "no-break space"],
)
def test_an_empty_line_however_it_is_written_ends_a_paragraph(between: str) -> None:
    assert passages(f"First.{between}Second.") == ["First.", "Second."]


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\n  ", " \f "], ids=repr)
def test_a_line_break_alone_does_not(inside: str) -> None:
    assert passages(f"First.{inside}Second.") == [f"First.{inside}Second."]


@pytest.mark.parametrize("after", ["", " ", "\r\n\r\nNext.", "   \n\nNext."], ids=repr)
def test_a_paragraph_that_just_fits_is_one_passage_whatever_white_space_follows_it(after: str) -> None:
    text = "x" * 400 + ". " + "x" * 238

    assert passages(text + after)[0] == text


def test_a_long_paragraph_is_cut_after_the_last_sentence_that_fits() -> None:
    assert [len(passage) for passage in passages(SENTENCE * 20)] == [566, 566, 485]
    assert all(passage.endswith("leaves.") for passage in passages(SENTENCE * 20))


@pytest.mark.parametrize("mark", [".", "!", "?", "…"])
def test_what_ends_a_sentence(mark: str) -> None:
    sentence = "Words that follow each other quietly" + mark + " "

    assert {passage[-1] for passage in passages(sentence * 40)} == {mark}


@pytest.mark.parametrize("mark", ["。", "\uff01", "\uff1f"], ids=["stop", "exclamation", "question"])
def test_a_sentence_of_a_script_without_spaces_ends_at_its_mark(mark: str) -> None:
    sentence = "私は山へ行くことにした" + mark

    cut = passages(sentence * 40)

    assert {passage[-1] for passage in cut} == {mark}
    assert "".join(cut) == sentence * 40


def test_a_line_ends_a_sentence() -> None:
    assert {passage[-1] for passage in passages("a line of a list without a stop\n" * 60)} == {"p"}


def test_a_point_inside_a_number_or_a_name_ends_nothing() -> None:
    text = "version 3.14 of northwind.example has 1.500 parts and " * 30

    assert [passage for passage in passages(text) if passage.endswith(".") or passage[0] in "1456"] == []


def test_a_sentence_early_in_a_passage_does_not_make_a_short_one() -> None:
    text = "No. " + "word " * 300

    assert [len(passage) for passage in passages(text)] == [638, 639, 224]


def test_without_sentences_a_paragraph_is_cut_between_words() -> None:
    cut = passages("rocket " * 300)

    assert {word for passage in cut for word in passage.split(" ")} == {"rocket"}
    assert [len(passage) for passage in cut] == [636, 636, 636, 188]


def test_a_word_of_ten_thousand_characters_is_cut_where_it_must_be() -> None:
    assert [len(passage) for passage in passages("a" * 10_000)] == [640] * 15 + [400]


def test_bytes_count_and_not_characters() -> None:
    assert [len(passage) for passage in passages("山" * 500)] == [213, 213, 74]
    assert [len(passage) for passage in passages("🚀" * 400)] == [160, 160, 80]


def test_a_letter_with_ten_thousand_combining_marks_is_cut_and_kept() -> None:
    text = "e" + "\u0301" * 10_000

    assert "".join(passages(text)) == text


def test_half_a_character_is_no_reason_to_hang() -> None:
    text = "\ud800" * 1000

    with pytest.raises(UnicodeEncodeError):  # what no JSON and no store can hold has no id either
        chunks_of(text, generation="g")


def test_the_same_paragraph_twice_is_two_chunks() -> None:
    first, second, third = chunks_of("Call back.\n\nCall back.\n\nDone.", generation="g")

    assert first.text == second.text
    assert len({first.id, second.id, third.id}) == 3
    assert (second.start, second.end) == (12, 22)


def test_an_id_does_not_depend_on_what_stands_before() -> None:
    [alone] = chunks_of("Call back.", generation="g")
    [_, after] = chunks_of("Hello.\n\nCall back.", generation="g")

    assert after.id == alone.id


def test_an_id_depends_on_how_the_chunk_is_made() -> None:
    [one], [other] = (chunks_of("Call back.", generation=generation) for generation in ("g", "h"))

    assert one.id != other.id


def test_ids_never_change() -> None:
    [chunk] = chunks_of("Call back.", generation="g")

    assert chunk.id == "5dc4d07e9d1922ed2ae569abb9984a34"


def test_a_chunk_is_small_enough_for_the_model_with_the_shortest_reach() -> None:
    assert PASSAGE_BYTES <= 768  # 256 tokens of three bytes
