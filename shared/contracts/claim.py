"""The claim check: a body too large for a message waits in blob storage, and a ``Claim`` travels in its place.

A blob's name starts with its tenant, so that one prefix holds all of a tenant and a claim of one tenant cannot name another's blob. It ends
with its content's hash: one message may be published twice with another correlation id, and the body put aside second must not replace the
one that a message on a queue refers to.
"""

import hashlib
from typing import Annotated, Any, Protocol, Self

from pydantic import Field, StringConstraints

from shared.contracts.message import Identifier, Wire, parse_object
from shared.errors import ClaimLost, ContractViolation, Forbidden

MAX_MESSAGE_BYTES = 192 * 1024
"""Body and properties. Service Bus allows 256 KB on the Standard tier (Azure documentation, "Service Bus quotas"); the rest is room."""


class Claim(Wire):
    """Where a body is and how to know it again."""

    tenant_id: Identifier
    blob: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}/[A-Za-z0-9_-]{1,128}/[0-9a-f]{64}$")]
    """Tenant, message and content. Nothing in it can lead out of the tenant's prefix."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: int = Field(ge=0)

    @classmethod
    def of(cls, body: bytes, *, tenant_id: str, message_id: str) -> Self:
        """The claim for a body that will be stored under the tenant's prefix."""
        content = hashlib.sha256(body).hexdigest()
        return cls(tenant_id=tenant_id, blob=f"{tenant_prefix(tenant_id)}/{message_id}/{content}", sha256=content, size_bytes=len(body))

    @classmethod
    def found_in(cls, read: dict[str, Any]) -> Self | None:
        """The claim a parsed body consists of, if it does.

        Raises:
            ContractViolation: when it looks like a claim and is none, or names another tenant's blob.
        """
        if "claim" not in read:
            return None
        try:
            claim = cls.model_validate(read["claim"])
        except ValueError:
            raise ContractViolation("the claim is not readable") from None
        if not claim.blob.startswith(f"{tenant_prefix(claim.tenant_id)}/") or read.get("tenantId") != claim.tenant_id:
            raise ContractViolation("the claim is not of its message's tenant")
        return claim

    def check(self, body: bytes) -> bytes:
        """The body, when it is the one put aside.

        Raises:
            ClaimLost: when it is not.
        """
        if hashlib.sha256(body).hexdigest() != self.sha256:
            raise ClaimLost(f"blob {self.blob} is not what was put aside")
        return body


class ClaimStore(Protocol):
    """Where large bodies wait."""

    async def put(self, claim: Claim, body: bytes) -> None:
        """Store the body under the claim's name. Storing the same claim again is harmless."""

    async def redeem(self, claim: Claim) -> bytes:
        """The stored body.

        Raises:
            ClaimLost: when the blob is gone or altered.
        """


async def redeemed(body: bytes, *, claims: ClaimStore) -> dict[str, Any]:
    """The JSON object a body holds, fetched from blob storage when the body is a claim.

    Raises:
        ContractViolation: when it holds none.
        ClaimLost: when the blob is gone or altered.
        Forbidden: when what was put aside is another tenant's than the message.
    """
    read = parse_object(body)
    claim = Claim.found_in(read)
    if claim is None:
        return read
    put_aside = parse_object(await claims.redeem(claim))
    if put_aside.get("tenantId") != claim.tenant_id:
        raise Forbidden("what was put aside is not of the message's tenant")
    return put_aside


def tenant_prefix(tenant_id: str) -> str:
    """What the names of all of a tenant's blobs begin with."""
    return hashlib.sha256(tenant_id.encode()).hexdigest()[:32]
