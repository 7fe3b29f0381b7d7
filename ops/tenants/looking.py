"""Looking at every place for what there is of a tenant. Nothing is touched."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ops.parked_message import Peeked, Place
from ops.tenants.messages import Each
from ops.tenants.places import BLOBS, CONNECTIONS, HANDLES, ITEMS, QUEUES, BlobPlace
from ops.tenants.ports import TenantPorts
from ops.tenants.whose import mentions, said_by, whose
from shared.contracts.canonical import digest

SECRETS: Final = "secrets"
ROTATED: Final = re.compile(r"-[0-9a-f]{8}$")
"""What ``connections rotate`` adds to a secret's name for another client looks so; so do a date, and the end of a Drive's first name."""


@dataclass(frozen=True)
class Unreadable:
    """Messages whose tenant nobody can say, on one queue: they may be anybody's."""

    place: str
    count: int
    naming: int
    """How many of them have the tenant's id in them."""
    newest_at: datetime
    """When the youngest came: all are gone 14 days after that, which is how long a queue keeps a message, or when somebody drops them."""


@dataclass
class Found:
    """A tenant's messages on one queue or among its dead letters."""

    place: Place
    waiting: list[int] = field(default_factory=list)
    scheduled: list[int] = field(default_factory=list)
    others_before: dict[int, int] = field(default_factory=dict)
    """By the number of a waiting one: how many of others the broker hands out before it."""
    unreadable: int = 0
    naming: int = 0
    """How many of the unreadable have the tenant's id in them."""
    unreadable_at: datetime | None = None


@dataclass(frozen=True)
class Look:
    """What one look found."""

    at: datetime
    counts: Counter[str]
    """By place; every place that was looked at, with 0 as well."""
    unreadable: tuple[Unreadable, ...] = ()
    messages: tuple[Found, ...] = ()
    """Where messages are, by their numbers."""

    @property
    def total(self) -> int:
        """All together."""
        return self.counts.total()

    @property
    def naming(self) -> int:
        """Messages that nobody can read, and that have the tenant's id in them: a person has to look, so no command removes them."""
        return sum(one.naming for one in self.unreadable)

    @property
    def remains(self) -> dict[str, int]:
        """Places where something was found."""
        return {place: count for place, count in self.counts.items() if count}


def queue_places() -> list[Place]:
    """Every queue, and its dead letters."""
    return [Place(queue, dead=dead) for queue in QUEUES for dead in (False, True)]


def called(place: Place, *, scheduled: bool = False) -> str:
    """The name of a place on the broker."""
    return f"{place.queue}{'.scheduled' if scheduled else '.dead-letters' if place.dead else ''}"


async def look(tenant_id: str, ports: TenantPorts, *, secret_names: Sequence[str] = (), closed: Collection[str] = ()) -> Look:
    """Count what there is. ``secret_names``: of secrets that were removed, to see that they are. ``closed``: ids of connections that were.

    Raises:
        PipelineError: a store does not answer, or refuses. Then nothing is known.
    """
    at = ports.now()
    counts: Counter[str] = Counter()
    for place in (CONNECTIONS, HANDLES):
        counts[place.name] = await ports.items.count(place, tenant_id)
    counts[HANDLES.name] += len(await ports.items.strays(closed))
    still_ours = [
        name for name in secret_names if not await ports.items.others_with_secret(name, tenant_id)
    ]  # the account may be another's now
    names = {*still_ours, *await secrets_of(tenant_id, ports)}
    counts[SECRETS] = sum([await ports.secrets.is_there(name) for name in sorted(names)])
    on_broker = await messages_of(tenant_id, ports)
    for found in on_broker:
        counts[called(found.place)] = len(found.waiting)
        if not found.place.dead:
            counts[called(found.place, scheduled=True)] = len(found.scheduled)
    for place in ITEMS:
        counts[place.name] = await ports.items.count(place, tenant_id)
    for blob_place in BLOBS:
        counts[blob_place.name] = len([name async for name in blobs_of(tenant_id, blob_place, ports)])
    unreadable = [
        Unreadable(called(one.place), one.unreadable, one.naming, one.unreadable_at) for one in on_broker if one.unreadable_at is not None
    ]
    return Look(at, counts, tuple(unreadable), tuple(on_broker))


