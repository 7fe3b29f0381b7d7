"""What holds for every text that is cut."""

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.chunks.chunk import PASSAGE_BYTES, Chunk, chunks_of

PROSE: Final = ["a", "rocket", "Done.", "Really?", "3.14", "Words that follow each other. " * 9, "line\n" * 40, "x" * 700]
SCRIPTS: Final = ["山川。", "山" * 300, "🚀", "👩\u200d🚀" * 30, "e\u0301", "\u0301" * 400, "ß…", "\x00", "\u200b"]
WORDS: Final = [*PROSE, *SCRIPTS]
SPACES: Final = [" ", "  ", "\n", "\r\n", "\f", "\t", "\u00a0", "\u2003", " " * 700]
BLANK_LINES: Final = ["\n\n", "\n \n", "\r\n\r\n", "\n\n\n\n", "\n\f\n"]

texts = st.lists(st.sampled_from([*WORDS, *SPACES, *BLANK_LINES]) | st.text(max_size=20), max_size=40).map("".join)
paragraphs = st.lists(st.sampled_from([*WORDS, " ", "\n-"]), min_size=1, max_size=12).map(lambda words: "".join(words).strip() or "-")


def cut(text: str) -> tuple[Chunk, ...]:
    return chunks_of(text, generation="g")


@settings(deadline=None, max_examples=60)
@given(texts)
def test_chunks_go_forward_and_never_overlap(text: str) -> None:
    ends = [0, *(chunk.end for chunk in cut(text))]

    assert all(before <= chunk.start < chunk.end <= len(text) for before, chunk in zip(ends, cut(text), strict=False))


@settings(deadline=None, max_examples=60)
@given(texts)
def test_only_white_space_is_left_out(text: str) -> None:
    rest = text
    for chunk in reversed(cut(text)):
        rest = rest[: chunk.start] + rest[chunk.end :]

    assert rest.strip() == ""


@settings(deadline=None, max_examples=60)
@given(texts)
def test_a_passage_neither_begins_nor_ends_with_white_space(text: str) -> None:
    assert [chunk.text for chunk in cut(text) if chunk.text != chunk.text.strip()] == []


@settings(deadline=None, max_examples=60)
@given(texts)
def test_no_chunk_is_larger_than_the_model_reads(text: str) -> None:
    for chunk in cut(text):
        assert len(text[chunk.start : chunk.end].encode()) <= PASSAGE_BYTES


@settings(deadline=None, max_examples=60)
@given(texts)
def test_a_chunk_holds_its_passage_and_nothing_else(text: str) -> None:
    assert [chunk.text for chunk in cut(text)] == [text[chunk.start : chunk.end] for chunk in cut(text)]


@settings(deadline=None, max_examples=60)
@given(st.lists(paragraphs, max_size=6), st.sampled_from(BLANK_LINES))
def test_every_paragraph_stands_alone(parts: list[str], between: str) -> None:
    assert [chunk.text for chunk in cut(between.join(parts))] == [chunk.text for part in parts for chunk in cut(part)]


@settings(deadline=None, max_examples=60)
@given(st.lists(paragraphs, min_size=1, max_size=6), st.data())
def test_editing_a_paragraph_changes_no_more_than_its_own_chunks(parts: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(parts) - 1))
    edited = [*parts[:number], data.draw(paragraphs), *parts[number + 1 :]]

    before = {chunk.id for chunk in cut("\n\n".join(parts))}
    after = {chunk.id for chunk in cut("\n\n".join(edited))}

    assert len(after - before) <= len(cut(edited[number]))
    assert len(before - after) <= len(cut(parts[number]))


@settings(deadline=None, max_examples=60)
@given(st.lists(paragraphs, max_size=6), st.randoms(use_true_random=False))
def test_putting_paragraphs_into_another_order_changes_no_id(parts: list[str], random: Random) -> None:
    shuffled = random.sample(parts, len(parts))

    assert {chunk.id for chunk in cut("\n\n".join(parts))} == {chunk.id for chunk in cut("\n\n".join(shuffled))}


@settings(deadline=None, max_examples=60)
@given(texts)
def test_the_same_text_gives_the_same_chunks_with_an_id_each(text: str) -> None:
    chunks = cut(text)

    assert cut(text) == chunks
    assert len({chunk.id for chunk in chunks}) == len(chunks)


@settings(deadline=None, max_examples=60)
@given(texts, texts)
def test_the_same_id_is_the_same_words(text: str, other: str) -> None:
    by_id = {chunk.id: chunk.text for chunk in cut(text)}

    assert all(by_id.get(chunk.id, chunk.text) == chunk.text for chunk in cut(other))


@settings(deadline=None, max_examples=60)
@given(texts)
def test_another_generation_shares_no_id(text: str) -> None:
    others = chunks_of(text, generation="h")

    assert {chunk.id for chunk in others}.isdisjoint(chunk.id for chunk in cut(text))
    assert [chunk.text for chunk in others] == [chunk.text for chunk in cut(text)]
