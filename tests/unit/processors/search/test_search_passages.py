"""A passage that is shown is part of the shard's text as it is now, and the shard says that chunks of its kind are its own."""

from typing import Final

from tests.unit.processors.search.library import Library

OLDER: Final = "0" * 32
"""The generation of a deployment that made chunks in another way."""


async def test_a_passage_that_was_edited_away_is_never_shown() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz", "yyyyyyyy")
    await library.change(shard, structured_data={"name": "Acme", "description": "yyyyyyyy"}, revision_number=2)

    answer = await library.search("zzzzzzzz")

    assert [hit.passage for hit in answer.hits] == ["Account: Acme"]
    assert "zzzz" not in answer.hits[0].model_dump_json()


async def test_a_passage_that_only_moved_is_shown_where_it_is_now() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz")
    await library.change(shard, structured_data={"name": "Acme", "description": "A new first one.\n\nzzzzzzzz"}, revision_number=2)

    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["zzzzzzzz"]


async def test_a_passage_that_became_part_of_another_is_not_shown() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz", "yyyyyyyy")
    await library.change(shard, structured_data={"name": "Acme", "description": "zzzzzzzz yyyyyyyy"}, revision_number=2)

    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["Account: Acme"]


async def test_a_renamed_shard_is_shown_under_its_new_name_by_the_passages_that_stayed() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz")
    await library.change(shard, structured_data={"name": "Bcme", "description": "zzzzzzzz"}, revision_number=2)

    assert [(hit.name, hit.passage) for hit in (await library.search("zzzzzzzz")).hits] == [("Bcme", "zzzzzzzz")]


async def test_a_renamed_shard_is_not_shown_by_its_old_name() -> None:
    library = Library()
    shard = await library.add("Acme")
    await library.change(shard, structured_data={"name": "Bcme", "description": ""}, revision_number=2)

    assert await library.names("Account: Acme") == []


async def test_chunks_of_another_generation_are_shown_while_the_shard_says_they_are_its_own() -> None:
    library = Library()
    await library.add("Acme", "zzzzzzzz", generation=OLDER)

    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["zzzzzzzz"]


async def test_they_are_shown_where_their_words_are_now() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz", generation=OLDER)
    await library.change(shard, structured_data={"name": "Acme", "description": "A new first one.\n\nzzzzzzzz"}, revision_number=2)

    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["zzzzzzzz"]


async def test_they_are_not_shown_when_their_words_are_not_word_for_word_in_the_text_any_more() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz", generation=OLDER)
    await library.change(shard, structured_data={"name": "Bcme", "description": "Zzzzzzzz"}, revision_number=2)

    assert await library.names("zzzzzzzz") == []


async def test_they_are_not_shown_when_the_shard_says_that_others_are_its_own() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz", generation=OLDER)
    older = library.chunks.of("acme", shard.id)
    await library.index(shard)
    library.chunks.items["acme", shard.id] = older

    assert await library.names("zzzzzzzz") == []


async def test_chunks_of_this_deployment_are_not_shown_before_the_shard_says_that_they_are_its_own() -> None:
    library = Library()
    shard = await library.add("Acme", "yyyyyyyy", generation=OLDER)
    shard = await library.change(shard, structured_data={"name": "Acme", "description": "zzzzzzzz"}, revision_number=2)
    await library.put(shard)

    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["Account: Acme"]  # its name is of the older ones, too

    await library.index(shard)
    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["zzzzzzzz"]


async def test_a_shard_that_says_nothing_of_its_chunks_is_not_shown() -> None:
    library = Library()
    shard = await library.store("Acme", "zzzzzzzz")
    await library.put(shard)
    await library.put(shard, generation=OLDER)

    assert (len(library.chunks.of("acme", shard.id)), await library.names("zzzzzzzz")) == (4, [])


async def test_a_better_passage_that_does_not_hold_gives_way_to_one_of_the_same_shard_that_does() -> None:
    library = Library()
    shard = await library.add("Acme", "zz", "yyyyyyyy")
    await library.leave(shard, "zzzzzzzz")

    assert [hit.passage for hit in (await library.search("zzzzzzzz")).hits] == ["zz"]


async def test_a_shard_whose_best_passage_does_not_hold_does_not_push_a_better_one_out() -> None:
    library = Library()
    shard = await library.add("Acme", "yyyyyyyy")
    await library.leave(shard, "zzzzzzzz")
    await library.add("Bcme", "zzzz")

    assert await library.names("zzzzzzzz", limit=1) == ["Bcme"]


async def test_the_same_words_twice_in_a_shard_are_found_once_after_one_of_them_went() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzzzzzz", "zzzzzzzz")
    await library.change(shard, structured_data={"name": "Acme", "description": "zzzzzzzz"}, revision_number=2)

    assert [(hit.name, hit.passage) for hit in (await library.search("zzzzzzzz")).hits] == [("Acme", "zzzzzzzz")]
