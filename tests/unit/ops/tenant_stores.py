"""Every place where a tenant's data can be, in memory and whole: what is left of somebody is looked for in here."""

import copy
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.samples import NOON
from devtools.fakes.stores import InMemoryClaims
from ops.parked_message import Peeked, Place
from ops.parking import Act
from ops.tenants.blobs import TenantBlobs
from ops.tenants.items import Document, Key, TenantItems
from ops.tenants.messages import TenantMessages
from ops.tenants.places import CONNECTIONS, HANDLES, ItemPlace
from ops.tenants.ports import TenantPorts
from ops.tenants.secrets import TenantSecrets
from ops.tenants.showing import Progress
from shared import topology
from shared.contracts.message import Message
from shared.messaging.envelope import Envelope
from tests.unit.ops.deployment import InMemoryParking


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """``burns_after``: so many steps that others see, in whichever store, and then the process is gone."""

    burns_after: int | None = None
    steps: int = 0

    def burn(self) -> None:
        """One more step."""
        if self.steps == self.burns_after:
            raise Killed
        self.steps += 1


class InMemoryDocuments(TenantItems):
    """Containers as the database has them. ``fails_with``: what the next removals raise."""

    def __init__(self, fuse: Fuse | None = None) -> None:
        self.containers: dict[str, dict[Key, Document]] = defaultdict(dict)
        self.fuse = fuse or Fuse()
        self.fails_with: list[Exception] = []

    def put(self, container: str, document: Mapping[str, Any]) -> None:
        """Store one, whatever it says."""
        [known] = [one for one in topology.TOPOLOGY.containers if one.name == container]
        partition = tuple(str(document.get(path.removeprefix("/"))) for path in known.partition_key)
        self.containers[container][Key(partition, document["id"])] = copy.deepcopy(dict(document))

    @override
    async def count(self, place: ItemPlace, tenant_id: str) -> int:
        return len(self._of(place, tenant_id))

    @override
    async def each(self, place: ItemPlace, tenant_id: str) -> AsyncIterator[Document]:
        for document in self._of(place, tenant_id).values():
            yield copy.deepcopy(document)

    @override
    async def keys(self, place: ItemPlace, tenant_id: str) -> AsyncIterator[Key]:
        for key, document in self._of(place, tenant_id).items():
            yield replace(key, etag=json.dumps(document) if place == CONNECTIONS else None)

    @override
    async def remove(self, place: ItemPlace, keys: Sequence[Key]) -> int:
        gone = 0
        for key in keys:
            if self.fails_with:
                raise self.fails_with.pop(0)
            self.fuse.burn()
            there = self.containers[place.container]
            if key.etag is None or key.etag == json.dumps(there.get(key)):
                gone += there.pop(key, None) is not None
        return gone

    @override
    async def others_with_secret(self, name: str, tenant_id: str) -> int:
        others = [one for one in self.containers[topology.CONNECTIONS].values() if one.get("tenantId", tenant_id) != tenant_id]
        return sum(str((one.get("credential") or {}).get("secretName")).lower() == name.lower() for one in others)

    @override
    async def strays(self, connection_ids: Collection[str]) -> list[Key]:
        there = self.containers[topology.CONNECTIONS]
        lost = set(connection_ids) - {document["id"] for document in there.values()}
        return [key for key, document in there.items() if document.get("aliasOf") in lost]

    def _of(self, place: ItemPlace, tenant_id: str) -> dict[Key, Document]:
        there = dict(self.containers[place.container])
        if place == HANDLES:
            ours = {document["id"] for document in self._of(CONNECTIONS, tenant_id).values()}
            return {key: document for key, document in there.items() if document.get("aliasOf") in ours}
        if place.is_within_tenant:
            there = {key: document for key, document in there.items() if key.partition[0] == tenant_id}
        return {key: document for key, document in there.items() if document.get("tenantId") == tenant_id}


class InMemoryBlobs(TenantBlobs):
    """Blobs by container and name; claims are those of the claim store."""

    def __init__(self, claims: InMemoryClaims, fuse: Fuse) -> None:
        self.fuse = fuse
        self.there: dict[str, dict[str, bytes]] = {topology.CLAIMS: claims.blobs, topology.ANCHORS: {}}

    @override
    async def names(self, container: str, prefix: str) -> AsyncIterator[str]:
        for name in sorted(self.there[container]):
            if name.startswith(prefix):
                yield name

    @override
    async def read(self, container: str, name: str) -> bytes | None:
        return self.there[container].get(name)

    @override
    async def remove(self, container: str, name: str) -> bool:
        self.fuse.burn()
        return self.there[container].pop(name, None) is not None


