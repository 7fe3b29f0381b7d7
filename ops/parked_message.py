"""A parked message: one we have rejected, or one the broker has dead-lettered; and how it is sent round again.

Both are seen alike: where it was, why it is here, and the body it had. A replay is the same body with an id of its own, ``<id>#r<n>``:
with the id it had it would be dropped as a duplicate. The number counts on from the replay before, so that of one parked message every
replay has the same id, and the same replay sent twice is one.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ops.refusals import Refused
from shared.contracts.claim import ClaimStore, redeemed
from shared.contracts.rejected import UNKNOWN_TENANT, Rejected
from shared.errors import PermanentError
from shared.messaging.envelope import MESSAGE_ID, REPLAYS, TENANT_ID, TYPE, Envelope, PropertyValue
from shared.messaging.returns import ATTEMPT, FIRST_FAILED_AT, SPENT, SPENT_ON_UNKNOWN, Delivery
from shared.topology import QUEUES, REJECTED_MESSAGES

PARKINGS: Final = "parkings"
"""How often a rejected message was parked anew, see ``parking.py``."""
OF_COPIES: Final = (ATTEMPT, SPENT, SPENT_ON_UNKNOWN, FIRST_FAILED_AT)
OF_THE_BROKER: Final = ("DeadLetterReason", "DeadLetterErrorDescription")
UNREADABLE: Final = "Unreadable"


@dataclass(frozen=True)
class Place:
    """A queue, or its dead letters."""

    queue: str
    dead: bool = False


@dataclass(frozen=True)
class Peeked:
    """A message as the broker shows it."""

    place: Place
    number: int
    """The broker's, unique on the queue."""
    message_id: str
    body: bytes
    properties: Mapping[str, PropertyValue]
    delivery_count: int
    enqueued_at: datetime
    reason: str | None = None
    description: str | None = None
    is_scheduled: bool = False
    """Whether it waits for its moment: then its number is what it can be cancelled by."""


@dataclass(frozen=True)
class Parked:
    """What an operator wants to know of it."""

    place: Place
    number: int
    message_id: str
    """Of what is parked; ``id`` is that of the message it is about."""
    id: str
    queue: str
    """Where it was read, and where a replay goes."""
    tenant_id: str
    type: str | None
    reason: str
    detail: str
    attempts: int
    parked_at: datetime
    body: bytes
    properties: Mapping[str, PropertyValue]
    is_readable: bool = True

    def is_called(self, name: str) -> bool:
        """Whether an operator may mean this one."""
        return name == str(self.number) or self.id.startswith(name) or self.message_id.startswith(name)

    def replay(self) -> Envelope:
        """What sends it round again. A claim travels as it is.

        Raises:
            Refused: it cannot be read, or its queue is none of ours.
        """
        if not self.is_readable:
            raise Refused(f"{self.id} cannot be replayed: {self.detail}")
        if self.queue not in {queue.name for queue in QUEUES}:
            raise Refused(f"{self.id} cannot be replayed: there is no queue {self.queue}")
        return _next_copy(self.queue, self.id, self.body, self.properties, mark=REPLAYS, letter="r")


async def parked_of(peeked: Peeked, *, claims: ClaimStore) -> Parked:
    """Read what is parked: the original message of one we have rejected.

    Raises:
        TransientError: a body that was put aside cannot be fetched now.
    """
    if peeked.place != Place(REJECTED_MESSAGES):
        return _dead(peeked)
    try:
        return _rejected(peeked, Rejected.from_object(await redeemed(peeked.body, claims=claims)))
    except PermanentError as error:  # nothing may be lost from sight because it cannot be read
        return _dead(peeked, reason=UNREADABLE, detail=str(error), is_readable=False)


def parked_anew(peeked: Peeked) -> Envelope:
    """A copy of a rejected message that starts with no deliveries."""
    letter = _next_copy(peeked.place.queue, peeked.message_id, peeked.body, peeked.properties, mark=PARKINGS, letter="p")
    return Envelope(letter.queue, letter.id, letter.body, {**peeked.properties, PARKINGS: letter.properties[PARKINGS]})


def _rejected(peeked: Peeked, rejected: Rejected) -> Parked:
    said = rejected.properties.get(TYPE)
    return Parked(
        place=peeked.place,
        number=peeked.number,
        message_id=peeked.message_id,
        id=rejected.original_id,
        queue=rejected.queue,
        tenant_id=rejected.tenant_id,
        type=None if said is None else str(said),
        reason=rejected.reason,
        detail=rejected.detail,
        attempts=rejected.attempts,
        parked_at=rejected.rejected_at,
        body=base64.b64decode(rejected.body) if rejected.body_is_base64 else rejected.body.encode(),
        properties=rejected.properties,
    )


def _dead(peeked: Peeked, *, reason: str | None = None, detail: str | None = None, is_readable: bool = True) -> Parked:
    delivery = Delivery(peeked.place.queue, peeked.message_id, peeked.body, peeked.properties)
    said = peeked.properties.get(TYPE)
    return Parked(
        place=peeked.place,
        number=peeked.number,
        message_id=peeked.message_id,
        id=delivery.original_id,
        queue=peeked.place.queue,
        tenant_id=str(peeked.properties.get(TENANT_ID) or UNKNOWN_TENANT),
        type=None if said is None else str(said),
        reason=reason or peeked.reason or "unknown",
        detail=detail or peeked.description or "",
        attempts=delivery.attempt + 1,
        parked_at=peeked.enqueued_at,
        body=peeked.body,
        properties=peeked.properties,
        is_readable=is_readable,
    )


def _next_copy(queue: str, id_: str, body: bytes, properties: Mapping[str, PropertyValue], *, mark: str, letter: str) -> Envelope:
    done = properties.get(mark)
    count = done if isinstance(done, int) and done > 0 else 0
    first = id_.removesuffix(f"#{letter}{count}") if count else id_
    name = f"{first}#{letter}{count + 1}"
    kept = {key: value for key, value in properties.items() if key not in (*OF_COPIES, *OF_THE_BROKER)}
    return Envelope(queue=queue, id=name, body=body, properties={**kept, MESSAGE_ID: name, mark: count + 1})
