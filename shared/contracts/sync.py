"""``SyncRequested``: read one stream of a connection, or one record of it."""

from typing import ClassVar, Literal, Self

from pydantic import Field
from typing_extensions import override

from shared import topology
from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Instant, Message, timestamp

SyncKind = Literal["changes", "backfill", "compare"]
"""``changes``: what is new since the cursor. ``backfill``: all there is. ``compare``: all there is against what is stored."""


class SyncRequested(Message):
    """One step of one run. What changed is read on the live queue, what takes long on the bulk queue."""

    TYPE: ClassVar[str] = "SyncRequested"
    QUEUE: ClassVar[str] = topology.SYNC_INBOUND

    connection_id: Identifier
    stream: Identifier
    """What is read with one cursor: an object's name, a drive's id."""
    kind: SyncKind = "changes"
    run: Identifier
    """The same in every step of a run."""
    requested_at: Instant
    """When the run was asked for: of two runs the later one counts."""
    step: int = Field(default=0, ge=0)
    nudge: int = Field(default=0, ge=0)
    """Not 0: a step that nobody goes on with is asked for again, or a record's read was put off."""
    record: Identifier | None = None
    """The vendor's id of the one record that is to be read, and not the stream."""
    window_ends_at: Instant | None = None
    """Of a record: it is read once for all that was heard of it until then. None: it is read now."""
    expects: Identifier | None = None
    """Of a record: what the read must show. Only the source knows what it means."""
    context: str | None = None
    """Of a record: what the vendor tells by who else may see it."""

    @classmethod
    def of_record(
        cls, record: str, *, tenant_id: str, connection_id: str, stream: str, heard_at: Instant, window_ends_at: Instant | None = None
    ) -> Self:
        """Read a record: now, for something that was heard of it, or once at the end of a window for all that was."""
        run = f"heard {timestamp(heard_at)}" if window_ends_at is None else f"until {timestamp(window_ends_at)}"
        return cls(
            tenant_id=tenant_id,
            correlation_id=digest(connection_id, stream, record, run),
            connection_id=connection_id,
            stream=stream,
            record=record,
            run=run,
            requested_at=heard_at,
            window_ends_at=window_ends_at,
        )

    @property
    @override
    def goes_to(self) -> str:
        """Live or bulk, by its kind."""
        return self.QUEUE if self.kind == "changes" else topology.SYNC_INBOUND_BULK

    @override
    def identity(self) -> tuple[str, ...]:
        """Connection, stream, run and step; of a record: connection, record and window."""
        if self.record is not None:
            return (self.connection_id, self.stream, "record", self.record, self.run, str(self.nudge))
        return (self.connection_id, self.stream, self.kind, self.run, str(self.step), str(self.nudge))
