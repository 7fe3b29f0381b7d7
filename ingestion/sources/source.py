"""The vocabulary of sources: what a vendor's push half has to say for itself.

The order in which a webhook call is treated is written once, in ``ingestion/receiver.py``; a source fills the blanks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.connections.connection import Connection
from shared.contracts.ingestion import IngestionEvent


@dataclass(frozen=True)
class WebhookRequest:
    """A vendor's call, as it came: the body is the raw bytes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    route: Mapping[str, str] = field(default_factory=dict)
    """The variable parts of the path."""


@dataclass(frozen=True)
class WebhookResponse:
    """What the vendor is told."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class Webhook(Protocol):
    """A source's push half."""

    @property
    def source(self) -> str:
        """The source's name."""

    @property
    def limit_bytes(self) -> int:
        """The largest body that is read."""

    @property
    def content_types(self) -> frozenset[str]:
        """Media types the vendor sends, in lower case."""

    @property
    def acknowledged(self) -> WebhookResponse:
        """What the vendor takes for "received". Sent only after every event is on the queue."""

    def verify(self, request: WebhookRequest) -> str:
        """Check who calls, on the raw request and before anything is parsed.

        Returns:
            The handle under which the caller's connection is found.

        Raises:
            SignatureMismatch: when it is not who it says it is.
        """

    def events(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Sequence[IngestionEvent]:
        """What the call says happened. Called only for a caller whose connection was found.

        Raises:
            ContractViolation: when the body is not what the vendor sends.
            SignatureMismatch: when the body speaks for another account than the caller's.
        """
