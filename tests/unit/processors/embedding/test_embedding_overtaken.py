"""Requests that were overtaken, and requests of a deployment that makes chunks in another way: settled from the shard as it is."""

from dataclasses import replace

import pytest
from typing_extensions import override

from devtools.fakes.embedding import CountingEmbedder
from devtools.fakes.samples import give_up
from devtools.fakes.stores import InMemoryShards
from processors.embedding.pipeline import summary
from shared.chunks.wanted import Wanted
from shared.errors import Conflict
from shared.messaging.outcomes import Ignored, Stored, Unchanged
from shared.shards.ids import ShardId
from shared.shards.model import Vectors
from shared.shards.store import VectorsChange
from shared.topology import LEXICAL
from tests.unit.processors.embedding.accounts import ADA, BOB, Accounts, Killed, edited, ids_of, links_done, now_stored, paragraphs


async def test_readers_that_change_back_before_they_were_written_stay_as_they_are() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded(paragraphs(1)), acl=BOB)
    for_bob = await accounts.request(shard)
    shard = await edited(accounts.shards, shard, acl=ADA)
    assert await accounts.pipeline.request(links_done(shard)) == Unchanged("same words and readers")

    outcome = await accounts.embed(for_bob)

    assert outcome == Stored(shard.id, 3, reason="readers")
    assert accounts.found_by(shard) == {("user:ada@acme.example",)}
    assert (await accounts.vectors(shard)).revision == 3
    assert (await accounts.manifest(shard)).revision == 3


async def test_words_that_change_back_before_they_were_written_are_not_embedded_again() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded(paragraphs(1)), description=paragraphs(2))
    for_the_other_words = await accounts.request(shard)
    shard = await edited(accounts.shards, shard, description=paragraphs(1))
    await accounts.pipeline.request(links_done(shard))

    await accounts.embed(for_the_other_words)

    assert accounts.texts() == ["Account: Acme", "Paragraph number 1.", "Paragraph number 2."]
    assert accounts.stored(shard).keys() == ids_of(Wanted.of(shard, accounts.embedder.space).chunks)


async def test_a_request_made_before_the_last_edit_is_written_and_the_next_one_finishes() -> None:
    accounts = Accounts()
    shard = await accounts.store(paragraphs(1, 2))
    first = await accounts.request(shard)
    shard = await edited(accounts.shards, shard, description=paragraphs(1, 3))
    second = await accounts.request(shard)

    outcomes = [await accounts.embed(message) for message in (first, second)]

    assert outcomes == [Stored(shard.id, 1, reason="vectors"), Stored(shard.id, 2, reason="vectors")]
    assert accounts.texts() == ["Account: Acme", "Paragraph number 1.", "Paragraph number 2.", "Paragraph number 3."]


@pytest.mark.parametrize("other", ["space", "generation"])
async def test_a_request_of_another_deployment_is_settled_from_the_shard(other: str) -> None:
    accounts = Accounts()
    shard = await accounts.store(paragraphs(1))
    ours = await accounts.request(shard)
    theirs = ours.model_copy(update={other: "f" * 32, "chunks": (), "content_hash": "f" * 32})

    outcome = await accounts.embed(theirs)

    assert outcome == Stored(shard.id, 1, reason="vectors")
    assert len(accounts.stored(shard)) == 2
    assert (await accounts.vectors(shard)).content_hash == ours.content_hash
    assert await accounts.embed(ours) == Unchanged("embedded")


async def test_a_request_of_another_space_for_a_shard_that_is_settled_embeds_nothing() -> None:
    accounts, others = Accounts(), Accounts()
    others.pipeline.embedder = CountingEmbedder(replace(LEXICAL, model="other", dimensions=26))
    shard = await accounts.embedded(paragraphs(1))

    outcome = await accounts.embed(await others.request(await others.store(paragraphs(1))))

    assert outcome == Unchanged("embedded")
    assert len(accounts.embedder.texts) == 2
    assert {item["generation"] for item in accounts.stored(shard).values()} == {(await accounts.vectors(shard)).generation}


