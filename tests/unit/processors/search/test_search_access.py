"""Nobody is shown what they may not see: the chunks' readers are a first sieve, the shard as it is now decides."""

import pytest

from devtools.fakes.samples import give_up
from shared.access.acl import ADMINS, ADMINS_ONLY, TENANT, Principal, domain, group, readers
from tests.unit.processors.search.library import ADA, BOB, Library


async def test_a_shard_is_found_by_those_on_its_list() -> None:
    library = Library()
    await library.add("Acme", "zzzz", acl=readers([ADA]))

    assert await library.names("zzzz", who=[TENANT, ADA]) == ["Acme"]
    assert await library.names("zzzz", who=[TENANT, BOB]) == []
    assert await library.names("zzzz", who=[TENANT]) == []


@pytest.mark.parametrize("principal", [TENANT, ADMINS, ADA, domain("acme.example"), group("slack", "C1")])
async def test_every_kind_of_principal_opens(principal: Principal) -> None:
    library = Library()
    await library.add("Acme", "zzzz", acl=readers([principal, Principal("user:nobody@acme.example")]))

    assert await library.names("zzzz", who=[principal]) == ["Acme"]


async def test_admins_see_what_is_for_admins_and_have_no_other_key() -> None:
    library = Library()
    await library.add("Acme", "zzzz", acl=ADMINS_ONLY)
    await library.add("Bcme", "zzz", acl=readers([ADA]))

    assert await library.names("zzzz", who=[TENANT, ADMINS]) == ["Acme"]


async def test_a_caller_without_principals_sees_nothing() -> None:
    library = Library()
    await library.add("Acme", "zzzz")

    assert await library.names("zzzz", who=[]) == []


async def test_another_tenants_shards_are_never_found() -> None:
    library = Library()
    await library.add("Acme", "zzzz", tenant="acme", acl=readers([TENANT, ADA]))
    await library.add("Globex", "zz", tenant="globex", acl=readers([TENANT, ADA]))

    assert await library.names("zzzz", tenant="globex", who=[TENANT, ADA]) == ["Globex"]
    assert await library.names("zzzz", tenant="initech", who=[TENANT, ADA]) == []


async def test_a_chunk_that_still_names_a_reader_opens_nothing_and_the_next_shard_takes_its_place() -> None:
    library = Library()
    withdrawn = await library.add("Acme", "zzzzzzzz")
    await library.add("Bcme", "zzz")
    await library.change(withdrawn, acl=readers([BOB]))

    answer = await library.search("zzzzzzzz", limit=1)

    assert [hit.name for hit in answer.hits] == ["Bcme"]
    assert "Acme" not in answer.model_dump_json()


async def test_many_such_chunks_are_looked_past() -> None:
    library = Library()
    for number in range(10, 60):
        withdrawn = await library.add(f"Acme{number}", "z" * number)
        await library.change(withdrawn, acl=readers([BOB]))
    await library.add("Bcme", "z")

    answer = await library.search("zzzzzzzz", limit=2)

    assert [hit.name for hit in answer.hits] == ["Bcme"]
    assert answer.is_complete
    assert library.chunks.looks == [8, 32, 128]


async def test_it_is_said_when_there_was_more_than_may_be_looked_at() -> None:
    library = Library()
    for _ in range(9):
        withdrawn = await library.add("Acme", *("z" * number for number in range(1, 99)))
        await library.change(withdrawn, acl=readers([BOB]))
    await library.add("Bcme", "y")

    answer = await library.search("zzzzzzzz", limit=1)

    assert (answer.hits, answer.is_complete) == ((), False)
    assert library.chunks.looks == [4, 16, 64, 256, 800]


@pytest.mark.parametrize("status", ["deleted", "draft", "archived"])
async def test_only_what_is_active_is_shown(status: str) -> None:
    library = Library()
    shard = await library.add("Acme", "zzzz")
    await library.change(shard, status=status)

    assert await library.names("zzzz") == []


async def test_a_draft_whose_chunks_are_made_is_not_shown() -> None:
    library = Library()
    await library.add("Acme", "zzzz", status="draft")

    assert await library.names("zzzz") == []


async def test_chunks_of_a_shard_that_is_gone_show_nothing() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzz")
    library.shards.expire("acme", shard.id)

    assert await library.names("zzzz") == []


async def test_somebody_who_may_see_only_now_finds_it_when_its_chunks_say_so() -> None:
    library = Library()
    shard = await library.add("Acme", "zzzz", acl=readers([ADA]))
    shard = await library.change(shard, acl=readers([BOB]))

    assert await library.names("zzzz", who=[BOB]) == []

    await library.index(shard)
    assert await library.names("zzzz", who=[BOB]) == ["Acme"]


async def test_chunks_left_under_an_id_the_vendor_gave_up_show_nothing_of_the_shard_it_leads_to() -> None:
    library = Library()
    old = await library.add("Acme", "zzzzzzzz")
    surviving = await library.add("Acme", "zzzz")
    await give_up(library.shards, "acme", old.id, surviving.id)

    answer = await library.search("zzzzzzzz")

    assert [(hit.shard_id, hit.passage) for hit in answer.hits] == [(surviving.id, "zzzz")]


async def test_a_shard_that_may_not_be_shown_is_read_once_for_a_question_however_deep_it_goes() -> None:
    library = Library()
    passages = ["z" * number for number in range(1, 40)]
    withdrawn = await library.add("Acme", *passages)
    await library.change(withdrawn, acl=readers([BOB]))
    deleted = await library.add("Acme", *passages)
    await library.change(deleted, status="deleted")
    gone = await library.add("Acme", *passages)
    library.shards.expire("acme", gone.id)
    given_up = await library.add("Acme", *passages)
    surviving = await library.add("Bcme", "y")
    await give_up(library.shards, "acme", given_up.id, surviving.id)
    library.shards.read_at_once.clear()

    assert await library.names("zzzzzzzz", limit=1) == ["Bcme"]

    assert library.chunks.looks == [4, 16, 64, 256]
    assert sum(library.shards.read_at_once) == 5


@pytest.mark.parametrize(
    ("limit", "looks", "read_at_once"),
    [(1, [4, 16, 64], [1, 3, 8, 4, 5]), (3, [12, 48], [3, 8, 1, 8, 1]), (10, [40, 160], [10, 10, 1])],
)
async def test_once_one_was_hidden_at_least_eight_are_read_at_once(limit: int, looks: list[int], read_at_once: list[int]) -> None:
    library = Library()
    for number in range(10, 30):
        withdrawn = await library.add("Acme", "z" * number)
        await library.change(withdrawn, acl=readers([BOB]))
    await library.add("Bcme", "z")
    library.shards.read_at_once.clear()

    assert await library.names("zzzzzzzz", limit=limit) == ["Bcme"]

    assert library.chunks.looks == looks
    assert library.shards.read_at_once == read_at_once


async def test_while_none_was_hidden_no_more_are_read_than_are_asked_for() -> None:
    library = Library()
    for number in range(1, 8):
        await library.add(f"Acme{number}", "z" * number)
    stale = await library.add("Bcme", "y")
    await library.leave(stale, "zzzzzzzz")
    library.shards.read_at_once.clear()

    assert await library.names("zzzzzzzz", limit=3) == ["Acme7", "Acme6", "Acme5"]

    assert library.shards.read_at_once == [3, 1]  # what does not hold hides nothing: one more takes its place
