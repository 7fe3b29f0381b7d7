"""Who is connected: one vendor account of one tenant.

A connection's id is ``<source>:<vendor account>``, so that a webhook's tenant is one point read. Where a vendor calls under another
handle, an alias item leads from the handle to the connection.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from pydantic import Field, field_validator

from shared.contracts.message import Identifier, Instant, Wire, timestamp
from shared.contracts.rejected import UNKNOWN_TENANT

NEGATIVE_CACHE_SECONDS: Final = 30.0
"""How long "nobody is connected under this handle" may be believed: a new connection works within this time."""
POSITIVE_CACHE_SECONDS: Final = 60.0
"""How long a connection may be believed: a paused or rotated one is noticed within this time."""

USE_NOTED_AGAIN_AFTER: Final = timedelta(hours=1)
"""Whoever takes an old key away wants to know whether somebody still has it, and not at which second."""


class Credential(Wire):
    """How we log in at the vendor's. No secret is in here: only the name it is kept under."""

    kind: Literal["jwt-bearer", "client-credentials", "service-account", "refresh-token", "bot-token"]
    base_url: str
    """Where the vendor logs in: for Salesforce ``https://login.salesforce.com`` or the organization's own domain, for Google
    ``https://oauth2.googleapis.com``, for Slack ``https://slack.com``."""
    client_id: str
    """For a service account its address, for Slack the app's id."""
    subject: str | None = None
    """Who we act as, where the vendor wants to know."""
    audience: str | None = None
    """Whom a signed assertion is for; None: ``base_url``."""
    secret_name: Identifier
    """What ``Secrets`` knows the private key (PEM, or Google's key file), the client secret, or both secrets of a refresh token by."""


class Connection(Wire):
    """One vendor account that a tenant has connected."""

    id: Identifier
    tenant_id: Identifier
    source: Identifier
    account: Identifier
    """The vendor's id of the account: a Salesforce organization id (18 characters), a Slack team."""
    status: Literal["active", "paused"] = "active"
    paused_reason: str | None = None
    """For a person: what is wrong, and what to do."""
    paused_by: Literal["operator", "app"] | None = None
    """What the app paused it tries again by itself, and resumes; what an operator paused stays so until an operator resumes it."""
    credential: Credential | None = None
    """None: the vendor only calls us, and nothing is polled."""
    streams: tuple[Identifier, ...] = ()
    """What is read of it; empty: all that the source reads by itself. A source may find more of them, and lose some."""
    users: tuple[str, ...] = ()
    """Google Drive: the addresses of those as whom it is read, without capitals."""
    poll_seconds: int = Field(default=300, ge=60)
    compare_seconds: int = Field(default=86_400, ge=3600)
    """How often all of it is compared with what is stored."""
    budget_share: float = Field(default=0.5, gt=0, le=1)
    """How much of the vendor's daily allowance may be used up, by whomever, before we stop asking."""
    action_ids: tuple[str, ...] = ()
    """Salesforce: the outbound message actions (04k…) that may call. Empty: any of the organization."""
    created_at: Instant
    next_due_at: Instant | None = None
    """When it is polled next; None: never, until somebody resumes it."""
    next_compare_at: Instant | None = None
    etag: str | None = Field(default=None, exclude=True)

    @field_validator("tenant_id")
    @classmethod
    def known(cls, tenant_id: str) -> str:
        """A tenant must not be called what stands for no tenant."""
        if tenant_id == UNKNOWN_TENANT:
            raise ValueError("this tenant id is reserved")
        return tenant_id


def connection_id(source: str, account: str) -> str:
    """The id of the connection to a vendor account."""
    return f"{source}:{account}"


@dataclass(frozen=True)
class Handle:
    """A name under which a vendor calls: an alias of a connection. That of a webhook's key is the key's hash."""

    id: str
    added_at: datetime | None
    """None: before this was kept."""
    used_at: datetime | None
    """About when somebody came by it last, at most an hour before they last did; None: nobody has."""


def oldest_first(handle: Handle) -> tuple[str, str]:
    """What handles are sorted by; those from before this was kept come first."""
    return ("" if handle.added_at is None else timestamp(handle.added_at), handle.id)


class Connections(Protocol):
    """Where connections are."""

    async def find(self, handle: str) -> Connection | None:
        """The connection with this id, or the one an alias of this id leads to.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        """All of a tenant's, by id.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def of_source(self, source: str) -> list[Connection]:
        """All of a source, of all tenants, by id: for measuring.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def due(self, source: str, *, at: datetime, most: int) -> list[Connection]:
        """Connections of a source that are due at a moment, the longest waiting first: the active ones, and those the app has paused.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def replace(self, connection: Connection) -> Connection:
        """Store a connection that was read before, as it is now.

        Returns:
            It, with the store's new mark.

        Raises:
            Conflict: when it was written since.
        """

    async def handles(self, connection_id: str) -> list[Handle]:
        """Every alias of a connection, the oldest first.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def used(self, handle: str, *, at: datetime) -> None:
        """Remember that somebody came by a handle, unless that is remembered of the hour before. Of what is no alias, nothing.

        Raises:
            TransientError: when the store cannot answer now, or somebody else wrote meanwhile.
        """

    async def drop_handle(self, handle: str) -> None:
        """Take an alias away: nobody comes by it any more. What is no alias stays.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def add(self, connection: Connection, *, handles: tuple[str, ...] = (), at: datetime | None = None) -> None:
        """Connect an account, or store the connection anew for the same tenant; each handle becomes an alias of it, new ones as of ``at``.

        Raises:
            OwnershipConflict: when the account, or a handle, is another tenant's or another connection's.
        """