class BurningParking(InMemoryParking):
    """Parked messages, taken by somebody who may die in between."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self.fuse = fuse

    @override
    async def take(self, place: Place, numbers: Sequence[int], act: Act) -> list[int]:
        async def acted(peeked: Peeked) -> None:
            self.fuse.burn()
            await act(peeked)

        return await super().take(place, numbers, acted)


class InMemoryMessages(TenantMessages):
    """What the parking has, scheduled messages among it."""

    def __init__(self, parking: BurningParking) -> None:
        self._parking, self._there = parking, parking.there

    @override
    async def each(self, place: Place) -> AsyncIterator[Peeked]:
        for message in list(self._there.get(place, [])):
            yield message

    @override
    async def cancel(self, queue: str, numbers: Sequence[int]) -> int:
        there = self._there.get(Place(queue), [])
        kept = [one for one in there if not (one.is_scheduled and one.number in numbers)]
        gone = len(there) - len(kept)
        self._parking.fuse.burn()
        self._there[Place(queue)] = kept
        return gone


class InMemoryVault(TenantSecrets):
    """A vault; or none."""

    def __init__(self, fuse: Fuse | None = None) -> None:
        self.fuse = fuse or Fuse()
        self.is_reached = True
        self.there: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.purges_with: Exception | None = None

    @override
    def tells(self, name: str) -> str:
        return f"the vault's {name}"

    @override
    async def is_there(self, name: str) -> bool:
        return name in self.there

    @override
    async def remove(self, name: str) -> bool:
        self.fuse.burn()
        self.deleted |= {name} & set(self.there)
        return self.there.pop(name, None) is not None

    @override
    async def purge(self, name: str) -> bool:
        if self.purges_with is not None:
            raise self.purges_with
        was_there = name in self.deleted
        self.deleted.discard(name)
        return was_there


class NoProgress(Progress):
    """Shows nothing."""

    @override
    def counts(self, place: str, done: int, total: int) -> None:
        """Nobody looks."""

    @override
    def says(self, text: str) -> None:
        """Nobody looks."""


class TenantStores:
    """All of them. ``during_waits`` are called one after the other while somebody waits: what workers do meanwhile."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.fuse, self.claims = Fuse(), InMemoryClaims()
        self.items, self.parking, self.vault = InMemoryDocuments(self.fuse), BurningParking(self.fuse), InMemoryVault(self.fuse)
        self.blobs, self.messages = InMemoryBlobs(self.claims, self.fuse), InMemoryMessages(self.parking)
        self.during_waits: list[Callable[[], None]] = []
        self.waits: list[float] = []
        self._number = 0

    @property
    def ports(self) -> TenantPorts:
        """What commands get."""
        return TenantPorts(
            items=self.items,
            blobs=self.blobs,
            messages=self.messages,
            parking=self.parking,
            claims=self.claims,
            secrets=self.vault,
            stores={"cosmos": "https://of-a-test.example"},
            now=self.clock,
            wait=self._wait,
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[TenantPorts]:
        """As a deployment opens them."""
        yield self.ports

    def send(self, place: Place, message: Message | Envelope, **said: Any) -> Peeked:
        """Put a message somewhere."""
        envelope = message if isinstance(message, Envelope) else Envelope.of(message, traceparent=None)
        self._number += 1
        peeked = Peeked(place, self._number, envelope.id, envelope.body, envelope.properties, 0, NOON)
        self.parking.there.setdefault(place, []).append(replace(peeked, **said))
        return peeked

    def everything(self) -> str:
        """All that all stores hold, as one text to search in."""
        documents = [[key.partition, key.id, one] for there in self.items.containers.values() for key, one in there.items()]
        blobs = [[name, body.decode(errors="replace")] for there in self.blobs.there.values() for name, body in there.items()]
        messages = [
            [one.message_id, one.body.decode(errors="replace"), dict(one.properties)]
            for there in self.parking.there.values()
            for one in there
        ]
        return json.dumps([documents, blobs, messages, self.vault.there], ensure_ascii=False)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.during_waits:
            self.during_waits.pop(0)()
        self.clock.advance(seconds=seconds)
