"""``Rejected``: a message parked by us, with its reason and all that is needed to send it round again."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints
from typing_extensions import override

from shared import topology
from shared.contracts.message import Identifier, Instant, Message

UNKNOWN_TENANT = "unknown"
"""Stands for the tenant of a message too broken to say whose it is. Not a legal tenant id elsewhere: connections refuse it."""


class Rejected(Message):
    """The original body, or where it is when it was put aside in blob storage: then ``body`` is the claim."""

    TYPE: ClassVar[str] = "Rejected"
    QUEUE: ClassVar[str] = topology.REJECTED_MESSAGES

    queue: Identifier
    """Where the message was read, and where a replay sends it."""
    original_id: Identifier
    reason: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]+$")]
    """The name of the error."""
    detail: str
    """What happened, in words, without payload."""
    body: str
    """The original body: as text when it is UTF-8, else base64."""
    body_is_base64: bool = False
    properties: dict[str, str | int] = Field(default_factory=dict)
    attempts: int = Field(ge=1)
    rejected_at: Instant

    @override
    def identity(self) -> tuple[str, ...]:
        """The original id, on its queue."""
        return (self.queue, self.original_id)
