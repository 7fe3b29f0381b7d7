"""Looking at every place for what there is of a tenant. Nothing is touched."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ops.parked_message import Peeked, Place
from ops.tenants.places import BLOBS, CONNECTIONS, HANDLES, ITEMS, QUEUES, BlobPlace
from ops.tenants.ports import TenantPorts
from ops.tenants.whose import said_by, whose

SECRETS: Final = "secrets"
ROTATED: Final = re.compile(r"-[0-9a-f]{8}$")
"""What ``connections rotate`` adds to a secret's name for another client."""


@dataclass(frozen=True)
class Unreadable:
    """Messages whose tenant nobody can say, on one queue: they may be anybody's."""

    place: str
    count: int
    newest_at: datetime
    """When the youngest came: all are gone 14 days after that, which is how long a queue keeps a message, or when somebody drops them."""


@dataclass(frozen=True)
class Look:
    """What one look found."""

    at: datetime
    counts: Counter[str]
    """By place; every place that was looked at, with 0 as well."""
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def total(self) -> int:
        """All together."""
        return self.counts.total()

    @property
    def remains(self) -> dict[str, int]:
        """Places where something was found."""
        return {place: count for place, count in self.counts.items() if count}


@dataclass
class Found:
    """A tenant's messages on one queue or among its dead letters."""

    place: Place
    waiting: list[int] = field(default_factory=list)
    scheduled: list[int] = field(default_factory=list)
    others_before: dict[int, int] = field(default_factory=dict)
    """By the number of a waiting one: how many of others the broker hands out before it."""
    unreadable: int = 0
    unreadable_at: datetime | None = None


def queue_places() -> list[Place]:
    """Every queue, and its dead letters."""
    return [Place(queue, dead=dead) for queue in QUEUES for dead in (False, True)]


def called(place: Place, *, scheduled: bool = False) -> str:
    """The name of a place on the broker."""
    return f"{place.queue}{'.scheduled' if scheduled else '.dead-letters' if place.dead else ''}"


async def look(tenant_id: str, ports: TenantPorts, *, secret_names: Sequence[str] = ()) -> Look:
    """Count what there is. ``secret_names``: of secrets that were removed, to see that they are.

    Raises:
        PipelineError: a store does not answer, or refuses. Then nothing is known.
    """
    at = ports.now()
    counts: Counter[str] = Counter()
    for place in (CONNECTIONS, HANDLES):
        counts[place.name] = await ports.items.count(place, tenant_id)
    names = {*secret_names, *await secrets_of(tenant_id, ports)}
    counts[SECRETS] = sum([await ports.secrets.is_there(name) for name in sorted(names)])
    on_broker = await asyncio.gather(*(messages_of(tenant_id, place, ports) for place in queue_places()))  # the SDK takes a second for each
    for found in on_broker:
        counts[called(found.place)] = len(found.waiting)
        if not found.place.dead:
            counts[called(found.place, scheduled=True)] = len(found.scheduled)
    for place in ITEMS:
        counts[place.name] = await ports.items.count(place, tenant_id)
    for blob_place in BLOBS:
        counts[blob_place.name] = len([name async for name in blobs_of(tenant_id, blob_place, ports)])
    unreadable = [Unreadable(called(one.place), one.unreadable, one.unreadable_at) for one in on_broker if one.unreadable_at is not None]
    return Look(at, counts, tuple(unreadable))


async def messages_of(tenant_id: str, place: Place, ports: TenantPorts) -> Found:
    """Where a tenant's messages are at a place: their numbers alone are kept.

    Raises:
        PipelineError: the broker, or the store of large bodies, does not answer.
    """
    found, others = Found(place), 0
    async for message in ports.messages.each(place):
        said = await tenant_of(message, ports)
        if said is None:
            found.unreadable += 1
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
    """The names of the secrets that a tenant's connections use, or used before they were rotated, and no other tenant's."""
    used = [name async for document in ports.items.each(CONNECTIONS, tenant_id) if (name := secret_of(document)) is not None]
    names = {earlier for name in used for earlier in with_earlier(name)}
    return [name for name in sorted(names) if not await ports.items.others_with_secret(name, tenant_id)]


def with_earlier(name: str) -> list[str]:
    """A secret's name and those it had before: whoever rotates to another client adds its hash to the name, and the old secret stays."""
    names = [name]
    while (shorter := ROTATED.sub("", names[-1])) not in {"", names[-1]}:
        names.append(shorter)
    return names


def secret_of(connection: dict[str, object]) -> str | None:
    """What a connection's secret is kept under. The document need be no readable connection."""
    credential = connection.get("credential")
    name = credential.get("secretName") if isinstance(credential, dict) else None
    return name if isinstance(name, str) and name else None
