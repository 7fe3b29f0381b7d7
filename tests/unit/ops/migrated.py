"""Shards to migrate, over the fakes of the pipeline; and a process that may die at any step."""

import copy
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from typing_extensions import override

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.stores import InMemoryShards, InMemoryShardTypes
from devtools.fakes.transport import InMemoryTransport
from ops.migrations.command import Made, carried_out
from ops.migrations.documents import ETAG, Document, MigratedShards, Wanted
from ops.migrations.migration import Migration, MigrationPorts
from ops.migrations.registry import MIGRATIONS
from shared.errors import Conflict
from shared.messaging.envelope import Envelope
from tests.unit.ops.tenant_stores import Killed, NoProgress


class InMemoryMigratedShards(MigratedShards):
    """Those of the fake. ``before_patch``: what another writer does at the last moment, each once; ``dies_at``: a step, from 0."""

    def __init__(self, shards: InMemoryShards) -> None:
        self._documents = shards._documents
        self._shards = shards
        self.before_patch: list[Callable[[], None]] = []
        self.steps = 0
        self.dies_at: int | None = None

    def step(self) -> None:
        """Something happens that others see."""
        if self.steps == self.dies_at:
            raise Killed
        self.steps += 1

    @override
    async def count(self, wanted: Wanted, tenant_id: str | None) -> int:
        return len([one async for one in self.each(wanted, tenant_id)])

    @override
    async def each(self, wanted: Wanted, tenant_id: str | None) -> AsyncIterator[Document]:
        for document in list(self._documents.values()):
            if tenant_id in {None, document["tenantId"]} and wanted.is_met_by(document):
                yield self._given(document)

    @override
    async def read(self, tenant_id: str, shard_id: str) -> Document | None:
        found = self._documents.get((tenant_id, shard_id))
        return None if found is None else self._given(found)

    @override
    async def patch(self, document: Document, paths: Mapping[str, Any]) -> None:
        if self.before_patch:
            self.before_patch.pop(0)()
        self.step()
        known = self._documents.get((document["tenantId"], document["id"]))
        if known is None or known["etag"] != document[ETAG]:
            raise Conflict("written since")
        self._shards._put(document["tenantId"], {**known, **paths})
        self.step()

    @staticmethod
    def _given(document: Document) -> Document:
        found = {**copy.deepcopy(document), ETAG: document["etag"]}
        if isinstance(connection := (found.get("metadata") or {}).get("connectionId"), str):
            found["connectionId"] = connection  # as a query names it that asks for no more than that
        return found


class DyingTransport(InMemoryTransport):
    """A broker whose sender may die before and after it has sent."""

    step: Callable[[], None] = staticmethod(lambda: None)

    @override
    async def send(self, *envelopes: Envelope) -> None:
        self.step()
        await super().send(*envelopes)
        self.step()


class Migrated:
    """A deployment with stored shards."""

    def __init__(self) -> None:
        self.pipeline = InMemoryPipeline()
        transport = DyingTransport(self.pipeline.clock)
        self.pipeline.start(transport)
        self.shards = InMemoryMigratedShards(self.pipeline.shards)
        transport.step = self.shards.step  # one count of steps for all that others see
        self.types = InMemoryShardTypes()
        self.pauses = 0
        self.ports = MigrationPorts(
            shards=self.shards,
            types=self.types,
            publisher=self.pipeline.publisher,
            transport=transport,
            space=self.pipeline.embedder.space,
            now=self.pipeline.clock,
            pause=self._pause,
        )

    async def run(self, *migrations: Migration, tenant_id: str | None = None, dry_run: bool = False) -> dict[str, Made]:
        """What became of them, by name. All there are, where none is given."""
        made = await carried_out(migrations or MIGRATIONS, self.ports, NoProgress(), tenant_id=tenant_id, dry_run=dry_run)
        return {one.migration.name: one for one in made}

    def put(self, document: Document) -> None:
        """Store one as another deployment might."""
        self.pipeline.shards._put(document["tenantId"], document)

    def stored(self, tenant_id: str, shard_id: str) -> Document:
        """One of them."""
        return self.pipeline.shards._documents[tenant_id, shard_id]

    def waiting(self, queue: str) -> list[Envelope]:
        """What was announced."""
        return self.pipeline.transport.on(queue)

    async def _pause(self) -> None:
        self.pauses += 1
