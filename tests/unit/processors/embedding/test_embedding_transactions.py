"""Many chunks need many transactions; wherever a worker is killed, the next one goes on from there."""

from collections import Counter

import pytest
from typing_extensions import override

from devtools.fakes.embedding import InMemoryChunks
from devtools.fakes.stores import InMemoryShards
from shared.chunks.store import ChunkChange, Manifest
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.messaging.outcomes import Ignored
from shared.shards.ids import ShardId
from shared.shards.model import Vectors
from tests.unit.processors.embedding.accounts import BOB, Accounts, Killed, WatchedChunks, edited, ids_of, paragraphs


class Fate:
    """When a process ends: before or after its write with this number, counted over both stores from one on."""

    def __init__(self) -> None:
        self.kills_before = 0
        self.kills_after = 0
        self.writes = 0

    def begin(self) -> None:
        self.writes += 1
        if self.writes == self.kills_before:
            raise Killed

    def end(self) -> None:
        if self.writes == self.kills_after:
            raise Killed


class MortalChunks(InMemoryChunks):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate

    @override
    async def write(self, tenant_id: str, shard_id: ShardId, shard_type_id: str, change: ChunkChange) -> Manifest:
        self.fate.begin()
        manifest = await super().write(tenant_id, shard_id, shard_type_id, change)
        self.fate.end()
        return manifest


class MortalShards(InMemoryShards):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        self.fate.begin()
        is_told = await super().record_vectors(tenant_id, shard_id, vectors)
        self.fate.end()
        return is_told


async def test_a_first_time_of_250_chunks_takes_three_transactions() -> None:
    chunks = WatchedChunks()
    accounts = Accounts(chunks=chunks)
    shard = await accounts.store(paragraphs(*range(249)))

    await accounts.embed(await accounts.request(shard))

    assert chunks.sizes == [(99, 0, 0), (99, 0, 0), (52, 0, 0)]
    assert [change.manifest.revision for change in chunks.changes] == [0, 0, 1]
    assert len(accounts.stored(shard)) == 250


@pytest.mark.parametrize(
    ("kept", "new", "sizes"),
    [
        (98, 0, [(0, 99, 0)]),
        (99, 0, [(0, 99, 0), (0, 1, 0)]),
        (250, 0, [(0, 99, 0), (0, 99, 0), (0, 53, 0)]),
        (50, 48, [(48, 51, 0)]),
        (50, 49, [(49, 0, 0), (0, 51, 0)]),
        (150, 120, [(99, 0, 0), (21, 0, 0), (0, 99, 0), (0, 52, 0)]),
        (20, 120, [(99, 0, 0), (21, 21, 0)]),
    ],
)
async def test_new_readers_go_with_the_last_new_chunks_where_they_fit(kept: int, new: int, sizes: list[tuple[int, int, int]]) -> None:
    chunks = WatchedChunks()
    accounts = Accounts(chunks=chunks)
    shard = await accounts.embedded(paragraphs(*range(kept)))  # the name is one chunk more
    chunks.changes.clear()
    shard = await edited(accounts.shards, shard, description=paragraphs(*range(kept + new)), acl=BOB)

    await accounts.embed(await accounts.request(shard))

    assert chunks.sizes == sizes
    assert [change.manifest.revision for change in chunks.changes] == [1] * (len(sizes) - 1) + [2]
    assert accounts.found_by(shard) == {("user:bob@acme.example",)}


async def test_what_is_not_wanted_any_more_goes_last_and_in_parts() -> None:
    chunks = WatchedChunks()
    accounts = Accounts(chunks=chunks)
    shard = await accounts.embedded(paragraphs(*range(249)))
    chunks.changes.clear()
    shard = await edited(accounts.shards, shard, description=paragraphs(1000))
    message = await accounts.request(shard)

    await accounts.embed(message)

    assert chunks.sizes == [(1, 0, 0), (0, 0, 99), (0, 0, 99), (0, 0, 51)]
    assert accounts.stored(shard).keys() == ids_of(message.chunks)
    assert (await accounts.manifest(shard)).chunks.keys() == ids_of(message.chunks)


