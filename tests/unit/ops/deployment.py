"""A deployment over fakes, and the commands against it as they are typed."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, redirect_stderr, redirect_stdout
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import httpx2
from pydantic import SecretStr
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.connections import InMemorySecrets
from devtools.fakes.linking import InMemoryAnchorRows, InMemoryLinkingPolicies
from devtools.fakes.metrics import InMemoryMetrics
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemoryClaims, InMemoryConnections, InMemoryGaps, InMemoryRecordIndex, InMemoryShards
from devtools.fakes.transport import InMemoryTransport
from ingestion.sources.source import Page, Poller, Reading, StreamCheck, Versions
from ops import adding, backfill, checks, completeness, connections, linking, parked
from ops.linkable import LinkableShard, LinkableShards
from ops.migrations import command as migrations
from ops.migrations.migration import MigrationPorts
from ops.options import parsed
from ops.parked_message import Peeked, Place
from ops.parking import Act, Parking
from ops.ports import Ports
from ops.provision.ports import ProvisionPorts
from ops.refusals import Misused, Refused
from ops.rotation import command as rotation
from ops.tenants import command as tenants
from ops.tenants.ports import TenantPorts
from ops.vault import Keeper
from shared.connections.connection import Connection, Credential
from shared.contracts.ingestion import IngestionEvent
from shared.http.client import http_client
from shared.messaging.publisher import QueuePublisher
from shared.shards.record_index import RecordKind
from shared.streams.state import StateKind, StreamStates

ACME = "salesforce:00D000000000001EAA"
CREDENTIAL = Credential(
    kind="jwt-bearer", base_url="https://acme.my.salesforce.com", client_id="client", subject="sync@acme.example", secret_name="key-of-acme"
)
COMMANDS = {
    "connections add": adding.command,
    "connections list": connections.command,
    "connections rotate": rotation.command,
    "connections test": checks.command,
    "connections pause": connections.command,
    "connections resume": connections.command,
    "backfill": backfill.command,
    "renormalize": backfill.command,
    "completeness": completeness.command,
    "migrate": migrations.command,
    **{f"tenant {verb}": tenants.command for verb in ("export", "erase")},
    **{f"linking {verb}": linking.command for verb in ("show", "set", "reset", "relink")},
    **{f"{noun} {verb}": parked.command for noun in ("rejected", "dead-letters") for verb in ("list", "show", "replay", "drop")},
}


class InMemoryParking(Parking):
    """Parked messages by place; nothing of locks."""

    def __init__(self) -> None:
        self.there: dict[Place, list[Peeked]] = {}
        self.held_by_others: set[int] = set()

    @override
    async def look(self, place: Place) -> list[Peeked]:
        return list(self.there.get(place, []))

    @override
    async def take(self, place: Place, numbers: Sequence[int], act: Act) -> list[int]:
        gone = []
        for peeked in self.there[place][:]:
            if peeked.number in numbers and peeked.number not in self.held_by_others:
                await act(peeked)
                self.there[place].remove(peeked)
                gone.append(peeked.number)
        return gone


class Vault(Keeper):
    """Keeps secrets; or does not, as where there is no vault."""

    def __init__(self) -> None:
        self.takes = True
        self.kept: dict[str, str] = {}

    @override
    def tells(self, name: str) -> str:
        return f"the vault's {name}" if self.takes else f"the setting of {name}"

    @override
    async def keep(self, name: str, secret: SecretStr) -> None:
        if self.takes:
            self.kept[name] = secret.get_secret_value()


class PretendPoller(Poller):
    """Reads nothing, and knows of streams what it is told."""

    source = "salesforce"

    def __init__(self) -> None:
        self.checks: list[StreamCheck] = []

    @override
    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        return RecordKind(connection.tenant_id, "salesforce", connection.account, stream)

    @override
    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        return self.checks

    @override
    async def page(self, reading: Reading) -> Page:
        raise NotImplementedError

    @override
    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        raise NotImplementedError

    @override
    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        raise NotImplementedError


class InMemoryLinkableShards(LinkableShards):
    """Those among the shards."""

    def __init__(self, shards: InMemoryShards) -> None:
        self._shards = shards

    @override
    async def count(self, tenant_id: str, types: Sequence[str]) -> int:
        return len([one async for one in self.each(tenant_id, types)])

    @override
    async def each(self, tenant_id: str, types: Sequence[str]) -> AsyncIterator[LinkableShard]:
        for shard in self._shards.all():
            if shard.tenant_id == tenant_id and shard.status == "active" and shard.shard_type_id in types:
                yield LinkableShard(shard.id, shard.shard_type_id, shard.revision_number)


class Deployment:
    """Every port as a fake."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.connections, self.gaps, self.shards = InMemoryConnections(), InMemoryGaps(), InMemoryShards()
        self.states = StreamStates(self.shards)
        self.claims, self.transport, self.parking, self.vault = InMemoryClaims(), InMemoryTransport(self.clock), InMemoryParking(), Vault()
        self.policies = InMemoryLinkingPolicies()
        self.poller, self.secrets = PretendPoller(), InMemorySecrets()
        self.tenant_ports: TenantPorts | None = None
        self.migration_ports: MigrationPorts | None = None
        self.vendors = httpx2.MockTransport(lambda _: httpx2.Response(503))
        self.ports = Ports(
            connections=self.connections,
            everyone=self._everyone,
            states=self.states,
            gaps=self.gaps,
            publisher=QueuePublisher(self.transport, claims=self.claims, metrics=InMemoryMetrics(), traceparent=lambda: None),
            transport=self.transport,
            claims=self.claims,
            parking=self.parking,
            keeper=self.vault,
            pollers=lambda **_: {"salesforce": self.poller},
            index=lambda: InMemoryRecordIndex(self.shards),
            secrets=lambda: self.secrets,
            policies=self.policies,
            anchor_rows=lambda: InMemoryAnchorRows(self.shards),
            linkable=lambda: InMemoryLinkableShards(self.shards),
            migrations=self._migrations,
            tenants=self._tenants,
            provision=self._provision,
            http=lambda: http_client(transport=self.vendors),
            now=self.clock,
            pause=partial(asyncio.sleep, 0),
        )

    def _migrations(self) -> MigrationPorts:
        if self.migration_ports is None:
            raise NotImplementedError
        return self.migration_ports

    def _provision(self) -> ProvisionPorts:
        raise NotImplementedError

    def _tenants(self) -> AbstractAsyncContextManager[TenantPorts]:
        if self.tenant_ports is None:
            raise NotImplementedError
        return nullcontext(self.tenant_ports)

    async def _everyone(self) -> list[Connection]:
        return [one for tenant in ("acme", "globex") for one in await self.connections.of_tenant(tenant)]

    async def connect(self, **said: Any) -> Connection:
        """Acme's organization, with two streams."""
        before = sample_connection("acme", "00D000000000001EAA").model_copy(update={"credential": CREDENTIAL})
        connection = before.model_copy(update={"streams": ("Account", "Contact"), **said})
        await self.connections.add(connection)
        return connection

    async def keep(self, stream: str, kind: StateKind, **said: Any) -> None:
        """Store the state of a stream of Acme's."""
        [connection] = await self.connections.of_tenant("acme")
        state = await self.states.read(connection, stream, kind)
        await self.states.save(state.model_copy(update=said), at=self.clock())

    def park(self, place: Place, number: int, body: bytes, properties: Mapping[str, str | int], **said: Any) -> Peeked:
        """Put a message somewhere."""
        peeked = Peeked(
            place=place,
            number=number,
            message_id=said.pop("message_id", f"parked-{number}"),
            body=body,
            properties=properties,
            delivery_count=0,
            enqueued_at=self.clock() - timedelta(hours=100 - number),
            **said,
        )
        self.parking.there.setdefault(place, []).append(peeked)
        return peeked

    async def run(self, *words: str) -> "Said":
        """Exit code and output of a command, as the command line carries it out."""
        options = parsed(words)
        command = COMMANDS[options.noun if options.verb is None else f"{options.noun} {options.verb}"]
        out, errors = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(errors):
            try:
                code = await command(options, self.ports)
            except (Refused, Misused) as error:
                return Said(2 if isinstance(error, Misused) else 1, out.getvalue(), str(error))
        return Said(code, out.getvalue(), errors.getvalue())


class Said:
    """What a command came to."""

    def __init__(self, code: int, out: str, errors: str) -> None:
        self.code, self.out, self.errors = code, out, errors

    @property
    def document(self) -> Any:
        """What it printed for machines."""
        return json.loads(self.out)
