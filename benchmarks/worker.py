"""Texts a second of the embedding worker, divided by those of the bare encoder: what gathering, hashing and settling messages costs.

The worker handles 32 messages at a time, as a host does, over stores in memory, with the embedder of production and the encoder on its own
thread. The bare encoder gets the same texts as one list, which is the best there is for it: it sorts them all by length. Both take turns in
one process, each round over texts nobody remembers, no two alike; the ratio is that of the medians. What Cosmos DB costs is not in it.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any, Final

from benchmarks.measurement import goal, say
from devtools.fakes.embedding import InMemoryChunks
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import sample_shard
from devtools.fakes.stores import InMemoryShards
from devtools.vendors.salesforce.inventions import invent_account, invent_opportunity
from devtools.vendors.salesforce.stories import ACCOUNT_STORIES, OPPORTUNITY_STORIES
from processors.embedding.pipeline import requested
from processors.embedding.worker import embed
from shared.chunks.wanted import Wanted
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.embeddings.gathering import GatheringEmbedder
from shared.embeddings.offline.minilm import MiniLm
from shared.embeddings.offline.model import OfflineModel
from shared.shards.model import Shard
from shared.topology import MINILM

TENANT: Final = "benchmark"
AT_ONCE: Final = 32
"""``maxConcurrentCalls`` of host.json."""


async def measure(encoder: MiniLm, *, texts: int, rounds: int) -> dict[str, Any]:
    """``texts``: about how many a round."""
    shards, messages = _requests(texts)
    bodies = [chunk.text for message in messages for chunk in message.chunks]
    if len(set(bodies)) != len(bodies):
        raise RuntimeError("texts that are known are not embedded: the encoder would have more to do than the worker")
    model = OfflineModel(lambda: encoder)
    timed: dict[str, list[Timed]] = {"worker": [], "encoder": []}
    try:
        await model.encode(bodies[:64])
        for number in range(rounds):
            say(f"worker: round {number + 1} of {rounds}, {len(bodies)} texts each")
            turns = ["worker", "encoder"] if number % 2 else ["encoder", "worker"]
            for turn in turns:
                timed[turn].append(await _worked(shards, messages, model) if turn == "worker" else _encoded(encoder, bodies))
    finally:
        model.close()
    seconds = {turn: statistics.median(each.seconds for each in turns) for turn, turns in timed.items()}
    processor_seconds = {turn: statistics.median(each.processor_seconds for each in turns) for turn, turns in timed.items()}
    return {
        "texts": len(bodies),
        "messages": len(messages),
        "bytes_of_a_text_median": int(statistics.median(len(body.encode()) for body in bodies)),
        "tokens_of_a_text_median": int(statistics.median(map(len, encoder.tokens(bodies)))),
        "rounds": rounds,
        "texts_per_second": {turn: round(len(bodies) / each, 1) for turn, each in seconds.items()},
        "seconds": {turn: [round(each.seconds, 3) for each in turns] for turn, turns in timed.items()},
        "processor_ratio": round(processor_seconds["encoder"] / processor_seconds["worker"], 3),
        "goals": [goal("texts a second of the worker ÷ bare encoder", round(seconds["encoder"] / seconds["worker"], 3), at_least=0.9)],
    }


def some_texts(number: int) -> list[str]:
    """Texts of the sizes that are measured with."""
    return [chunk.text for message in _requests(number)[1] for chunk in message.chunks][:number]


@dataclass(frozen=True)
class Timed:
    """How long one turn took: by the clock, and of all this process's threads on the processor."""

    seconds: float
    processor_seconds: float


class Watch:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def stop(self) -> Timed:
        """What has passed."""
        return Timed(time.perf_counter() - self._started[0], time.process_time() - self._started[1])


async def _worked(shards: Sequence[Shard], messages: Sequence[EmbeddingRequested], model: OfflineModel) -> Timed:
    """The worker settles all messages, from nothing."""
    store = InMemoryShards()
    for shard in shards:
        await store.create(shard)
    chunks = InMemoryChunks()
    embedder = GatheringEmbedder(model, metrics=InMemoryMetrics())
    handle = partial(embed, chunks=chunks, shards=store, embedder=embedder, metrics=InMemoryMetrics(), now=lambda: datetime.now(UTC))
    waiting = iter(messages)

    async def call() -> None:
        for message in waiting:
            await handle(message)

    watch = Watch()
    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    timed = watch.stop()
    await embedder.close()
    written = sum(len(chunks.of(shard.tenant_id, shard.id)) for shard in shards)
    if written != sum(len(message.chunks) for message in messages):
        raise RuntimeError(f"{written} chunks were written")
    return timed


def _encoded(encoder: MiniLm, bodies: Sequence[str]) -> Timed:
    watch = Watch()
    encoder.encode_now(bodies)
    return watch.stop()


def _requests(texts: int) -> tuple[list[Shard], list[EmbeddingRequested]]:
    """Shards and what the embedding pipeline asks for them, until there are so many texts."""
    shards, messages, count = [], [], 0
    for shard in _shards():
        if count >= texts:
            break
        message = requested(shard, Wanted.of(shard, MINILM), correlation_id=None)
        shards.append(shard)
        messages.append(message)
        count += len(message.chunks)
    return shards, messages


def _shards() -> Iterator[Shard]:
    """Deals and companies with every sample story in turn, as their templates put them into words; the same ones every time."""
    rng, today = Random(20), datetime(2026, 11, 1, tzinfo=UTC).date()
    number = 0
    while True:
        for story in (*OPPORTUNITY_STORIES, *ACCOUNT_STORIES):
            number += 1
            invented = invent_account(rng, today) if story in ACCOUNT_STORIES else invent_opportunity(rng, today)
            data = {_canonical(name): _plain(value) for name, value in invented.items() if value is not None}
            told = "\n\n".join(f"{paragraph} (No. {number})" for paragraph in story.description.split("\n\n"))  # else it is embedded once
            said = {**data, "name": f"{invented['Name']} {number}", "description": told}
            kind = "c_account" if story in ACCOUNT_STORIES else "c_opportunity"
            shard = sample_shard(TENANT, external_id=f"{number:018}")
            yield shard.model_copy(update={"shard_type_id": kind, "structured_data": said})


def _canonical(name: str) -> str:
    """The field's canonical name, as far as the templates read it."""
    return {"StageName": "stage", "BillingCity": "billingCity"}.get(name, name[:1].lower() + name[1:])


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else float(value)
