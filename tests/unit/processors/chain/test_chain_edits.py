"""What an edit, other readers, a delete and a restore cost, and what is left of them with the chunks."""

from typing import Any

from devtools.fakes.pipeline import InMemoryPipeline
from shared.access.acl import TENANT, group, readers
from shared.telemetry.names import Metric
from tests.unit.processors.chain.records import ACCOUNT_SHARD, PARAGRAPHS, account, contact, deal, gone, say, shard, share


async def embedded(*paragraphs: str) -> InMemoryPipeline:
    """The company, embedded; what was embedded is forgotten."""
    pipeline = InMemoryPipeline()
    await say(pipeline, account(Description="\n\n".join(paragraphs or PARAGRAPHS)))
    pipeline.embedder.texts.clear()
    return pipeline


def chunks_of_account(pipeline: InMemoryPipeline) -> dict[str, dict[str, Any]]:
    return pipeline.chunks.of("acme", ACCOUNT_SHARD)


async def test_a_record_is_embedded_paragraph_by_paragraph_its_name_in_the_first() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, account())

    assert pipeline.embedder.texts == ["Account: Acme Anvils", "They make anvils.", "They deliver overnight.", "They never ask why."]


async def test_an_edited_paragraph_is_all_that_is_embedded_and_all_that_is_replaced() -> None:
    pipeline = await embedded()
    before = chunks_of_account(pipeline)

    await say(pipeline, account(saved=1, Description="They make anvils.\n\nThey deliver by noon.\n\nThey never ask why."))

    after = chunks_of_account(pipeline)
    assert pipeline.embedder.texts == ["They deliver by noon."]
    assert (len(before), len(after), len(before.keys() & after.keys())) == (4, 4, 3)
    assert all(after[chunk_id]["embedding"] == before[chunk_id]["embedding"] for chunk_id in before.keys() & after.keys())


async def test_a_paragraph_more_is_all_that_is_embedded() -> None:
    pipeline = await embedded()

    await say(pipeline, account(saved=1, Description="\n\n".join(["First of all:", *PARAGRAPHS])))

    assert pipeline.embedder.texts == ["First of all:"]
    assert len(chunks_of_account(pipeline)) == 5


async def test_a_paragraph_less_embeds_nothing() -> None:
    pipeline = await embedded()

    await say(pipeline, account(saved=1, Description="\n\n".join(PARAGRAPHS[1:])))

    assert pipeline.embedder.texts == []
    assert len(chunks_of_account(pipeline)) == 3


async def test_paragraphs_in_another_order_embed_nothing() -> None:
    pipeline = await embedded()
    before = chunks_of_account(pipeline)

    await say(pipeline, account(saved=1, Description="\n\n".join(reversed(PARAGRAPHS))))

    assert pipeline.embedder.texts == []
    assert chunks_of_account(pipeline).keys() == before.keys()


async def test_an_edit_that_no_text_tells_embeds_nothing_and_writes_no_chunk() -> None:
    pipeline = await embedded()
    writes, requests = pipeline.chunks.writes, pipeline.metrics.total(Metric.MESSAGES_PUBLISHED, type="EmbeddingRequested")

    await say(pipeline, account(saved=1, Fax="+1 555 0100"))

    known = await shard(pipeline, ACCOUNT_SHARD)
    assert known.vectors is not None
    assert (known.revision_number, known.vectors.revision) == (2, 2)
    assert pipeline.embedder.texts == []
    assert pipeline.chunks.writes == writes
    assert pipeline.metrics.total(Metric.MESSAGES_PUBLISHED, type="EmbeddingRequested") == requests


async def test_another_name_is_embedded_alone() -> None:
    pipeline = await embedded()

    await say(pipeline, account(saved=1, Name="Acme Rockets"))

    assert pipeline.embedder.texts == ["Account: Acme Rockets"]
    assert len(chunks_of_account(pipeline)) == 4


async def test_other_readers_are_on_every_chunk_at_once_and_nothing_is_embedded() -> None:
    pipeline = await embedded()
    before = chunks_of_account(pipeline)

    await say(pipeline, await share(pipeline, ACCOUNT_SHARD, readers([group("slack", "C01"), TENANT])))

    after = chunks_of_account(pipeline)
    assert pipeline.embedder.texts == []
    assert {chunk_id: chunk["principals"] for chunk_id, chunk in after.items()} == {key: ["group:slack:C01", "tenant"] for key in before}
    assert {chunk_id: chunk["embedding"] for chunk_id, chunk in after.items()} == {key: one["embedding"] for key, one in before.items()}
    assert {chunk["aclHash"] for chunk in after.values()}.isdisjoint(chunk["aclHash"] for chunk in before.values())


async def test_other_readers_and_another_paragraph_at_once_embed_the_paragraph_alone() -> None:
    pipeline = await embedded()
    await share(pipeline, ACCOUNT_SHARD, readers([TENANT]))

    await say(pipeline, account(saved=1, Description="\n\n".join([*PARAGRAPHS, "They fly."])))

    assert pipeline.embedder.texts == ["They fly."]
    assert {tuple(chunk["principals"]) for chunk in chunks_of_account(pipeline).values()} == {("admins",)}


async def test_a_deleted_record_has_no_chunk_left_and_its_summary_says_none() -> None:
    pipeline = await embedded()

    await say(pipeline, gone(account(), saved=1))

    known = await shard(pipeline, ACCOUNT_SHARD)
    assert known.vectors is not None
    assert (known.status, known.vectors.chunk_count, known.vectors.revision) == ("deleted", 0, 2)
    assert chunks_of_account(pipeline) == {}
    assert pipeline.embedder.texts == []


async def test_a_record_that_was_never_seen_alive_has_no_chunk_and_costs_no_embedding() -> None:
    pipeline = InMemoryPipeline()

    await say(pipeline, gone(account(), saved=1))
    await say(pipeline, account())

    assert chunks_of_account(pipeline) == {}
    assert pipeline.embedder.texts == []


async def test_a_restored_record_has_its_chunks_again() -> None:
    pipeline = await embedded()
    before = chunks_of_account(pipeline)
    await say(pipeline, gone(account(), saved=1))

    await say(pipeline, account(saved=2))

    known = await shard(pipeline, ACCOUNT_SHARD)
    assert known.vectors is not None
    assert (known.vectors.chunk_count, known.vectors.revision) == (4, 3)
    assert chunks_of_account(pipeline) == before


async def test_what_is_deleted_and_restored_at_once_is_not_embedded_again() -> None:
    pipeline = await embedded()
    before = chunks_of_account(pipeline)

    await say(pipeline, gone(account(), saved=1), account(saved=2))

    assert pipeline.embedder.texts == []
    assert chunks_of_account(pipeline) == before


async def test_an_edit_of_one_record_touches_no_chunk_of_another() -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, account(), contact(), deal())
    others = {key: items for key, items in pipeline.chunks.items.items() if key[1] != ACCOUNT_SHARD}
    pipeline.embedder.texts.clear()

    await say(pipeline, account(saved=1, Description="They fly."))

    assert pipeline.embedder.texts == ["They fly."]
    assert {key: items for key, items in pipeline.chunks.items.items() if key[1] != ACCOUNT_SHARD} == others
