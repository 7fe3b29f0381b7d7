"""The embedding pipeline asks for what is needed and for nothing else."""

from dataclasses import replace

import pytest
from typing_extensions import override

from devtools.fakes.embedding import CountingEmbedder
from devtools.fakes.samples import give_up
from devtools.fakes.stores import InMemoryShards
from shared.chunks.wanted import Wanted
from shared.errors import Conflict
from shared.messaging.outcomes import Ignored, Passed, Unchanged
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import VectorsChange
from shared.topology import LEXICAL
from tests.unit.processors.embedding.accounts import BOB, Accounts, Edited, an_account, asked, edited, links_done, now_stored


async def test_a_new_shard_is_asked_for_whole() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 1, reason="words")
    [message] = asked(accounts.pipeline)
    said = message.model_dump(mode="json", by_alias=True, exclude={"generation": True, "content_hash": True, "chunks": {"__all__": {"id"}}})
    assert said == {
        "tenantId": "acme",
        "correlationId": "c0ffee",
        "shardId": shard.id,
        "shardTypeId": "c_account",
        "revision": 1,
        "space": "letters-26",
        "aclHash": "eae8a679bc6d2ac07f53169e83df51b8",
        "principals": ["user:ada@acme.example"],
        "chunks": [
            {"start": 0, "end": 13, "text": "Account: Acme"},
            {"start": 15, "end": 29, "text": "Makes rockets."},
        ],
    }
    wanted = Wanted.of(shard, accounts.embedder.space)
    assert (message.generation, message.content_hash, message.chunks) == (wanted.generation, wanted.content_hash, wanted.chunks)


async def test_of_an_id_that_was_given_up_nothing_is_wanted_and_the_shard_it_leads_to_is_left_alone() -> None:
    accounts = Accounts()
    shard, surviving = await accounts.store("Makes rockets."), await accounts.store("Makes anvils.", number=2)
    await give_up(accounts.shards, "acme", shard.id, surviving.id)

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 1, reason="given-up id")
    [message] = asked(accounts.pipeline)
    assert (message.shard_id, message.space, message.chunks, message.principals) == (shard.id, "letters-26", (), ())
    assert await now_stored(accounts.shards, surviving) == surviving


async def test_asking_writes_nothing_to_the_shard() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")

    await accounts.pipeline.request(links_done(shard))

    assert await now_stored(accounts.shards, shard) == shard


async def test_a_shard_that_is_embedded_is_left_alone() -> None:
    accounts = Accounts()
    shard = await accounts.embedded("Makes rockets.")
    writes = accounts.shards.writes

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Unchanged("embedded")
    assert (len(asked(accounts.pipeline)), accounts.shards.writes) == (1, writes)


async def test_another_revision_with_the_same_words_and_readers_gets_a_stamp_alone() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded("Makes rockets."))
    before = await accounts.vectors(shard)

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Unchanged("same words and readers")
    assert len(asked(accounts.pipeline)) == 1
    assert await accounts.vectors(shard) == before.model_copy(update={"revision": 2})


async def test_other_words_are_asked_for() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded("Makes rockets."), description="Sells rockets.")

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 2, reason="words")
    assert [chunk.text for chunk in asked(accounts.pipeline)[-1].chunks] == ["Account: Acme", "Sells rockets."]


async def test_other_readers_are_asked_for() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded("Makes rockets."), acl=BOB)

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 2, reason="readers")
    assert asked(accounts.pipeline)[-1].principals == ("user:bob@acme.example",)


async def test_another_space_is_asked_for() -> None:
    accounts = Accounts()
    shard = await accounts.embedded("Makes rockets.")
    known = await accounts.vectors(shard)
    there = known.model_copy(update={"space": "another-26", "generation": "f" * 32})
    shard = await accounts.shards.change(shard, VectorsChange(there))

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 1, reason="words")


async def test_a_shard_without_words_gets_a_stamp_that_says_so() -> None:
    accounts = Accounts()
    nameless = an_account().model_copy(update={"structured_data": {"description": "Nobody's."}, "status": "draft"})
    shard = await accounts.shards.create(nameless)

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Unchanged("no words")
    assert asked(accounts.pipeline) == []
    vectors = await accounts.vectors(shard)
    assert (vectors.chunk_count, vectors.revision, vectors.space, vectors.quality) == (0, 1, "letters-26", "lexical")
    assert not (await now_stored(accounts.shards, shard)).awaits_embedding


async def test_words_that_went_are_asked_for_because_their_chunks_are_still_there() -> None:
    accounts = Accounts()
    shard = await accounts.embedded("Makes rockets.")
    shard = await accounts.shards.change(shard, Edited(shard, structured_data={}, revision_number=2))

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 2, reason="words")
    assert asked(accounts.pipeline)[-1].chunks == ()