async def messages_of(tenant_id: str, ports: TenantPorts) -> list[Found]:
    """Where a tenant's messages are: their numbers alone are kept.

    One place after the other, the way messages go, a queue before its dead letters: what a stage passes on while this looks is met behind
    it. Looked at side by side it could slip from a queue that is looked at late to one that was looked at before.

    Raises:
        PipelineError: the broker, or the store of large bodies, does not answer.
    """
    async with ports.messages.opened(queue_places()) as each:
        return [await _found(tenant_id, place, each, ports) for place in queue_places()]


async def _found(tenant_id: str, place: Place, each: Each, ports: TenantPorts) -> Found:
    found, others = Found(place), 0
    async for message in each(place):
        said = await tenant_of(message, ports)
        if said is None:
            found.unreadable += 1
            found.naming += mentions(message.body, tenant_id)
            found.unreadable_at = max(message.enqueued_at, found.unreadable_at or message.enqueued_at)
        if said == tenant_id and message.is_scheduled:
            found.scheduled.append(message.number)
        elif said == tenant_id:
            found.waiting.append(message.number)
            found.others_before[message.number] = others
        else:
            others += not message.is_scheduled
    return found


async def tenant_of(message: Peeked, ports: TenantPorts) -> str | None:
    """Whose a message is; None where nobody can say."""
    return await whose(message.body, message.properties, redeem=ports.claims.redeem)


async def blobs_of(tenant_id: str, place: BlobPlace, ports: TenantPorts) -> AsyncIterator[str]:
    """The names of a tenant's blobs."""
    async for name in ports.blobs.names(place.container, place.prefix(tenant_id)):
        if not place.is_of_nobody:
            yield name
            continue
        body = await ports.blobs.read(place.container, name)
        if body is not None and said_by(body, {}) == tenant_id:
            yield name


async def secrets_of(tenant_id: str, ports: TenantPorts) -> list[str]:
    """The names of the secrets that a tenant's connections use, or used before their last rotation, and no other tenant's."""
    names = {name async for document in ports.items.each(CONNECTIONS, tenant_id) for name in with_earlier(document)}
    return [name for name in sorted(names) if not await ports.items.others_with_secret(name, tenant_id)]


async def doubtful_secrets_of(tenant_id: str, ports: TenantPorts) -> list[str]:
    """The names of secrets that are there and may be a tenant's from before several rotations: nothing proves it, so a person has to."""
    sure: set[str] = set()
    perhaps: set[str] = set()
    async for document in ports.items.each(CONNECTIONS, tenant_id):
        names = with_earlier(document)
        sure.update(names)
        while names and (shorter := ROTATED.sub("", names[-1])) not in {"", names[-1]}:
            names.append(shorter)
        perhaps.update(names)
    there = [name for name in sorted(perhaps - sure) if await ports.secrets.is_there(name)]
    return [name for name in there if not await ports.items.others_with_secret(name, tenant_id)]


def with_earlier(connection: dict[str, object]) -> list[str]:
    """The name of a connection's secret, and the one it had before the last rotation to another client: that adds the client's hash to the
    name, and the old secret stays. An ending that is not this client's hash proves nothing."""
    name, credential = secret_of(connection), connection.get("credential")
    if name is None or not isinstance(credential, dict):
        return []
    earlier = name.removesuffix(f"-{digest(str(credential.get('clientId')))[:8]}")
    return [name] if earlier in {"", name} else [name, earlier]


def secret_of(connection: dict[str, object]) -> str | None:
    """What a connection's secret is kept under. The document need be no readable connection."""
    credential = connection.get("credential")
    name = credential.get("secretName") if isinstance(credential, dict) else None
    return name if isinstance(name, str) and name else None
