"""``SyncRequested``: read one stream of a connection."""

from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from shared import topology
from shared.contracts.message import Identifier, Instant, Message

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
    """Not 0: a step that nobody goes on with is asked for again."""

    @property
    @override
    def goes_to(self) -> str:
        """Live or bulk, by its kind."""
        return self.QUEUE if self.kind == "changes" else topology.SYNC_INBOUND_BULK

    @override
    def identity(self) -> tuple[str, ...]:
        """Connection, stream, run and step."""
        return (self.connection_id, self.stream, self.kind, self.run, str(self.step), str(self.nudge))