@pytest.mark.parametrize("was_embedded", [True, False])
async def test_a_deletion_is_asked_for_whatever_was_there(was_embedded: bool) -> None:
    accounts = Accounts()
    shard = await (accounts.embedded("Makes rockets.") if was_embedded else accounts.store("Makes rockets."))
    shard = await edited(accounts.shards, shard, status="deleted")

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Passed(shard.id, 2, reason="words")
    assert asked(accounts.pipeline)[-1].chunks == ()


async def test_a_deletion_that_is_settled_is_not_asked_for_again() -> None:
    accounts = Accounts()
    shard = await edited(accounts.shards, await accounts.embedded("Makes rockets."), status="deleted")
    await accounts.embed(await accounts.request(shard))

    outcome = await accounts.pipeline.request(links_done(shard))

    assert outcome == Unchanged("embedded")


async def test_a_shard_that_is_gone_is_nobodys_business() -> None:
    accounts = Accounts()

    outcome = await accounts.pipeline.request(links_done(an_account()))

    assert outcome == Ignored("the shard is gone")
    assert asked(accounts.pipeline) == []


async def test_a_late_message_asks_for_the_shard_as_it_is() -> None:
    accounts = Accounts()
    first = await accounts.store("Makes rockets.")
    await edited(accounts.shards, first, description="Sells rockets.")

    await accounts.pipeline.request(links_done(first))

    assert asked(accounts.pipeline)[-1].revision == 2


async def test_the_same_need_is_the_same_message() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")

    await accounts.pipeline.request(links_done(shard))
    await accounts.pipeline.request(links_done(shard))

    assert (len(asked(accounts.pipeline)), accounts.pipeline.transport.duplicates_dropped) == (1, 1)


async def test_a_shard_that_travels_along_is_not_read() -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    reads = accounts.shards.reads

    await accounts.pipeline.request(links_done(shard, carried=True, at=accounts.pipeline.clock()))

    assert (len(asked(accounts.pipeline)), accounts.shards.reads) == (1, reads)


@pytest.mark.parametrize("waited_seconds", [60, 3600, -1])
async def test_one_that_travelled_long_or_comes_from_the_future_is_read(waited_seconds: float) -> None:
    accounts = Accounts()
    shard = await accounts.store("Makes rockets.")
    message = links_done(shard, carried=True, at=accounts.pipeline.clock())
    await edited(accounts.shards, shard, description="Sells rockets.")
    accounts.pipeline.clock.advance(seconds=waited_seconds)

    await accounts.pipeline.request(message)

    assert asked(accounts.pipeline)[-1].revision == 2


async def test_a_stamp_on_a_shard_that_was_overtaken_is_refused_and_the_shard_is_read() -> None:
    accounts = Accounts()
    second = await edited(accounts.shards, await accounts.embedded("Makes rockets."))
    message = links_done(second, carried=True, at=accounts.pipeline.clock())
    await edited(accounts.shards, second, description="Sells rockets.")

    outcome = await accounts.pipeline.request(message)

    assert outcome == Passed(second.id, 3, reason="words")
    assert (await accounts.vectors(second)).revision == 1


class EditedAfterEveryRead(InMemoryShards):
    """Somebody is always a moment faster."""

    @override
    async def read(self, tenant_id: str, shard_id: ShardId) -> Shard | None:
        shard = await super().read(tenant_id, shard_id)
        if shard is not None:
            await self.change(shard, Edited(shard, revision_number=shard.revision_number + 1))
        return shard


async def test_a_stamp_is_never_written_over_what_was_not_read() -> None:
    accounts = Accounts()
    shard = await accounts.embedded("Makes rockets.")
    restless = EditedAfterEveryRead()
    shard = await restless.create(shard.model_copy(update={"revision_number": 2}))
    accounts.pipeline.shards = restless

    with pytest.raises(Conflict):
        await accounts.pipeline.request(links_done(shard))

    [stored] = restless.all()
    assert stored.vectors is not None
    assert (stored.revision_number, stored.vectors.revision) == (3, 1)


async def test_deployments_of_two_spaces_ask_for_different_things() -> None:
    accounts, others = Accounts(), Accounts()
    others.pipeline.embedder = CountingEmbedder(replace(LEXICAL, model="other", dimensions=26))

    here = await accounts.request(await accounts.store("Makes rockets."))
    there = await others.request(await others.store("Makes rockets."))

    assert (here.space, there.space) == ("letters-26", "other-26")
    assert here.id != there.id
    assert here.acl_hash == there.acl_hash
