"""``IngestionEvent`` and ``IngestionBatch``: a vendor record was seen.

``tenantId, source, sourceId, eventType, observedAt, payload`` are the founding document's and valid alone; the rest has defaults.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field, PlainSerializer, StringConstraints, model_validator
from typing_extensions import override

from shared import topology
from shared.contracts.canonical import digest
from shared.contracts.json_object import JsonObject
from shared.contracts.message import Identifier, Instant, Message, timestamp

IN_A_TURN: Final = 25
"""Records of a back-fill, read or hashed in a millisecond or two: then others have a turn."""

Source = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Coverage = Literal["complete"] | tuple[str, ...]
"""``complete``, or the names of the vendor fields the payload speaks for: a field outside them is not known to be empty."""

Payload = Annotated[JsonObject, PlainSerializer(lambda payload: payload, return_type=Any)]
"""A JSON object, checked when it comes in. Going out it is written as it is: asking for the kind of every value again took longer than
all the rest of a message."""


class IngestionEvent(Message):
    """One vendor record, as seen at one moment."""

    TYPE: ClassVar[str] = "IngestionEvent"
    QUEUE: ClassVar[str] = topology.INGESTION_EVENTS

    source: Source
    source_id: Identifier
    """The vendor's id of the record."""
    event_type: Literal["create", "update", "delete"]
    observed_at: Instant
    """Start of the read by the vendor's clock, or the event's own time."""
    payload: Payload | None = None
    """The record as the vendor gave it. A delete may have none."""
    connection_id: Identifier | None = None
    """``<source>:<vendor account>``."""
    record_type: Identifier | None = None
    """The vendor's name of the record's kind, such as ``Opportunity``."""
    vendor_version: Identifier | None = None
    """The vendor's own monotone value as zero-padded text, so that text order is its order."""
    coverage: Coverage = "complete"
    run: Identifier | None = None
    """The run of a poller that saw it. What a later run sees again is said again, and not dropped as a duplicate: in between, a webhook may
    have brought what the vendor had before."""
    stream: Identifier | None = None
    """The stream it was seen through, where several may hold one record: each of them holds it until it says that the record is gone."""
    is_home: bool = False
    """The stream is the record's home: no other one holds it."""

    @override
    def identity(self) -> tuple[str, ...]:
        """Connection, record, version and payload hash. A record without a vendor version is told apart by when it was observed."""
        return (
            self.connection_id or "",
            self.source,
            self.record_type or "",
            self.source_id,
            self.event_type,
            self.vendor_version or timestamp(self.observed_at),
            digest(self.payload, self.coverage),
            *(() if self.run is None else (self.run,)),
            *(() if self.stream is None else ("stream", self.stream)),
        )


class IngestionBatch(Message):
    """1 to 500 events of one tenant and one connection, from a back-fill."""

    TYPE: ClassVar[str] = "IngestionBatch"
    QUEUE: ClassVar[str] = topology.INGESTION_EVENTS_BULK

    connection_id: Identifier
    events: tuple[IngestionEvent, ...] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def of_one_connection(self) -> Self:
        """A batch never crosses a tenant or a connection."""
        if any((event.tenant_id, event.connection_id) != (self.tenant_id, self.connection_id) for event in self.events):
            raise ValueError("every event of a batch has the batch's tenant and connection")
        return self

    @override
    def identity(self) -> tuple[str, ...]:
        """The hash of its events' ids."""
        return (self.connection_id, self._known_hash() or digest(*(event.id for event in self.events)))

    async def hash_in_turns(self, give_way: Callable[[], Awaitable[None]]) -> None:
        """Make the hash of its events' ids, which takes longest of all that a batch needs, and let others go first all the time.

        It is kept beside the events it is of, and is theirs alone.
        """
        ids = []
        for number, event in enumerate(self.events):
            if number % IN_A_TURN == 0:
                await give_way()
            ids.append(event.id)
        self.__dict__["_hash"] = (self.events, digest(*ids))

    def _known_hash(self) -> str | None:
        events, known = self.__dict__.get("_hash", (None, None))
        return known if events is self.events else None

    @override
    def encode(self) -> bytes:
        """The same as of any message, written in one pass: the payloads of a batch are megabytes, and were checked when they came in."""
        said = self.model_dump_json(by_alias=True)
        return f'{{"type":"{self.TYPE}","version":{self.VERSION},{said[1:]}'.encode()