async def test_chunks_of_another_generation_are_replaced() -> None:
    accounts = Accounts()
    shard = await accounts.store(paragraphs(1))
    message = await accounts.request(shard)
    made_otherwise = message.model_copy(
        update={
            "chunks": tuple(chunk.model_copy(update={"id": f"old-{chunk.start}"}) for chunk in message.chunks),
            "content_hash": "f" * 32,
        }
    )
    await accounts.embed(made_otherwise)

    await accounts.embed(message)

    assert sorted(accounts.stored(shard)) == sorted(chunk.id for chunk in message.chunks)


async def test_a_request_delivered_again_after_the_shard_moved_on_is_settled_as_it_is() -> None:
    accounts = Accounts()
    shard = await accounts.store(paragraphs(1))
    message = await accounts.request(shard)
    await accounts.embed(message)
    shard = await edited(accounts.shards, shard, description=paragraphs(2))

    outcome = await accounts.embed(message)

    assert outcome == Stored(shard.id, 2, reason="vectors")
    assert await accounts.pipeline.request(links_done(shard)) == Unchanged("embedded")


class DiesBeforeASummary(InMemoryShards):
    """The process ends before the next summary is stored."""

    is_about_to_die = False

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        if self.is_about_to_die:
            self.is_about_to_die = False
            raise Killed
        return await super().record_vectors(tenant_id, shard_id, vectors)


async def test_readers_that_changed_back_are_put_right_also_after_a_worker_died_in_between() -> None:
    shards = DiesBeforeASummary()
    accounts = Accounts(shards=shards)
    shard = await edited(shards, await accounts.embedded(paragraphs(1)), acl=BOB)
    for_bob = await accounts.request(shard)
    shard = await edited(shards, shard, acl=ADA)
    await accounts.pipeline.request(links_done(shard))
    shards.is_about_to_die = True
    with pytest.raises(Killed):
        await accounts.embed(for_bob)
    assert accounts.found_by(shard) == {("user:bob@acme.example",)}

    await accounts.embed(for_bob)

    assert accounts.found_by(shard) == {("user:ada@acme.example",)}
    assert (await accounts.manifest(shard)).revision == 3


