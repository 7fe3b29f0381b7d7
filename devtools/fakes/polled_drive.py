"""A connected Google Workspace and everything behind it: the pretend Google over loopback, all else in memory, one clock.

async with PolledDrive() as world:
    plans = world.drive.create_folder("Plans", by=ADA)
    await world.poll()            # the timer, the sync workers, the whole pipeline
    report = await world.compare(f"user:{ADA}")
    found = await world.search(BOB, "plans")
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from functools import cache, partial
from random import Random
from types import TracebackType
from typing import Final, Self

import httpx2
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devtools.fakes.pipeline import InMemoryPipeline
from devtools.fakes.transport import InMemoryTransport
from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.api.sessions import EVERY_SCOPE, OAuthClient, ServiceAccount
from devtools.vendors.gdrive.drive import PretendDrive
from ingestion.findings import Findings
from ingestion.poller import Pace, PollerPorts, read
from ingestion.scheduler import Scheduled, schedule
from ingestion.sources.gdrive.poller import GDrivePoller
from processors.search.api import Question, search
from shared import topology
from shared.access.acl import ADMINS, TENANT, Principal, domain, may_read, user
from shared.access.directory import expanded
from shared.access.tokens import Caller
from shared.connections.connection import Connection, Credential, connection_id
from shared.contracts.sync import SyncKind, SyncRequested
from shared.http.client import http_client
from shared.messaging.delivery import deliver
from shared.messaging.returns import Delivery
from shared.shards.ids import ShardId, shard_id
from shared.shards.model import Shard
from shared.streams.defaults import streams_of

SOURCE: Final = "gdrive"
TENANT_ID: Final = "acme"
DOMAIN: Final = "pretend.example"
ADA, BOB, CLEO, DAN = (f"{name}@{DOMAIN}" for name in ("ada", "bob", "cleo", "dan"))
"""Ada is an administrator."""
FINN: Final = f"finn@{DOMAIN}"
"""A colleague as whom nothing is read."""
EVE: Final = "eve@partner.example"
"""Somebody of another company."""
USERS: Final = (ADA, BOB, CLEO, DAN)
EVERYBODY: Final = (*USERS, FINN, EVE)
ROBOT: Final = "reader@project.iam.gserviceaccount.com"
CLIENT: Final = OAuthClient("the-client", "the-secret")
POLL_MINUTES: Final = 10.0


@cache
def service_key(number: int) -> RSAPrivateKey:
    """A key of the service account, made once for all tests of a process."""
    return generate_private_key(65537, 2048)


class PolledDrive:
    """The world of one connection, ``users`` as whom it is read; ``connect`` adds others. ``pipeline.clock`` is everybody's clock."""

    def __init__(self, *, users: tuple[str, ...] = USERS, seed: int = 1, pace: Pace | None = None, has_groups: bool = True) -> None:
        self.pipeline = InMemoryPipeline()
        self.clock = self.pipeline.clock
        self.drive = PretendDrive(DOMAIN, Random(seed), self.clock)
        for email in EVERYBODY:
            self.drive.create_user(email, is_admin=email == ADA)
        account = ServiceAccount(ROBOT, {"key 0": service_key(0).public_key()}, EVERY_SCOPE)
        self.google = PretendGoogle(self.drive, now=self.clock, accounts=[account], clients=[CLIENT])
        self.users = users
        self.connection_id = connection_id(SOURCE, DOMAIN)
        self._has_groups = has_groups
        self._pace = pace or Pace()

    async def __aenter__(self) -> Self:
        await self.google.start()
        # Nothing here is TLS, and to read all certificates takes longer than a poll.
        self.http = http_client(transport=httpx2.AsyncHTTPTransport(verify=False))
        await self.connect(DOMAIN, self.users)
        self.start_worker()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.aclose()
        await self.google.stop()

    # Connections and workers

    async def connect(self, account: str, users: tuple[str, ...], *, tenant_id: str = TENANT_ID) -> Connection:
        """Connect a Workspace, or the Drive of one person, whose address the account is then."""
        is_personal = "@" in account
        name = f"gdrive-{tenant_id}-{account}"
        if is_personal:
            token = self.google.sessions.consent(account, client_id=CLIENT.client_id)
            self.pipeline.secrets.values[name] = json.dumps({"client_secret": CLIENT.client_secret, "refresh_token": token})
        else:
            self.pipeline.secrets.values[name] = key_file(0)
        credential = Credential(
            kind="refresh-token" if is_personal else "service-account",
            base_url=self.google.url,
            client_id=CLIENT.client_id if is_personal else ROBOT,
            secret_name=name,
        )
        connection = Connection(
            id=connection_id(SOURCE, account),
            tenant_id=tenant_id,
            source=SOURCE,
            account=account,
            users=users,
            created_at=self.clock(),
            next_due_at=self.clock(),
            poll_seconds=600,
            credential=credential,
        )
        if self._has_groups and not is_personal:
            connection = connection.model_copy(update={"streams": (*streams_of(connection), "groups")})
        await self.pipeline.connections.add(connection)
        return connection

    def use_key(self, number: int) -> None:
        """The service account has this key and no other, and the secret holds it."""
        self.google.sessions.accounts[ROBOT].keys = {f"key {number}": service_key(number).public_key()}
        self.pipeline.secrets.values[f"gdrive-{TENANT_ID}-{DOMAIN}"] = key_file(number)

    def start_worker(self, transport: InMemoryTransport | None = None) -> None:
        """A new worker process: it remembers neither a token nor a range."""
        pipeline = self.pipeline
        if transport is not None:
            pipeline.start(transport)
        self.poller = self.new_poller(self.http)
        self.ports = PollerPorts(
            pollers={SOURCE: self.poller},
            connections=pipeline.connections,
            states=pipeline.states,
            index=pipeline.index,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            queue_ages=pipeline.queue_ages,
            metrics=pipeline.metrics,
            now=self.clock,
            pace=self._pace,
        )

    def new_poller(self, http: httpx2.AsyncClient) -> GDrivePoller:
        """Another worker's poller."""
        pipeline = self.pipeline
        return GDrivePoller(
            http=http,
            secrets=pipeline.secrets,
            states=pipeline.states,
            metrics=pipeline.metrics,
            now=self.clock,
            api_base_url=self.google.url,
            directory_base_url=self.google.url,
        )

    async def connection(self, connection_id: str | None = None) -> Connection:
        """The connection as it is stored now."""
        found = await self.pipeline.connections.find(connection_id or self.connection_id)
        if found is None:
            raise LookupError(connection_id or self.connection_id)
        return found

    # What happens

    async def tick(self) -> Scheduled:
        """The poll timer."""
        pipeline = self.pipeline
        return await schedule(
            SOURCE, connections=pipeline.connections, states=pipeline.states, publisher=pipeline.publisher, now=self.clock
        )

    async def ask(self, stream: str, kind: SyncKind, *, connection_id: str | None = None) -> SyncRequested:
        """What an operator's verb asks for."""
        connection = await self.connection(connection_id)
        message = SyncRequested(
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            stream=stream,
            kind=kind,
            run=f"{kind} {stream} {self.clock().isoformat()}",
            requested_at=self.clock(),
        )
        await self.pipeline.publisher.publish(message)
        return message

    async def poll(self, *, minutes: float = POLL_MINUTES) -> int:
        """The clock moves on, the timer ticks, and everything that is due is done. Returns how many messages were completed."""
        self.clock.advance(seconds=minutes * 60)
        await self.tick()
        return await self.run()

    async def run(self, *, seconds: float = 30.0) -> int:
        """Sync workers and the pipeline, until nothing is due for so long: what is put off by some seconds is waited for."""
        completed = 0
        until = self.clock().timestamp() + seconds
        while True:
            done = await self.sync() + await self.pipeline.run_all()
            completed += done
            if not done:
                later = [one.due_at for one in self.pipeline.transport.waiting if one.due_at and one.queue != topology.REJECTED_MESSAGES]
                if not later or min(later).timestamp() > until:
                    return completed
                self.clock.moment = max(self.clock(), min(later))

    async def sync(self) -> int:
        """Every sync message that is due now, each once."""
        transport = self.pipeline.transport
        return sum([await transport.drain(queue, self.sync_worker()) for queue in (topology.SYNC_INBOUND, topology.SYNC_INBOUND_BULK)])

    def sync_worker(self) -> Callable[[Delivery], Awaitable[None]]:
        """What the bindings of the sync queues do with a delivery."""
        return lambda delivery: deliver(delivery, SyncRequested, partial(read, ports=self.ports), ports=self.pipeline.delivery)

    async def compare(self, stream: str, *, connection_id: str | None = None) -> Findings:
        """A whole comparison, its repair on the queue but not carried out. Raises LookupError when it did not come to its end."""
        asked = await self.ask(stream, "compare", connection_id=connection_id)
        await self.sync()
        state = await self.pipeline.states.read(await self.connection(connection_id), stream, "compare")
        if state.run != asked.run or state.is_running or state.report is None:
            raise LookupError(f"the comparison of {stream} did not end: {state.last_error}")
        return Findings.model_validate(state.report)

    async def compare_all(self, *, connection_id: str | None = None) -> dict[str, Findings]:
        """By stream what is wrong, or not known yet; nothing of a stream with which all is well. ``drives`` holds no records."""
        streams = streams_of(await self.connection(connection_id))
        found = {stream: await self.compare(stream, connection_id=connection_id) for stream in streams if stream != "drives"}
        return {stream: one for stream, one in found.items() if one.fault_count or one.pending}

    # What is stored, and who finds it

    def id_of(self, external_id: str, record_type: str = "File", tenant_id: str = TENANT_ID) -> ShardId:
        """A record's shard id; of a group by its address."""
        return shard_id(tenant_id=tenant_id, system=SOURCE, scope="", record_type=record_type, external_id=external_id)

    async def shard(self, file_id: str, *, record_type: str = "File", tenant_id: str = TENANT_ID) -> Shard | None:
        """A record's shard."""
        return await self.pipeline.shards.read(tenant_id, self.id_of(file_id, record_type, tenant_id))

    def active(self, tenant_id: str = TENANT_ID) -> dict[str, Shard]:
        """Every file and folder that is stored as one that is there, by its id at the vendor."""
        return {
            edge.external_id: shard
            for shard in self.pipeline.shards.all()
            for edge in shard.external_relationships
            if (shard.tenant_id, shard.status, edge.system, edge.record_type) == (tenant_id, "active", SOURCE, "File")
        }

    async def caller(self, email: str, *, is_admin: bool = False, tenant_id: str = TENANT_ID) -> Caller:
        """Somebody of the tenant who asks our API now, with all they are known by."""
        own: Iterable[Principal] = (TENANT, user(email), domain(email.partition("@")[2]), *((ADMINS,) if is_admin else ()))
        return await expanded(Caller(tenant_id, frozenset(own), email), self.pipeline.directory)

    async def may_read(self, email: str, *, is_admin: bool = False) -> set[str]:
        """The ids of all files and folders that somebody would be shown."""
        caller = await self.caller(email, is_admin=is_admin)
        return {file_id for file_id, shard in self.active().items() if may_read(shard.acl, caller.principals)}

    async def search(self, email: str, text: str, *, tenant_id: str = TENANT_ID) -> set[str]:
        """The ids of the files and folders somebody finds."""
        pipeline = self.pipeline
        caller = await self.caller(email, tenant_id=tenant_id)
        answer = await search(Question(text, 50), caller, embedder=pipeline.embedder, chunks=pipeline.chunks, shards=pipeline.shards)
        hits = {hit.shard_id for hit in answer.hits}
        return {file_id for file_id, shard in self.active(tenant_id).items() if shard.id in hits}


def key_file(number: int) -> str:
    """The JSON file of a service account's key."""
    pem = service_key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps({"type": "service_account", "client_email": ROBOT, "private_key_id": f"key {number}", "private_key": pem})
