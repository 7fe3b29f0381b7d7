"""What a question finds."""

from collections.abc import Sequence

import pytest
from typing_extensions import override

from devtools.fakes.embedding import CountingEmbedder
from processors.search.api import Answer, Hit
from shared.embeddings.embedder import Vector
from shared.errors import DependencyUnavailable
from shared.topology import Space
from tests.unit.processors.search.library import Library


async def test_the_best_passage_of_the_best_shard_comes_first() -> None:
    library = Library()
    await library.add("Acme", "aaaa", "zzzzzzzzzzzzzzzz")
    await library.add("Bcme", "bbbb", "zzzz")

    answer = await library.search("zzzzzzzzzzzz")

    assert [(hit.name, hit.passage) for hit in answer.hits] == [("Acme", "zzzzzzzzzzzzzzzz"), ("Bcme", "zzzz")]
    assert answer.hits[0].score > answer.hits[1].score


async def test_an_answer_says_what_was_asked_and_how_it_was_looked_for() -> None:
    library = Library()
    shard = await library.add("Acme")

    answer = await library.search("Account: Acme")

    hit = Hit(shard_id=shard.id, shard_type_id="c_account", name="Acme", score=1.0, passage="Account: Acme")
    assert answer == Answer(question="Account: Acme", model="letters", quality="lexical", hits=(hit,), is_complete=True)
    assert answer.model_dump(mode="json", by_alias=True).keys() == {"question", "model", "quality", "hits", "isComplete"}


async def test_a_model_that_knows_meaning_is_not_called_lexical() -> None:
    library = Library()
    library.embedder = CountingEmbedder(Space("letters", 26, "semantic"))

    assert (await library.search("anything")).quality == "semantic"


async def test_several_passages_of_one_shard_are_one_hit() -> None:
    library = Library()
    await library.add("Acme", "zz", "zzz", "zzzz", "zzzzz")
    await library.add("Bcme", "z")

    assert await library.names("zzzzzzzz", limit=2) == ["Acme", "Bcme"]


async def test_a_shard_of_many_near_passages_does_not_hide_the_others() -> None:
    library = Library()
    await library.add("Acme", *("z" * number for number in range(30, 60)))
    await library.add("Bcme", "z")

    assert await library.names("zzzzzzzz", limit=2) == ["Acme", "Bcme"]
    assert library.chunks.looks == [8, 32]


async def test_no_more_are_shown_than_were_asked_for() -> None:
    library = Library()
    for number in range(1, 8):
        await library.add(f"Acme{number}", "z" * number)

    assert await library.names("zzzzzzzz", limit=3) == ["Acme7", "Acme6", "Acme5"]
    assert (await library.search("zzzzzzzz", limit=3)).is_complete


async def test_nothing_stored_is_nothing_found() -> None:
    answer = await Library().search("rockets")

    assert (answer.hits, answer.is_complete) == ((), True)


async def test_one_look_and_one_read_a_hit_are_enough_where_everything_holds() -> None:
    library = Library()
    for number in range(1, 41):
        await library.add(f"Acme{number}", "z" * number)
    reads = library.shards.reads

    await library.search("zzzzzzzz", limit=10)

    assert library.chunks.looks == [40]
    assert library.shards.reads - reads == 10


async def test_a_shard_whose_name_is_no_text_is_called_by_its_line() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzz")
    await library.change(shard, structured_data={"name": 7, "description": "zzzz"})

    assert await library.names("zzzz") == ["Account: 7"]


async def test_a_shard_without_a_name_has_no_words_and_is_not_found() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzz")
    await library.change(shard, structured_data={"description": "zzzz"})

    assert await library.names("zzzz") == []


class Away(CountingEmbedder):
    """A model that does not answer."""

    @override
    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        raise DependencyUnavailable("no answer")


async def test_a_model_that_is_away_is_no_empty_answer() -> None:
    library = Library()
    library.embedder = Away()

    with pytest.raises(DependencyUnavailable):
        await library.search("rockets")
