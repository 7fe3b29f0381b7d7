"""A few shards, suggestions about them, and people who decide. Every call of a port can be broken off, before or after it is done."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, cast

from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.linking import InMemorySuggestedLinks
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import NOON, sample_shard
from devtools.fakes.stores import InMemoryClaims, InMemoryRecordIndex, InMemoryShards
from devtools.fakes.transport import InMemoryTransport
from processors.suggested_links.api import Approved, Rejected, SuggestionList, approve, list_suggestions, reject
from processors.suggested_links.page import Page
from shared import topology
from shared.access.acl import TENANT, Acl, Principal, readers
from shared.access.tokens import Caller
from shared.contracts.shard_emitted import ShardEmitted
from shared.errors import DependencyUnavailable
from shared.linking.asked import Said
from shared.linking.deciding import Ports
from shared.linking.evidence import Evidence, plain
from shared.linking.suggestion import SuggestedLink, suggestion_id
from shared.linking.vocabulary import INFERRED
from shared.messaging.publisher import QueuePublisher
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import Change

ADA: Final = Caller("acme", frozenset({TENANT, Principal("user:ada@acme.example")}), "ada@acme.example")
BOB: Final = Caller("acme", frozenset({TENANT, Principal("user:bob@acme.example")}), "bob@acme.example")
EVERYBODY: Final = readers([TENANT])
ADAS: Final = readers([Principal("user:ada@acme.example")])
NAMED: Final = plain(Evidence(feature="exact-name", source="name", field="name", value="Harbour – renewal", weight=0.92, ceiling=0.92))


class Fields(Change):
    """Somebody changed a shard: these fields."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    @override
    def paths(self) -> dict[str, Any]:
        """Field → value, as stored."""
        return self._fields


class Fuse:
    """Lets so many calls of ports through, and breaks off the next one. ``is_late``: after it has done what it was asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.breaks_at: int | None = None
        self.is_late = False

    def around(self, port: Any) -> Any:
        """The port, with this in its wire."""
        return _Fused(port, self)


class _Fused:
    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return method if name == "listed" else self._wrapped(method)

    def _wrapped(self, method: Any) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            fuse = self._fuse
            fuse.calls += 1
            if fuse.breaks_at != fuse.calls:
                return await method(*arguments, **named)
            fuse.breaks_at = None
            if fuse.is_late:
                await method(*arguments, **named)
            raise DependencyUnavailable("broken off")

        return call


class Desk:
    """Where suggestions are decided about."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shards = InMemoryShards()
        self.index = InMemoryRecordIndex(self.shards)
        self.suggestions = InMemorySuggestedLinks()
        self.transport = InMemoryTransport(self.clock)
        self.fuse = Fuse()
        publisher = QueuePublisher(self.transport, claims=InMemoryClaims(), metrics=InMemoryMetrics(), traceparent=lambda: None)
        around = self.fuse.around
        self.ports = Ports(around(self.shards), around(self.suggestions), around(publisher), self.clock)

    async def shard(self, shard_id: str, shard_type_id: str, name: str | None = None, *, acl: Acl = EVERYBODY, **fields: Any) -> Shard:
        """One that is there."""
        made = sample_shard("acme").model_copy(
            update={"id": ShardId(shard_id), "shard_type_id": shard_type_id, "structured_data": {"name": name} if name else {}, "acl": acl}
        )
        return await self.shards.create(made.model_copy(update=fields))

    async def change(self, shard_id: str, **fields: Any) -> None:
        """Somebody else writes these fields of a shard."""
        await self.shards.change(await self.now(shard_id), Fields(**fields))

    async def now(self, shard_id: str, tenant_id: str = "acme") -> Shard:
        """A shard as it is stored."""
        found = await self.shards.read(tenant_id, ShardId(shard_id))
        assert found is not None
        return found

    async def suggest(self, source: str, target: str, confidence: float = 0.7, **fields: Any) -> str:
        """A suggestion about two shards that are there; its id."""
        one, other = await self.now(source), await self.now(target)
        relationship_type = INFERRED[one.shard_type_id, other.shard_type_id].relationship_type
        place = suggestion_id(tenant_id="acme", source_shard_id=source, relationship_type=relationship_type, target_shard_id=target)
        made = SuggestedLink(
            id=place,
            tenant_id="acme",
            source_shard_id=source,
            source_shard_type_id=one.shard_type_id,
            target_shard_id=target,
            target_shard_type_id=other.shard_type_id,
            relationship_type=relationship_type,
            confidence=confidence,
            evidence=(NAMED,),
            created_at=NOON,
            updated_at=NOON,
            expires_at=NOON + timedelta(days=30),
            ttl=60 * 24 * 3600,
        )
        await self.suggestions.create(made.model_copy(update=fields))
        return place

    async def file_and_deal(self, **fields: Any) -> str:
        """A file, a deal, and the suggestion that they belong together; its id."""
        await self.shard("file-1", "c_file", "Harbour – renewal.pdf")
        await self.shard("deal-1", "c_opportunity", "Harbour – renewal")
        return await self.suggest("file-1", "deal-1", **fields)

    async def approve(self, suggestion: str, who: Caller = ADA, reason: str | None = None) -> Approved:
        """Somebody approves."""
        return await approve(suggestion, Said(reason=reason), who, ports=self.ports)

    async def reject(self, suggestion: str, who: Caller = ADA, reason: str | None = None) -> Rejected:
        """Somebody rejects."""
        return await reject(suggestion, Said(reason=reason), who, ports=self.ports)

    async def listed(self, who: Caller = ADA, **parameters: str) -> SuggestionList:
        """A page, as somebody sees it."""
        page = Page.read(parameters, who.tenant_id)
        return await list_suggestions(page, who, suggestions=self.suggestions, shards=self.shards, now=self.clock())

    async def ids(self, who: Caller = ADA, **parameters: str) -> list[str]:
        """The ids of a page."""
        return [one.id for one in (await self.listed(who, **parameters)).suggested_links]

    def stored(self, suggestion: str) -> SuggestedLink:
        """A suggestion as it is stored."""
        return self.suggestions.known["acme", suggestion]

    def announced(self) -> list[ShardEmitted]:
        """What was said to enrichment, the same thing said twice left out."""
        return [ShardEmitted.decode(envelope.body) for envelope in self.transport.on(topology.SHARD_EMISSION)]


def plainly(answer: Any) -> dict[str, Any]:
    """As it goes over the wire."""
    return cast("dict[str, Any]", answer.model_dump(mode="json", by_alias=True))


def stepped_in(method: Any, act: Callable[[], Awaitable[Any]], *, times: int = 1) -> None:
    """Somebody acts just before the first calls of a port's method."""
    left, is_acting = times, False

    async def call(*arguments: Any, **named: Any) -> Any:
        nonlocal left, is_acting
        if left and not is_acting:
            left, is_acting = left - 1, True
            await act()
            is_acting = False
        return await method(*arguments, **named)

    setattr(method.__self__, method.__name__, call)
