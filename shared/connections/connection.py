"""Who is connected: one vendor account of one tenant.

A connection's id is ``<source>:<vendor account>``, so that a webhook's tenant is one point read. Where a vendor calls under another
handle, an alias item leads from the handle to the connection.
"""

from typing import Final, Literal, Protocol

from pydantic import Field, field_validator

from shared.contracts.message import Identifier, Instant, Wire
from shared.contracts.rejected import UNKNOWN_TENANT

NEGATIVE_CACHE_SECONDS: Final = 30.0
"""How long "nobody is connected under this handle" may be believed: a new connection works within this time."""
POSITIVE_CACHE_SECONDS: Final = 60.0
"""How long a connection may be believed: a paused or rotated one is noticed within this time."""


class Connection(Wire):
    """One vendor account that a tenant has connected."""

    id: Identifier
    tenant_id: Identifier
    source: Identifier
    account: Identifier
    """The vendor's id of the account: a Salesforce organization id (18 characters), a Slack team."""
    status: Literal["active", "paused"] = "active"
    paused_reason: str | None = None
    action_ids: tuple[str, ...] = ()
    """Salesforce: the outbound message actions (04k…) that may call. Empty: any of the organization."""
    created_at: Instant
    next_due_at: Instant | None = None
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


class Connections(Protocol):
    """Where connections are."""

    async def find(self, handle: str) -> Connection | None:
        """The connection with this id, or the one an alias of this id leads to.

        Raises:
            TransientError: when the store cannot answer now.
        """

    async def add(self, connection: Connection, *, handles: tuple[str, ...] = ()) -> None:
        """Connect an account, or store the connection anew for the same tenant; each handle becomes an alias of it.

        Raises:
            OwnershipConflict: when the account, or a handle, is another tenant's or another connection's.
        """
