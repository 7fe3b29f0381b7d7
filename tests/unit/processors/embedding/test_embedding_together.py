"""Many requests at once share batches of the model, and each is settled alone."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from typing_extensions import override

from processors.embedding.worker import embed
from shared import topology
from shared.contracts.embedding_requested import EmbeddingRequested
from shared.contracts.rejected import Rejected
from shared.embeddings.embedder import Model, Vector
from shared.embeddings.gathering import GatheringEmbedder
from shared.errors import DependencyUnavailable, PermanentError, PipelineError, RateLimited
from shared.messaging.delivery import deliver
from shared.messaging.envelope import Envelope
from shared.messaging.returns import Delivery
from shared.shards.model import Shard
from shared.telemetry.names import Metric
from shared.topology import Space
from tests.unit.processors.embedding.accounts import Accounts, edited, now_stored, paragraphs


class Letters(Model):
    """Counts letters. ``refuses`` and ``fails_with`` make it say no; ``batches`` is what it was asked."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.batches: list[list[str]] = []
        self.refuses = ""
        self.fails_with: PipelineError | None = None

    @property
    @override
    def space(self) -> Space:
        return self._space

    @override
    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        self.batches.append(list(texts))
        await asyncio.sleep(0)
        if self.fails_with is not None:
            raise self.fails_with
        if self.refuses and any(self.refuses in text for text in texts):
            raise PermanentError("a text is refused")
        return [[1.0 + text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]


class Busy:
    """A worker with one embedder for all its messages."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.model = Letters(self.accounts.embedder.space)
        self.embedder = GatheringEmbedder(self.model, metrics=self.accounts.pipeline.metrics)

    async def ask(self, *descriptions: str) -> list[Shard]:
        """As many accounts, and the requests for them on the queue."""
        shards = [await self.accounts.store(description, number=number) for number, description in enumerate(descriptions, start=1)]
        for shard in shards:
            await self.accounts.request(shard)
        return shards

    async def deliver_all(self, *, times: int = 1) -> None:
        """Everything that is due, at once; ``times``: the broker delivers each so often."""
        transport = self.accounts.pipeline.transport
        due = transport.due(topology.EMBEDDING_JOBS)
        transport.waiting = [envelope for envelope in transport.waiting if envelope not in due]
        await asyncio.gather(*(self._deliver(envelope) for envelope in due for _ in range(times)))

    async def _deliver(self, envelope: Envelope) -> None:
        accounts = self.accounts
        pipeline = accounts.pipeline
        handler = partial(
            embed,
            chunks=accounts.chunks,
            shards=accounts.shards,
            embedder=self.embedder,
            metrics=pipeline.metrics,
            now=pipeline.clock,
        )
        delivery = Delivery(queue=envelope.queue, message_id=envelope.id, body=envelope.body, properties=envelope.properties)
        await deliver(delivery, EmbeddingRequested, handler, ports=accounts.pipeline.delivery)

    def handled(self, outcome: str, reason: str) -> int:
        """How many messages ended so."""
        return self.accounts.pipeline.metrics.total(Metric.MESSAGES_HANDLED, outcome=outcome, reason=reason)

    @property
    def parked(self) -> list[Rejected]:
        """What was rejected."""
        return [Rejected.decode(envelope.body) for envelope in self.accounts.pipeline.transport.on(topology.REJECTED_MESSAGES)]


async def test_messages_that_come_together_share_batches() -> None:
    busy = Busy()
    shards = await busy.ask(*(paragraphs(number) for number in range(20)))

    await busy.deliver_all()

    assert busy.handled("stored", "vectors") == 20
    assert [len(batch) for batch in busy.model.batches] == [21]  # the name of all of them is one text
    assert [len(busy.accounts.stored(shard)) for shard in shards] == [2] * 20


async def test_a_text_the_model_refuses_rejects_its_own_message_and_no_other() -> None:
    busy = Busy()
    shards = await busy.ask("One.", "Two.", "Unspeakable.", "Four.", "Five.")
    busy.model.refuses = "Unspeakable"

    await busy.deliver_all()

    assert (busy.handled("stored", "vectors"), busy.handled("rejected", "PermanentError")) == (4, 1)
    [parked] = busy.parked
    assert parked.detail == "a text is refused"
    assert [len(busy.accounts.stored(shard)) for shard in shards] == [2, 2, 0, 2, 2]
    assert (await now_stored(busy.accounts.shards, shards[2])).vectors is None


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("no answer"), RateLimited("slower", retry_after_seconds=20)], ids=["unavailable", "rate limited"]
)
async def test_a_model_that_is_away_for_a_while_costs_time_and_no_message(error: PipelineError) -> None:
    busy = Busy()
    shards = await busy.ask("One.", "Two.", "Three.")
    busy.model.fails_with = error

    await busy.deliver_all()

    assert busy.handled("later", type(error).__name__) == 3
    assert [len(busy.accounts.stored(shard)) for shard in shards] == [0, 0, 0]

    busy.model.fails_with = None
    busy.accounts.pipeline.clock.advance(seconds=30)
    await busy.deliver_all()

    assert busy.handled("stored", "vectors") == 3
    assert [len(busy.accounts.stored(shard)) for shard in shards] == [2, 2, 2]


async def test_a_message_delivered_twice_at_once_is_embedded_once() -> None:
    busy = Busy()
    [shard] = await busy.ask("One.")

    await busy.deliver_all(times=2)

    assert (busy.handled("stored", "vectors"), busy.handled("later", "Conflict")) == (1, 1)
    assert sorted(text for batch in busy.model.batches for text in batch) == ["Account: Acme", "One."]

    busy.accounts.pipeline.clock.advance(seconds=30)
    await busy.deliver_all()

    assert busy.handled("unchanged", "embedded") == 1
    assert len(busy.accounts.stored(shard)) == 2


async def test_of_two_revisions_at_once_one_is_put_off_and_the_newer_stays() -> None:
    busy = Busy()
    [shard] = await busy.ask("One.")
    shard = await edited(busy.accounts.shards, shard, description="Two.")
    newer = await busy.accounts.request(shard)

    for _ in range(4):
        await busy.deliver_all()
        busy.accounts.pipeline.clock.advance(seconds=60)

    assert busy.handled("later", "Conflict") == 1
    assert busy.accounts.stored(shard).keys() == {chunk.id for chunk in newer.chunks}
    assert (await busy.accounts.vectors(shard)).revision == 2
    assert busy.accounts.pipeline.transport.on(topology.EMBEDDING_JOBS) == []
