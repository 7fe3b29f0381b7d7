"""A message as a broker sees it, and the port to the broker.

What identifies a message is repeated in its application properties: the Functions host may change the broker's own fields on their
way to the worker (azure-functions-dotnet-worker issue 991).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.contracts.claim import MAX_MESSAGE_BYTES
from shared.contracts.message import Message

PropertyValue = str | int

MESSAGE_ID = "messageId"
TENANT_ID = "tenantId"
CORRELATION_ID = "correlationId"
TYPE = "type"
VERSION = "version"
TRACEPARENT = "traceparent"
"""The context the message was made in: its handling is a step of that trace."""
TRACELINK = "tracelink"
"""The same, of a message whose handling begins a trace of its own."""
REPLAYS = "replays"
"""How often an operator sent it round again."""


@dataclass(frozen=True)
class Envelope:
    """What is handed to the broker."""

    queue: str
    id: str
    body: bytes
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    due_at: datetime | None = None
    """Not before this moment, where there is one."""

    @classmethod
    def of(
        cls,
        message: Message,
        *,
        traceparent: str | None,
        due_at: datetime | None = None,
        begins_anew: bool = False,
        provenance: Mapping[str, str] | None = None,
    ) -> "Envelope":
        """A message with its readable properties. ``provenance``: those that say where it came from."""
        message_id = message.id  # a hash over all it says: made once
        said: dict[str, PropertyValue | None] = {
            MESSAGE_ID: message_id,
            TENANT_ID: message.tenant_id,
            CORRELATION_ID: message.correlation_id,
            TYPE: message.TYPE,
            VERSION: message.VERSION,
            TRACELINK if begins_anew else TRACEPARENT: traceparent,
            **(provenance or {}),
        }
        return cls(
            queue=message.goes_to,
            id=message_id,
            body=message.encode(),
            properties={name: value for name, value in said.items() if value is not None},
            due_at=due_at,
        )

    @property
    def size_bytes(self) -> int:
        """Body and properties, as counted against the broker's limit."""
        return len(self.body) + sum(len(name.encode()) + len(str(value).encode()) for name, value in self.properties.items())

    @property
    def is_too_large(self) -> bool:
        """Whether the body has to wait in blob storage."""
        return self.size_bytes > MAX_MESSAGE_BYTES


class Transport(Protocol):
    """The broker."""

    async def send(self, *envelopes: Envelope) -> None:
        """Put all of them on their queues; they are safe there when this returns.

        Raises:
            DependencyUnavailable: when the broker did not confirm all of them. Some may be on their queues all the same: sending again
                with the same ids is harmless inside the duplicate window.
            RateLimited: when the broker asks for a pause.
        """
