"""Bytes embedded twice: two processes, light and heavy, restarts in between, and everything sent again, at the door and on every queue.

The ledger is the embedding service's: what it answered a vector for. Each chunk has a text of its own, so a text that comes twice was
embedded twice. The processes are stopped as Azure stops a worker, without any clean-up, while nothing is under way: a worker that is
killed after the service's answer and before its own write has to ask again, and no design on this side of the service can change that.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from azure.servicebus.aio import ServiceBusClient

from benchmarks import bench, embedding_service
from benchmarks.bench import Bench
from benchmarks.measurement import goal, say
from shared.chunks.wanted import Wanted
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.message import Message
from shared.contracts.shard_emitted import ShardEmitted
from shared.messaging.envelope import MESSAGE_ID, Envelope
from shared.messaging.service_bus import ServiceBusTransport
from shared.shards.model import Shard
from shared.topology import SPACES, Space

HOSTS: Final = {"light": {"CONSUMER_TYPE": "light"}, "heavy": {"CONSUMER_TYPE": "heavy"}}


async def measure(records: int) -> dict[str, Any]:
    """``records``: how many opportunities, in two parts, beside a few accounts and contacts."""
    async with embedding_service.answering() as service:
        settings = embedding_service.settings_of(service)
        async with bench.running(settings=settings, hosts=HOSTS, is_warm=False) as ours:
            say(f"embedded once: {records} records through two processes, a restart between two halves of them")
            ids = [*ours.books.accounts(5), *ours.books.contacts(10), *ours.books.opportunities(records // 2)]
            await ours.handle(ids)
            await _restart(ours)
            ids += (later := ours.books.opportunities(records - records // 2))
            await ours.handle(later)
            first = Counter(service.ledger.texts())
            say("embedded once: another restart, and everything again")
            await _restart(ours)
            await ours.handle(ids)
            replayed = await _replay(ours)
            texts = Counter(service.ledger.texts())
            shards = await ours.shards()
    twice = sum(len(text.encode()) * (times - 1) for text, times in texts.items())
    return {
        "records": len(ids),
        "messages_sent_again": len(ids) + replayed,
        "texts_embedded": sum(first.values()),
        "bytes_embedded": sum(len(text.encode()) * times for text, times in first.items()),
        "texts_embedded_after_the_replay": sum(texts.values()) - sum(first.values()),
        "chunks_stored": sum(shard.vectors.chunk_count for shard in shards if shard.vectors),
        "bytes_embedded_twice": twice,
        "texts_embedded_twice": [text for text, times in texts.items() if times > 1],
        "goals": [goal("bytes embedded twice", twice, at_most=0)],
    }


async def _restart(ours: Bench) -> None:
    for name in HOSTS:
        await ours.children[name].stop()
        await ours.children.start_one(name)


async def _replay(ours: Bench) -> int:
    """Every message of the later stages once more, as an operator's replay sends it; how many."""
    shards = await ours.shards()
    messages = [message for shard in shards for message in _messages(shard, SPACES[0])]
    async with _transport(ours) as transport:
        await transport.send(*[_again(Envelope.of(message, traceparent=None)) for message in messages])
    await ours.drained()
    return len(messages)


def _messages(shard: Shard, space: Space) -> Sequence[Message]:
    """What was said about a shard in its present revision, without the state that travelled along."""
    about = {"tenant_id": shard.tenant_id, "shard_id": shard.id, "shard_type_id": shard.shard_type_id, "revision": shard.revision_number}
    wanted = Wanted.of(shard, space)
    edges = shard.processing.enriched.edge_set_hash if shard.processing.enriched else ""
    return [
        ShardEmitted.model_validate({**about, "cause": "content"}),
        EnrichmentDone.model_validate({**about, "edge_set_hash": edges}),
        EmbeddingRequested.model_validate(
            {
                **about,
                "space": wanted.space,
                "generation": wanted.generation,
                "content_hash": wanted.content_hash,
                "acl_hash": wanted.acl_hash,
                "principals": wanted.principals,
                "chunks": wanted.chunks,
            }
        ),
    ]


def _again(envelope: Envelope) -> Envelope:
    """The same under the id of a replay: the broker would drop the old one."""
    replay_id = f"{envelope.id}#r1"
    return replace(envelope, id=replay_id, properties={**envelope.properties, MESSAGE_ID: replay_id})


@asynccontextmanager
async def _transport(ours: Bench) -> AsyncIterator[ServiceBusTransport]:
    transport = ServiceBusTransport(lambda: ServiceBusClient.from_connection_string(ours.run.service_bus))
    try:
        yield transport
    finally:
        await transport.close()
