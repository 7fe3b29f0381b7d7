"""The vocabulary of sources: what a vendor's push half and pull half have to say for themselves.

The order in which a webhook call is treated is written once, in ``ingestion/receiver.py``, how a stream is read in ``ingestion/poller.py``;
a source fills the blanks.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from shared.connections.connection import Connection
from shared.contracts.ingestion import IngestionEvent
from shared.contracts.sync import SyncKind
from shared.conversions.kind import Scalar
from shared.gaps.gap import GapReason
from shared.shards.record_index import RecordKind
from shared.streams.state import Cursor


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


@dataclass(frozen=True)
class Caller:
    """Who calls, once it is known to be them."""

    handles: tuple[str, ...]
    """Under which their connection is found; the first one that leads to one counts."""
    others: tuple[str, ...] = ()
    """Handles of further accounts that may see the same record."""
    answer: WebhookResponse | None = None
    """What they want to hear and nothing else, such as a challenge: nothing happened."""


@dataclass(frozen=True)
class Hint:
    """A record that has to be read: the call says that it changed, and not all of what changed."""

    stream: str
    record: str
    """The vendor's id."""
    expects: str | None = None
    """What a read must show, or the vendor was behind itself and it is read once more; only the source knows what it means."""
    context: str | None = None
    """What the vendor tells by who else may see the record."""


@dataclass(frozen=True)
class Told:
    """An event, as far as the call itself goes."""

    event: IngestionEvent
    instead: Hint | None = None
    """What may be asked for where the record is told of too often in a short time. None: it is told each time."""


@dataclass(frozen=True)
class Lost:
    """Something that was not, or may not have been, delivered."""

    stream: str
    reason: GapReason


@dataclass(frozen=True)
class HeardEvent:
    """One event, to be counted."""

    name: str
    """By the vendor's name; ``other`` for one that no table of ours has: names of others could be anything."""
    treatment: Literal["handled", "ignored", "unrecognised"]


@dataclass(frozen=True)
class Heard:
    """What a call says."""

    told: Sequence[Told] = ()
    hints: Sequence[Hint] = ()
    lost: Sequence[Lost] = ()
    revoked: str | None = None
    """Why nothing can be read of the account any more, for a person: the connection is paused."""
    events: Sequence[HeardEvent] = ()
    correlation_id: str | None = None


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

    @property
    def unknown(self) -> WebhookResponse:
        """What a rightful caller hears whom nobody has connected."""

    def verify(self, request: WebhookRequest) -> Caller:
        """Check who calls, on the raw request and before anything is parsed.

        Raises:
            SignatureMismatch: when it is not who it says it is.
            ContractViolation: when it is, and does not say what the vendor says.
        """

    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        """What the call says happened. Called only for a caller whose connection was found.

        Raises:
            ContractViolation: when the body is not what the vendor sends.
            SignatureMismatch: when the body speaks for another account than the caller's.
        """


GiveWay = Callable[[], Awaitable[None]]


async def to_nobody() -> None:
    """Nobody goes first."""


@dataclass(frozen=True)
class Reading:
    """What is to be read next."""

    connection: Connection
    stream: str
    kind: SyncKind
    cursor: Cursor | None
    """None: nothing was read yet."""
    run: str
    give_way: GiveWay = field(default=to_nobody, compare=False)
    """Awaited every few records of a large page: waits, for a moment at most, while this worker handles what somebody waits for."""


@dataclass(frozen=True)
class Ask:
    """Another run that a page shows to be needed."""

    stream: str
    kind: SyncKind


@dataclass(frozen=True)
class Page:
    """What one look at the source gave. Reading again with the cursor before it gives the same, or what is there by then."""

    events: Sequence[IngestionEvent]
    cursor: Cursor
    """Where to go on, once every event is on the queue."""
    is_last: bool
    total_count: int | None = None
    """How many records this run has to read, where the source says."""
    covered_until: datetime | None = None
    """The source vouches that everything up to then is in the pages so far."""
    gaps: Sequence[GapReason] = ()
    asks: Sequence[Ask] = ()
    streams: Sequence[str] | None = None
    """The streams the connection has from now on, where this page showed it. None: nothing is known to have changed."""


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """Which version of a record a source has, and since when."""

    vendor_version: str | None
    changed_at: datetime | None
    is_whole: bool = False
    """Whether all of it can be read by whoever says this: what was stored of it in part, at the same version, is stale then."""
    content: Mapping[str, Scalar] | None = None
    """Canonical fields as the source shows them, where it has no versions: what is stored is stale where one differs."""


@dataclass(frozen=True)
class Versions:
    """Which records a source has, in a range of its keys."""

    by_key: Mapping[str, RecordVersion]
    """By the record's key; keys are as ``RecordIndex`` orders them."""
    up_to: str | None
    """The range ends with this key; None: it was the last one."""
    read_at: datetime
    """By the source's clock."""
    total_count: int | None = None


@dataclass(frozen=True)
class StreamCheck:
    """Whether a stream can be read."""

    stream: str
    is_readable: bool
    record_count: int | None
    detail: str
    """For a person: what cannot be read and why, or what is left out."""


class Poller(Protocol):
    """A source's pull half."""

    @property
    def source(self) -> str:
        """The source's name."""

    def record_kind(self, connection: Connection, stream: str) -> RecordKind:
        """Which stored records a stream's are.

        Raises:
            StreamUnreadable: there is no conversion for it.
        """

    async def page(self, reading: Reading) -> Page:
        """The next page of changes or of a back-fill.

        Raises:
            RateLimited: not before the time it says.
            TransientError: not now.
            StreamUnreadable: the source does not let us read this stream.
            ConfigurationError: the credential is not accepted: a person must act.
        """

    async def versions(self, connection: Connection, stream: str, *, after: str | None) -> Versions:
        """What there is above a key, in the order of keys; nothing that is deleted. Raises as ``page``."""

    async def records(self, reading: Reading, keys: Sequence[str]) -> Sequence[IngestionEvent]:
        """An event for each of these records as it is now: a deletion for one that is gone. Raises as ``page``."""

    async def check(self, connection: Connection) -> Sequence[StreamCheck]:
        """Log in and look at every stream. Raises as ``page``, but for StreamUnreadable."""


@runtime_checkable
class Records(Protocol):
    """What a source adds whose webhook gives hints: how one record is read."""

    def shows(self, events: Sequence[IngestionEvent], expects: str) -> bool:
        """Whether what was read is what a hint made expect."""

    async def accounts_of(self, connection: Connection, context: str) -> Sequence[str]:
        """The handles of all accounts that may see what a hint is about, the connection's own among them. Raises as ``Poller.page``."""