async def test_the_summary_is_stored_when_the_new_chunks_are_there_and_before_the_old_ones_go() -> None:
    fate = Fate()
    accounts = Accounts(chunks=MortalChunks(fate), shards=MortalShards(fate))
    shard = await accounts.embedded(paragraphs(1))
    shard = await edited(accounts.shards, shard, description=paragraphs(2))
    message = await accounts.request(shard)
    fate.kills_before = fate.writes + 3  # its chunks, its summary, and here

    with pytest.raises(Killed):
        await accounts.embed(message)

    assert (await accounts.vectors(shard)).content_hash == message.content_hash
    assert len(accounts.stored(shard)) == 3


@pytest.mark.parametrize("written", [1, 2, 3])
async def test_chunks_that_were_stored_before_the_end_are_not_embedded_again(written: int) -> None:
    fate = Fate()
    accounts = Accounts(chunks=MortalChunks(fate), shards=MortalShards(fate))
    shard = await accounts.store(paragraphs(*range(249)))
    message = await accounts.request(shard)
    fate.kills_after = written
    with pytest.raises(Killed):
        await accounts.embed(message)
    stored = accounts.stored(shard).keys()

    await accounts.embed(message)

    times = Counter(accounts.embedder.texts)
    assert len(stored) == [99, 198, 250][written - 1]
    assert {times[chunk.text] for chunk in message.chunks if chunk.id in stored} == {1}
    assert accounts.stored(shard).keys() == ids_of(message.chunks)


async def a_large_edit(fate: Fate) -> tuple[Accounts, EmbeddingRequested]:
    """150 chunks stay and get other readers, 130 are new, 120 go."""
    accounts = Accounts(chunks=MortalChunks(fate), shards=MortalShards(fate))
    shard = await accounts.embedded(paragraphs(*range(269)))
    shard = await edited(accounts.shards, shard, description=paragraphs(*range(120, 399)), acl=BOB)
    message = await accounts.request(shard)
    fate.writes = 0
    return accounts, message


async def test_a_large_edit_is_seven_writes() -> None:
    fate = Fate()
    accounts, message = await a_large_edit(fate)

    await accounts.embed(message)

    assert fate.writes == 7


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_killed_at_any_write_is_followed_by_one_that_finishes(number: int, moment: str) -> None:
    unharmed, message = await a_large_edit(Fate())
    await unharmed.embed(message)
    fate = Fate()
    accounts, message = await a_large_edit(fate)
    fate.kills_before, fate.kills_after = (number, 0) if moment == "before" else (0, number)
    with pytest.raises(Killed):
        await accounts.embed(message)

    await accounts.embed(message)

    assert accounts.chunks.items == unharmed.chunks.items
    [shard] = accounts.shards.all()
    theirs = await unharmed.manifest(shard)
    assert (await accounts.manifest(shard)).model_copy(update={"etag": theirs.etag}) == theirs
    assert [shard.vectors for shard in accounts.shards.all()] == [shard.vectors for shard in unharmed.shards.all()]


@pytest.mark.parametrize("number", range(1, 8))
async def test_a_worker_killed_for_good_leaves_nothing_to_whom_the_new_readers_do_not_allow_it(number: int) -> None:
    """Nobody is let in by half an edit: a chunk has the old list or the new one, and new words only the new one."""
    fate = Fate()
    accounts, message = await a_large_edit(fate)
    before = accounts.stored(accounts.shards.all()[0]).keys()
    fate.kills_after = number
    with pytest.raises(Killed):
        await accounts.embed(message)

    stored = accounts.stored(accounts.shards.all()[0])

    assert {tuple(item["principals"]) for item in stored.values()} <= {("user:ada@acme.example",), ("user:bob@acme.example",)}
    assert {tuple(item["principals"]) for chunk_id, item in stored.items() if chunk_id not in before} == {("user:bob@acme.example",)}


async def test_a_late_request_for_words_that_are_wanted_again_never_sets_the_manifest_back() -> None:
    accounts = Accounts()
    shard = await accounts.store(paragraphs(1))
    first = await accounts.request(shard)
    await accounts.embed(first)
    second = await accounts.request(await edited(accounts.shards, shard, description=paragraphs(2)))
    await accounts.embed(second)
    await edited(accounts.shards, shard, description=paragraphs(1))

    await accounts.embed(first)
    told = (await accounts.manifest(shard)).revision, len(accounts.texts())
    outcome = await accounts.embed(second)

    assert told[0] == 3
    assert outcome == Ignored("a later revision is there")
    assert (await accounts.manifest(shard)).revision == 3
    assert len(accounts.texts()) == told[1]
