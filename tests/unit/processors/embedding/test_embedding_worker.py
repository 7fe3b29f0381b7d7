"""The embedding worker makes a shard's chunks what they have to be, and embeds nothing that is there."""

from shared.messaging.outcomes import Ignored, Stored, Unchanged
from shared.shards.model import Vectors
from shared.shards.store import VectorsChange
from tests.unit.processors.embedding.accounts import BOB, Accounts, WatchedChunks, edited, ids_of, now_stored, paragraphs

NINETY_DAYS_SECONDS = 7_776_000


async def test_chunks_are_stored_with_their_readers_and_the_shard_says_so() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    message = await accounts.request(shard)

    outcome = await accounts.embed(message)

    assert outcome == Stored(shard.id, 1, reason="vectors")
    assert accounts.texts() == ["Account: Acme", "Makes rockets."]
    assert accounts.stored(shard).keys() == ids_of(message.chunks)
    second = accounts.stored(shard)[message.chunks[1].id]
    assert (second["shardTypeId"], second["generation"]) == ("c_account", message.generation)
    assert (second["principals"], second["aclHash"]) == (["user:ada@acme.example"], message.acl_hash)
    assert await accounts.vectors(shard) == Vectors(
        space="letters-26",
        quality="lexical",
        generation=message.generation,
        content_hash=message.content_hash,
        acl_hash=message.acl_hash,
        chunk_count=2,
        revision=1,
        generated_at=accounts.pipeline.clock(),
    )


async def test_an_edit_of_one_paragraph_embeds_that_paragraph() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded(paragraphs(1, 2, 3)), description=paragraphs(1, 7, 3))
    message = await accounts.request(shard)

    outcome = await accounts.embed(message)

    assert outcome == Stored(shard.id, 2, reason="vectors")
    assert accounts.texts(since=4) == ["Paragraph number 7."]
    assert accounts.stored(shard).keys() == ids_of(message.chunks)


async def test_other_readers_are_written_and_nothing_is_embedded() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded(paragraphs(1, 2)), acl=BOB)

    outcome = await accounts.embed(await accounts.request(shard))

    assert outcome == Stored(shard.id, 2, reason="readers")
    assert len(accounts.embedder.texts) == 3
    assert accounts.found_by(shard) == {("user:bob@acme.example",)}


async def test_a_request_that_comes_twice_changes_nothing() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    message = await accounts.request(shard)
    await accounts.embed(message)
    writes = accounts.chunks.writes, accounts.shards.writes

    outcome = await accounts.embed(message)

    assert outcome == Unchanged("embedded")
    assert (accounts.chunks.writes, accounts.shards.writes) == writes
    assert len(accounts.embedder.texts) == 2


async def test_a_request_that_comes_late_changes_nothing() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    first = await accounts.request(shard)
    shard = await edited(accounts.shards, shard, description="Sells rockets.", acl=BOB)
    await accounts.embed(await accounts.request(shard))
    before = accounts.stored(shard)

    outcome = await accounts.embed(first)

    assert outcome == Ignored("a later revision is there")
    assert accounts.stored(shard) == before
    assert accounts.texts() == ["Account: Acme", "Sells rockets."]


async def test_a_new_shard_costs_one_read_and_one_write_of_its_chunks_and_one_write_of_itself() -> None:
    accounts = Accounts()
    message = await accounts.request(await accounts.store(paragraphs(*range(98))))
    before = accounts.chunks.reads, accounts.chunks.writes, accounts.shards.reads, accounts.shards.writes

    await accounts.embed(message)

    after = accounts.chunks.reads, accounts.chunks.writes, accounts.shards.reads, accounts.shards.writes
    assert tuple(now - then for now, then in zip(after, before, strict=True)) == (1, 1, 0, 1)


async def test_a_summary_that_was_lost_is_written_again() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    message = await accounts.request(shard)
    await accounts.embed(message)
    told = await accounts.vectors(shard)
    await accounts.shards.change(
        await now_stored(accounts.shards, shard), VectorsChange(told.model_copy(update={"content_hash": "f" * 32}))
    )

    outcome = await accounts.embed(message)

    assert outcome == Stored(shard.id, 1, reason="readers")
    assert await accounts.vectors(shard) == told
    assert len(accounts.embedder.texts) == 2


async def test_a_deletion_leaves_a_tombstone_for_ninety_days_and_no_chunk() -> None:
    chunks = WatchedChunks()
    accounts = Accounts(chunks=chunks)
    shard = await edited(accounts.shards, await accounts.embedded(paragraphs(*range(120))), status="deleted")

    outcome = await accounts.embed(await accounts.request(shard))

    assert outcome == Stored(shard.id, 2, reason="readers")
    assert accounts.stored(shard) == {}
    manifest = await accounts.manifest(shard)
    assert (manifest.revision, manifest.chunks) == (2, {})
    assert chunks.changes[-1].ttl == NINETY_DAYS_SECONDS
    assert (await accounts.vectors(shard)).chunk_count == 0


async def test_a_deletion_that_overtakes_the_first_request_keeps_it_from_storing_anything() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    first = await accounts.request(shard)
    shard = await edited(accounts.shards, shard, status="deleted")
    await accounts.embed(await accounts.request(shard))

    outcome = await accounts.embed(first)

    assert outcome == Ignored("a later revision is there")
    assert (accounts.stored(shard), accounts.embedder.texts) == ({}, [])


async def test_a_shard_that_comes_back_is_kept_for_good_again() -> None:
    chunks = WatchedChunks()
    accounts = Accounts(chunks=chunks)
    shard = await edited(accounts.shards, await accounts.embedded("Makes rockets."), status="deleted")
    await accounts.embed(await accounts.request(shard))
    shard = await edited(accounts.shards, shard, status="active")

    await accounts.embed(await accounts.request(shard))

    assert len(accounts.stored(shard)) == 2
    assert chunks.changes[-1].ttl == -1


async def test_nothing_is_left_of_a_shard_whose_retention_is_over() -> None:
    accounts = Accounts()
    shard = await accounts.embedded("Makes rockets.")
    message = await accounts.request(await edited(accounts.shards, shard, acl=BOB))
    accounts.shards.expire("acme", shard.id)

    outcome = await accounts.embed(message)

    assert outcome == Stored(shard.id, 2, reason="readers")
    assert accounts.stored(shard) == {}


async def test_a_shard_that_began_anew_replaces_what_was_there_of_the_old_one() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded(paragraphs(1, 2)), description=paragraphs(1, 3))
    await accounts.embed(await accounts.request(shard))
    accounts.shards.expire("acme", shard.id)
    anew = await accounts.store(paragraphs(3, 4))

    outcome = await accounts.embed(await accounts.request(anew))

    assert outcome == Stored(shard.id, 1, reason="vectors")
    assert accounts.texts(since=4) == ["Paragraph number 4."]
    assert (await accounts.manifest(shard)).revision == 1
    assert len(accounts.stored(shard)) == 3


async def test_a_request_that_names_another_tenant_finds_no_shard_there_and_leaves_nothing() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    message = await accounts.request(shard)
    await accounts.embed(message)
    before = accounts.stored(shard)

    await accounts.embed(message.model_copy(update={"tenant_id": "globex"}))

    assert accounts.chunks.of("globex", shard.id) == {}
    assert accounts.stored(shard) == before
