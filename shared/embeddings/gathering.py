"""The embedder: what many callers want at once becomes few, well-filled batches of one model.

A batch starts at once when the model is idle, and takes what callers of the same turn of the event loop want; what arrives while it runs
forms the next one. So nobody waits for company, and the busier it is the fuller the batches are.

A batch is encoded by a task of its own, which no caller's cancellation touches and which ends when nobody waits; it belongs to the event
loop it was started on. What a worker remembers is the digest of a text and its vector, not the text.
"""

import asyncio
import contextvars
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Final, cast

from typing_extensions import override

from shared.embeddings.embedder import Embedder, Model, Vector
from shared.embeddings.line import Caller, Line, Wanted
from shared.errors import DependencyUnavailable, PermanentError
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric, Span
from shared.telemetry.tracing import current_traceparent, shared_span
from shared.topology import Space

BYTES_PER_TOKEN: Final = 3

BATCH_TOKENS: Final = 4096
"""Estimated tokens of one batch. Larger ones gain nothing with the offline encoder, and make whoever comes next wait."""

BATCH_TEXTS: Final = 256
REMEMBERED_VECTORS: Final = 4096
"""About 25 MB of 1,536 float32 numbers."""


class GatheringEmbedder(Embedder):
    """An embedder over one model.

    ``at_once``: how many batches may be at the model. ``remembered``: how many vectors are kept, 0 for none.
    """

    def __init__(
        self,
        model: Model,
        *,
        metrics: Metrics,
        batch_tokens: int = BATCH_TOKENS,
        batch_texts: int = BATCH_TEXTS,
        remembered: int = REMEMBERED_VECTORS,
        at_once: int = 1,
    ) -> None:
        self._model = model
        self._metrics = metrics
        self._batch_tokens = batch_tokens
        self._batch_texts = batch_texts
        self._most_remembered = remembered
        self._at_once = at_once
        self._remembered: OrderedDict[bytes, Vector] = OrderedDict()
        self._line: Line | None = None

    @property
    @override
    def space(self) -> Space:
        return self._model.space

    @override
    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        line = self._line_here()
        caller = Caller(line.loop.create_future(), current_traceparent())
        keys = self._ask(line, caller, texts)
        if caller.missing:
            self._start(line)
            try:
                error = await caller.done
            finally:
                line.leave(caller)
            if error is not None:
                raise error
        return [caller.found[key] for key in keys]

    async def close(self) -> None:
        """Stop what is being encoded; whoever waits gets a DependencyUnavailable."""
        line, self._line = self._line, None
        tasks = list(line.tasks) if line is not None and line.loop is asyncio.get_running_loop() else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _line_here(self) -> Line:
        """What waits on this event loop. Another loop's line is left to it: it settles its callers, or ended with them."""
        loop = asyncio.get_running_loop()
        if self._line is None or self._line.loop is not loop:
            self._line = Line(loop)
        return self._line

    def _ask(self, line: Line, caller: Caller, texts: Sequence[str]) -> list[bytes]:
        """Find each text's vector, or who makes it, or queue it; the texts' keys, in their order."""
        keys, asked, tokens_before, queued = [], set[bytes](), 0, 0
        for text in texts:
            body = text.encode(errors="surrogatepass")
            key = hashlib.blake2b(body, digest_size=16).digest()
            keys.append(key)
            if key in asked:
                continue
            asked.add(key)
            if (vector := self._remembered.get(key)) is not None:
                self._remembered.move_to_end(key)
                caller.found[key] = vector
                continue
            wanted = line.wanted.get(key)
            if wanted is None:
                wanted = Wanted(key, text, len(body), len(body) // BYTES_PER_TOKEN + 1, [])
                queued += 1
            if wanted.is_queued:
                line.join(wanted, tokens_before)
                tokens_before += wanted.tokens
            wanted.callers.append(caller)
            caller.missing.add(wanted)
        if queued < len(keys):
            self._metrics.count(Metric.EMBEDDING_REUSED, len(keys) - queued, model=self.space.model)
        return keys

    def _start(self, line: Line) -> None:
        if line.queued and len(line.tasks) < self._at_once:
            # In a context of its own: a batch is no part of the trace of whoever came first.
            task = line.loop.create_task(self._run(line), context=contextvars.Context())
            line.tasks.add(task)
            task.add_done_callback(partial(_ended, line))

    async def _run(self, line: Line) -> None:
        while batch := line.next_batch(self._batch_tokens, self._batch_texts):
            self._start(line)  # what this batch leaves behind is for another task, if there may be one
            parts = [batch]
            while parts:
                parts += await self._encode(line, parts.pop())
        # Here, and not when the task is seen to be done: who comes in between would rely on it.
        line.tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _encode(self, line: Line, batch: list[Wanted]) -> list[list[Wanted]]:
        """Encode and settle a batch; a refused one is given back in two parts, until the guilty text is alone."""
        model = self.space.model
        self._metrics.count(Metric.EMBEDDING_BATCHES, model=model)
        try:
            with shared_span(Span.MODEL, _traces(batch), model=model, texts=len(batch)):
                vectors = await self._model.encode([wanted.text for wanted in batch])
            encoded = list(zip(batch, vectors, strict=True))
        except PermanentError as error:
            middle = len(batch) // 2
            if middle:
                return [batch[middle:], batch[:middle]]
            line.fail(batch[0], error)
        except Exception as error:  # whatever it is, it is raised where the texts came from
            for wanted in batch:
                line.fail(wanted, error)
        else:
            self._metrics.count(Metric.EMBEDDING_TEXTS, len(batch), model=model)
            self._metrics.count(Metric.EMBEDDING_BYTES, sum(wanted.size_bytes for wanted in batch), model=model)
            for wanted, vector in encoded:
                self._remember(wanted.key, vector)
                if line.settle(wanted, vector):
                    # Each has work to do with its vectors. All at once, they would keep the loop from everything else until they are done.
                    await asyncio.sleep(0)
        return []

    def _remember(self, key: bytes, vector: Vector) -> None:
        if self._most_remembered:
            self._remembered[key] = vector
            if len(self._remembered) > self._most_remembered:
                self._remembered.popitem(last=False)


def _traces(batch: list[Wanted]) -> list[str]:
    """Whom a batch is for: one model call may be a step of several traces."""
    return [caller.traceparent for wanted in batch for caller in wanted.callers if caller.traceparent is not None]


def _ended(line: Line, task: "asyncio.Task[None]") -> None:
    """Whoever still waits when a task was stopped, or met a bug, must not wait for ever."""
    line.tasks.discard(task)
    if task.cancelled():
        line.fail_all(DependencyUnavailable("stopped while texts were being embedded"))
    elif isinstance(error := task.exception(), Exception):
        line.fail_all(error)