class EditedMeanwhile(InMemoryShards):
    """While chunks are being made the shard is edited and stamped by others, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        shard = await self.read(tenant_id, shard_id)
        if shard is not None and self.times:
            self.times -= 1
            later = await edited(self, shard, description=paragraphs(shard.revision_number + 1))
            space = replace(LEXICAL, model="letters", dimensions=26)
            told = summary(Wanted.of(later, space), space, at=vectors.generated_at)
            await self.change(later, VectorsChange(told))
        return await super().record_vectors(tenant_id, shard_id, vectors)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_shard_that_changes_while_its_chunks_are_made_is_settled_as_it_is_then(times: int) -> None:
    accounts = Accounts(shards=EditedMeanwhile(times))
    shard = await accounts.store(paragraphs(1))

    outcome = await accounts.embed(await accounts.request(shard))

    assert outcome == Stored(shard.id, 1 + times, reason="vectors")
    wanted = Wanted.of(await now_stored(accounts.shards, shard), accounts.embedder.space)
    assert accounts.stored(shard).keys() == {chunk.id for chunk in wanted.chunks}


async def test_a_shard_that_changes_faster_than_its_chunks_are_made_is_put_off() -> None:
    accounts = Accounts(shards=EditedMeanwhile(3))
    shard = await accounts.store(paragraphs(1))
    message = await accounts.request(shard)

    with pytest.raises(Conflict, match=r"^the shard changes faster than its chunks are made$"):
        await accounts.embed(message)

    shard = await edited(accounts.shards, shard, description=paragraphs(9))
    message = await accounts.request(shard)
    assert await accounts.embed(message) == Stored(shard.id, 5, reason="vectors")
    assert accounts.stored(shard).keys() == {chunk.id for chunk in message.chunks}


async def test_two_revisions_in_the_wrong_order_end_in_the_newer() -> None:
    accounts = Accounts()
    shard = await accounts.store(paragraphs(1), acl=ADA)
    first = await accounts.request(shard)
    shard = await edited(accounts.shards, shard, description=paragraphs(2), acl=BOB)
    second = await accounts.request(shard)

    outcomes = [await accounts.embed(message) for message in (second, first)]

    assert outcomes == [Stored(shard.id, 2, reason="vectors"), Ignored("a later revision is there")]
    assert accounts.found_by(shard) == {("user:bob@acme.example",)}


@pytest.mark.parametrize("came", ["before", "after"])
async def test_a_request_from_before_the_shard_began_anew_is_settled_from_the_new_one(came: str) -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.store(paragraphs(1), acl=BOB), description=paragraphs(2))
    of_the_old_one = await accounts.request(shard)
    accounts.shards.expire("acme", shard.id)
    of_the_new_one = await accounts.request(await accounts.store(paragraphs(3)))
    messages = [of_the_old_one, of_the_new_one] if came == "before" else [of_the_new_one, of_the_old_one]

    for message in messages:
        await accounts.embed(message)

    assert accounts.stored(shard).keys() == {chunk.id for chunk in of_the_new_one.chunks}
    assert accounts.found_by(shard) == {("user:ada@acme.example",)}
    assert ((await accounts.vectors(shard)).revision, (await accounts.manifest(shard)).revision) == (1, 1)
    assert (await accounts.vectors(shard)).content_hash == of_the_new_one.content_hash


async def test_nothing_is_left_under_an_id_that_was_given_up_while_its_chunks_were_made() -> None:
    accounts = Accounts()
    shard, surviving = await accounts.store(paragraphs(1)), await accounts.store(paragraphs(2), number=2)
    message = await accounts.request(shard)
    await give_up(accounts.shards, "acme", shard.id, surviving.id)

    await accounts.embed(message)

    assert accounts.stored(shard) == {}
    assert (await now_stored(accounts.shards, surviving)).vectors is None


@pytest.mark.parametrize("revision", [1, 9], ids=["of the first revision", "of a later one"])
async def test_a_request_for_nothing_of_an_id_that_was_given_up_removes_what_was_made_before(revision: int) -> None:
    accounts = Accounts()
    shard, surviving = await accounts.embedded(paragraphs(1)), await accounts.store(paragraphs(2), number=2)
    await give_up(accounts.shards, "acme", shard.id, surviving.id)
    message = await accounts.request(shard.model_copy(update={"revision_number": revision}))

    await accounts.embed(message)

    assert accounts.stored(shard) == {}
    assert await accounts.embed(message) == Unchanged("embedded")
    assert accounts.stored(surviving) == {}


async def test_a_request_for_nothing_where_nothing_was_writes_nothing() -> None:
    accounts = Accounts()
    shard, surviving = await accounts.store(paragraphs(1)), await accounts.store(paragraphs(2), number=2)
    await give_up(accounts.shards, "acme", shard.id, surviving.id)
    message = await accounts.request(shard)
    writes = accounts.chunks.writes

    assert await accounts.embed(message) == Ignored("nothing was there")
    assert accounts.chunks.writes == writes


class RefusesOnce(InMemoryShards):
    """The store says that a later summary is there, and there is none."""

    refused = False

    @override
    async def record_vectors(self, tenant_id: str, shard_id: ShardId, vectors: Vectors) -> bool:
        if not self.refused:
            self.refused = True
            return False
        return await super().record_vectors(tenant_id, shard_id, vectors)


async def test_a_refused_summary_is_believed_only_when_the_shard_says_the_same() -> None:
    accounts = Accounts(shards=RefusesOnce())
    shard = await accounts.store(paragraphs(1))

    await accounts.embed(await accounts.request(shard))

    assert (await accounts.vectors(shard)).revision == 1
    assert accounts.texts() == ["Account: Acme", "Paragraph number 1."]
